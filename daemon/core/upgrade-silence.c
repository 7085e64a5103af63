/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an upgrade makes of nothing having come (guide 2.3.1, field facts 2.7). */

#include "core/upgrade-actions.h"
#include "core/upgrade-decide.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-mini.h"
#include "core/upgrade-uart.h"
#include "core/upgrade-wait.h"
#include "core/upgrade-silence.h"

static void on_absent_too_long(Upgrade *u)
{
        const Job *job = u->job;
        g_autofree char *detail = NULL;

        if (job->result != JOB_RESULT_NONE && job->code)
                detail = g_strdup_printf("after it had reported %s code %d", code_domain_to_string(job->domain),
                                         job->code);
        upgrade_fail(u, u->boot_rom ? HOST_BOOT_ROM : HOST_MODULE_LOST, detail);
}

static void on_silent_too_long(Upgrade *u)
{
        if (!u->at_port && u->diag_port)
                upgrade_fail(u, HOST_CRASHED, NULL);
        else if ((u->job->updating || u->job->downloaded) && !u->job->ended)
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        else if (!u->at_port)
                upgrade_fail(u, HOST_NO_RESPONSE, "for its AT port has not appeared");
        else
                upgrade_fail(u, HOST_NO_RESPONSE,
                             u->job->ended ? "when its revision was to be read, though it had reported success" : NULL);
}

void upgrade_timed_out(Upgrade *u)
{
        Job *job = u->job;

        if (!u->present && job->result != JOB_RESULT_SUCCESS && !u->restores) {
                on_absent_too_long(u);
        } else if (!u->present) {
                upgrade_next(u, NEXT_FINISH);
        } else if (u->step == STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_identify(u);
                u->deadline = u->now + u->timeouts->settle;
        } else if (mini_waits(u)) {
                mini_timed_out(u);
        } else if ((job->ended || upgrade_awaits_restart(job)) && !u->asked && u->step == STEP_NONE) {
                /* Its restart was not seen: asking cannot hurt any more. */
                u->asked = true;
                upgrade_identify(u);
                upgrade_reset_deadline(u);
        } else if (job->result != JOB_RESULT_NONE) {
                upgrade_next(u, NEXT_FINISH);
        } else if (!(u->ready && job->left) && uart_asks(u)) {
                return;
        } else if (u->step == STEP_AWAIT_DOWNLOAD_END) {
                upgrade_next(u, NEXT_RESET);
        } else if (u->ready && job->left) {
                upgrade_next(u, NEXT_JUDGE);
        } else if (job->abandon) {
                upgrade_not_stopped(u);
        } else if (!job->sent || job->left || job->updating || job->ended) {
                on_silent_too_long(u);
        } else if (job->said_domain != CODE_DOMAIN_NONE) {
                /* It asked for the package before it left for its Mini system, and stayed (field facts 3). */
                upgrade_settle(u, JOB_RESULT_FAILED, job->said_domain, job->said_code, NULL);
        } else if (job->downloaded || job->transferred) {
                /* It may be writing its flash without a word: it is not to be reset. */
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        } else {
                job->abandon = job->downloading ? HOST_DOWNLOAD_TIMEOUT : HOST_NO_RESPONSE;
                upgrade_next(u, NEXT_GIVE_UP);
        }
}

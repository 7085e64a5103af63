/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long an upgrade waits for what, and what it makes of nothing having come (guide 2.3.1, field facts 2.7). */

#include "core/upgrade-private.h"

/* Some modules print no DOWNLOADING, and any can be told not to: their silence means nothing (field facts 0). */
static bool tells_download(const Job *job)
{
        return job_download_max(job) != 0 && identity_flash_size(job->from_revision) == 16;
}

/* How long the present situation may last without news. */
static uint64_t patience(const Upgrade *u)
{
        const Job *job = u->job;
        const Timeouts *t = u->timeouts;

        if (!u->present)
                return t->restart;
        if (check_asks_server(u))
                return t->source + t->settle;
        if (job->result != JOB_RESULT_NONE || job->ended || !job->sent)
                return t->settle;
        if (u->step == STEP_AWAIT_FILE_END)
                return t->command;
        if (job->file && job->abandon && !job->left) /* it is asked who it is */
                return t->settle;
        if (u->step == STEP_AWAIT_DOWNLOAD_END)
                return MAX(t->start, t->settle);
        if (u->live && job->updating)
                return t->update_idle;
        if (u->ready && job->left && upgrade_firmware_is_up(u)) /* what is still to come comes soon */
                return t->settle;
        if (job->left || job->downloaded || job->updating || job->transferred)
                return t->update_idle;
        if (!job->downloading)
                return t->start;
        if (job->file) /* whose progress is seen here */
                return t->download_idle;
        return tells_download(job) ? t->download_idle : MAX(t->download_idle, t->update_idle);
}

void upgrade_wait(Upgrade *u, const UpgradeEvent *event)
{
        u->deadline = mini_waits(u) ? mini_deadline(u, event) : event->now + patience(u);
}

bool upgrade_awaits_restart(const Job *job)
{
        return !job->returned && (job->ended || (job->result == JOB_RESULT_FAILED &&
                                                 job->domain == CODE_DOMAIN_UPDATE && job->state == JOB_VERIFYING));
}

static void on_absent_too_long(Upgrade *u, const UpgradeEvent *event)
{
        const Job *job = u->job;
        g_autofree char *detail = NULL;

        if (job->result != JOB_RESULT_NONE && job->code)
                detail = g_strdup_printf("after it had reported %s code %d", code_domain_to_string(job->domain),
                                         job->code);
        upgrade_fail(u, u->boot_rom ? HOST_BOOT_ROM : HOST_MODULE_LOST, detail, event);
}

static void on_silent_too_long(Upgrade *u, const UpgradeEvent *event)
{
        if (!event->at_port && event->diag_port)
                upgrade_fail(u, HOST_CRASHED, NULL, event);
        else if ((u->job->updating || u->job->downloaded) && !u->job->ended)
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL, event);
        else if (!event->at_port)
                upgrade_fail(u, HOST_NO_RESPONSE, "for its AT port has not appeared", event);
        else
                upgrade_fail(u, HOST_NO_RESPONSE,
                             u->job->ended ? "when its revision was to be read, though it had reported success" : NULL,
                             event);
}

void upgrade_patience_lost(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (!u->present && job->result != JOB_RESULT_SUCCESS && !u->restores) {
                on_absent_too_long(u, event);
        } else if (!u->present) {
                upgrade_finish(u, event);
        } else if (u->step == STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_identify(u);
                u->deadline = event->now + u->timeouts->settle;
        } else if (mini_waits(u)) {
                mini_patience_lost(u, event);
        } else if ((job->ended || upgrade_awaits_restart(job)) && !u->asked && u->step == STEP_NONE) {
                /* Its restart was not seen: asking cannot hurt any more. */
                u->asked = true;
                upgrade_identify(u);
                upgrade_wait(u, event);
        } else if (job->result != JOB_RESULT_NONE) {
                upgrade_finish(u, event);
        } else if (!(u->ready && job->left) && uart_asks(u, event)) {
                return;
        } else if (u->step == STEP_AWAIT_DOWNLOAD_END) {
                abandon_reset(u, event);
        } else if (u->ready && job->left) {
                upgrade_judge(u, event);
        } else if (job->abandon) {
                upgrade_not_stopped(u, event);
        } else if (!job->sent || job->left || job->updating || job->ended) {
                on_silent_too_long(u, event);
        } else if (job->said_domain != CODE_DOMAIN_NONE) {
                /* It asked for the package before it left for its Mini system, and stayed (field facts 3). */
                upgrade_settle(u, JOB_RESULT_FAILED, job->said_domain, job->said_code, NULL, event);
        } else if (job->downloaded || job->transferred) {
                /* It may be writing its flash without a word: it is not to be reset. */
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL, event);
        } else {
                abandon_begin(u, job->downloading ? HOST_DOWNLOAD_TIMEOUT : HOST_NO_RESPONSE, event);
        }
}

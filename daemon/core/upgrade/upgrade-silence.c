/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The consequences of a time-out: u->deadline has passed without news (guide 2.3.1, field facts 2.7). */

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/upgrade/upgrade-mini.h"
#include "core/upgrade/upgrade-stalled.h"
#include "core/state/upgrade-phase.h"
#include "core/upgrade/upgrade-uart.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-silence.h"

static void on_absent_too_long(Upgrade *u)
{
        const Job *job = u->job;
        const char *label = code_domain_label(job->domain);
        g_autofree char *detail = NULL;

        if (job->result != JOB_RESULT_NONE && job->code && *label) /* a code of the module, not of the host */
                detail = g_strdup_printf("after it had reported %s code %d", label, job->code);
        upgrade_fail(u, u->boot_rom ? HOST_BOOT_ROM : HOST_MODULE_LOST, detail);
}

static void on_silent_too_long(Upgrade *u)
{
        const Job *job = u->job;
        bool may_upgrade = job->sent && !transfer_is_incomplete(job);

        if (!u->at_port && u->diag_port)
                upgrade_fail(u, HOST_CRASHED,
                             may_upgrade ? "during an upgrade, which may go on once its power is cycled" : NULL);
        else if (job->reached >= JOB_REACHED_DOWNLOADED && job->reached < JOB_REACHED_ENDED)
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        else if (job->reached >= JOB_REACHED_ENDED)
                upgrade_fail(u, HOST_NO_RESPONSE, "when its revision was to be read, though it had reported success");
        else if (!u->at_port)
                upgrade_fail(u, HOST_NO_RESPONSE,
                             may_upgrade ? "for its AT port has not appeared, and it may still upgrade"
                                         : "for its AT port has not appeared");
        else
                upgrade_fail(u, HOST_NO_RESPONSE, may_upgrade ? "and may still upgrade" : NULL);
}

/* The module is off the bus. A success stands; and where only settings were left to be put back, the result stands. */
static void away_timed_out(Upgrade *u)
{
        if (u->job->result == JOB_RESULT_SUCCESS || u->gone_before_restore)
                upgrade_next(u, NEXT_FINISH);
        else
                on_absent_too_long(u);
}

/* Asks for the identity although no restart was seen: the update has ended, so a question cannot disturb it. Once. */
static bool asks_after_end(Upgrade *u)
{
        if (u->asked_unprompted || u->step != STEP_NONE)
                return false;
        u->asked_unprompted = true;
        upgrade_identify(u);
        upgrade_reset_deadline(u);
        return true;
}

static void verifying_timed_out(Upgrade *u)
{
        Job *job = u->job;

        if (mini_waits(u))
                mini_timed_out(u);
        else if (mini_asks_again(u))
                return;
        else if ((job->reached >= JOB_REACHED_ENDED || job->result != JOB_RESULT_NONE) && asks_after_end(u))
                return;
        else if (job->result != JOB_RESULT_NONE)
                upgrade_next(u, NEXT_FINISH);
        else if (!(u->ready && job->disconnected) && uart_asks(u))
                return;
        else if (u->ready && job->disconnected)
                upgrade_next(u, NEXT_JUDGE);
        else if (job->abandon)
                upgrade_not_stopped(u);
        else
                on_silent_too_long(u);
}

/* The module is there and may be downloading or updating. */
static void following_timed_out(Upgrade *u)
{
        Job *job = u->job;

        if (u->step == STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_identify(u);
                u->deadline = u->now + u->timeouts->settle;
        } else if (!(u->ready && job->disconnected) && uart_asks(u)) {
                return;
        } else if (u->step == STEP_AWAIT_DOWNLOAD_END && job_is_uart(job)) {
                u->step = STEP_NONE; /* the module may have restarted unseen: the answer leads to the reset */
                upgrade_identify(u);
                u->deadline = u->now + u->timeouts->settle;
        } else if (u->step == STEP_AWAIT_DOWNLOAD_END) {
                upgrade_next(u, NEXT_RESET);
        } else if (u->ready && job->disconnected) {
                upgrade_next(u, NEXT_JUDGE);
        } else if (job->abandon) {
                upgrade_not_stopped(u);
        } else if (job->disconnected || job->reached >= JOB_REACHED_UPDATING) {
                on_silent_too_long(u);
        } else if (job->reported_domain != CODE_DOMAIN_NONE) {
                /* The module asked for the package before it left for its Mini system, and stayed (field facts 3). */
                upgrade_settle(u, JOB_RESULT_FAILED, job->reported_domain, job->reported_code, NULL);
        } else if (job->reached >= JOB_REACHED_DOWNLOADED || job->transferred) {
                /* The module may be writing its flash without a message: it must not be reset. */
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        } else {
                job->abandon = upgrade_may_download(job) ? HOST_DOWNLOAD_TIMEOUT : HOST_NO_RESPONSE;
                upgrade_next(u, NEXT_GIVE_UP);
        }
}

void upgrade_timed_out(Upgrade *u)
{
        switch (upgrade_phase(u)) {
        case PHASE_WAITING:
        case PHASE_CHECKING:
        case PHASE_PREPARING:
                if (u->present)
                        on_silent_too_long(u);
                else
                        on_absent_too_long(u);
                return;
        case PHASE_AWAY: away_timed_out(u); return;
        case PHASE_COMMAND:
        case PHASE_DOWNLOADING:
        case PHASE_SENDING:
        case PHASE_ABANDONING:
        case PHASE_UPDATING: following_timed_out(u); return;
        case PHASE_MINI:
        case PHASE_STALLED: mini_timed_out(u); return;
        case PHASE_VERIFYING: verifying_timed_out(u); return;
        case PHASE_ENDING:
                if (u->job->reached < JOB_REACHED_ENDED || !asks_after_end(u))
                        upgrade_next(u, NEXT_FINISH);
                return;
        case PHASE_FINISHED:
        case _PHASE_MAX: return;
        }
}

/* Returns true if a question disturbs neither the update nor the transfer of a package, and either system may answer.
 */
static bool may_be_asked(const Upgrade *u)
{
        if (!u->present || !u->at_port || u->step != STEP_NONE || u->listens_only || u->saw_upgrade_urc)
                return false;
        switch (upgrade_phase(u)) {
        case PHASE_DOWNLOADING:
        case PHASE_MINI:
        case PHASE_STALLED: return true;
        case PHASE_VERIFYING: return !upgrade_awaits_restart(u->job);
        case PHASE_WAITING:
        case PHASE_CHECKING:
        case PHASE_PREPARING:
        case PHASE_COMMAND:
        case PHASE_SENDING:
        case PHASE_ABANDONING:
        case PHASE_AWAY:
        case PHASE_UPDATING:
        case PHASE_ENDING:
        case PHASE_FINISHED:
        case _PHASE_MAX: return false;
        }
        return false;
}

void upgrade_resumed(Upgrade *u)
{
        uint64_t before = u->deadline;

        u->unwatched = u->unwatched || u->job->sent;
        if (u->job->stalled) {
                stalled_lost_sight(u);
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        }
        mini_begin(u);
        upgrade_reset_deadline(u);
        u->deadline = MAX(u->deadline, before);
        if (may_be_asked(u))
                upgrade_identify(u);
}

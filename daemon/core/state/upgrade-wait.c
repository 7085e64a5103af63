/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The time-out of the present phase, and entering a state. */

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-phase.h"
#include "core/state/upgrade-wait.h"

static uint64_t mini_deadline(const Upgrade *u)
{
        /* Messages of a stalled module do not put the deadline off: they may repeat for ever. */
        uint64_t deadline = (u->job->stalled ? u->probed_at : u->progress_at) + u->timeouts->stall;

        if (u->ask_at && !u->saw_upgrade_urc) /* the firmware does not stall */
                deadline = u->marker == MINI_MARKER_FIRMWARE ? u->ask_at : MIN(deadline, u->ask_at);
        return MAX(deadline, u->now + 1);
}

/* Modules with less than 16 MB of flash print no DOWNLOADING, and every module can be told not to print it: then
 * silence means nothing (field facts 0). */
static bool tells_download(const Job *job)
{
        return job_download_max(job) != 0 && identity_flash_size(job->from_revision) == 16;
}

/* The module is there and may be downloading or updating. */
static uint64_t following_timeout(const Upgrade *u)
{
        const Job *job = u->job;
        const Timeouts *t = u->timeouts;

        if (u->step == STEP_AWAIT_FILE_END)
                return t->command;
        if (job->from_host && job->abandon && !job->disconnected) /* the module is asked for its identity */
                return t->settle;
        if (u->step == STEP_AWAIT_DOWNLOAD_END)
                return MAX(t->start, t->settle);
        if (u->saw_upgrade_urc && job->reached >= JOB_REACHED_UPDATING)
                return t->update_idle;
        if (u->ready && job->disconnected && upgrade_firmware_is_up(u)) /* the last messages follow soon */
                return t->settle;
        if (job->disconnected || job->reached >= JOB_REACHED_DOWNLOADED || job->transferred)
                return t->update_idle;
        if (!upgrade_may_download(job))
                return t->start;
        if (job->from_host) /* the host sees the progress itself */
                return t->download_idle;
        return tells_download(job) ? t->download_idle : MAX(t->download_idle, t->update_idle);
}

/* The time-out of the present phase, µs. */
static uint64_t current_timeout(const Upgrade *u)
{
        const Timeouts *t = u->timeouts;

        switch (upgrade_phase(u)) {
        case PHASE_WAITING: return u->present ? t->settle : t->restart;
        case PHASE_CHECKING: return check_asks_server(u) ? t->source + t->settle : t->settle;
        case PHASE_PREPARING:
        case PHASE_ENDING:
        case PHASE_FINISHED: return t->settle;
        case PHASE_AWAY: return t->restart;
        case PHASE_VERIFYING:
                return u->job->reached >= JOB_REACHED_ENDED || u->job->result != JOB_RESULT_NONE ? t->settle
                                                                                                 : following_timeout(u);
        case PHASE_COMMAND:
        case PHASE_DOWNLOADING:
        case PHASE_SENDING:
        case PHASE_ABANDONING:
        case PHASE_UPDATING: return following_timeout(u);
        case PHASE_MINI: /* mini_waits() */
        case PHASE_STALLED:
        case _PHASE_MAX: break;
        }
        return t->settle;
}

void upgrade_reset_deadline(Upgrade *u)
{
        u->deadline = mini_waits(u) ? mini_deadline(u) : u->now + current_timeout(u);
}

void upgrade_enter_state(Upgrade *u, JobState state)
{
        u->job->state = state;
        upgrade_reset_deadline(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void upgrade_set_percent(Upgrade *u, unsigned percent)
{
        Job *job = u->job;
        bool covered = percent <= job->percent_covered && job->take_ups == 0;

        if (percent <= job->percent)
                return;
        job->percent = percent;
        job->take_ups = 0;
        u->restarts_without_progress = 0;
        if (!covered)
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

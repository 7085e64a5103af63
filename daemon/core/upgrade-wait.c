/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long the present situation may last without news, and the one door into a state. */

#include "core/upgrade-actions.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-wait.h"

static uint64_t mini_deadline(const Upgrade *u)
{
        /* What a stalled one says puts nothing off: it may say the same for ever. */
        uint64_t deadline = (u->job->stalled ? u->last_look : u->progress) + u->timeouts->stall;

        if (u->ask_at && !u->live)
                deadline = MIN(deadline, u->ask_at);
        return MAX(deadline, u->now + 1);
}

/* Some modules print no DOWNLOADING, and any can be told not to: their silence means nothing (field facts 0). */
static bool tells_download(const Job *job)
{
        return job_download_max(job) != 0 && identity_flash_size(job->from_revision) == 16;
}

/* How long the present situation may last without news. */
static uint64_t current_timeout(const Upgrade *u)
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

void upgrade_reset_deadline(Upgrade *u)
{
        u->deadline = mini_waits(u) ? mini_deadline(u) : u->now + current_timeout(u);
}

/* The one door into a state. */
void upgrade_enter_state(Upgrade *u, JobState state)
{
        u->job->state = state;
        upgrade_reset_deadline(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void upgrade_set_percent(Upgrade *u, unsigned percent)
{
        if (percent <= u->job->percent)
                return;
        u->job->percent = percent;
        u->job->take_ups = 0;
        u->restarts = 0;
        upgrade_push(u, UPGRADE_ACTION_PERSIST,
                     NULL); /* so that it does not go back when the daemon is started again */
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A module at a UART: a restart may go unseen (core/at/uart-life), so the module is asked for its identity before
 * anything is concluded from its silence. */

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-facts.h"
#include "core/upgrade/upgrade-mini.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-uart.h"

static void leave(Upgrade *u)
{
        mini_gone(u);
        u->job->disconnected = true;
        mini_begin(u);
}

void uart_begin(Upgrade *u)
{
        Job *job = u->job;

        if (job_is_uart(job) && job->sent && job->method == METHOD_MINIFOTA && !job->disconnected)
                leave(u);
}

void uart_sent(Upgrade *u)
{
        Job *job = u->job;

        if (!job_is_uart(job) || job->method != METHOD_MINIFOTA || !job->sent || job->disconnected ||
            job->result != JOB_RESULT_NONE)
                return;
        leave(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* Cancellable changes */
        mini_ask_soon(u);
}

bool uart_may_leave(const Job *job)
{
        return job_is_uart(job) && job->method == METHOD_MINIFOTA && job->sent && job->reconnects == 0;
}

bool uart_asks(Upgrade *u)
{
        const Job *job = u->job;

        if (!job_is_uart(job) || u->asked_unprompted || u->step != STEP_NONE || job->result != JOB_RESULT_NONE ||
            !(job->reached >= JOB_REACHED_DOWNLOADED || job->transferred || job->reset || job->disconnected))
                return false;
        u->asked_unprompted = true;
        u->saw_upgrade_urc = false;
        upgrade_identify(u);
        upgrade_reset_deadline(u);
        u->deadline = u->now + u->timeouts->settle;
        return true;
}

void uart_ready(Upgrade *u)
{
        Job *job = u->job;

        if (job_is_uart(job) && u->asked_unprompted &&
            (job->reached >= JOB_REACHED_DOWNLOADED || job->transferred || job->reset))
                job->disconnected = true;
}

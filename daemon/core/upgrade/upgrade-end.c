/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a job: the result is settled, then the revision is read, then the settings are put back. */

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-check.h"
#include "core/upgrade/upgrade-restore.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-end.h"

static bool job_is_host_code(const Job *job, HostCode code)
{
        return job->domain == CODE_DOMAIN_HOST && job->code == (int)code;
}

/* Returns true if the module runs its firmware and answers, or has only not been asked since the port was opened. */
static bool will_answer(const Upgrade *u)
{
        const Job *job = u->job;

        return u->ready || u->listens_only ||
               (u->at_port && restore_is_due(u->job) && !job->disconnected && job->reached < JOB_REACHED_DOWNLOADED &&
                !job_is_host_code(job, HOST_NO_RESPONSE) && !job_is_host_code(job, HOST_MODULE_REPLACED));
}

void end_wind_up(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->present || !will_answer(u)) {
                upgrade_next(u, NEXT_FINISH);
                return;
        }
        if (event->type == UPGRADE_EVENT_READY || u->ready_since) { /* the revision was just read */
                upgrade_next(u, NEXT_RESTORE);
                return;
        }
        u->step = STEP_LAST_IDENTITY;
        upgrade_identify(u);
        /* A module that just failed to answer gets the time-out of one command. */
        u->deadline = u->now +
                      (job_is_host_code(u->job, HOST_NO_RESPONSE) ? u->timeouts->command : u->timeouts->settle);
}

/* A download that failed on a module without a usable SIM failed because of the SIM. */
static void blame_sim(Upgrade *u)
{
        g_autofree char *sim = NULL, *code = NULL, *message = NULL;

        if (u->decision.domain != CODE_DOMAIN_FTP && u->decision.domain != CODE_DOMAIN_HTTP)
                return;
        sim = check_sim_problem(u);
        if (!sim)
                return;
        *sim = g_ascii_toupper(*sim);
        code = job_code_text(u->decision.domain, u->decision.code);
        message = g_strdup_printf("%s. The module reported %s.", sim, code);
        job_set_message(u->job, message);
}

void end_settle(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *detail = g_steal_pointer(&u->decision.detail);
        g_autofree char *message = g_steal_pointer(&u->decision.message);

        job_set_result(u->job, u->decision.result, u->decision.domain, u->decision.code, detail);
        if (message)
                job_set_message(u->job, message);
        blame_sim(u);
        u->job->stalled = false;
        transfer_stop(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* Cancellable changes */
        end_wind_up(u, event);
}

static void close_job(Upgrade *u)
{
        u->open_state = u->job->state;
        u->job->finished = u->realtime;
        upgrade_enter_state(u, JOB_FINISHED);
        u->deadline = UINT64_MAX;
        upgrade_push(u, UPGRADE_ACTION_RESULT, NULL);
        upgrade_push(u, UPGRADE_ACTION_RELEASE, NULL);
}

void end_leave_pending(Upgrade *u, const char *why)
{
        Job *job = u->job;

        if (u->present && *job->power_control_before && !*job->pending && !job_may_still_write(job))
                upgrade_restore_power(u, job->power_control_before);
        g_free(job->pending);
        job->pending = g_strdup_printf("The end of this job is pending, for its record cannot be kept: %s. Make the "
                                       "state directory writable, and the job ends by itself.",
                                       why);
        job->state = u->open_state;
        job->finished = 0;
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        u->deadline = u->now + u->timeouts->command;
}

void end_pending(Upgrade *u, const UpgradeEvent *event)
{
        if (event->type == UPGRADE_EVENT_BEGIN) /* the job is followed at another place */
                u->deadline = u->now + u->timeouts->command;
        else if (event->type == UPGRADE_EVENT_PRESENT || event->type == UPGRADE_EVENT_GONE)
                u->present = event->type == UPGRADE_EVENT_PRESENT;
        else if (event->type == UPGRADE_EVENT_TICK && u->now >= u->deadline)
                close_job(u);
}

void end_finish(Upgrade *u)
{
        Job *job = u->job;
        bool dismissed = job_is_host_code(job, HOST_DISMISSED); /* the module may be writing its flash */

        u->step = STEP_NONE;
        if (u->present && !u->ready && !job->sent)
                transfer_reset_flow_control(u);
        job_tell_what_stays(job, !u->present || dismissed);
        job_forget_secrets(job);
        if (job->result == JOB_RESULT_SUCCESS)
                job->percent = 100;
        job->watched = job_may_still_write(job);
        if (u->present && *job->power_control_before && !job->watched && !dismissed)
                upgrade_restore_power(u, job->power_control_before);
        close_job(u);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How it ends: the result is settled first, then who runs is read, then the settings are put back. */

#include "core/upgrade-actions.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-restore.h"
#include "core/upgrade-transfer.h"
#include "core/upgrade-end.h"

static bool job_is_host_code(const Job *job, HostCode code)
{
        return job->domain == CODE_DOMAIN_HOST && job->code == (int)code;
}

/* It runs its firmware, and has only not answered yet since the daemon was started or the port was opened. */
static bool will_answer(const Upgrade *u, const UpgradeEvent *event)
{
        const Job *job = u->job;

        return u->ready || u->hushed ||
               (event->at_port && restore_is_due(u) && !job->left && !job->downloaded && !job->updating &&
                !job_is_host_code(job, HOST_NO_RESPONSE) && !job_is_host_code(job, HOST_MODULE_REPLACED));
}

/* Reads who runs now, then puts the settings back. */
void wind_up(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->present || !will_answer(u, event)) {
                upgrade_finish(u, event);
                return;
        }
        if (event->type == UPGRADE_EVENT_READY || u->ready_since) { /* it has just been told */
                restore_begin(u, event);
                return;
        }
        u->step = STEP_LAST_IDENTITY;
        upgrade_identify(u);
        /* One that has just failed to answer is not waited for long. */
        u->deadline = event->now +
                      (job_is_host_code(u->job, HOST_NO_RESPONSE) ? u->timeouts->command : u->timeouts->settle);
}

void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail,
                    const UpgradeEvent *event)
{
        job_set_result(u->job, result, domain, code, detail);
        u->job->stalled = false;
        file_stop(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* it cannot be cancelled any more */
        wind_up(u, event);
}

void upgrade_fail(Upgrade *u, HostCode code, const char *detail, const UpgradeEvent *event)
{
        upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, (int)code, detail, event);
}

/* The download was given up, and it is certain that the module keeps its old firmware. */
void upgrade_abandoned(Upgrade *u, const UpgradeEvent *event)
{
        JobResult result = u->job->abandon == HOST_CANCELLED ? JOB_RESULT_CANCELLED : JOB_RESULT_FAILED;

        upgrade_settle(u, result, CODE_DOMAIN_HOST, (int)u->job->abandon,
                       file_cannot_be_there(u->job) ? "while its package was being sent" : NULL, event);
}

void upgrade_not_stopped(Upgrade *u, const UpgradeEvent *event)
{
        upgrade_fail(u, HOST_NO_RESPONSE, "when it was to be stopped, and may still upgrade", event);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records the decision of a phase. Nothing is done here. */

#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-decide.h"

void upgrade_next(Upgrade *u, Next next)
{
        u->decision.next = next;
}

void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail)
{
        g_free(u->decision.detail);
        u->decision.detail = g_strdup(detail);
        g_clear_pointer(&u->decision.message, g_free);
        u->decision.result = result;
        u->decision.domain = domain;
        u->decision.code = code;
        u->decision.next = NEXT_SETTLE;
}

void upgrade_fail(Upgrade *u, HostCode code, const char *detail)
{
        upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, (int)code, detail);
}

void upgrade_fail_saying(Upgrade *u, HostCode code, const char *message)
{
        upgrade_fail(u, code, NULL);
        u->decision.message = g_strdup(message);
}

void upgrade_rejected(Upgrade *u, const char *command, const UpgradeEvent *event)
{
        g_autofree char *detail = NULL;

        if (event->result == AT_RESULT_TIMEOUT) {
                detail = g_strdup_printf("to %s", command);
                upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_NO_RESPONSE, detail);
                return;
        }
        detail = event->error >= 0 ? g_strdup_printf("to %s (+CME ERROR: %d)", command, event->error)
                                   : g_strdup_printf("to %s", command);
        upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_REJECTED, detail);
}

void upgrade_abandoned(Upgrade *u)
{
        JobResult result = u->job->abandon == HOST_CANCELLED ? JOB_RESULT_CANCELLED : JOB_RESULT_FAILED;

        /* The last bytes are sent only when the record has them. */
        if (u->job->abandon == HOST_INSUFFICIENT_SPACE) {
                upgrade_fail_saying(
                        u, HOST_INSUFFICIENT_SPACE,
                        "The state directory of the gateway has no room for the job's record, so the package "
                        "was not sent to its end: free space there, then start again.");
                return;
        }
        upgrade_settle(u, result, CODE_DOMAIN_HOST, (int)u->job->abandon,
                       transfer_is_incomplete(u->job) ? "while its package was being sent" : NULL);
}

void upgrade_not_stopped(Upgrade *u)
{
        upgrade_fail(u, HOST_NO_RESPONSE, "when it was to be stopped, and may still upgrade");
}

void upgrade_keep_revision(Upgrade *u)
{
        job_set_string(&u->job->to_revision, u->revision);
        job_set_string(&u->job->to_build, u->build);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package on the host, from FILESTART on (guide 3.3.1.3). After AT+QFOTADL every byte written counts as part of the
 * package, so the port only listens until FILEEND has come or has been waited for. The record says transferring before
 * the first byte, and transferred before the last: without transferred the module cannot have the package. No byte is
 * sent twice. */

#include <string.h>

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-transfer.h"

void transfer_end_flow(Upgrade *u)
{
        if (u->host_flow_control)
                upgrade_push(u, UPGRADE_ACTION_FLOW, "none");
        u->host_flow_control = false;
}

char *transfer_flow_command(const Job *job, const char *value)
{
        return g_strdup_printf(job_is_uart(job) ? "AT+IFC=%s" : "AT+QCFG=\"usbifc\",%s", value);
}

void transfer_reset_flow_control(Upgrade *u)
{
        g_autofree char *command = NULL;

        transfer_end_flow(u);
        if (!*u->job->flow_before)
                return;
        command = transfer_flow_command(u->job, u->job->flow_before);
        upgrade_push(u, UPGRADE_ACTION_SEND_BLIND, command);
}

void transfer_listen(Upgrade *u)
{
        if (!u->listens_only)
                upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        u->listens_only = true;
        u->ready = false;
}

void transfer_accepted(Upgrade *u)
{
        if (u->job->from_host)
                transfer_listen(u);
}

void transfer_started(Upgrade *u)
{
        Job *job = u->job;

        if (job->transferring || job->abandon || job->reached >= JOB_REACHED_DOWNLOADED || job->disconnected)
                return;
        transfer_listen(u);
        u->step = STEP_NONE;
        u->sending = true;
        job->transferring = true;
        job_reach(job, JOB_REACHED_DOWNLOADING);
        upgrade_enter_state(u, JOB_DOWNLOADING);
        upgrade_push(u, UPGRADE_ACTION_TRANSFER, u->host_flow_control ? "hardware" : "paced");
}

void transfer_stop(Upgrade *u)
{
        if (u->sending)
                upgrade_push(u, UPGRADE_ACTION_TRANSFER_STOP, NULL);
        u->sending = false;
        transfer_end_flow(u);
}

void transfer_abort(Upgrade *u, HostCode why)
{
        u->job->abandon = why;
        transfer_stop(u);
        transfer_listen(u);
        u->step = STEP_AWAIT_FILE_END;
        u->deadline = u->now + u->timeouts->command;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void transfer_event(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (!u->sending)
                return;
        switch ((unsigned)event->type) {
        case UPGRADE_EVENT_SENT:
                u->sending = event->size < job->package_size;
                upgrade_set_percent(u, (unsigned)(event->size * PERCENT_DOWNLOADED / job->package_size));
                upgrade_reset_deadline(u);
                return;
        case UPGRADE_EVENT_ALL_BUT_LAST:
                job->transferred = true;
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_push(u, UPGRADE_ACTION_TRANSFER_LAST, NULL);
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* Cancellable changes */
                upgrade_reset_deadline(u);
                return;
        case UPGRADE_EVENT_NOT_SENT: transfer_abort(u, HOST_INTERRUPTED); return;
        }
}

bool transfer_port_lost(Upgrade *u)
{
        u->sending = u->host_flow_control = false; /* the port is closed */
        if (!transfer_may_be_awaited(u->job) || !u->present)
                return false;
        if (u->step == STEP_QFOTADL || (u->listens_only && !u->job->transferred && !u->job->abandon)) {
                transfer_abort(u, HOST_INTERRUPTED);
                return true;
        }
        if (!u->listens_only)
                return false;
        u->saw_upgrade_urc = false;
        if (u->step != STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_reset_deadline(u);
        }
        return true;
}

void transfer_resume(Upgrade *u)
{
        Job *job = u->job;

        if (!transfer_may_be_awaited(job) || job->transferred || job->abandon)
                return;
        job->abandon = HOST_INTERRUPTED;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
}

void transfer_present(Upgrade *u)
{
        if (!transfer_may_be_awaited(u->job))
                return;
        transfer_listen(u);
        u->step = STEP_AWAIT_FILE_END;
        upgrade_reset_deadline(u);
}

bool transfer_disk_failed(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->transfer_dropped)
                return false;
        u->transfer_dropped = false;
        u->job->transferred = false; /* the last bytes were dropped with the record */
        transfer_abort(u, event->full ? HOST_INSUFFICIENT_SPACE : HOST_INTERRUPTED);
        return true;
}

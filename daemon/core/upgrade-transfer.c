/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package on the host, from FILESTART on: when its bytes go out, and what follows if not all do (guide 3.3.1.3). */

#include <string.h>

#include "core/upgrade-actions.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-wait.h"
#include "core/upgrade-transfer.h"

void transfer_end_flow(Upgrade *u)
{
        if (u->hardware)
                upgrade_push(u, UPGRADE_ACTION_FLOW, "none");
        u->hardware = false;
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
        if (!u->hushed)
                upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        u->hushed = true;
        u->ready = false;
}

/* AT+QFOTADL was taken, or may have been. */
void transfer_accepted(Upgrade *u)
{
        if (u->job->file)
                transfer_listen(u);
}

void transfer_started(Upgrade *u)
{
        Job *job = u->job;

        if (job->transferring || job->abandon || job->downloaded || job->updating || job->left)
                return;
        transfer_listen(u);
        u->step = STEP_NONE;
        u->sending = true;
        job->accepted = job->downloading = job->transferring = true;
        upgrade_enter_state(u, JOB_DOWNLOADING);
        upgrade_push(u, UPGRADE_ACTION_TRANSFER, u->hardware ? "hardware" : "paced");
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
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* it cannot be cancelled any more */
                upgrade_reset_deadline(u);
                return;
        case UPGRADE_EVENT_NOT_SENT: transfer_abort(u, HOST_INTERRUPTED); return;
        }
}

bool transfer_port_lost(Upgrade *u)
{
        u->sending = u->hardware = false; /* both went with the port */
        if (!transfer_may_be_awaited(u->job) || !u->present)
                return false;
        if (u->step == STEP_QFOTADL || (u->hushed && !u->job->transferred && !u->job->abandon)) {
                transfer_abort(u, HOST_INTERRUPTED);
                return true;
        }
        if (!u->hushed)
                return false;
        u->live = false;
        if (u->step != STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_reset_deadline(u);
        }
        return true;
}

/* A daemon that died cannot know how many bytes of what it wrote went out. */
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

bool transfer_disk_failed(Upgrade *u)
{
        if (!u->transfer_dropped)
                return false;
        u->transfer_dropped = false;
        u->job->transferred = false; /* the last of it did not go out */
        transfer_abort(u, HOST_INSUFFICIENT_SPACE);
        return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue after an upgrade, however it ended: what was changed is put back, one command a step, and the record is closed. */

#include <string.h>

#include "core/upgrade-actions.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-transfer.h"
#include "core/upgrade-wait.h"
#include "core/upgrade-restore.h"

/* AT manuals: deactivating a context takes up to 40 s. */
#define DEACTIVATION_TIMEOUT_FACTOR 2

void upgrade_finish(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        u->step = STEP_NONE;
        if (u->present && !u->ready && !job->sent)
                file_flow_blindly_back(u);
        job_tell_what_stays(job, false);
        if (job->radio_off)
                job_add_to_message(job, "Its radio may still be off: AT+CFUN=1 turns it on.");
        job_forget_secrets(job);
        job->finished = event->realtime;
        if (job->result == JOB_RESULT_SUCCESS)
                job->percent = 100;
        if (u->present && *job->power_control_before)
                upgrade_push(u, UPGRADE_ACTION_POWER, job->power_control_before);
        upgrade_enter(u, JOB_FINISHED, event);
        u->deadline = UINT64_MAX;
        upgrade_push(u, UPGRADE_ACTION_RESULT, NULL);
        upgrade_push(u, UPGRADE_ACTION_RELEASE, NULL);
}

static void send(Upgrade *u, Step step, const char *command, const UpgradeEvent *event)
{
        upgrade_send(u, step, command, false, u->timeouts->command, event);
}

static void restore_urc_port(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = NULL;

        if (!*u->job->urc_port_before) {
                upgrade_finish(u, event);
                return;
        }
        command = g_strdup_printf("AT+QURCCFG=\"urcport\",\"%s\"", u->job->urc_port_before);
        send(u, STEP_RESTORE_URC_PORT, command, event);
}

static void restore_flow(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = NULL;

        if (!*u->job->flow_before) {
                restore_urc_port(u, event);
                return;
        }
        command = file_flow_command(u->job, u->job->flow_before);
        send(u, STEP_RESTORE_FLOW, command, event);
}

static void restore_apn(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = NULL;

        if (!*u->job->apn_before) {
                restore_flow(u, event);
                return;
        }
        command = g_strdup_printf("AT+QICSGP=%d,%s", (int)u->job->options->cid, u->job->apn_before);
        upgrade_send(u, STEP_RESTORE_APN, command, true, u->timeouts->command, event);
        explicit_bzero(command, strlen(command));
}

static void restore_fota_cid(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = NULL;

        if (!*u->job->fota_cid_before) {
                restore_apn(u, event);
                return;
        }
        command = g_strdup_printf("AT+QCFG=\"fota/cid\",%s", u->job->fota_cid_before);
        send(u, STEP_RESTORE_FOTA_CID, command, event);
}

/* One that is active keeps its access point. */
static void deactivate_context(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = g_strdup_printf("AT+QIDEACT=%d", (int)u->job->options->cid);

        if (u->job->context_up)
                upgrade_send(u, STEP_DEACTIVATE_CONTEXT, command, false,
                             u->timeouts->command * DEACTIVATION_TIMEOUT_FACTOR, event);
        else
                restore_fota_cid(u, event);
}

void restore_begin(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->present || !u->ready)
                upgrade_finish(u, event);
        else if (u->job->radio_off)
                send(u, STEP_RADIO_ON, "AT+CFUN=1", event);
        else
                deactivate_context(u, event);
}

void restore_answer(Upgrade *u, const UpgradeEvent *event)
{
        bool good = event->result == AT_RESULT_OK;

        if (u->step == STEP_RADIO_ON && good)
                u->job->radio_off = false;
        if (u->step == STEP_DEACTIVATE_CONTEXT && good)
                u->job->context_up = false;
        if (u->step == STEP_RESTORE_APN && good)
                job_wipe_string(&u->job->apn_before);
        if (u->step == STEP_RESTORE_FOTA_CID && good)
                job_set_string(&u->job->fota_cid_before, "");
        if (u->step == STEP_RESTORE_FLOW && good)
                job_set_string(&u->job->flow_before, "");
        if (u->step == STEP_RESTORE_URC_PORT && good)
                job_set_string(&u->job->urc_port_before, "");
        if (event->result == AT_RESULT_TIMEOUT)
                upgrade_finish(u, event);
        else if (u->step == STEP_RADIO_ON)
                deactivate_context(u, event);
        else if (u->step == STEP_DEACTIVATE_CONTEXT)
                restore_fota_cid(u, event);
        else if (u->step == STEP_RESTORE_FOTA_CID)
                restore_apn(u, event);
        else if (u->step == STEP_RESTORE_APN)
                restore_flow(u, event);
        else if (u->step == STEP_RESTORE_FLOW)
                restore_urc_port(u, event);
        else
                upgrade_finish(u, event);
}

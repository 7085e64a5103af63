/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue after an upgrade, however it ended: what was changed is put back, one command a step, and the record is closed. */

#include <string.h>

#include "core/upgrade-actions.h"
#include "core/upgrade-decide.h"
#include "core/upgrade-facts.h"
#include "core/upgrade-transfer.h"
#include "core/upgrade-wait.h"
#include "core/upgrade-restore.h"

/* AT manuals: deactivating a context takes up to 40 s. */
#define DEACTIVATION_TIMEOUT_FACTOR 2

static void send(Upgrade *u, Step step, const char *command)
{
        upgrade_send(u, step, command, false, u->timeouts->command);
}

static void restore_urc_port(Upgrade *u)
{
        g_autofree char *command = NULL;

        if (!*u->job->urc_port_before) {
                upgrade_next(u, NEXT_FINISH);
                return;
        }
        command = g_strdup_printf("AT+QURCCFG=\"urcport\",\"%s\"", u->job->urc_port_before);
        send(u, STEP_RESTORE_URC_PORT, command);
}

static void restore_flow(Upgrade *u)
{
        g_autofree char *command = NULL;

        if (!*u->job->flow_before) {
                restore_urc_port(u);
                return;
        }
        command = file_flow_command(u->job, u->job->flow_before);
        send(u, STEP_RESTORE_FLOW, command);
}

static void restore_apn(Upgrade *u)
{
        g_autofree char *command = NULL;

        if (!*u->job->apn_before) {
                restore_flow(u);
                return;
        }
        command = g_strdup_printf("AT+QICSGP=%d,%s", (int)u->job->options->cid, u->job->apn_before);
        upgrade_send(u, STEP_RESTORE_APN, command, true, u->timeouts->command);
        explicit_bzero(command, strlen(command));
}

static void restore_fota_cid(Upgrade *u)
{
        g_autofree char *command = NULL;

        if (!*u->job->fota_cid_before) {
                restore_apn(u);
                return;
        }
        command = g_strdup_printf("AT+QCFG=\"fota/cid\",%s", u->job->fota_cid_before);
        send(u, STEP_RESTORE_FOTA_CID, command);
}

/* One that is active keeps its access point. */
static void deactivate_context(Upgrade *u)
{
        g_autofree char *command = g_strdup_printf("AT+QIDEACT=%d", (int)u->job->options->cid);

        if (u->job->context_up)
                upgrade_send(u, STEP_DEACTIVATE_CONTEXT, command, false,
                             u->timeouts->command * DEACTIVATION_TIMEOUT_FACTOR);
        else
                restore_fota_cid(u);
}

void restore_begin(Upgrade *u)
{
        if (!u->present || !u->ready)
                upgrade_next(u, NEXT_FINISH);
        else if (u->job->radio_off)
                send(u, STEP_RADIO_ON, "AT+CFUN=1");
        else
                deactivate_context(u);
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
                upgrade_next(u, NEXT_FINISH);
        else if (u->step == STEP_RADIO_ON)
                deactivate_context(u);
        else if (u->step == STEP_DEACTIVATE_CONTEXT)
                restore_fota_cid(u);
        else if (u->step == STEP_RESTORE_FOTA_CID)
                restore_apn(u);
        else if (u->step == STEP_RESTORE_APN)
                restore_flow(u);
        else if (u->step == STEP_RESTORE_FLOW)
                restore_urc_port(u);
        else
                upgrade_next(u, NEXT_FINISH);
}

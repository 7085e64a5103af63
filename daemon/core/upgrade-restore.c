/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue after an upgrade, however it ended: what upgrade-prepare.c and upgrade-abandon.c have changed on the
 * module is put back, in the opposite order, one command a step. What the module refuses is left as it is. */

#include <string.h>

#include "core/upgrade-private.h"

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

static void restore_fota_cid(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = NULL;

        if (!*u->job->fota_cid_before) {
                restore_flow(u, event);
                return;
        }
        command = g_strdup_printf("AT+QCFG=\"fota/cid\",%s", u->job->fota_cid_before);
        send(u, STEP_RESTORE_FOTA_CID, command, event);
}

bool restore_is_due(const Upgrade *u)
{
        return *u->job->urc_port_before || *u->job->flow_before || *u->job->fota_cid_before || u->job->radio_off;
}

void restore_begin(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->present || !u->ready)
                upgrade_finish(u, event);
        else if (u->job->radio_off)
                send(u, STEP_RADIO_ON, "AT+CFUN=1", event);
        else
                restore_fota_cid(u, event);
}

void restore_answer(Upgrade *u, const UpgradeEvent *event)
{
        if (u->step == STEP_RADIO_ON && event->result == AT_RESULT_OK)
                u->job->radio_off = false;
        if (event->result == AT_RESULT_TIMEOUT)
                upgrade_finish(u, event);
        else if (u->step == STEP_RADIO_ON)
                restore_fota_cid(u, event);
        else if (u->step == STEP_RESTORE_FOTA_CID)
                restore_flow(u, event);
        else if (u->step == STEP_RESTORE_FLOW)
                restore_urc_port(u, event);
        else
                upgrade_finish(u, event);
}

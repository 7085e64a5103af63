/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Puts back the settings that upgrade-prepare, upgrade-flow and upgrade-abandon changed on the module, in the order
 * of the table below, one command a setting. A setting that the module refuses to take back is left as it is and stays
 * in the record, from which the result's message names it. */

#include <string.h>

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-restore.h"
#include "core/upgrade/upgrade-transfer.h"

/* AT manuals: deactivating a context takes up to 40 s. */
#define DEACTIVATION_TIMEOUT_FACTOR 2

static char *radio_command(const Job *job)
{
        (void)job;
        return g_strdup("AT+CFUN=1");
}

static char *context_command(const Job *job)
{
        return g_strdup_printf("AT+QIDEACT=%d", (int)job->options->cid);
}

static char *fota_cid_command(const Job *job)
{
        return g_strdup_printf("AT+QCFG=\"fota/cid\",%s", job->fota_cid_before);
}

static char *apn_command(const Job *job)
{
        return g_strdup_printf("AT+QICSGP=%d,%s", (int)job->options->cid, job->apn_before);
}

static char *flow_command_before(const Job *job)
{
        return transfer_flow_command(job, job->flow_before);
}

static char *urc_port_command(const Job *job)
{
        return g_strdup_printf("AT+QURCCFG=\"urcport\",\"%s\"", job->urc_port_before);
}

static char *qind_command(const Job *job)
{
        return g_strdup_printf("AT+QINDCFG=\"all\",%s,0", job->qind_before);
}

static char *qind_fota_command(const Job *job)
{
        return g_strdup_printf("AT+QINDCFG=\"FOTA\",%s,0", job->qind_fota_before);
}

/* A setting: the field of the record that says that the setting is changed (a flag, or the value before, "" if the
 * setting is not changed), and the command that puts the setting back. */
typedef struct Setting {
        Step step;
        char *(*command)(const Job *job);
        size_t flag, before; /* offsets in Job; one of the two is 0 */
        bool secret;
        unsigned factor; /* of the time-out of a command */
} Setting;

static const Setting settings[] = {
        { STEP_RADIO_ON, radio_command, offsetof(Job, radio_off), 0, false, 1 },
        /* Before the access point: an active context keeps its own. */
        { STEP_DEACTIVATE_CONTEXT, context_command, offsetof(Job, context_up), 0, false, DEACTIVATION_TIMEOUT_FACTOR },
        { STEP_RESTORE_FOTA_CID, fota_cid_command, 0, offsetof(Job, fota_cid_before), false, 1 },
        { STEP_RESTORE_APN, apn_command, 0, offsetof(Job, apn_before), true, 1 },
        { STEP_RESTORE_FLOW, flow_command_before, 0, offsetof(Job, flow_before), false, 1 },
        { STEP_RESTORE_QIND_FOTA, qind_fota_command, 0, offsetof(Job, qind_fota_before), false, 1 },
        { STEP_RESTORE_QIND, qind_command, 0, offsetof(Job, qind_before), false, 1 },
        { STEP_RESTORE_URC_PORT, urc_port_command, 0, offsetof(Job, urc_port_before), false, 1 },
};

static bool is_changed(const Setting *setting, const Job *job)
{
        const char *base = (const char *)job;

        return setting->flag ? *(const bool *)(base + setting->flag) : **(char *const *)(base + setting->before) != 0;
}

static void mark_restored(const Setting *setting, Job *job)
{
        char *base = (char *)job;

        if (setting->flag)
                *(bool *)(base + setting->flag) = false;
        else
                job_wipe_string((char **)(base + setting->before));
}

bool restore_is_due(const Job *job)
{
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                if (is_changed(&settings[i], job))
                        return true;
        return false;
}

/* Puts the first setting back that is changed, from index i of the table on; the end if there is none. */
static void restore_from(Upgrade *u, size_t i)
{
        g_autofree char *command = NULL;

        while (i < G_N_ELEMENTS(settings) && !is_changed(&settings[i], u->job))
                i++;
        if (i == G_N_ELEMENTS(settings)) {
                upgrade_next(u, NEXT_FINISH);
                return;
        }
        command = settings[i].command(u->job);
        upgrade_send(u, settings[i].step, command, settings[i].secret, u->timeouts->command * settings[i].factor);
        explicit_bzero(command, strlen(command));
}

void restore_begin(Upgrade *u)
{
        if (!u->present || !u->ready)
                upgrade_next(u, NEXT_FINISH);
        else
                restore_from(u, 0);
}

void restore_answer(Upgrade *u, const UpgradeEvent *event)
{
        size_t i = 0;

        while (settings[i].step != u->step)
                i++;
        if (event->result == AT_RESULT_OK)
                mark_restored(&settings[i], u->job);
        if (event->result == AT_RESULT_TIMEOUT)
                upgrade_next(u, NEXT_FINISH);
        else
                restore_from(u, i + 1);
}

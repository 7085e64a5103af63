/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* AT+QFOTADL: the command, and its answer. */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-command.h"

void command_send(Upgrade *u)
{
        const Options *o = u->job->options;
        const Inspection *told = inspect_inspection(u->inspect);
        g_autofree char *file = g_strdup_printf("FILE:%" G_GUINT64_FORMAT, u->job->package_size), *command = NULL;

        if (u->job->method == METHOD_MINIFOTA) { /* MiniFOTA takes the URL only (guide 3.3.1.2, note 2) */
                command = qfota_build_command(u->job->source, -1, -1, -1);
        } else {
                /* Defaults are bounded by the lists of AT+QFOTADL=?; upgrade-check.c checked the options. */
                int mode = o->upgrade_mode >= 0 ? (int)o->upgrade_mode
                                                : (int)inspect_list_clip(&told->upgrade_modes, QFOTA_MODE_DEFAULT);

                u->job->download_max = o->download_urc_max >= 0 ? (int)o->download_urc_max
                                                                : (int)inspect_list_clip(&told->download_urc_maxima,
                                                                                         QFOTA_URC_MAX_DEFAULT);
                command = qfota_build_command(u->job->from_host ? file : u->job->source, mode, u->job->download_max,
                                              (int)o->update_urc_max);
        }
        u->job->sent = true;
        u->job->product = u->product;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_QFOTADL, command, !u->job->from_host, u->timeouts->command);
        ((UpgradeAction *)g_queue_peek_tail(&u->actions))->hush = u->job->from_host;
        explicit_bzero(command, strlen(command));
}

void command_answer(Upgrade *u, const UpgradeEvent *event)
{
        switch (event->result) {
        case AT_RESULT_OK: job_reach(u->job, JOB_REACHED_ACCEPTED); break;
        case AT_RESULT_ERROR:
                if (u->job->reached < JOB_REACHED_DOWNLOADING) {
                        upgrade_rejected(u, "AT+QFOTADL", event);
                        return;
                }
                break;
        case AT_RESULT_TIMEOUT:
                /* The module may have accepted the command. */
                break;
        }
        u->step = STEP_NONE;
        transfer_accepted(u);
        if (u->job->state == JOB_PREPARING)
                upgrade_enter_state(u, JOB_DOWNLOADING);
}

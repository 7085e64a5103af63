/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue before an upgrade: setting the module up and sending AT+QFOTADL. A chain of steps, one command a step.
 * Before a command that changes the module the record goes to the disk, with the value that was there before;
 * upgrade-restore.c puts it back. */

#include <string.h>

#include "core/context.h"
#include "core/qfota.h"
#include "core/upgrade-private.h"

/* AT manuals: activating a context takes up to 150 s, five times what any other command of ours may take. */
#define CONTEXT_TIMEOUT_FACTOR 5

static void rejected(Upgrade *u, const char *command, const UpgradeEvent *event)
{
        g_autofree char *detail = NULL;

        if (event->result == AT_RESULT_TIMEOUT) {
                detail = g_strdup_printf("to %s", command);
                upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_NO_RESPONSE, detail, event);
                return;
        }
        detail = event->error >= 0 ? g_strdup_printf("to %s (+CME ERROR: %d)", command, event->error)
                                   : g_strdup_printf("to %s", command);
        upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_REJECTED, detail, event);
}

static void send(Upgrade *u, Step step, const char *command, const UpgradeEvent *event)
{
        upgrade_send(u, step, command, false, u->timeouts->command, event);
}

void prepare_send_upgrade(Upgrade *u, const UpgradeEvent *event)
{
        const Options *o = u->job->options;
        const Inspection *told = inspect_inspection(u->inspect);
        g_autofree char *file = g_strdup_printf("FILE:%" G_GUINT64_FORMAT, u->job->package_size), *command = NULL;

        if (u->job->method == METHOD_MINIFOTA) { /* which takes the URL only (guide 3.3.1.2, note 2) */
                command = qfota_build_command(u->job->source, -1, -1, -1);
        } else {
                /* What was not asked for is bounded by the module's own lists; upgrade-check.c saw to what was. */
                int mode = o->upgrade_mode >= 0 ? (int)o->upgrade_mode
                                                : (int)inspect_list_clip(&told->upgrade_modes, QFOTA_MODE_DEFAULT);

                u->job->download_max = o->download_urc_max >= 0 ? (int)o->download_urc_max
                                                                : (int)inspect_list_clip(&told->download_urc_maxima,
                                                                                         QFOTA_URC_MAX_DEFAULT);
                command = qfota_build_command(u->job->file ? file : u->job->source, mode, u->job->download_max,
                                              (int)o->update_urc_max);
        }
        u->job->sent = true;
        u->job->product = u->product;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_QFOTADL, command, !u->job->file, u->timeouts->command, event);
        ((UpgradeAction *)g_queue_peek_tail(&u->actions))->hush = u->job->file;
        explicit_bzero(command, strlen(command));
}

static void begin_cid(Upgrade *u, const UpgradeEvent *event)
{
        if (u->job->options->cid < 0)
                prepare_send_upgrade(u, event);
        else
                send(u, STEP_READ_FOTA_CID, "AT+QCFG=\"fota/cid\"", event);
}

/* Guide 3.3.1.1: AT+QICSGP=2,1,"cmnet","","",1. What stood there before may be wanted by others. */
static void got_apn(Upgrade *u, const UpgradeEvent *event)
{
        int cid = (int)u->job->options->cid;
        g_autofree char *wanted = context_from_options(u->job->options), *command = NULL, *warning = NULL;
        g_autofree char *value = event->result == AT_RESULT_OK ? context_parse(event->text) : NULL;

        if (value && strcmp(value, wanted) == 0) {
                begin_cid(u, event);
        } else {
                if (!value) {
                        warning = g_strdup_printf("AT+QICSGP=%d tells nothing that could be put back: context %d will "
                                                  "keep the access point of the option apn",
                                                  cid, cid);
                        upgrade_push(u, UPGRADE_ACTION_WARN, warning);
                } else if (!*u->job->apn_before) {
                        job_set_string(&u->job->apn_before, value);
                }
                command = g_strdup_printf("AT+QICSGP=%d,%s", cid, wanted);
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_send(u, STEP_SET_APN, command, true, u->timeouts->command, event);
                explicit_bzero(command, strlen(command));
        }
        if (value)
                explicit_bzero(value, strlen(value));
        explicit_bzero(wanted, strlen(wanted));
}

static void begin_apn(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *command = g_strdup_printf("AT+QICSGP=%d", (int)u->job->options->cid);

        if (u->job->file) {
                file_prepare_begin(u, event);
                return;
        }
        if (u->job->method == METHOD_MINIFOTA)
                send(u, STEP_HAS_SMS, MINI_ASK_SMS, event);
        else if (!u->job->options->apn)
                begin_cid(u, event);
        else
                upgrade_send(u, STEP_READ_APN, command, true, u->timeouts->command, event); /* the answer is secret */
}

void prepare_begin(Upgrade *u, const UpgradeEvent *event)
{
        send(u, STEP_READ_URC_PORT, "AT+QURCCFG=\"urcport\"", event);
}

/* The URCs must come to the port we listen at. A module that cannot say where they go keeps them where they are. */
static void got_urc_port(Upgrade *u, const UpgradeEvent *event)
{
        const char *wanted = job_is_uart(u->job) ? "uart1" : u->other_port ? "all" : "usbat";
        g_autofree char *value = NULL, *command = g_strdup_printf("AT+QURCCFG=\"urcport\",\"%s\"", wanted);

        if (event->result == AT_RESULT_OK)
                value = qfota_parse_setting(event->text, "+QURCCFG:", "urcport");
        if (!value || strcmp(value, wanted) == 0 || strcmp(value, "all") == 0) {
                begin_apn(u, event);
                return;
        }
        if (!*u->job->urc_port_before && strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(value))
                job_set_string(&u->job->urc_port_before, value);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        send(u, STEP_SET_URC_PORT, command, event);
}

static void got_fota_cid(Upgrade *u, const UpgradeEvent *event)
{
        int wanted = (int)u->job->options->cid;
        g_autofree char *value = qfota_parse_setting(event->text, "+QCFG:", "fota/cid");
        g_autofree char *command = g_strdup_printf("AT+QCFG=\"fota/cid\",%d", wanted);

        if (!*u->job->fota_cid_before && value && *value && strspn(value, "0123456789") == strlen(value) &&
            strlen(value) <= 2 && (int)g_ascii_strtoll(value, NULL, 10) != wanted)
                job_set_string(&u->job->fota_cid_before, value);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        send(u, STEP_SET_FOTA_CID, command, event);
}

/* AT+QIACT of a context that is active already is an error: it is asked first, +QIACT: 2,1,1,"10.0.0.1". */
static void got_contexts(Upgrade *u, const UpgradeEvent *event)
{
        int cid = (int)u->job->options->cid;
        g_autofree char *active = g_strdup_printf("+QIACT: %d,1,", cid);
        g_autofree char *command = g_strdup_printf("AT+QIACT=%d", cid);

        if (event->result == AT_RESULT_OK && strstr(event->text, active)) {
                prepare_send_upgrade(u, event);
                return;
        }
        u->job->context_up = true;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_ACTIVATE_CONTEXT, command, false, u->timeouts->command * CONTEXT_TIMEOUT_FACTOR, event);
}

static void got_upgrade_answer(Upgrade *u, const UpgradeEvent *event)
{
        switch (event->result) {
        case AT_RESULT_OK: u->job->accepted = true; break;
        case AT_RESULT_ERROR:
                if (!u->job->downloading) {
                        rejected(u, "AT+QFOTADL", event);
                        return;
                }
                break;
        case AT_RESULT_TIMEOUT:
                /* Whether the module took it will show. */
                break;
        }
        u->step = STEP_NONE;
        file_accepted(u);
        if (u->job->state == JOB_PREPARING)
                upgrade_enter(u, JOB_DOWNLOADING, event);
}

void prepare_answer(Upgrade *u, const UpgradeEvent *event)
{
        bool good = event->result == AT_RESULT_OK;

        if (event->result == AT_RESULT_TIMEOUT && u->step != STEP_QFOTADL && u->step != STEP_HAS_SMS) {
                rejected(u, "the preparations", event);
                return;
        }
        switch (u->step) {
        case STEP_READ_URC_PORT: got_urc_port(u, event); return;
        case STEP_SET_URC_PORT:
                if (!good)
                        job_set_string(&u->job->urc_port_before, "");
                begin_apn(u, event);
                return;
        case STEP_READ_APN: got_apn(u, event); return;
        case STEP_SET_APN:
                if (good) {
                        begin_cid(u, event);
                } else {
                        job_wipe_string(&u->job->apn_before);
                        rejected(u, "AT+QICSGP", event);
                }
                return;
        case STEP_READ_FOTA_CID:
                if (good)
                        got_fota_cid(u, event);
                else
                        rejected(u, "AT+QCFG=\"fota/cid\"", event);
                return;
        case STEP_SET_FOTA_CID:
                if (good)
                        send(u, STEP_READ_CONTEXTS, "AT+QIACT?", event);
                else
                        rejected(u, "AT+QCFG=\"fota/cid\"", event);
                return;
        case STEP_READ_CONTEXTS: got_contexts(u, event); return;
        case STEP_ACTIVATE_CONTEXT:
                if (good) {
                        prepare_send_upgrade(u, event);
                } else {
                        u->job->context_up = false;
                        rejected(u, "AT+QIACT", event);
                }
                return;
        case STEP_HAS_SMS:
                u->job->has_sms = good;
                prepare_send_upgrade(u, event);
                return;
        case STEP_QFOTADL: got_upgrade_answer(u, event); return;
        case STEP_NONE:
        case STEP_ASK_SERVER:
        case STEP_ASK_SERVER_MINI_2:
        case STEP_INSPECT:
        case STEP_READ_FLOW:
        case STEP_SET_FLOW:
        case STEP_CONFIRM_FLOW:
        case STEP_UNSET_FLOW:
        case STEP_AWAIT_FILE_END:
        case STEP_RESTORE_FLOW:
        case STEP_RADIO_OFF:
        case STEP_AWAIT_DOWNLOAD_END:
        case STEP_RESET:
        case STEP_ASK_SMS:
        case STEP_RETRY:
        case STEP_LAST_IDENTITY:
        case STEP_RADIO_ON:
        case STEP_DEACTIVATE_CONTEXT:
        case STEP_RESTORE_FOTA_CID:
        case STEP_RESTORE_APN:
        case STEP_RESTORE_URC_PORT: return;
        }
}

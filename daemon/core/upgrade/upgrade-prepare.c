/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue before AT+QFOTADL: the module is set up, one command a step. Before a command that changes the module
 * the record goes to the disk with the former value; upgrade-restore puts the value back. */

#include <string.h>

#include "core/job/context.h"
#include "core/quectel/qfota.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-check.h"
#include "core/upgrade/upgrade-prepare.h"

/* AT manuals: activating a context takes up to 150 s, five times the time-out of a command. */
#define CONTEXT_TIMEOUT_FACTOR 5

#define FOTA_CID_COMMAND "AT+QCFG=\"fota/cid\""

static void send(Upgrade *u, Step step, const char *command)
{
        upgrade_send(u, step, command, false, u->timeouts->command);
}

static void begin_cid(Upgrade *u)
{
        if (u->job->options->cid < 0)
                upgrade_next(u, NEXT_COMMAND);
        else
                send(u, STEP_READ_FOTA_CID, FOTA_CID_COMMAND);
}

/* Guide 3.3.1.1: AT+QICSGP=2,1,"cmnet","","",1. The former values may be needed by other programs. */
static void got_apn(Upgrade *u, const UpgradeEvent *event)
{
        int cid = (int)u->job->options->cid;
        g_autofree char *wanted = context_from_options(u->job->options), *command = NULL, *warning = NULL;
        g_autofree char *value = event->result == AT_RESULT_OK ? context_parse(event->text) : NULL;

        if (value && strcmp(value, wanted) == 0) {
                begin_cid(u);
        } else {
                if (!value) {
                        warning = g_strdup_printf("AT+QICSGP=%d tells nothing that could be put back: context %d will "
                                                  "keep the access point of the option apn",
                                                  cid, cid);
                        upgrade_push(u, UPGRADE_ACTION_WARN, warning);
                        u->job->apn_unread = !*u->job->apn_before;
                } else if (!*u->job->apn_before) {
                        job_set_string(&u->job->apn_before, value);
                }
                command = g_strdup_printf("AT+QICSGP=%d,%s", cid, wanted);
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_send(u, STEP_SET_APN, command, true, u->timeouts->command);
                explicit_bzero(command, strlen(command));
        }
        if (value)
                explicit_bzero(value, strlen(value));
        explicit_bzero(wanted, strlen(wanted));
}

static void ask_fingerprint(Upgrade *u)
{
        const char *command = fingerprint_next(&u->fingerprint);

        if (command) {
                send(u, STEP_READ_FINGERPRINT, command);
                return;
        }
        u->job->firmware_knows = u->fingerprint.answered;
        upgrade_next(u, NEXT_COMMAND);
}

static void begin_fingerprint(Upgrade *u)
{
        fingerprint_begin(&u->fingerprint, FINGERPRINT_ALL);
        ask_fingerprint(u);
}

static void begin_apn(Upgrade *u)
{
        g_autofree char *command = g_strdup_printf("AT+QICSGP=%d", (int)u->job->options->cid);

        if (u->job->from_host) {
                upgrade_next(u, NEXT_FLOW);
                return;
        }
        if (u->job->method == METHOD_MINIFOTA)
                begin_fingerprint(u);
        else if (!u->job->options->apn)
                begin_cid(u);
        else
                upgrade_send(u, STEP_READ_APN, command, true, u->timeouts->command); /* the answer is secret */
}

/* The switch for all +QIND messages and the one for those of the upgrade, which few modules have. Both are set without
 * being saved: saving the former value again would be wrong if another program had not saved it. */
typedef struct Indication {
        const char *name;
        Step read, set;
        size_t before; /* offset in Job */
} Indication;

static const Indication indications[] = {
        { "all", STEP_READ_QIND, STEP_SET_QIND, offsetof(Job, qind_before) },
        { "FOTA", STEP_READ_QIND_FOTA, STEP_SET_QIND_FOTA, offsetof(Job, qind_fota_before) },
};

static char **indication_before(const Upgrade *u, const Indication *indication)
{
        return (char **)((char *)u->job + indication->before);
}

static void begin_indication(Upgrade *u, size_t i)
{
        g_autofree char *command = NULL;

        if (i == G_N_ELEMENTS(indications)) {
                send(u, STEP_READ_URC_PORT, "AT+QURCCFG=\"urcport\"");
                return;
        }
        command = g_strdup_printf("AT+QINDCFG=\"%s\"", indications[i].name);
        send(u, indications[i].read, command);
}

void prepare_begin(Upgrade *u)
{
        begin_indication(u, 0);
}

/* Index of the indication that the step reads or sets. */
static size_t indication_of(Step step)
{
        size_t i = 0;

        while (indications[i].read != step && indications[i].set != step)
                i++;
        return i;
}

/* A module that refuses AT+QINDCFG keeps its setting: the upgrade may go on without messages. */
static void got_indication(Upgrade *u, const UpgradeEvent *event)
{
        size_t i = indication_of(u->step);
        g_autofree char *value = NULL, *command = NULL;

        if (event->result == AT_RESULT_OK)
                value = qfota_parse_setting(event->text, "+QINDCFG:", indications[i].name);
        if (g_strcmp0(value, "0") != 0) {
                begin_indication(u, i + 1);
                return;
        }
        job_set_string(indication_before(u, &indications[i]), value);
        command = g_strdup_printf("AT+QINDCFG=\"%s\",1,0", indications[i].name);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        send(u, indications[i].set, command);
}

/* The URCs must come to the port that is open here. A module that does not report its URC port keeps it. */
static void got_urc_port(Upgrade *u, const UpgradeEvent *event)
{
        const char *wanted = job_is_uart(u->job) ? "uart1" : u->other_port ? "all" : "usbat";
        g_autofree char *value = NULL, *command = g_strdup_printf("AT+QURCCFG=\"urcport\",\"%s\"", wanted);

        if (event->result == AT_RESULT_OK)
                value = qfota_parse_setting(event->text, "+QURCCFG:", "urcport");
        if (!value || strcmp(value, wanted) == 0 || strcmp(value, "all") == 0) {
                begin_apn(u);
                return;
        }
        if (!*u->job->urc_port_before) {
                u->job->urc_port_unread = !*value ||
                                          strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(value);
                if (!u->job->urc_port_unread)
                        job_set_string(&u->job->urc_port_before, value);
        }
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        send(u, STEP_SET_URC_PORT, command);
}

static void got_fota_cid(Upgrade *u, const UpgradeEvent *event)
{
        int wanted = (int)u->job->options->cid;
        g_autofree char *value = qfota_parse_setting(event->text, "+QCFG:", "fota/cid");
        g_autofree char *command = g_strdup_printf(FOTA_CID_COMMAND ",%d", wanted);
        bool is_cid = value && *value && strspn(value, "0123456789") == strlen(value) && strlen(value) <= 2;

        if (event->result != AT_RESULT_OK) {
                upgrade_rejected(u, FOTA_CID_COMMAND, event);
                return;
        }
        if (!is_cid)
                u->job->fota_cid_unread = !*u->job->fota_cid_before;
        else if (!*u->job->fota_cid_before && (int)g_ascii_strtoll(value, NULL, 10) != wanted)
                job_set_string(&u->job->fota_cid_before, value);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        send(u, STEP_SET_FOTA_CID, command);
}

/* AT+QIACT of an active context is an error, so the active ones are read first: +QIACT: 2,1,1,"10.0.0.1". */
static void got_contexts(Upgrade *u, const UpgradeEvent *event)
{
        int cid = (int)u->job->options->cid;
        g_autofree char *active = g_strdup_printf("+QIACT: %d,1,", cid);
        g_autofree char *command = g_strdup_printf("AT+QIACT=%d", cid);

        if (event->result == AT_RESULT_OK && strstr(event->text, active)) {
                upgrade_next(u, NEXT_COMMAND);
                return;
        }
        u->job->context_up = true;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_ACTIVATE_CONTEXT, command, false, u->timeouts->command * CONTEXT_TIMEOUT_FACTOR);
}

/* The sentence about the SIM for the number of a +CME ERROR (27.007); NULL if it is not about the SIM. */
static const char *sim_error(int error)
{
        switch (error) {
        case 10:
        case 13:
        case 15: return "there is no SIM, or it cannot be read: insert a SIM that works, and restart the module";
        case 11: return "the SIM wants its PIN: unlock it and turn its PIN off";
        case 12: return "the SIM wants its PUK: unlock it and turn its PIN off";
        default: return NULL;
        }
}

/* AT+QIACT was refused, because of the SIM or by the network. */
static void context_refused(Upgrade *u, const UpgradeEvent *event)
{
        const Options *o = u->job->options;
        int cid = (int)o->cid;
        g_autofree char *sim = check_sim_problem(u), *message = NULL;
        g_autofree char *apn = o->apn ? g_strdup_printf("the APN \"%s\" (option apn)", o->apn)
                                      : g_strdup_printf("its APN (AT+QICSGP=%d)", cid);
        g_autofree char *error = event->error >= 0 ? g_strdup_printf(", +CME ERROR: %d", event->error) : g_strdup("");
        const char *why = sim ?: sim_error(event->error);

        message = why ? g_strdup_printf("The module cannot activate context %d (AT+QIACT%s): %s.", cid, error, why)
                      : g_strdup_printf("The module cannot activate context %d (AT+QIACT%s): check %s, its user and "
                                        "password, the registration, and the SIM's contract.",
                                        cid, error, apn);
        upgrade_fail_saying(u, HOST_REJECTED, message);
}

static void got_indication_set(Upgrade *u, const UpgradeEvent *event)
{
        size_t i = indication_of(u->step);

        if (event->result != AT_RESULT_OK)
                job_set_string(indication_before(u, &indications[i]), "");
        begin_indication(u, i + 1);
}

static void got_urc_port_set(Upgrade *u, const UpgradeEvent *event)
{
        if (event->result != AT_RESULT_OK) {
                job_set_string(&u->job->urc_port_before, "");
                u->job->urc_port_unread = false;
        }
        begin_apn(u);
}

static void got_apn_set(Upgrade *u, const UpgradeEvent *event)
{
        if (event->result == AT_RESULT_OK) {
                begin_cid(u);
                return;
        }
        job_wipe_string(&u->job->apn_before);
        u->job->apn_unread = false;
        upgrade_rejected(u, "AT+QICSGP", event);
}

static void got_fota_cid_set(Upgrade *u, const UpgradeEvent *event)
{
        if (event->result == AT_RESULT_OK) {
                send(u, STEP_READ_CONTEXTS, "AT+QIACT?");
                return;
        }
        job_set_string(&u->job->fota_cid_before, "");
        u->job->fota_cid_unread = false;
        upgrade_rejected(u, FOTA_CID_COMMAND, event);
}

static void got_context_up(Upgrade *u, const UpgradeEvent *event)
{
        if (event->result == AT_RESULT_OK) {
                upgrade_next(u, NEXT_COMMAND);
                return;
        }
        u->job->context_up = false;
        context_refused(u, event);
}

static void got_fingerprint(Upgrade *u, const UpgradeEvent *event)
{
        fingerprint_answer(&u->fingerprint, event->result, event->error, event->text);
        ask_fingerprint(u);
}

static const struct {
        Step step;
        void (*got)(Upgrade *u, const UpgradeEvent *event);
} answers[] = {
        { STEP_READ_QIND, got_indication },
        { STEP_SET_QIND, got_indication_set },
        { STEP_READ_QIND_FOTA, got_indication },
        { STEP_SET_QIND_FOTA, got_indication_set },
        { STEP_READ_URC_PORT, got_urc_port },
        { STEP_SET_URC_PORT, got_urc_port_set },
        { STEP_READ_APN, got_apn },
        { STEP_SET_APN, got_apn_set },
        { STEP_READ_FOTA_CID, got_fota_cid },
        { STEP_SET_FOTA_CID, got_fota_cid_set },
        { STEP_READ_CONTEXTS, got_contexts },
        { STEP_ACTIVATE_CONTEXT, got_context_up },
        { STEP_READ_FINGERPRINT, got_fingerprint },
};

void prepare_answer(Upgrade *u, const UpgradeEvent *event)
{
        size_t i = 0;

        if (event->result == AT_RESULT_TIMEOUT && u->step != STEP_READ_FINGERPRINT) {
                upgrade_rejected(u, "the preparations", event);
                return;
        }
        while (answers[i].step != u->step)
                i++;
        answers[i].got(u, event);
}

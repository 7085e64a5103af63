/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT commands that the module answers, and its settings. */

#include <stdlib.h>
#include <string.h>

#include "model-private.h"

#define APN_BEFORE "1,\"\",\"\",\"\",0"

static const char *revision(const Model *m)
{
        const Traits *t = m->traits;
        bool is_new = m->swapped ? m->other_is_new : m->is_new;

        if (m->system == SYSTEM_MINI)
                return t->mini_revision;
        if (m->system == SYSTEM_UPDATER)
                return "UPDATER_V01";
        return is_new ? model_new_revision(t) : model_old_revision(t);
}

/* Returns true if the running system has the command's subsystem. The Mini system keeps registration and upgrade (guide
 * 2.3.1.2, note 1). */
static bool knows(const Model *m, const char *command)
{
        static const char *const kept[] = {
                "ATQ0V1E0", "AT+CMEE", "AT+CREG",    "AT+CEREG", "AT+CPIN?",   "AT+CSQ",
                "AT+CFUN",  "AT+CGSN", "AT+QFOTADL", "AT+CGMI",  "AT+QURCCFG", "AT+QINDCFG"
        };
        static const char *const sms_commands[] = { "AT+CMGF", "AT+CSCA", "AT+CNMI", "AT+CPMS", "AT+CSMS" };
        bool sms = false;

        for (size_t i = 0; i < G_N_ELEMENTS(sms_commands); i++)
                sms = sms || g_str_has_prefix(command, sms_commands[i]);
        if (m->system == SYSTEM_FIRMWARE)
                return !sms || m->traits->firmware_sms;
        if (sms)
                return m->system == SYSTEM_MINI && m->traits->mini_sms;
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
                if (g_str_has_prefix(command, kept[i]))
                        return true;
        return false;
}

static void answer(Model *m, const char *information, const char *final)
{
        uint64_t in = MAX(m->now, m->busy_until) - m->now + dice_between(m->dice, SECOND / 100, SECOND / 2);
        g_autofree char *text = g_strdup(information);
        uint64_t parameter;

        if (m->traits->long_part == PART_REPLY && !m->is_start && m->parts++ % 30 == 29)
                in += m->traits->long_time;
        m->busy_until = m->now + in;
        if (faults_hit(m->faults, FAULT_MUTE, &parameter))
                return;
        if (text && *text && faults_hit(m->faults, FAULT_TRUNCATED, &parameter))
                text[1 + parameter % strlen(text)] = 0;
        if (text)
                model_plan(m, in, DEED_LINE, 0, text);
        model_plan(m, in, DEED_LINE, 0, final);
}

static void take_upgrade(Model *m)
{
        if (m->system == SYSTEM_MINI) { /* guide 5.2: another source */
                m->package = PACKAGE_GOOD;
                answer(m, NULL, "OK");
        } else if (m->system != SYSTEM_FIRMWARE || m->downloading) {
                answer(m, NULL, "ERROR");
        } else {
                answer(m, NULL, "OK");
                model_start_upgrade(m);
        }
}

static void set_function(Model *m, const char *command)
{
        answer(m, NULL, "OK");
        if (strcmp(command, "AT+CFUN=0") == 0) {
                m->radio_off = true;
        } else if (strcmp(command, "AT+CFUN=1,1") == 0) {
                if (m->system == SYSTEM_UPDATER || m->stage == STAGE_MINI_2)
                        m->writes_broken++;
                else if (m->system == SYSTEM_FIRMWARE && m->stage != STAGE_IDLE && !m->traits->reset_goes_on)
                        model_settle(m, false); /* guide 2.3.1.1: before the first upgrade URC the host may end it */
                model_plan(m, SECOND, DEED_RESTART, 0, NULL);
        } else {
                m->radio_off = false;
        }
}

/* The line of information of a command that only reads. */
static char *information_of(const Model *m, const char *command)
{
        const char *r = revision(m), *model = m->traits->mini ? "EC600M" : "EC200A";

        if (strcmp(command, "ATI") == 0)
                return g_strdup_printf("Quectel\n%s\nRevision: %s", model, r);
        if (strcmp(command, "AT+CGMI") == 0)
                return g_strdup("Quectel");
        if (strcmp(command, "AT+CGMM") == 0)
                return g_strdup(model);
        if (strcmp(command, "AT+GMR") == 0 || strcmp(command, "AT+CGMR") == 0)
                return g_strdup(r);
        if (strcmp(command, "AT+QGMR") == 0)
                return g_strdup_printf("%s_01.001.01.001", r);
        if (strcmp(command, "AT+CGSN") == 0)
                return g_strdup(m->swapped ? MODEL_OTHER_IMEI : MODEL_IMEI);
        if (strcmp(command, "AT+CPIN?") == 0)
                return g_strdup("+CPIN: READY");
        if (strcmp(command, "AT+CEREG?") == 0)
                return g_strdup(m->network ? "+CEREG: 0,1" : "+CEREG: 0,2");
        if (strcmp(command, "AT+CREG?") == 0)
                return g_strdup(m->network ? "+CREG: 0,1" : "+CREG: 0,2");
        if (strcmp(command, "AT+CSQ") == 0)
                return g_strdup("+CSQ: 20,99");
        if (strcmp(command, "AT+QFOTADL=?") == 0)
                return g_strdup("+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)");
        if (strcmp(command, "AT+QURCCFG=\"urcport\"") == 0)
                return g_strdup_printf("+QURCCFG: \"urcport\",\"%s\"",
                                       m->urc_port_changed ? (m->traits->uart ? "uart1" : "usbat") : "usbmodem");
        if (strcmp(command, "AT+QINDCFG=\"all\"") == 0)
                return g_strdup_printf("+QINDCFG: \"all\",%d", m->messages);
        if (strcmp(command, "AT+QCFG=\"fota/cid\"") == 0)
                return g_strdup_printf("+QCFG: \"fota/cid\",%d", m->fota_cid_changed ? MODEL_FOTA_CID : 1);
        if (strcmp(command, "AT+QCFG=\"usbnet\"") == 0)
                return g_strdup("+QCFG: \"usbnet\",1");
        if (strcmp(command, "AT+QCFG=\"usbifc\"") == 0)
                return g_strdup_printf("+QCFG: \"usbifc\",%s", m->usbifc_changed ? "2,2" : "0,0");
        if (strcmp(command, "AT+IFC?") == 0)
                return g_strdup_printf("+IFC: %s", m->ifc ? "2,2" : "0,0");
        if (g_str_has_prefix(command, "AT+QICSGP="))
                return g_strdup_printf("+QICSGP: %s", m->apn_changed ? "1,\"iot\",\"\",\"\",0" : APN_BEFORE);
        if (strcmp(command, "AT+QIACT?") == 0)
                return g_strdup(m->context_up ? "+QIACT: 2,1,1,\"10.0.0.1\"" : NULL);
        if (g_str_has_prefix(command, "AT+") && g_str_has_suffix(command, "?")) {
                g_autofree char *name = g_strndup(command + 2, strlen(command) - 3);

                return g_strdup_printf("%s: 1", name);
        }
        return NULL;
}

/* Sets hardware flow control on or off. Returns false if the module refuses. */
static bool set_flow(Model *m, const char *command)
{
        bool on = g_str_has_suffix(command, "2,2");

        if (m->traits->flow == FLOW_REFUSED)
                return false;
        if (m->traits->flow == FLOW_KEPT)
                return true;
        if (m->traits->uart)
                m->ifc = on;
        else
                m->usbifc_changed = on;
        return true;
}

/* Carries out a command that changes a setting. Returns false if it is none; *ret_good is false if it is refused. */
static bool set_setting(Model *m, const char *command, bool *ret_good)
{
        *ret_good = true;
        if (g_str_has_prefix(command, "AT+QURCCFG=\"urcport\","))
                m->urc_port_changed = strstr(command, "usbmodem") == NULL;
        else if (g_str_has_prefix(command, "AT+QINDCFG=\"all\","))
                m->messages = strstr(command, ",1") != NULL;
        else if (g_str_has_prefix(command, "AT+QINDCFG=\"FOTA\""))
                *ret_good = false; /* few modules have it (field facts) */
        else if (g_str_has_prefix(command, "AT+QCFG=\"fota/cid\","))
                m->fota_cid_changed = g_str_has_suffix(command, ",2");
        else if (g_str_has_prefix(command, "AT+QICSGP=2,"))
                m->apn_changed = strcmp(command + strlen("AT+QICSGP=2,"), APN_BEFORE) != 0;
        else if (g_str_has_prefix(command, "AT+QIACT="))
                m->context_up = *ret_good = m->traits->sim && m->network;
        else if (g_str_has_prefix(command, "AT+QIDEACT="))
                m->context_up = false;
        else if (g_str_has_prefix(command, m->traits->uart ? "AT+IFC=" : "AT+QCFG=\"usbifc\","))
                *ret_good = set_flow(m, command);
        else
                return false;
        return true;
}

/* Returns true if the command needs the SIM, and there is none or it is not up. */
static bool misses_sim(const Model *m, const char *command)
{
        static const char *const commands[] = { "AT+CMGF", "AT+CPMS", "AT+CPBS", "AT+CPIN?" };

        if (m->system != SYSTEM_FIRMWARE || m->sim_up)
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
                if (g_str_has_prefix(command, commands[i]))
                        return true;
        return false;
}

void model_command(Model *m, const char *command, uint64_t now)
{
        static const char *const identity[] = { "ATI", "AT+GMR", "AT+CGMR", "AT+QGMR", "AT+CGMM" };
        g_autofree char *information = NULL;
        uint64_t parameter;
        bool good;

        m->now = now;
        if (m->receiving) { /* no command is one before the package is complete */
                m->corrupted = true;
                model_bytes(m, strlen(command) + 1, now);
                return;
        }
        if (!m->answers)
                return;
        m->is_start = strcmp(command, "ATQ0V1E0") == 0;
        faults_next(m->faults);
        if (faults_hit(m->faults, FAULT_REFUSED, &parameter)) {
                answer(m, NULL, "ERROR");
                return;
        }
        if (strcmp(command, "AT+QFOTADL=?") != 0 && g_str_has_prefix(command, "AT+QFOTADL=")) {
                take_upgrade(m);
                return;
        }
        if (g_str_has_prefix(command, "AT+CFUN=")) {
                set_function(m, command);
                return;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(identity); i++) {
                if (strcmp(command, identity[i]) != 0)
                        continue;
                information = revision(m) ? information_of(m, command) : NULL;
                answer(m, information, information ? "OK" : "ERROR");
                return;
        }
        if (!knows(m, command)) {
                answer(m, NULL, "ERROR");
        } else if (set_setting(m, command, &good)) {
                answer(m, NULL, good ? "OK" : "ERROR");
        } else if (misses_sim(m, command)) {
                answer(m, NULL, m->traits->sim ? "+CME ERROR: 14" : "+CME ERROR: 10");
        } else {
                information = information_of(m, command);
                m->other_is_named = m->other_is_named || (m->swapped && strcmp(command, "AT+CGSN") == 0);
                answer(m, information, "OK");
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See persona-survey.h. Words only: this file must not depend on the persona that they become, or on their effects.
 */
#include "persona-survey.h"

#include "core/record/recording.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* +CME ERROR of an ERROR without a number: not supported */
#define CME_UNKNOWN 4

void persona_survey_free(struct persona_survey *survey)
{
        if (!survey)
                return;
        g_ptr_array_unref(survey->settings);
        g_hash_table_unref(survey->answers);
        g_hash_table_unref(survey->refusals);
        g_free(survey);
}

static void set(struct persona_survey *survey, const char *key, const char *value)
{
        g_ptr_array_add(survey->settings, g_strdup(key));
        g_ptr_array_add(survey->settings, g_strdup(value));
}

/* --- the dialogue --- */

static void take_dialogue(struct persona_survey *survey, const Recording *r)
{
        g_autoptr(GString) lines = g_string_new(NULL);
        const char *command = NULL;

        for (guint i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);

                if (event->word == RECORDING_SENT) {
                        command = event->text;
                        g_string_truncate(lines, 0);
                }
                if (event->word != RECORDING_RECEIVED || !command || g_str_equal(event->text, command))
                        continue;
                if (g_str_equal(event->text, "OK")) {
                        g_hash_table_insert(survey->answers, g_strdup(command), g_strdup(lines->str));
                        g_hash_table_remove(survey->refusals, command);
                        command = NULL;
                } else if (g_str_equal(event->text, "ERROR") || g_str_has_prefix(event->text, "+CME ERROR:")) {
                        int n = atoi(event->text + strcspn(event->text, "0123456789"));

                        g_hash_table_remove(survey->answers, command);
                        g_hash_table_insert(survey->refusals, g_strdup(command), GINT_TO_POINTER(n ?: CME_UNKNOWN));
                        command = NULL;
                } else {
                        g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", event->text);
                }
        }
}

/* What stands behind `prefix` in the answer, without blanks; NULL if it is not there. The caller frees it. */
static char *value_of(struct persona_survey *survey, const char *command, const char *prefix)
{
        const char *answer = g_hash_table_lookup(survey->answers, command);

        if (!answer || !g_str_has_prefix(answer, prefix))
                return NULL;
        return g_strstrip(g_strndup(answer + strlen(prefix), strcspn(answer + strlen(prefix), "\n")));
}

/* The answers that the simulator gives by a setting of the persona. */
static void take_answers(struct persona_survey *survey)
{
        static const struct {
                const char *command, *prefix, *key;
        } rows[] = {
                { "AT+CGMI", "", "manufacturer" },
                { "AT+CGMM", "", "model" },
                { "AT+CGMR", "", "revision" },
                { "AT+CGSN", "", "imei" },
                { "AT+CPIN?", "+CPIN: ", "sim" },
                { "AT+CREG?", "+CREG: 0,", "registered" },
                { "AT+CEREG?", "+CEREG: 0,", "eps-registered" },
                { "AT+CSQ", "+CSQ: ", "csq" },
                { "AT+IFC?", "+IFC: ", "ifc" },
                { "AT+QNETDEVCTL?", "+QNETDEVCTL: ", "netdev" },
                { "AT+QCFG=\"fota/cid\"", "+QCFG: \"fota/cid\",", "fota-cid" },
                { "AT+QCFG=\"usbifc\"", "+QCFG: \"usbifc\",", "usbifc" },
                { "AT+QINDCFG=\"all\"", "+QINDCFG: \"all\",", "qind" },
                { "AT+QINDCFG=\"FOTA\"", "+QINDCFG: \"FOTA\",", "qind-fota" },
        };

        for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *value = value_of(survey, rows[i].command, rows[i].prefix);

                if (value && *value)
                        set(survey, rows[i].key, value);
        }
}

static void take_rest(struct persona_survey *survey)
{
        g_autofree char *revision = value_of(survey, "AT+CGMR", ""), *qgmr = value_of(survey, "AT+QGMR", "");
        g_autofree char *model = value_of(survey, "AT+CGMM", ""),
                        *space = value_of(survey, "AT+QFLDS=\"UFS\"", "+QFLDS: ");
        g_autofree char *port = value_of(survey, "AT+QURCCFG=\"urcport\"", "+QURCCFG: \"urcport\",\"");
        const char *test = g_hash_table_lookup(survey->answers, "AT+QFOTADL=?");

        if (qgmr && revision && g_str_has_prefix(qgmr, revision) && qgmr[strlen(revision)] == '_')
                set(survey, "build", qgmr + strlen(revision) + 1);
        else
                set(survey, "qgmr", qgmr ? "plain" : "error");
        if (model && revision && !g_str_has_prefix(model, "EC200A") &&
            g_regex_match_simple("M0[248]([_.]|$)", revision, 0, 0))
                set(survey, "method", "minifota");
        if (space && strchr(space, ',')) {
                set(survey, "ufs-total", strchr(space, ',') + 1);
                *strchr(space, ',') = '\0';
                set(survey, "ufs-free", space);
        }
        if (port && strchr(port, '"')) {
                *strchr(port, '"') = '\0';
                set(survey, "urcport", port);
        }
        set(survey, "qfotadl-test", !test ? "error" : *test ? test : "ok");
}

/* --- the device --- */

/* The numbers of the ports: the AT port is the one that fotad opened, of the others the first is DIAG. */
static void take_ports(struct persona_survey *survey, const Recording *r)
{
        const char *opened = NULL;
        g_autoptr(GString) ports = g_string_new(NULL);
        bool labels = false, network = false;
        guint others = 0;

        for (guint i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);
                g_autofree char *label = recording_value(event->text, "interface");
                g_autofree char *class = recording_value(event->text, "class");

                if (event->word == RECORDING_OPEN)
                        opened = event->text;
                if (event->word != RECORDING_INTERFACE)
                        continue;
                labels |= label != NULL;
                network |= atoi(event->text) == 0 && class && !g_str_has_prefix(class, "ff");
        }
        for (guint i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);
                g_autofree char *interface = recording_value(event->text, "interface");
                g_autofree char *tty = g_strndup(event->text, strcspn(event->text, " "));
                const char *role;

                if (event->word != RECORDING_TTY || !interface || others >= 2)
                        continue;
                role = opened && g_str_equal(tty, opened) ? "at" : others++ == 0 ? "diag" : "modem";
                g_autofree char *key = g_strconcat(role, "-if", NULL);
                set(survey, key, interface);
                g_string_append_printf(ports, "%s%s", ports->len ? "/" : "", role);
        }
        if (ports->len)
                set(survey, "ports", ports->str);
        set(survey, "labels", labels ? "1" : "0");
        set(survey, "network", network ? "1" : "0");
}

static void take_device(struct persona_survey *survey, const RecordingEvent *event)
{
        static const char *const keys[] = { "manufacturer", "usb-manufacturer", "product",
                                            "usb-product",  "serial",           "serial" };

        if (strlen(event->text) >= 9 && event->text[4] == ':') {
                g_autofree char *product = g_strndup(event->text + 5, 4);

                set(survey, "pid", product);
        }
        for (guint i = 0; i < G_N_ELEMENTS(keys); i += 2) {
                g_autofree char *value = recording_value(event->text, keys[i]);

                if (value)
                        set(survey, keys[i + 1], value);
        }
}

struct persona_survey *persona_survey_read(const char *file, GError **error)
{
        g_autofree char *text = NULL, *why = NULL;
        gsize length;

        if (!g_file_get_contents(file, &text, &length, error))
                return NULL;
        g_autoptr(Recording) r = recording_parse(text, length, &why);
        if (!r || g_strcmp0(recording_head(r, "kind"), "survey") != 0) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is no survey: %s", file,
                            why ?: "its kind is another one");
                return NULL;
        }
        struct persona_survey *survey = g_new0(struct persona_survey, 1);
        survey->settings = g_ptr_array_new_with_free_func(g_free);
        survey->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        survey->refusals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        take_dialogue(survey, r);
        take_answers(survey);
        take_rest(survey);
        for (guint i = 0; i < r->events->len; i++)
                if (((RecordingEvent *)g_ptr_array_index(r->events, i))->word == RECORDING_DEVICE) {
                        take_device(survey, g_ptr_array_index(r->events, i));
                        take_ports(survey, r);
                        break;
                }
        return survey;
}

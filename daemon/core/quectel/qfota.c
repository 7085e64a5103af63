/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The vendor's commands and messages: builds AT+QFOTADL, reads +QIND: "FOTA". core/upgrade draws the conclusions. */

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/quectel/qfota.h"

/* Returns the next field of a comma-separated list without its quotes and blanks, NULL at the end. */
static char *next_field(const char **position)
{
        const char *p = *position, *end;
        char *field;

        if (!p)
                return NULL;
        p += strspn(p, " ");
        if (*p == '"') {
                end = strchr(++p, '"');
                if (!end)
                        end = p + strlen(p);
                field = g_strstrip(g_strndup(p, end - p));
                end += strcspn(end, ",");
        } else {
                end = p + strcspn(p, ",");
                field = g_strstrip(g_strndup(p, end - p));
        }
        *position = *end == ',' ? end + 1 : NULL;
        return field;
}

/* A number as modules print it: 7, -1, 50%. */
static bool parse_number(const char *s, int *ret)
{
        char *end;
        long n;

        if (!s || !*s)
                return false;
        n = strtol(s, &end, 10);
        if (end == s || strspn(end, " %") != strlen(end) || n < -99999 || n > 99999)
                return false;
        *ret = (int)n;
        return true;
}

/* FTPSTART, HTTP START, HTTPSEND, DOWNLOAD START, ...: true if the word is a protocol followed by the suffix. */
static bool split_protocol(const char *word, const char *suffix, CodeDomain *ret_domain)
{
        static const struct {
                const char *name;
                CodeDomain domain;
        } protocols[] = {
                { "FTP", CODE_DOMAIN_FTP },   { "HTTP", CODE_DOMAIN_HTTP },     { "HTTPS", CODE_DOMAIN_HTTP },
                { "FILE", CODE_DOMAIN_FILE }, { "DOWNLOAD", CODE_DOMAIN_NONE },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
                size_t n = strlen(protocols[i].name);

                if (strncmp(word, protocols[i].name, n) != 0)
                        continue;
                if (strcmp(word + n + strspn(word + n, " "), suffix) == 0) {
                        *ret_domain = protocols[i].domain;
                        return true;
                }
        }
        return false;
}

bool qfota_parse_urc(const char *line, QfotaUrc *ret)
{
        g_autofree char *subject = NULL, *word = NULL, *number = NULL;
        QfotaUrc urc = { .type = QFOTA_URC_OTHER };
        const char *position;
        bool has_value;

        if (!g_str_has_prefix(line, "+QIND:"))
                return false;
        position = line + strlen("+QIND:");
        subject = next_field(&position);
        if (g_strcmp0(subject, "FOTA") != 0)
                return false;
        word = next_field(&position);
        number = next_field(&position);
        has_value = parse_number(number, &urc.value);

        if (!word)
                ;
        else if (split_protocol(word, "START", &urc.domain))
                urc.type = QFOTA_URC_DOWNLOAD_START;
        else if (has_value && (split_protocol(word, "END", &urc.domain) || strcmp(word, "DOWNLOAD") == 0))
                urc.type = QFOTA_URC_DOWNLOAD_END;
        else if (has_value && strcmp(word, "DOWNLOADING") == 0)
                urc.type = QFOTA_URC_DOWNLOADING;
        else if (strcmp(word, "START") == 0 || g_str_has_prefix(word, "Last upgrade was not finished"))
                urc.type = QFOTA_URC_START;
        else if (has_value && strcmp(word, "UPDATING") == 0)
                urc.type = QFOTA_URC_UPDATING;
        else if (has_value && strcmp(word, "END") == 0)
                urc.type = QFOTA_URC_END;
        *ret = urc;
        return true;
}

char *qfota_build_command(const char *url, int upgrade_mode, int download_urc_max, int update_urc_max)
{
        GString *s = g_string_new(NULL);

        g_string_printf(s, "AT+QFOTADL=\"%s\"", url);
        if (upgrade_mode >= 0 || download_urc_max >= 0 || update_urc_max >= 0)
                g_string_append_printf(s, ",%d", upgrade_mode >= 0 ? upgrade_mode : QFOTA_MODE_DEFAULT);
        if (download_urc_max >= 0 || update_urc_max >= 0)
                g_string_append_printf(s, ",%d", download_urc_max >= 0 ? download_urc_max : QFOTA_URC_MAX_DEFAULT);
        if (update_urc_max >= 0)
                g_string_append_printf(s, ",%d", update_urc_max);
        return g_string_free(s, FALSE);
}

unsigned qfota_download_percent(int value, unsigned maximum, bool *is_percentage)
{
        if (value < 0)
                return 0;
        if ((unsigned)value > maximum)
                *is_percentage = true;
        if (*is_percentage || maximum == 0)
                return MIN(value, 100);
        return (unsigned)value * 100 / maximum;
}

/* Returns true if a quote is missing: the line was cut off, and its last value is not whole. */
static bool is_cut_off(const char *line)
{
        bool open = false;

        for (; *line; line++)
                open ^= *line == '"';
        return open;
}

char *qfota_parse_setting(const char *information, const char *prefix, const char *name)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        for (char **line = lines; *line; line++) {
                g_autofree char *field = NULL;
                const char *position;

                if (!g_str_has_prefix(*line, prefix) || is_cut_off(*line))
                        continue;
                position = *line + strlen(prefix);
                field = next_field(&position);
                if (g_strcmp0(field, name) == 0)
                        return next_field(&position);
        }
        return NULL;
}

bool qfota_is_flow(const char *value)
{
        return !*value || (strlen(value) == 3 && strchr("012", value[0]) && value[1] == ',' && strchr("012", value[2]));
}

char *qfota_parse_flow(const char *information, const char *prefix, const char *name)
{
        g_auto(GStrv) lines = g_strsplit(information, "\n", -1);

        for (char **line = lines; *line; line++) {
                g_autofree char *field = NULL, *in = NULL, *out = NULL, *value = NULL;
                const char *position;

                if (!g_str_has_prefix(*line, prefix))
                        continue;
                position = *line + strlen(prefix);
                if (name && g_strcmp0(field = next_field(&position), name) != 0)
                        continue;
                in = next_field(&position);
                out = next_field(&position);
                value = g_strdup_printf("%s,%s", in ?: "", out ?: "");
                if (qfota_is_flow(value))
                        return g_steal_pointer(&value);
        }
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A small JSON writer: one document on one line, always valid UTF-8, whatever bytes the strings contain. Reads no
 * JSON. */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"

struct Json {
        GString *text;
        bool comma; /* a comma is needed before the next member */
};

Json *json_new(void)
{
        Json *json = g_new0(Json, 1);
        json->text = g_string_new(NULL);
        return json;
}

void json_free(Json *json)
{
        if (!json)
                return;
        g_string_free(json->text, TRUE);
        g_free(json);
}

/* Escapes also the characters that a terminal or a line reader could act upon, which JSON does not require. */
static bool needs_escape(gunichar c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static void append_string(GString *text, const char *s)
{
        g_autofree char *valid = g_utf8_make_valid(s ?: "", -1);

        g_string_append_c(text, '"');
        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (c == '"' || c == '\\')
                        g_string_append_printf(text, "\\%c", (char)c);
                else if (needs_escape(c))
                        g_string_append_printf(text, "\\u%04x", c);
                else
                        g_string_append_unichar(text, c);
        }
        g_string_append_c(text, '"');
}

static void begin_member(Json *json, const char *key)
{
        if (json->comma)
                g_string_append_c(json->text, ',');
        json->comma = true;
        if (!key)
                return;
        append_string(json->text, key);
        g_string_append_c(json->text, ':');
}

void json_begin(Json *json, const char *key, char bracket)
{
        begin_member(json, key);
        g_string_append_c(json->text, bracket);
        json->comma = false;
}

void json_end(Json *json, char bracket)
{
        g_string_append_c(json->text, bracket);
        json->comma = true;
}

void json_string(Json *json, const char *key, const char *value)
{
        begin_member(json, key);
        append_string(json->text, value);
}

void json_signed(Json *json, const char *key, int64_t value)
{
        begin_member(json, key);
        g_string_append_printf(json->text, "%" PRId64, value);
}

void json_unsigned(Json *json, const char *key, uint64_t value)
{
        begin_member(json, key);
        g_string_append_printf(json->text, "%" PRIu64, value);
}

void json_bool(Json *json, const char *key, bool value)
{
        begin_member(json, key);
        g_string_append(json->text, value ? "true" : "false");
}

void json_begin_event(Json *json, const char *event)
{
        json_begin(json, NULL, '{');
        json_string(json, "event", event);
}

void json_end_event(Json *json)
{
        json_signed(json, "time", g_get_real_time());
        json_end(json, '}');
}

const char *json_text(const Json *json)
{
        return json->text->str;
}

void json_print(const Json *json)
{
        fputs(json->text->str, stdout);
        fputc('\n', stdout);
        fflush(stdout);
}

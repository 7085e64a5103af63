/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes key files; GKeyFile reads them. */

#include <string.h>

#include "core/job/key-file.h"

void key_file_append_group(GString *text, const char *group)
{
        if (text->len > 0)
                g_string_append_c(text, '\n');
        g_string_append_c(text, '[');
        g_string_append(text, group);
        g_string_append(text, "]\n");
}

static void append_key(GString *text, const char *key)
{
        g_string_append(text, key);
        g_string_append_c(text, '=');
}

/* GKeyFile skips blanks at the beginning of a value, so these are escaped as well. */
static const char *escape_of(char c, bool leading)
{
        switch (c) {
        case ' ': return leading ? "\\s" : NULL;
        case '\t': return leading ? "\\t" : NULL;
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\\': return "\\\\";
        default: return NULL;
        }
}

void key_file_append_string(GString *text, const char *key, const char *value)
{
        bool leading = true;

        append_key(text, key);
        while (*value) {
                size_t plain = strcspn(value, leading ? " \t\n\r\\" : "\n\r\\");

                if (plain > 0) {
                        g_string_append_len(text, value, (gssize)plain);
                        value += plain;
                        leading = false;
                        continue;
                }
                g_string_append(text, escape_of(*value, leading));
                leading = leading && (*value == ' ' || *value == '\t');
                value++;
        }
        g_string_append_c(text, '\n');
}

void key_file_append_digits(GString *text, uint64_t number)
{
        char digits[20];
        size_t at = sizeof(digits);

        do
                digits[--at] = (char)('0' + number % 10);
        while ((number /= 10) > 0);
        g_string_append_len(text, digits + at, (gssize)(sizeof(digits) - at));
}

void key_file_append_number(GString *text, const char *key, int64_t number)
{
        append_key(text, key);
        if (number < 0)
                g_string_append_c(text, '-');
        key_file_append_digits(text, number < 0 ? -(uint64_t)number : (uint64_t)number);
        g_string_append_c(text, '\n');
}

void key_file_append_boolean(GString *text, const char *key, bool value)
{
        key_file_append_string(text, key, value ? "true" : "false");
}

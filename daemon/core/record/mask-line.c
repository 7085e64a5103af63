/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides which bytes of a line of the AT dialogue are private: the values behind each private name, quoted texts that
 * are not known to be harmless, known secrets, and identifiers anywhere. Of the lines around it, only a quoted text
 * that is left open is noted.
 */

#include <stdbool.h>
#include <string.h>

#include "core/record/mask-commands.h"
#include "core/record/mask-identifiers.h"
#include "core/record/mask-line.h"

/* Returns true if a private name in the line is followed by values, and where these begin. Looks at each byte once,
 * whatever a module sends. */
static bool find_private(const char *line, const char **ret_values, size_t *ret_shown)
{
        for (const char *p = line; (p = strpbrk(p, "+$^"));) {
                size_t length = 1 + mask_measure_word(p + 1);
                const char *end = p + length;

                if ((*end == '=' || *end == ':') && end[1] != '?' && (*ret_shown = mask_digits_shown(p, length)) > 0) {
                        *ret_values = end + 1;
                        return true;
                }
                p = end;
        }
        return false;
}

static bool is_range(const char *value, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr("0123456789()-", value[i]))
                        return false;
        return length > 0 && *value == '(';
}

/* Appends a value of a private command, without its quotes. shown: digits of a number that stays, 0: between quotes
 * none does. */
static void append_value(MaskLines *l, GString *out, const char *value, size_t length, size_t shown)
{
        g_autofree char *text = g_strndup(value, length);
        const char *digits = *text == '+' ? text + 1 : text;

        if (length == 0 || mask_is_public_word(value, length) ||
            (length <= shown && strspn(text, MASK_DIGITS) == length) || (shown > 0 && is_range(value, length))) {
                g_string_append(out, text);
        } else if (strlen(digits) >= MASK_NUMBER_MIN && strspn(digits, MASK_DIGITS) == strlen(digits)) {
                if (digits > text)
                        g_string_append_c(out, '+');
                stand_ins_append(l->stand_ins, out, digits);
        } else {
                g_string_append(out, stand_ins_of_word(l->stand_ins, text));
        }
        explicit_bzero(text, length);
}

/* Behind a ; another command begins. Any other ; belongs to a value. */
static bool is_end_of_command(const char *p)
{
        return *p == ';' && (!p[1] || (strchr("+$^&", p[1]) && g_ascii_isalpha(p[1 + (p[1] != 0)])));
}

static size_t measure_value(const char *p)
{
        size_t length = 0;

        while (p[length] && p[length] != ',' && !is_end_of_command(p + length))
                length++;
        while (length > 0 && p[length - 1] == ' ')
                length--;
        return length;
}

/* Values between commas, with or without quotes, up to the end of the command. Returns their end. */
static const char *append_values(MaskLines *l, GString *out, const char *p, size_t shown)
{
        while (*p && !is_end_of_command(p)) {
                if (*p == ' ' || *p == ',') {
                        g_string_append_c(out, *p++);
                } else if (*p == '"') {
                        size_t length = strcspn(p + 1, "\"");

                        g_string_append_c(out, '"');
                        append_value(l, out, p + 1, length, 0);
                        p += 1 + length;
                        l->quoted = *p ? 0 : shown;
                        if (*p)
                                g_string_append_c(out, *p++);
                } else {
                        size_t length = measure_value(p);

                        append_value(l, out, p, length, shown);
                        p += length;
                }
        }
        return p;
}

size_t mask_measure_name(const char *line, const char **ret_name)
{
        if (g_ascii_strncasecmp(line, "AT", 2) == 0)
                line += 2;
        *ret_name = line;
        return *line == '+' || *line == '$' || *line == '^' ? 1 + mask_measure_word(line + 1) : 0;
}

/* A line without private values. Quoted words stay where they are known to be harmless. */
static void append_public(MaskLines *l, GString *out, const char *whole)
{
        g_autofree char *known = mask_secrets_replace(l->secrets, whole);
        const char *line = known, *name;
        size_t length = mask_measure_name(line, &name);
        bool harmless = mask_is_public_name(name, length);

        while (*line) {
                size_t plain = strcspn(line, "\"");
                g_autofree char *text = g_strndup(line, plain);

                mask_identifiers(l->stand_ins, out, text);
                line += plain;
                if (!*line)
                        return;
                plain = strcspn(++line, "\"");
                g_free(text);
                text = g_strndup(line, plain);
                g_string_append_c(out, '"');
                if (harmless)
                        mask_identifiers(l->stand_ins, out, text);
                else
                        append_value(l, out, line, plain, 0);
                line += plain;
                l->quoted = *line == 0 && !harmless && length > 1 ? MASK_NUMBERS_SHOWN : 0;
                if (*line)
                        g_string_append_c(out, *line++);
        }
}

void mask_line(MaskLines *l, GString *out, const char *line)
{
        const char *p = line, *values = NULL;
        size_t shown = 0;

        while (find_private(p, &values, &shown)) {
                g_autofree char *before = g_strndup(p, (size_t)(values - p));

                append_public(l, out, before);
                p = append_values(l, out, values, shown);
        }
        if (*p)
                append_public(l, out, p);
}

void mask_values(MaskLines *l, GString *out, const char *line, size_t shown)
{
        mask_line(l, out, append_values(l, out, line, shown));
}

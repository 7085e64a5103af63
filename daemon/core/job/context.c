/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The values of a PDP context (guide 3.3.1.1, AT+QICSGP): building, reading and checking. Knows
 * neither the dialogue nor the job. */

#include <glib.h>
#include <string.h>

#include "core/job/context.h"

#define PREFIX     "+QICSGP:"
#define STRING_MAX 127 /* bytes; AT+QICSGP takes no longer APN, user or password */

char *context_from_options(const Options *o)
{
        int auth = o->apn_auth >= 0 ? (int)o->apn_auth : o->apn_user ? 1 : 0;

        return g_strdup_printf("1,\"%s\",\"%s\",\"%s\",%d", o->apn, o->apn_user ?: "", o->apn_password ?: "", auth);
}

/* Returns the rest after a string in quotes, NULL if there is no such string or a module may not be given it. */
static const char *after_string(const char *p)
{
        const char *begin = p + 1;

        if (*p != '"')
                return NULL;
        for (p = begin; *p != '"'; p++)
                if (*p < ' ' || *p > '~' || *p == '\\')
                        return NULL;
        return p - begin <= STRING_MAX ? p + 1 : NULL;
}

bool context_is_valid(const char *values)
{
        const char *p = values;

        if (*p < '1' || *p > '3')
                return false;
        p++;
        for (unsigned i = 0; i < 3; i++)
                if (*p != ',' || !(p = after_string(p + 1)))
                        return false;
        return *p == ',' && p[1] >= '0' && p[1] <= '3' && p[2] == 0;
}

/* Removes the blanks between the values, and keeps those inside of quotes. */
static char *without_blanks(const char *text, size_t length)
{
        char *copy = g_malloc0(length + 1), *to = copy;
        bool quoted = false;

        for (const char *p = text; p < text + length; p++) {
                quoted ^= *p == '"';
                if (quoted || *p != ' ')
                        *to++ = *p;
        }
        return copy;
}

char *context_parse(const char *information)
{
        for (const char *line = information; line; line = strchr(line, '\n')) {
                g_autofree char *values = NULL;

                line += *line == '\n';
                if (!g_str_has_prefix(line, PREFIX))
                        continue;
                line += strlen(PREFIX);
                values = without_blanks(line, strcspn(line, "\n"));
                if (context_is_valid(values))
                        return g_steal_pointer(&values);
                explicit_bzero(values, strlen(values));
        }
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* %{model} and %{revision} in the texts of a schedule. A single letter behind a % is no placeholder, because a URL may
 * contain %20. A value of the module is inserted only if it cannot change the shape of the URL or path. */

#include "config.h"

#include <string.h>

#include "ctl.h"
#include "placeholder.h"

/* Finds the next %{ at or after p and copies its name to *ret_name, which the caller frees; NULL if there is none.
 * *ret_end points behind its }, and is NULL if that is missing. */
static const char *next(const char *p, char **ret_name, const char **ret_end)
{
        const char *start = strstr(p, "%{"), *brace;

        if (!start)
                return NULL;
        brace = strchr(start, '}');
        *ret_name = brace ? g_strndup(start + 2, brace - start - 2) : NULL;
        *ret_end = brace ? brace + 1 : NULL;
        return start;
}

bool placeholder_check(const char *text, char **ret_why)
{
        const char *end;

        for (const char *p = text; p; p = end) {
                g_autofree char *name = NULL;

                if (!next(p, &name, &end))
                        return true;
                if (!name || (strcmp(name, "model") != 0 && strcmp(name, "revision") != 0)) {
                        *ret_why = g_strdup(_("has a placeholder that is neither %{model} nor %{revision}"));
                        return false;
                }
        }
        return true;
}

bool placeholder_has(const char *text, const char *name)
{
        g_autofree char *whole = g_strdup_printf("%%{%s}", name);

        return strstr(text, whole) != NULL;
}

/* True if the value consists of letters, digits, - _ . and is not "." or "..", which name folders. */
static bool is_harmless(const char *value)
{
        for (const char *p = value; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("-_.", *p))
                        return false;
        return g_ascii_isalnum(*value);
}

char *placeholder_fill(const char *text, const char *model, const char *revision, char **ret_why)
{
        g_autoptr(GString) filled = g_string_new(NULL);
        const char *p = text, *start, *end;

        for (;;) {
                g_autofree char *name = NULL;
                const char *value;

                start = next(p, &name, &end);
                if (!start)
                        break;
                g_assert(name); /* placeholder_check() has accepted the text */
                value = strcmp(name, "model") == 0 ? model : revision;
                if (!*value) {
                        *ret_why = g_strdup_printf(_("needs the module's %s, which is not known"), name);
                        return NULL;
                }
                if (!is_harmless(value)) {
                        *ret_why = g_strdup_printf(
                                _("cannot take the module's %s: it is not of letters, digits, - _ . only"), name);
                        return NULL;
                }
                g_string_append_len(filled, p, start - p);
                g_string_append(filled, value);
                p = end;
        }
        g_string_append(filled, p);
        return g_string_free(g_steal_pointer(&filled), FALSE);
}

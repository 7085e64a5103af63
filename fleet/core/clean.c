/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cleans texts that others have written. */

#include <glib.h>
#include <stdbool.h>

#include "core/clean.h"

/* Among the characters that are not printed are those that turn the direction of the text. */
static gunichar clean(gunichar c)
{
        GUnicodeType type = g_unichar_type(c);
        bool harmful = !g_unichar_isprint(c) || type == G_UNICODE_LINE_SEPARATOR ||
                       type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_PRIVATE_USE;

        return harmful ? ' ' : c;
}

char *clean_text(const char *text, unsigned max)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        GString *cleaned = g_string_new(NULL);

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = clean(g_utf8_get_char(p));
                unsigned length = c > 0xffff ? 2 : 1;

                if (length > max)
                        break;
                max -= length;
                g_string_append_unichar(cleaned, c);
        }
        return g_string_free(cleaned, FALSE);
}

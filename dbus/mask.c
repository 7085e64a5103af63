/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hides in a text what must not leave the gateway with it. Knows no particular text. */

#include <glib.h>
#include <string.h>

#include "mask.h"
#include "url.h"

#define IMEI_DIGITS 15
#define IMEI_SHOWN  8 /* the type allocation code */

char *mask_imeis(const char *text)
{
        char *masked = g_strdup(text);

        for (char *p = masked; *p;) {
                size_t digits = strspn(p, "0123456789");

                if (digits == IMEI_DIGITS || digits == IMEI_DIGITS + 1)
                        memset(p + IMEI_SHOWN, '*', digits - IMEI_SHOWN);
                p += MAX(digits, 1);
        }
        return masked;
}

/* The beginning of the scheme in front of "://". */
static const char *scheme_of(const char *text, const char *slashes)
{
        while (slashes > text && g_ascii_isalpha(slashes[-1]))
                slashes--;
        return slashes;
}

char *mask_urls(const char *text)
{
        GString *masked = g_string_new(NULL);
        const char *slashes;

        while ((slashes = strstr(text, "://"))) {
                const char *start = scheme_of(text, slashes);
                g_autofree char *url = g_strndup(start, strcspn(start, " \t\r\n\"")); /* others may be in a password */
                g_autofree char *shown = url_redact(url);

                g_string_append_len(masked, text, start - text);
                g_string_append(masked, shown);
                text = start + strlen(url);
        }
        g_string_append(masked, text);
        return g_string_free(masked, FALSE);
}

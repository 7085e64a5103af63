/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Masks the secrets in the text of a record that cannot be read, for the copy that is set aside. */

#include <string.h>

#include "core/job/job.h"
#include "url.h"

#define DAMAGED_MAX 2 /* bytes of a key that may be wrong */

static const struct {
        const char *key;
        bool url; /* shown as url_redact() does */
} secrets[] = {
        { "Source", true },
        { "RetrySource", true },
        { "apn-password", false },
        { "ApnBefore", false },
};

/* The value if the key, blanks and "=" are at the beginning of the line; else NULL. */
static const char *value_of(const char *line, size_t length, const char *key)
{
        const char *end = line + length, *p = line;

        while (p < end && g_ascii_isspace(*p))
                p++;
        if ((size_t)(end - p) < strlen(key) || memcmp(p, key, strlen(key)) != 0)
                return NULL;
        p += strlen(key);
        while (p < end && g_ascii_isspace(*p))
                p++;
        return p < end && *p == '=' ? p + 1 : NULL;
}

/* The value if key and "=" are at p, with at most that many wrong bytes; else NULL. */
static const char *value_at(const char *p, const char *end, const char *key, unsigned damaged)
{
        size_t length = strlen(key);
        unsigned differ = 0;

        if ((size_t)(end - p) <= length)
                return NULL;
        for (size_t i = 0; i < length; i++)
                differ += p[i] != key[i];
        differ += p[length] != '=';
        return differ <= damaged ? p + length + 1 : NULL;
}

/* The value of that key in a line, also if bytes of the key are damaged, its first byte has become a blank or the end
 * of the line before, or that line's end is damaged. NULL if the line does not have the key. */
static const char *find_value(const char *line, size_t length, const char *key)
{
        const char *end = line + length, *p = line, *value = value_of(line, length, key);

        while (p < end && g_ascii_isspace(*p))
                p++;
        if (!value)
                value = value_at(p, end, key, DAMAGED_MAX) ?: value_at(p, end, key + 1, 0);
        for (; !value && p < end; p++)
                value = value_at(p, end, key, 0);
        return value;
}

/* A line with text, but without "=", and no [group]: one of its bytes may have become a line end in the middle of a
 * key. */
static bool is_torn(const char *line, size_t length)
{
        return length > 0 && *line != '[' && *line != '\r' && !memchr(line, '=', length);
}

GString *job_mask_text(const char *text, size_t length)
{
        GString *masked = g_string_sized_new(length);
        const char *end = text + length;
        bool torn = false;

        for (const char *line = text, *next; line < end; line = next) {
                const char *newline = memchr(line, '\n', (size_t)(end - line)), *value = NULL;
                size_t n = (size_t)((newline ?: end) - line);
                bool url = false, continues = torn;

                next = newline ? newline + 1 : end;
                torn = is_torn(line, n);
                for (size_t i = 0; i < G_N_ELEMENTS(secrets) && !value; i++) {
                        value = find_value(line, n, secrets[i].key);
                        url = secrets[i].url;
                }
                if (continues) {
                        g_string_append(masked, "***");
                } else if (value && url) {
                        g_autofree char *source = g_strndup(value, (size_t)(line + n - value)), *shown = NULL;

                        g_string_append_len(masked, line, value - line);
                        /* The text after a NUL may be anything, and a line that was cut off may end in half a password.
                         */
                        if (!newline || memchr(value, 0, (size_t)(line + n - value)))
                                shown = g_strdup("***");
                        else
                                shown = url_redact(source);
                        g_string_append(masked, shown);
                        explicit_bzero(source, strlen(source));
                } else if (value) {
                        g_string_append_len(masked, line, value - line);
                        g_string_append(masked, "***");
                } else {
                        g_string_append_len(masked, line, (gssize)n);
                }
                if (newline)
                        g_string_append_c(masked, '\n');
        }
        return masked;
}

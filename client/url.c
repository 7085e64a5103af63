/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* URLs as far as the client has to know them: what is one, and where its user and password stand. Which URL a module
 * may be given is the daemon's to judge. */

#include "config.h"

#include <string.h>

#include "ctl.h"
#include "url.h"

/* What RFC 3986 lets stand in a password as it is, but for the quote, which the daemon takes nowhere. */
#define PLAIN "!$&()*+,;=:-._~"

/* What is behind "://"; NULL if there is no such scheme. */
static const char *find_authority(const char *url)
{
        static const char *const schemes[] = { "http://", "https://", "ftp://" };

        for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
                if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
                        return url + strlen(schemes[i]);
        return NULL;
}

/* The @ behind the user, NULL if there is none; *ret_end is where the server's part ends. */
static const char *find_at(const char *authority, const char **ret_end)
{
        const char *at = NULL;

        *ret_end = authority + strcspn(authority, "/?#");
        for (const char *p = authority; p < *ret_end; p++)
                if (*p == '@')
                        at = p;
        return at;
}

bool url_is(const char *s)
{
        return find_authority(s) != NULL;
}

const char *url_behind_server(const char *url)
{
        const char *end;

        find_at(find_authority(url), &end);
        return end;
}

bool url_has_user(const char *url)
{
        const char *authority = find_authority(url), *end;

        return authority && find_at(authority, &end);
}

/* What the daemon takes in no URL, of no module. */
static bool check_characters(const char *url, char **ret_why)
{
        for (const char *p = url; *p; p++)
                if (!g_ascii_isgraph(*p) || strchr("\"'`\\", *p)) {
                        *ret_why = g_strdup(_("may hold ASCII without blanks, quotes and backslashes only: "
                                              "percent-encode the others"));
                        return false;
                }
        return true;
}

bool url_check_public(const char *url, char **ret_why)
{
        const char *authority = find_authority(url), *end, *at, *port;

        if (!authority) {
                *ret_why = g_strdup(_("must be a http://, https:// or ftp:// URL"));
                return false;
        }
        if (!check_characters(url, ret_why))
                return false;
        at = find_at(authority, &end);
        if (at && memchr(authority, ':', at - authority)) {
                *ret_why = g_strdup(
                        _("may hold no password, for everybody may read this file: leave user@, and put the "
                          "password into a file of its own"));
                return false;
        }
        authority = at ? at + 1 : authority;
        if (*authority == '[')
                authority = memchr(authority, ']', end - authority) ?: authority;
        /* What stands there instead of a number may be a password with a slash in it. */
        port = memchr(authority, ':', end - authority);
        if (port && (port + 1 == end || strspn(port + 1, "0123456789") != (size_t)(end - port - 1))) {
                *ret_why = g_strdup(_("must have a number behind the server's colon"));
                return false;
        }
        return true;
}

static char *insert(const char *url, const char *text)
{
        const char *end, *at = find_at(find_authority(url), &end);

        return g_strdup_printf("%.*s:%s%s", (int)(at - url), url, text, at);
}

char *url_with_password(const char *url, const char *password, char **ret_why)
{
        g_autoptr(GString) encoded = g_string_new(NULL);
        char *filled;

        for (const char *p = password; *p; p++) {
                if ((unsigned char)*p < ' ' || *p == 0x7f) {
                        *ret_why = g_strdup(_("has a control character in it, which no URL can hold"));
                        return NULL;
                }
                if (g_ascii_isalnum(*p) || strchr(PLAIN, *p))
                        g_string_append_c(encoded, *p);
                else
                        g_string_append_printf(encoded, "%%%02X", (unsigned char)*p);
        }
        filled = insert(url, encoded->str);
        explicit_bzero(encoded->str, encoded->len);
        return filled;
}

char *url_with_hidden_password(const char *url)
{
        return insert(url, "***");
}

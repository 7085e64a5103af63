/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parts of a URL, for daemon and clients alike: where its user and password stand, hiding the password and putting
 * one in. The rules of the vendor's guide are not known here. */

#include <glib.h>
#include <string.h>

#include "url.h"

/* The characters that RFC 3986 allows in a password beside letters and digits, without the quote, which no URL of a
 * package may hold. */
#define PLAIN "!$&()*+,;=:-._~"

static const char *const schemes[] = {
        [URL_HTTP] = "http://",
        [URL_HTTPS] = "https://",
        [URL_FTP] = "ftp://",
};
G_STATIC_ASSERT(G_N_ELEMENTS(schemes) == _URL_SCHEME_MAX);

static UrlScheme find_scheme(const char *text)
{
        for (UrlScheme s = URL_HTTP; s < _URL_SCHEME_MAX; s++)
                if (g_ascii_strncasecmp(text, schemes[s], strlen(schemes[s])) == 0)
                        return s;
        return URL_SCHEME_NONE;
}

static UrlPart part(const char *start, const char *end)
{
        return (UrlPart){ start, (size_t)(end - start) };
}

static const char *find(const char *start, char c, const char *end)
{
        return memchr(start, c, (size_t)(end - start));
}

/* An IPv6 address has colons of its own. */
static const char *find_port_colon(const char *host, const char *end)
{
        const char *bracket;

        if (*host != '[')
                return find(host, ':', end);
        bracket = find(host, ']', end);
        return bracket && bracket + 1 < end && bracket[1] == ':' ? bracket + 1 : NULL;
}

static void split(const char *text, Url *u)
{
        const char *start = text + strlen(schemes[u->scheme]), *end = start + strcspn(start, "/?#"), *colon;
        const char *at = g_strrstr_len(start, end - start, "@");

        if (at) {
                colon = find(start, ':', at);
                u->user = part(start, colon ?: at);
                if (colon)
                        u->password = part(colon + 1, at);
                start = at + 1;
        }
        colon = find_port_colon(start, end);
        u->host = part(start, colon ?: end);
        if (colon)
                u->port = part(colon + 1, end);
        u->rest = end;
        if (*end == '/')
                u->path = (UrlPart){ end + 1, u->scheme == URL_FTP ? strlen(end + 1) : strcspn(end + 1, "?#") };
}

static UrlFlaw check_characters(const char *text)
{
        for (const char *p = text; *p; p++) {
                if (*p == ' ')
                        return URL_FLAW_BLANK;
                if (strchr("\"'`", *p))
                        return URL_FLAW_QUOTE;
                if (*p == '\\')
                        return URL_FLAW_BACKSLASH;
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return URL_FLAW_CONTROL;
                if ((unsigned char)*p > 0x7f)
                        return URL_FLAW_NOT_ASCII;
        }
        return URL_FLAW_NONE;
}

/* Returns true if a control character, a blank or a delimiter of URLs is percent-encoded at p. */
static bool hides_delimiter(const char *p, const char *end)
{
        int c;

        if (end - p < 3 || *p != '%' || !g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2]))
                return false;
        c = g_ascii_xdigit_value(p[1]) << 4 | g_ascii_xdigit_value(p[2]);
        return c <= ' ' || c == 0x7f || strchr("/?#@:[]", c);
}

/* Only an IPv6 address may hold colons, and only around it may be brackets. */
static bool is_server(UrlPart host)
{
        bool ipv6 = *host.start == '[';
        size_t end = host.length - ipv6;

        if (ipv6 && (host.length < 4 || host.start[end] != ']'))
                return false;
        for (const char *p = host.start + ipv6; p < host.start + end; p++)
                if ((!g_ascii_isalnum(*p) && !strchr(ipv6 ? "-._:%~" : "-._%~", *p)) ||
                    hides_delimiter(p, host.start + end))
                        return false;
        return true;
}

static bool is_port(UrlPart port)
{
        unsigned number = 0;

        for (size_t i = 0; i < port.length; i++) {
                if (!g_ascii_isdigit(port.start[i]))
                        return false;
                if (number <= 65535)
                        number = number * 10 + (unsigned)g_ascii_digit_value(port.start[i]);
        }
        return number >= 1 && number <= 65535;
}

UrlFlaw url_parse(const char *text, Url *ret)
{
        UrlFlaw flaw = check_characters(text);

        *ret = (Url){ .scheme = find_scheme(text) };
        if (ret->scheme == URL_SCHEME_NONE)
                return flaw ?: URL_FLAW_SCHEME;
        split(text, ret);
        if (flaw)
                return flaw;
        if (ret->host.length == 0)
                return URL_FLAW_NO_SERVER;
        if (!is_server(ret->host))
                return URL_FLAW_SERVER;
        if (ret->port.start && !is_port(ret->port))
                return URL_FLAW_PORT;
        if (ret->user.start && strchr(ret->user.start, '@') != strrchr(text, '@'))
                return URL_FLAW_AT;
        return ret->port.start && !ret->user.start && strchr(ret->rest, '@') ? URL_FLAW_PASSWORD : URL_FLAW_NONE;
}

bool url_is(const char *text)
{
        return find_scheme(text) != URL_SCHEME_NONE;
}

/* The colon in front of what may be a password: the first one that does not end a scheme. NULL if there is none. */
static const char *find_password_colon(const char *text, const char *at)
{
        const char *colon = find(text, ':', at);

        return colon && g_str_has_prefix(colon, "://") ? find(colon + strlen("://"), ':', at) : colon;
}

/* Appends the text with *** in place of each value in its query and of its fragment. A parameter without "=" is a
 * value: it may be a token. */
static void append_query_redacted(GString *s, const char *text)
{
        size_t n = strcspn(text, "?#");

        g_string_append_len(s, text, (gssize)n);
        for (text += n; *text == '?' || *text == '&'; text += n) {
                const char *key = text + 1, *equals;

                n = 1 + strcspn(key, "&#");
                equals = find(key, '=', text + n);
                g_string_append_len(s, text, (equals ? equals + 1 : key) - text);
                if (n > 1)
                        g_string_append(s, "***");
        }
        if (*text)
                g_string_append(s, "#***");
}

char *url_redact(const char *text)
{
        const char *at = strrchr(text, '@'), *colon = at ? find_password_colon(text, at) : NULL;
        g_autofree char *public = NULL;
        GString *shown = g_string_new(NULL);
        Url u;

        if (url_parse(text, &u) == URL_FLAW_NONE) {
                colon = u.password.start ? u.password.start - 1 : NULL;
                at = u.password.start ? u.password.start + u.password.length : NULL;
        }
        public = colon ? g_strdup_printf("%.*s:***%s", (int)(colon - text), text, at) : g_strdup(text);
        append_query_redacted(shown, public);
        return g_string_free(shown, FALSE);
}

char *url_with_password(const char *url, const char *password)
{
        /* Long enough for all characters to be encoded, so that no copy stays behind in memory when it grows. */
        g_autoptr(GString) filled = g_string_sized_new(strlen(url) + 3 * strlen(password) + 2);
        Url u;

        url_parse(url, &u);
        g_string_append_len(filled, url, u.user.start + u.user.length - url);
        g_string_append_c(filled, ':');
        for (const char *p = password; *p; p++) {
                if ((unsigned char)*p < ' ' || *p == 0x7f) {
                        explicit_bzero(filled->str, filled->len);
                        return NULL;
                }
                if (g_ascii_isalnum(*p) || strchr(PLAIN, *p))
                        g_string_append_c(filled, *p);
                else
                        g_string_append_printf(filled, "%%%02X", (unsigned char)*p);
        }
        g_string_append(filled, u.host.start - 1);
        return g_string_free(g_steal_pointer(&filled), FALSE);
}

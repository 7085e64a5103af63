/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The guide's rules for a URL, and keeping its password to ourselves. A URL is the one thing a caller puts inside an
 * AT command: what passes here cannot end its string or its line. */

#include <ctype.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/job/source.h"

typedef enum Scheme { SCHEME_HTTP, SCHEME_HTTPS, SCHEME_FTP, SCHEME_NONE } Scheme;

/* Views into the URL: start and length. */
typedef struct Part {
        const char *start;
        size_t length;
} Part;

typedef struct Url {
        Scheme scheme;
        bool has_user, has_password, has_port, has_path;
        Part user, password, host, port;
        Part path; /* after the first slash, without ?query and #fragment */
} Url;

static Scheme parse_scheme(const char *url, const char **ret_rest)
{
        static const char *const names[] = { "http://", "https://", "ftp://" };

        for (Scheme s = SCHEME_HTTP; s < SCHEME_NONE; s++)
                if (g_ascii_strncasecmp(url, names[s], strlen(names[s])) == 0) {
                        *ret_rest = url + strlen(names[s]);
                        return s;
                }
        return SCHEME_NONE;
}

static bool parse_url(const char *text, Url *ret)
{
        Url u = { 0 };
        const char *rest, *end, *at = NULL, *colon = NULL;

        u.scheme = parse_scheme(text, &rest);
        if (u.scheme == SCHEME_NONE)
                return false;
        end = rest + strcspn(rest, "/?#");
        for (const char *p = rest; p < end; p++)
                if (*p == '@')
                        at = p;
        if (at) {
                colon = memchr(rest, ':', at - rest);
                u.has_user = true;
                u.user = (Part){ rest, (colon ?: at) - rest };
                if (colon) {
                        u.has_password = true;
                        u.password = (Part){ colon + 1, at - colon - 1 };
                }
                rest = at + 1;
        }
        colon = NULL;
        if (*rest == '[') { /* an IPv6 address */
                const char *bracket = memchr(rest, ']', end - rest);

                if (bracket && bracket + 1 < end && bracket[1] == ':')
                        colon = bracket + 1;
        } else
                colon = memchr(rest, ':', end - rest);
        u.host = (Part){ rest, (colon ?: end) - rest };
        if (colon) {
                u.has_port = true;
                u.port = (Part){ colon + 1, end - colon - 1 };
        }
        if (*end == '/') {
                u.has_path = true;
                /* FTP has no query: all of it is the file's name. */
                u.path = (Part){ end + 1, u.scheme == SCHEME_FTP ? strlen(end + 1) : strcspn(end + 1, "?#") };
        }
        *ret = u;
        return true;
}

static bool refuse(char **ret_why, const char *why)
{
        *ret_why = g_strdup(why);
        return false;
}

static bool check_characters(const char *url, char **ret_why)
{
        for (const char *p = url; *p; p++) {
                if (*p == ' ')
                        return refuse(ret_why, "the URL may not hold a blank: write %20, or rename the package");
                if (*p == '"' || *p == '\'' || *p == '`')
                        return refuse(ret_why,
                                      "the URL may not hold a quote: percent-encode it, or rename the package");
                if (*p == '\\')
                        return refuse(ret_why, "the URL may not hold a backslash: paths are written with /");
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return refuse(ret_why, "the URL may not hold a control character");
                if ((unsigned char)*p > 0x7f)
                        return refuse(ret_why, "the URL may hold ASCII only: percent-encode other characters");
        }
        return true;
}

static bool check_port(const Url *u, char **ret_why)
{
        unsigned long port = 0;

        if (!u->has_port)
                return true;
        for (size_t i = 0; i < u->port.length; i++) {
                if (!isdigit((unsigned char)u->port.start[i]))
                        return refuse(ret_why, "the URL's port must be a number from 1 to 65535");
                if (port <= 65535)
                        port = port * 10 + (u->port.start[i] - '0');
        }
        if (port < 1 || port > 65535)
                return refuse(ret_why, "the URL's port must be a number from 1 to 65535");
        return true;
}

static bool check_host(const Url *u, char **ret_why)
{
        if (u->host.length == 0)
                return refuse(ret_why, "the URL must name a server after ://");
        /* An IPv6 address stands in brackets and is the only thing that may hold them, or a colon. */
        bool ipv6 = u->host.start[0] == '[';
        size_t from = ipv6, to = u->host.length - ipv6;

        if (ipv6 && (u->host.length < 4 || u->host.start[to] != ']'))
                return refuse(ret_why, "the URL's server must be a host name or an IP address");
        for (size_t i = from; i < to; i++)
                if (!isalnum((unsigned char)u->host.start[i]) && !strchr(ipv6 ? "-._:%~" : "-._%~", u->host.start[i]))
                        return refuse(ret_why, "the URL's server must be a host name or an IP address");
        return true;
}

/* Guide 3.3.1.1. */
static bool check_ftp(const Url *u, unsigned flash_size, char **ret_why)
{
        if (flash_size == 2 || flash_size == 4)
                return refuse(ret_why, "modules with 2 or 4 MB of flash do not upgrade over FTP (guide 3.3.1.1, "
                                       "note 1): publish the package over HTTP");
        if (u->user.length > SOURCE_FTP_PART_MAX)
                return refuse(ret_why, "the user in an FTP URL may have 50 bytes at most (guide 3.3.1.1)");
        if (u->password.length > SOURCE_FTP_PART_MAX)
                return refuse(ret_why, "the password in an FTP URL may have 50 bytes at most (guide 3.3.1.1)");
        if (u->host.length > SOURCE_FTP_PART_MAX)
                return refuse(ret_why, "the server in an FTP URL may have 50 bytes at most (guide 3.3.1.1)");
        if (u->path.length > SOURCE_FTP_PART_MAX)
                return refuse(ret_why, "the file in an FTP URL may have 50 bytes at most (guide 3.3.1.1)");
        if (memchr(u->path.start, '/', u->path.length))
                return refuse(ret_why, "the package must lie in the FTP server's root directory (guide 3.3.1.1)");
        return true;
}

/* Guide 4.1: which file names a method takes. */
static bool check_name(const Url *u, Method method, char **ret_why)
{
        g_autofree char *path = g_ascii_strdown(u->path.start, u->path.length);
        /* To the end of the text: the module makes the name of the second package out of it. */
        bool mini = strlen(u->path.start) == u->path.length && g_str_has_suffix(u->path.start, ".mini_1");
        const char *slash = strrchr(path, '/');
        const char *dot = strrchr(slash ? slash : path, '.');

        if (method == METHOD_MINIFOTA && (!mini || strcmp(slash ? slash + 1 : path, ".mini_1") == 0))
                return refuse(ret_why, "for MiniFOTA the URL must end in .mini_1 (guide 4.1)");
        if (method != METHOD_MINIFOTA && dot && g_str_has_prefix(dot, ".mini"))
                return refuse(ret_why, "the extension of a DFOTA package may not be .mini: this is a MiniFOTA "
                                       "package (guide 4.1)");
        return true;
}

bool source_check(const char *url, Method method, unsigned flash_size, bool allow_https, char **ret_why)
{
        bool mini = method == METHOD_MINIFOTA;
        Url u;

        if (!*url)
                return refuse(ret_why, "the source is empty: give an http://, https:// or ftp:// URL");
        if (!check_characters(url, ret_why))
                return false;
        if (strlen(url) > SOURCE_URL_MAX)
                return refuse(ret_why, "the URL may have 255 bytes at most (guide 3.3.1)");
        if (mini && strlen(url) > SOURCE_URL_MAX_MINI)
                return refuse(ret_why, "for MiniFOTA the URL may have 128 bytes at most (guide 3.3.1, note 1)");
        if (!parse_url(url, &u))
                return refuse(ret_why, "the URL must begin with http://, https:// or ftp://");
        if (mini && u.scheme == SCHEME_HTTPS && !allow_https)
                return refuse(ret_why, "MiniFOTA takes no HTTPS (guide 3.3.1.2, note 1): use http://, or the option "
                                       "allow-https for firmware that does");
        if (mini && u.scheme == SCHEME_HTTPS && flash_size == 2)
                return refuse(ret_why, "MiniFOTA takes no HTTPS with 2 MB of flash: use http://");
        if (!check_host(&u, ret_why) || !check_port(&u, ret_why))
                return false;
        if (u.has_port && !u.has_user && strchr(u.port.start, '@'))
                return refuse(ret_why, "a password in the URL must have / and @ percent-encoded, as %2F and %40");
        if (u.path.length == 0 || u.path.start[u.path.length - 1] == '/')
                return refuse(ret_why, "the URL must end in the package's file name");
        if (u.scheme == SCHEME_FTP && !check_ftp(&u, flash_size, ret_why))
                return false;
        return check_name(&u, method, ret_why);
}

static bool source_is_sound(const char *url)
{
        g_autofree char *why = NULL;
        Url u;

        return check_characters(url, &why) && parse_url(url, &u) && check_host(&u, &why) && check_port(&u, &why);
}

char *source_redact(const char *url)
{
        Url u;
        const char *at, *start, *colon;

        if (!parse_url(url, &u) || (!u.has_password && !source_is_sound(url))) {
                /* No URL that may be trusted: a password may hold the characters that end the server's part. */
                at = strrchr(url, '@');
                start = strstr(url, "://");
                start = start && start < at ? start + 3 : url;
                colon = at ? memchr(start, ':', at - start) : NULL;
                return colon ? g_strdup_printf("%.*s:***%s", (int)(colon - url), url, at) : g_strdup(url);
        }
        if (!u.has_password)
                return g_strdup(url);
        return g_strdup_printf("%.*s***%s", (int)(u.password.start - url), url, u.password.start + u.password.length);
}

char *source_password(const char *url)
{
        Url u;

        if (!parse_url(url, &u) || !u.has_password || u.password.length == 0)
                return NULL;
        return g_strndup(u.password.start, u.password.length);
}

char *source_second_package(const char *url)
{
        char *second = g_strdup(url);

        second[strlen(second) - 1] = '2';
        return second;
}

CodeDomain source_domain(const char *url)
{
        const char *rest;

        return parse_scheme(url, &rest) == SCHEME_FTP ? CODE_DOMAIN_FTP : CODE_DOMAIN_HTTP;
}

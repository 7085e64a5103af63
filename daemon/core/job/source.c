/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The guide's rules for a URL. A URL is the only text of a caller's in AT+QFOTADL: a URL that could end the command's
 * string or line is refused. */

#include <glib.h>
#include <string.h>

#include "core/job/source.h"
#include "url.h"

static const char *const flaws[] = {
        [URL_FLAW_BLANK] = "the URL may not hold a blank: write %20, or rename the package",
        [URL_FLAW_QUOTE] = "the URL may not hold a quote: percent-encode it, or rename the package",
        [URL_FLAW_BACKSLASH] = "the URL may not hold a backslash: paths are written with /",
        [URL_FLAW_CONTROL] = "the URL may not hold a control character",
        [URL_FLAW_NOT_ASCII] = "the URL may hold ASCII only: percent-encode other characters",
        [URL_FLAW_SCHEME] = "the URL must begin with http://, https:// or ftp://",
        [URL_FLAW_NO_SERVER] = "the URL must name a server after ://",
        [URL_FLAW_SERVER] = "the URL's server must be a host name or an IP address",
        [URL_FLAW_PORT] = "the URL's port must be a number from 1 to 65535",
        [URL_FLAW_AT] = "the URL may have only one @, which ends the password: write %40 for the others",
        [URL_FLAW_PASSWORD] = "a password in the URL must have / and @ percent-encoded, as %2F and %40",
};
G_STATIC_ASSERT(G_N_ELEMENTS(flaws) == _URL_FLAW_MAX);

static bool refuse(char **ret_why, const char *why)
{
        *ret_why = g_strdup(why);
        return false;
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

/* Guide 4.1: the file names that a method takes. */
static bool check_name(const Url *u, Method method, char **ret_why)
{
        g_autofree char *path = g_ascii_strdown(u->path.start, u->path.length);
        /* The whole text must end so: the module makes the name of the second package out of it. */
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
        UrlFlaw flaw;
        Url u;

        if (!*url)
                return refuse(ret_why, "the source is empty: give an http://, https:// or ftp:// URL");
        flaw = url_parse(url, &u);
        if (flaw != URL_FLAW_NONE)
                return refuse(ret_why, flaws[flaw]);
        if (strlen(url) > SOURCE_URL_MAX)
                return refuse(ret_why, "the URL may have 255 bytes at most (guide 3.3.1)");
        if (mini && strlen(url) > SOURCE_URL_MAX_MINI)
                return refuse(ret_why, "for MiniFOTA the URL may have 128 bytes at most (guide 3.3.1, note 1)");
        if (mini && u.scheme == URL_HTTPS && !allow_https)
                return refuse(ret_why, "MiniFOTA takes no HTTPS (guide 3.3.1.2, note 1): use http://, or the option "
                                       "allow-https for firmware that does");
        if (mini && u.scheme == URL_HTTPS && flash_size == 2)
                return refuse(ret_why, "MiniFOTA takes no HTTPS with 2 MB of flash: use http://");
        if (u.path.length == 0 || u.path.start[u.path.length - 1] == '/')
                return refuse(ret_why, "the URL must end in the package's file name");
        if (u.scheme == URL_FTP && !check_ftp(&u, flash_size, ret_why))
                return false;
        return check_name(&u, method, ret_why);
}

char *source_second_package(const char *url)
{
        char *second = g_strdup(url);

        second[strlen(second) - 1] = '2';
        return second;
}

CodeDomain source_domain(const char *url)
{
        Url u;

        url_parse(url, &u);
        return u.scheme == URL_FTP ? CODE_DOMAIN_FTP : CODE_DOMAIN_HTTP;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* URLs: a URL that is accepted makes one harmless AT+QFOTADL, its password is never shown, and another password can be
 * put into it. Input: a byte of flags, a password up to a line feed, and the URL. */

#include <string.h>

#include "core/at/at-engine.h"
#include "core/job/source.h"
#include "core/quectel/qfota.h"
#include "fuzz.h"
#include "url.h"

#define MARK "Zq7Zq7Zq7" /* is no part of another text */

const unsigned fuzz_runs = 60000;

static bool is_part(UrlPart part, const char *text)
{
        return part.length == strlen(text) && memcmp(part.start, text, part.length) == 0;
}

/* The same URL with the mark in place of a part. */
static char *mark(const char *url, UrlPart part)
{
        return g_strdup_printf("%.*s" MARK "%s", (int)(part.start - url), url, part.start + part.length);
}

static void check_hidden(const char *url, UrlPart secret)
{
        g_autofree char *marked = mark(url, secret), *shown = url_redact(marked);

        g_assert(strstr(url, MARK) || !strstr(shown, MARK));
}

/* Each value of the query and the fragment are hidden, too. */
static void check_redaction(const char *url, const Url *u)
{
        if (u->password.start)
                check_hidden(url, u->password);
        for (const char *p = u->rest; (p = strpbrk(p, "?&=#")); p++)
                if (*p == '=' ? memchr(u->rest, '?', (size_t)(p - u->rest)) != NULL : *p == '#')
                        check_hidden(url, (UrlPart){ p + 1, strcspn(p + 1, *p == '#' ? "" : "&#") });
}

static bool has_control(const char *text)
{
        for (const char *p = text; *p; p++)
                if (g_ascii_iscntrl(*p))
                        return true;
        return false;
}

static void check_password(const char *url, const Url *u, const char *password)
{
        g_autofree char *filled = url_with_password(url, password), *decoded = NULL;
        Url v;

        g_assert(!filled == has_control(password));
        if (!filled)
                return;
        g_assert(url_parse(filled, &v) == URL_FLAW_NONE && v.scheme == u->scheme);
        g_assert(v.user.length == u->user.length && memcmp(v.user.start, u->user.start, u->user.length) == 0);
        g_assert(v.host.length == u->host.length && memcmp(v.host.start, u->host.start, u->host.length) == 0);
        g_assert(strcmp(v.rest, u->rest) == 0);
        decoded = g_uri_unescape_segment(v.password.start, v.password.start + v.password.length, NULL);
        g_assert(!decoded || strcmp(decoded, password) == 0); /* NULL: the password is not UTF-8 */
}

static void check_command(const char *url, Method method)
{
        g_autofree char *command = method == METHOD_MINIFOTA ? qfota_build_command(url, -1, -1, -1)
                                                             : qfota_build_command(url, 1, 50, 100);
        g_autofree char *expected = g_strdup_printf("AT+QFOTADL=\"%s\"", url);
        g_autoptr(AtEngine) engine = at_engine_new();
        const char *quote = strchr(command, '"');

        fuzz_check_command(command);
        g_assert(g_str_has_prefix(command, expected));
        g_assert(!strchr(strchr(quote + 1, '"') + 1, '"') && !strpbrk(url, " '`\\"));
        at_engine_command(engine, 1, command, true, 1, 0);
}

static void check_accepted(const char *url, Method method)
{
        g_autofree char *second = source_second_package(url);

        g_assert(strlen(url) <= (method == METHOD_MINIFOTA ? SOURCE_URL_MAX_MINI : SOURCE_URL_MAX));
        g_assert(source_domain(url) == (g_ascii_strncasecmp(url, "ftp:", 4) == 0 ? CODE_DOMAIN_FTP : CODE_DOMAIN_HTTP));
        if (method == METHOD_MINIFOTA)
                g_assert(g_str_has_suffix(url, ".mini_1") && g_str_has_suffix(second, ".mini_2"));
        check_command(url, method);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        static const unsigned sizes[] = { 0, 2, 4, 8, 16 };
        Script s = script_new(bytes, size);
        unsigned flags = script_byte(&s), flash_size = sizes[script_byte(&s) % G_N_ELEMENTS(sizes)];
        g_autofree char *password = script_text(&s, '\n'), *url = script_text(&s, 0), *why = NULL;
        g_autofree char *shown = url_redact(url), *again = url_redact(shown);
        Method method = flags % 2 ? METHOD_MINIFOTA : METHOD_DFOTA;
        bool accepted = source_check(url, method, flash_size, flags & 4, &why);
        UrlFlaw flaw;
        Url u;

        g_assert(accepted == !why && (!why || *why));
        flaw = url_parse(url, &u);
        g_assert((u.scheme != URL_SCHEME_NONE) == url_is(url));
        g_assert(!accepted || flaw == URL_FLAW_NONE);
        if (flaw == URL_FLAW_NONE) {
                check_redaction(url, &u);
                g_assert(strcmp(shown, again) == 0);
                if (u.user.start)
                        check_password(url, &u, password);
                g_assert(!u.password.start || is_part(u.password, "***") || strcmp(shown, url) != 0);
        }
        if (accepted)
                check_accepted(url, method);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The positions of a URL's parts, the texts that are no URLs, setting and hiding a password, and that no part of a
 * password and no value of the query is ever shown. Daemon and client use the same functions. */

#include "mask.h"
#include "testing.h"
#include "url.h"

static void assert_part(const char *url, const char *name, UrlPart part, const char *expected)
{
        g_autofree char *is = part.start ? g_strndup(part.start, part.length) : NULL;

        ck_assert_msg(g_strcmp0(is, expected) == 0, "%s of %s: %s, not %s", name, url, is, expected);
}

START_TEST(parts)
{
        static const struct {
                const char *url;
                UrlScheme scheme;
                const char *user, *password, *host, *port, *path, *rest;
        } cases[] = {
                { "http://h/x", URL_HTTP, NULL, NULL, "h", NULL, "x", "/x" },
                { "HttpS://h:80/d/x?q#f", URL_HTTPS, NULL, NULL, "h", "80", "d/x", "/d/x?q#f" },
                { "ftp://h/x?q#f", URL_FTP, NULL, NULL, "h", NULL, "x?q#f", "/x?q#f" },
                { "http://h", URL_HTTP, NULL, NULL, "h", NULL, NULL, "" },
                { "http://h/", URL_HTTP, NULL, NULL, "h", NULL, "", "/" },
                { "http://h?q/x", URL_HTTP, NULL, NULL, "h", NULL, NULL, "?q/x" },
                { "http://h#f/x", URL_HTTP, NULL, NULL, "h", NULL, NULL, "#f/x" },
                { "ftp://u@h/x", URL_FTP, "u", NULL, "h", NULL, "x", "/x" },
                { "ftp://u:pw@h:21/x", URL_FTP, "u", "pw", "h", "21", "x", "/x" },
                { "ftp://u:@h/x", URL_FTP, "u", "", "h", NULL, "x", "/x" },
                { "ftp://:pw@h/x", URL_FTP, "", "pw", "h", NULL, "x", "/x" },
                { "ftp://:@h/x", URL_FTP, "", "", "h", NULL, "x", "/x" },
                { "ftp://@h/x", URL_FTP, "", NULL, "h", NULL, "x", "/x" },
                { "ftp://u:p:q@h/x", URL_FTP, "u", "p:q", "h", NULL, "x", "/x" },
                { "ftp://u%40v:p%2Fq%40r@h/x%20y", URL_FTP, "u%40v", "p%2Fq%40r", "h", NULL, "x%20y", "/x%20y" },
                { "http://h/x@y:z", URL_HTTP, NULL, NULL, "h", NULL, "x@y:z", "/x@y:z" },
                { "http://[::1]/x", URL_HTTP, NULL, NULL, "[::1]", NULL, "x", "/x" },
                { "http://[::1]:80/x", URL_HTTP, NULL, NULL, "[::1]", "80", "x", "/x" },
                { "http://u:p@[2001:db8::1]:80/x", URL_HTTP, "u", "p", "[2001:db8::1]", "80", "x", "/x" },
                { "http://u:[p]@[fe80::1%25eth0]/x", URL_HTTP, "u", "[p]", "[fe80::1%25eth0]", NULL, "x", "/x" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                const char *url = cases[i].url;
                Url u;

                ck_assert_msg(url_parse(url, &u) == URL_FLAW_NONE, "%s", url);
                ck_assert_int_eq(u.scheme, cases[i].scheme);
                assert_part(url, "user", u.user, cases[i].user);
                assert_part(url, "password", u.password, cases[i].password);
                assert_part(url, "host", u.host, cases[i].host);
                assert_part(url, "port", u.port, cases[i].port);
                assert_part(url, "path", u.path, cases[i].path);
                ck_assert_str_eq(u.rest, cases[i].rest);
                ck_assert(url_is(url));
        }
}
END_TEST

START_TEST(flaws)
{
        static const struct {
                const char *url;
                UrlFlaw flaw;
        } cases[] = {
                { "http://h/x y", URL_FLAW_BLANK },
                { "http://h/x'y", URL_FLAW_QUOTE },
                { "http://h/x\"y", URL_FLAW_QUOTE },
                { "http://h/x`y", URL_FLAW_QUOTE },
                { "http://h/x\\y", URL_FLAW_BACKSLASH },
                { "http://h/x\x1f", URL_FLAW_CONTROL },
                { "http://h/x\x7f", URL_FLAW_CONTROL },
                { "http://h/x\x80", URL_FLAW_NOT_ASCII },
                { "", URL_FLAW_SCHEME },
                { "h/x", URL_FLAW_SCHEME },
                { "ftps://h/x", URL_FLAW_SCHEME },
                { "http:/h/x", URL_FLAW_SCHEME },
                { "http://", URL_FLAW_NO_SERVER },
                { "http:///x", URL_FLAW_NO_SERVER },
                { "http://u:p@/x", URL_FLAW_NO_SERVER },
                { "http://:80/x", URL_FLAW_NO_SERVER },
                { "http://h,i/x", URL_FLAW_SERVER },
                { "http://[::1/x", URL_FLAW_SERVER },
                { "http://[::1]x:80/x", URL_FLAW_SERVER },
                { "http://[]/x", URL_FLAW_SERVER },
                { "http://h]/x", URL_FLAW_SERVER },
                { "http://h:/x", URL_FLAW_PORT },
                { "http://h:0/x", URL_FLAW_PORT },
                { "http://h:65536/x", URL_FLAW_PORT },
                { "http://h:4294967297/x", URL_FLAW_PORT },
                { "http://h:8a/x", URL_FLAW_PORT },
                { "http://[::1]:/x", URL_FLAW_PORT },
                { "http://u:p/q@h/x", URL_FLAW_PORT },
                { "http://h%0a/x", URL_FLAW_SERVER },
                { "http://h%0D%0A/x", URL_FLAW_SERVER },
                { "http://h%00/x", URL_FLAW_SERVER },
                { "http://h%7F/x", URL_FLAW_SERVER },
                { "http://h%20/x", URL_FLAW_SERVER },
                { "http://h%2Fi/x", URL_FLAW_SERVER },
                { "http://u%40h%40i/x", URL_FLAW_SERVER },
                { "http://[fe80::1%0a]/x", URL_FLAW_SERVER },
                { "ftp://u:p@q@h/x", URL_FLAW_AT },
                { "ftp://a@b:pw@h/x", URL_FLAW_AT },
                { "ftp://a@b@h/x", URL_FLAW_AT },
                { "http://u:p@q/r@h/x", URL_FLAW_AT },
                { "http://u:p@q?r@h/x", URL_FLAW_AT },
                { "http://u:p@q#r@h/x", URL_FLAW_AT },
                { "http://u@h/x@y", URL_FLAW_AT },
                { "http://u:12/34@h/x", URL_FLAW_PASSWORD },
                { "http://u:12?34@h/x", URL_FLAW_PASSWORD },
                { "http://u:12#34@h/x", URL_FLAW_PASSWORD },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                Url u;

                ck_assert_msg(url_parse(cases[i].url, &u) == cases[i].flaw, "%s", cases[i].url);
                ck_assert(url_is(cases[i].url) == (u.scheme != URL_SCHEME_NONE));
        }
}
END_TEST

START_TEST(password_inserted)
{
        static const struct {
                const char *url, *password, *filled;
        } cases[] = {
                { "ftp://u@h/x", "pw", "ftp://u:pw@h/x" },
                { "FTP://u@[::1]:21/x", "pw", "FTP://u:pw@[::1]:21/x" },
                { "ftp://@h/x", "pw", "ftp://:pw@h/x" },
                { "ftp://u@h/x", "", "ftp://u:@h/x" },
                { "ftp://u:@h/x", "pw", "ftp://u:pw@h/x" },
                { "ftp://u@h/x", "a/b?c#d@e:f%g", "ftp://u:a%2Fb%3Fc%23d%40e:f%25g@h/x" },
                { "ftp://u@h/x", " \"'`\\[]^{|}<>", "ftp://u:%20%22%27%60%5C%5B%5D%5E%7B%7C%7D%3C%3E@h/x" },
                { "ftp://u@h/x", "!$&()*+,;=:-._~", "ftp://u:!$&()*+,;=:-._~@h/x" },
                { "ftp://u@h/x", "\xc3\xa4", "ftp://u:%C3%A4@h/x" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *filled = url_with_password(cases[i].url, cases[i].password), *decoded = NULL;
                Url u;

                ck_assert_str_eq(filled, cases[i].filled);
                ck_assert_int_eq(url_parse(filled, &u), URL_FLAW_NONE);
                decoded = g_uri_unescape_segment(u.password.start, u.password.start + u.password.length, NULL);
                ck_assert_str_eq(decoded, cases[i].password);
        }
        ck_assert_ptr_null(url_with_password("ftp://u@h/x", "p\nw"));
        ck_assert_ptr_null(url_with_password("ftp://u@h/x", "pw\x7f"));
}
END_TEST

START_TEST(redaction)
{
        static const struct {
                const char *url, *shown;
        } cases[] = {
                { "http://h/x", "http://h/x" },
                { "http://u@h/x", "http://u@h/x" },
                { "http://u:pw@h/x", "http://u:***@h/x" },
                { "FTP://test:test@192.0.2.2:21/E.bin", "FTP://test:***@192.0.2.2:21/E.bin" },
                { "http://u:@h/x", "http://u:***@h/x" },
                { "http://:pw@h/x", "http://:***@h/x" },
                { "http://u:p:q@h/x", "http://u:***@h/x" },
                { "http://u:p@q@h/x", "http://u:***@h/x" },
                { "http://u:p@q@r@h/x", "http://u:***@h/x" },
                { "http://a@b:pw@h/x", "http://a@b:***@h/x" },
                { "http://user:p@ss/word@host/x", "http://user:***@host/x" },
                { "http://h/x?a:b@c", "http://h/x?***" },
                { "https://h/x?X-Amz-Signature=0a1b&v=2", "https://h/x?X-Amz-Signature=***&v=***" },
                { "http://u:pw@h/x?token=t:u@v", "http://u:***@v" },
                { "http://h/x?sig=a=b==&sp", "http://h/x?sig=***&***" },
                { "http://h/x?a=&&b", "http://h/x?a=***&&***" },
                { "http://h/x?", "http://h/x?" },
                { "http://h?t=1/x", "http://h?t=***" },
                { "http://h/x#access", "http://h/x#***" },
                { "http://h/x?t=1#a?b=c&d", "http://h/x?t=***#***" },
                { "http://h/x#a?b=c", "http://h/x#***" },
                { "http://h/x?f=y.mini_1", "http://h/x?f=***" },
                { "ftp://u:pw@h/x?t=1", "ftp://u:***@h/x?t=***" },
                { "http://u:pw@[::1]:80/x", "http://u:***@[::1]:80/x" },
                { "package.bin", "package.bin" },
                { "", "" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *shown = url_redact(cases[i].url), *again = url_redact(shown);

                ck_assert_str_eq(shown, cases[i].shown);
                ck_assert_str_eq(again, shown);
        }
}
END_TEST

/* A password that should have been percent-encoded ends the authority early, or its URL has another flaw. */
START_TEST(redaction_of_other_text)
{
        static const char *const urls[] = {
                "ftp://user:Ge/heim@h/x.bin",  "ftp://user:Ge?heim@h/x.bin",   "http://user:Ge#heim@h/x.bin",
                "http:/user:Geheim@h/x.bin",   "htp://user:Geheim@h/x.bin",    "user:Geheim@h/x.bin",
                "ftps://user:Geheim@h/x.bin",  "ftp://user:12/Geheim@h/x.bin", "ftp://user:12?Geheim@h/x",
                "user:12://Geheim@h/x.bin",    "ftp://user:a@b,c/Geheim@h/x",  "ftp://user:1@h:x/Geheim@h/x",
                "http://user:p@ss/Geheim@h/x", "ftp://user:p@ss?Geheim@h/x",   "http://h,i/x?t=Geheim",
                "http://h,i?t=Geheim:x@j",     "http://h:80/x?t=Geheim@i",     "http://h/x y?t=Geheim",
                "http://u@h/x@y?t=Geheim",     "user:pw@h/x?t=Geheim"
        };

        for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
                g_autofree char *shown = url_redact(urls[i]);

                assert_has_not(shown, "heim");
        }
}
END_TEST

static const struct {
        const char *text, *masked;
} texts[] = {
        { "no URL: // here", "no URL: // here" },
        { "from ftp://gw:Geheim7@h/x.bin, to http://h/y?key=Geheim7 and on",
          "from ftp://gw:***@h/x.bin, to http://h/y?key=*** and on" },
        { "\"http://gw:Geheim7@h/x\"", "\"http://gw:***@h/x\"" },
        { "(HTTPS://gw:Geheim7@h/x)", "(HTTPS://gw:***@h/x)" },
        { "\"ftp://gw:s3(Geheim@h/x\"", "\"ftp://gw:***@h/x\"" },
        { "ftp://gw:<Geheim>@h/x", "ftp://gw:***@h/x" },
        { "http://h/x?a=y(Geheim)z&t=Geheim", "http://h/x?a=***&t=***" },
        { "://", "://" },
};

START_TEST(masked_in_text)
{
        g_autofree char *masked = mask_urls(texts[_i].text);

        ck_assert_str_eq(masked, texts[_i].masked);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("url");

        tcase_add_test(t, parts);
        tcase_add_test(t, flaws);
        tcase_add_test(t, password_inserted);
        tcase_add_test(t, redaction);
        tcase_add_test(t, redaction_of_other_text);
        tcase_add_loop_test(t, masked_in_text, 0, G_N_ELEMENTS(texts));
        return testing_run(t, "url");
}

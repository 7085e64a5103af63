/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every rule for a URL at its exact boundary; no refusal shows a part of a password, and no accepted URL can end the
 * string or the line of an AT command, whatever bytes are tried. */

#include "core/quectel/qfota.h"
#include "core/job/source.h"
#include "testing.h"
#include "url.h"

#define DFOTA METHOD_DFOTA
#define MINI  METHOD_MINIFOTA

static char *why_of(const char *url, Method method, unsigned flash, bool allow_https)
{
        char *why = NULL;

        if (source_check(url, method, flash, allow_https, &why)) {
                ck_assert_ptr_null(why);
                return NULL;
        }
        ck_assert_msg(why && *why, "%s is refused without a reason", url);
        return why;
}

static void takes(const char *url, Method method, unsigned flash, bool allow_https)
{
        g_autofree char *why = why_of(url, method, flash, allow_https);

        ck_assert_msg(!why, "%s: %s", url, why);
}

static void refuses(const char *url, Method method, unsigned flash, bool allow_https, const char *word)
{
        g_autofree char *why = why_of(url, method, flash, allow_https);

        ck_assert_msg(why, "%s is taken", url);
        ck_assert_msg(strstr(why, word), "%s: \"%s\" does not have %s", url, why, word);
}

/* prefix, then x repeated, then suffix: length bytes altogether. */
static char *url_of(const char *prefix, const char *suffix, size_t length)
{
        g_autofree char *fill = g_strnfill(length - strlen(prefix) - strlen(suffix), 'x');
        char *url = g_strconcat(prefix, fill, suffix, NULL);

        ck_assert_uint_eq(strlen(url), length);
        return url;
}

START_TEST(examples_of_the_guide)
{
        takes("FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin", DFOTA, 16, false);
        takes("http://www.example.com:100/EC200ACNHAR01A02M16.bin", DFOTA, 16, false);
        takes("https://www.example.com/EC200ACNHAR01A02M16.bin", DFOTA, 16, false);
        takes("http://h/x.mini_1", MINI, 4, false);
        takes("ftp://h/x.mini_1", MINI, 8, false);
}
END_TEST

START_TEST(scheme)
{
        static const char *const good[] = { "http://h/x",  "HTTP://h/x", "hTtP://h/x", "https://h/x",
                                            "HTTPS://h/x", "ftp://h/x",  "FTP://h/x",  "Ftp://h/x" };
        static const char *const bad[] = { "h/x",       "//h/x",        "http:/h/x",   "http//h/x",
                                           "htp://h/x", "ftps://h/x",   "sftp://h/x",  "file:///x",
                                           "FILE:100",  "httpx://h/x",  "xhttp://h/x", "http:",
                                           "ht",        "javascript:x", "data:x",      "http:\\\\h\\x" };

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                takes(good[i], DFOTA, 16, false);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                refuses(bad[i], DFOTA, 16, false, strchr(bad[i], '\\') ? "backslash" : "http://");
        refuses("", DFOTA, 16, false, "empty");
}
END_TEST

START_TEST(length)
{
        g_autofree char *u255 = url_of("http://h/", ".bin", 255), *u256 = url_of("http://h/", ".bin", 256);
        g_autofree char *q255 = url_of("http://h/x?", "", 255), *q256 = url_of("http://h/x?", "", 256);
        g_autofree char *m128 = url_of("http://h/", ".mini_1", 128), *m129 = url_of("http://h/", ".mini_1", 129);
        g_autofree char *d129 = url_of("http://h/", ".bin", 129), *m255 = url_of("http://h/", ".mini_1", 255);

        takes(u255, DFOTA, 16, false);
        refuses(u256, DFOTA, 16, false, "255 bytes");
        takes(q255, DFOTA, 16, false);
        refuses(q256, DFOTA, 16, false, "255 bytes");
        takes(m128, MINI, 4, false);
        refuses(m129, MINI, 4, false, "128");
        refuses(m255, MINI, 4, false, "128");
        takes(d129, DFOTA, 16, false);
        takes(d129, METHOD_UNKNOWN, 0, false);
}
END_TEST

START_TEST(each_part_of_an_ftp_url)
{
        g_autofree char *p50 = g_strnfill(50, 'a'), *p51 = g_strnfill(51, 'a');

        for (unsigned over = 0; over < 5; over++) {
                g_autofree char *url = g_strdup_printf("ftp://%s:%s@%s:21/%s", over == 1 ? p51 : p50,
                                                       over == 2 ? p51 : p50, over == 3 ? p51 : p50,
                                                       over == 4 ? p51 : p50);
                static const char *const words[] = { NULL, "user", "password", "server", "file" };

                if (over == 0)
                        takes(url, DFOTA, 16, false);
                else {
                        refuses(url, DFOTA, 16, false, words[over]);
                        refuses(url, DFOTA, 16, false, "50");
                }
        }
        /* the same parts in HTTP have no limit of their own */
        g_autofree char *http = g_strdup_printf("http://%s:%s@%s:21/%s", p51, p51, p51, p51);
        takes(http, DFOTA, 16, false);
}
END_TEST

/* FTP has no query: text that looks like a query is part of the file's name, and counts. */
START_TEST(query_in_an_ftp_url)
{
        g_autofree char *p51 = g_strnfill(51, 'a');
        g_autofree char *url = g_strdup_printf("ftp://h/x?%s", p51);

        refuses(url, DFOTA, 16, false, "50");
        refuses("ftp://h/x?/y.bin", DFOTA, 16, false, "root");
}
END_TEST

START_TEST(ftp_root_directory_only)
{
        takes("ftp://h/x.bin", DFOTA, 16, false);
        refuses("ftp://h/d/x.bin", DFOTA, 16, false, "root");
        refuses("ftp://h//x.bin", DFOTA, 16, false, "root");
        takes("http://h/d/e/x.bin", DFOTA, 16, false);
}
END_TEST

START_TEST(ftp_and_small_flash)
{
        refuses("ftp://h/x.mini_1", MINI, 2, false, "2 or 4 MB");
        refuses("FTP://h/x.mini_1", MINI, 4, false, "2 or 4 MB");
        takes("ftp://h/x.mini_1", MINI, 8, false);
        takes("ftp://h/x.bin", DFOTA, 8, false);
        takes("ftp://h/x.bin", DFOTA, 16, false);
        takes("ftp://h/x.bin", DFOTA, 0, false);
        takes("http://h/x.mini_1", MINI, 2, false);
}
END_TEST

START_TEST(https_for_mini)
{
        refuses("https://h/x.mini_1", MINI, 4, false, "allow-https");
        refuses("HTTPS://h/x.mini_1", MINI, 8, false, "allow-https");
        takes("https://h/x.mini_1", MINI, 4, true);
        takes("https://h/x.mini_1", MINI, 8, true);
        refuses("https://h/x.mini_1", MINI, 2, true, "2 MB");
        takes("https://h/x.bin", DFOTA, 16, false);
        takes("http://h/x.mini_1", MINI, 2, true);
}
END_TEST

START_TEST(port)
{
        static const char *const good[] = { "1", "21", "80", "65535", "00080" };
        static const char *const bad[] = { "",   "0",  "00", "65536", "99999", "4294967297", "18446744073709551617",
                                           "-1", "+1", "8a", "0x50",  "a" };
        static const char *const schemes[] = { "http", "https", "ftp" };

        for (size_t s = 0; s < G_N_ELEMENTS(schemes); s++) {
                for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                        g_autofree char *url = g_strdup_printf("%s://h:%s/x", schemes[s], good[i]);

                        takes(url, DFOTA, 16, false);
                }
                for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                        g_autofree char *url = g_strdup_printf("%s://u:p@h:%s/x", schemes[s], bad[i]);

                        refuses(url, DFOTA, 16, false, "1 to 65535");
                }
        }
        takes("http://h/x", DFOTA, 16, false);
}
END_TEST

/* At every position of a URL, in every kind of part. */
START_TEST(characters_at_every_position)
{
        static const struct {
                unsigned char c;
                const char *word;
        } bad[] = {
                { '"', "quote" },    { '\'', "quote" },   { '\\', "backslash" }, { ' ', "blank" },
                { 0x01, "control" }, { '\r', "control" }, { '\n', "control" },   { '\t', "control" },
                { 0x1a, "control" }, { 0x1b, "control" }, { 0x7f, "control" },   { 0x80, "ASCII" },
                { 0xc3, "ASCII" },   { 0xff, "ASCII" },
        };
        static const char url[] = "http://user:pass@host.example:8080/dir/x.bin?q=1#f";

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                for (size_t p = 0; p <= strlen(url); p++) {
                        g_autofree char *inserted = g_strdup_printf("%.*s%c%s", (int)p, url, (char)bad[i].c, url + p);
                        g_autofree char *replaced = g_strdup(url);

                        refuses(inserted, DFOTA, 16, false, bad[i].word);
                        replaced[MIN(p, strlen(url) - 1)] = (char)bad[i].c;
                        refuses(replaced, DFOTA, 16, false, bad[i].word);
                }
}
END_TEST

START_TEST(server)
{
        static const char *const good[] = { "h",
                                            "host.example",
                                            "192.0.2.2",
                                            "a-b.c_d",
                                            "[2001:db8::1]",
                                            "[::1]",
                                            "[fe80::1%25eth0]",
                                            "xn--bcher-kva.example" };
        static const char *const bad[] = { "",       "a,b", "a;b", "a$b", "(a)", "a*",  "[::1", "::1]",
                                           "[::1]x", "[]",  "a]b", "a[b", "a|b", "<a>", "{a}" };

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                g_autofree char *plain = g_strdup_printf("http://%s/x", good[i]);
                g_autofree char *with_port = g_strdup_printf("http://%s:8080/x", good[i]);
                g_autofree char *user = g_strdup_printf("ftp://u:p@%s:21/x", good[i]);

                takes(plain, DFOTA, 16, false);
                takes(with_port, DFOTA, 16, false);
                takes(user, DFOTA, 16, false);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *plain = g_strdup_printf("http://%s/x", bad[i]);

                refuses(plain, DFOTA, 16, false, "");
        }
        refuses("http://[::1]:0/x", DFOTA, 16, false, "65535");
        refuses("http://[::1]:/x", DFOTA, 16, false, "65535");
        refuses("http://u:p@/x", DFOTA, 16, false, "server");
        refuses("http://:80/x", DFOTA, 16, false, "server");
}
END_TEST

START_TEST(file_name)
{
        static const char *const none[] = { "http://h",    "http://h/", "http://h/d/", "http://h?x",   "http://h/?x=y",
                                            "http://h/#f", "ftp://h",   "ftp://h/",    "http://h/d/?x" };

        for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
                refuses(none[i], DFOTA, 16, false, "file name");
}
END_TEST

START_TEST(extension)
{
        static const char *const mini[] = { "x.mini_1", "x.y.mini_1", "d.bin/x.mini_1", "d.mini_1/x.mini_1" };
        /* Up to the end of the text, letter by letter: the module derives the second package's name from it. */
        static const char *const not_mini[] = { "x",
                                                "x.bin",
                                                "x.mini",
                                                "x.mini_2",
                                                "x.MINI_1",
                                                "x.Mini_1",
                                                "x.MINI_2",
                                                "x.mini_1.bin",
                                                "x.mini_11",
                                                "d.mini_1/x",
                                                "x?f=x.mini_1",
                                                "x.mini_1?token=a.bin",
                                                "x.mini_1#f",
                                                "x.mini_1?x.mini_1",
                                                "xmini_1",
                                                "x#.mini_1",
                                                ".mini_1",
                                                "d/.mini_1" };
        static const char *const not_dfota[] = { "x.mini", "x.mini_1",     "x.mini_2",   "x.MINI_2",
                                                 "x.Mini", "y.bin.mini_1", "x.mini_1?q", "x.mini#f" };
        static const char *const dfota[] = { "x",       "x.bin", "x.pack", "x.mini_1.bin", "d.mini_1/x", "x?f=x.mini_1",
                                             "xmini_1", "x.min", "mini" };

        for (size_t i = 0; i < G_N_ELEMENTS(mini); i++) {
                g_autofree char *url = g_strconcat("http://h/", mini[i], NULL);

                takes(url, MINI, 4, false);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(not_mini); i++) {
                g_autofree char *url = g_strconcat("http://h/", not_mini[i], NULL);

                refuses(url, MINI, 4, false, ".mini_1");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(not_dfota); i++) {
                g_autofree char *url = g_strconcat("http://h/", not_dfota[i], NULL);

                refuses(url, DFOTA, 16, false, ".mini");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(dfota); i++) {
                g_autofree char *url = g_strconcat("http://h/", dfota[i], NULL);

                takes(url, DFOTA, 16, false);
        }
}
END_TEST

/* ---- passwords */

START_TEST(no_refusal_shows_the_password)
{
        static const char *const broken[] = {
                "http://user:%s@h",
                "http://user:%s@/x",
                "http://user:%s@h:0/x",
                "http://user:%s@h:x/x",
                "http://user:%s@h,i/x",
                "http://user:%s@h/x.mini",
                "http://user:%s@h/x y",
                "http://user:%s@h/\"",
                "http://user:%s@h/\\",
                "http://user:%s@h/\x01",
                "http://user:%s@h/\xff",
                "gopher://user:%s@h/x",
                "ftp://user:%s@h/d/x",
                "user:%s@h/x",
                "http://h:%s/x",
                "http://user:%s/z@h/x",
                "ftp://user:%s0123456789012345678901234567890123456789012345678901@h/x",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
                g_autofree char *url = g_strdup(broken[i]);
                g_autoptr(GString) s = g_string_new(url);
                g_autofree char *why = NULL;

                g_string_replace(s, "%s", "Zq7Wv", 0);
                why = why_of(s->str, DFOTA, 16, false);
                ck_assert_msg(why, "%s is taken", s->str);
                for (unsigned n = 0; n < 4; n++) {
                        char part[3] = { "Zq7Wv"[n], "Zq7Wv"[n + 1], 0 };

                        assert_has_not(why, part);
                }
                assert_has_not(why, "user:");
        }
}
END_TEST

START_TEST(domain)
{
        ck_assert_int_eq(source_domain("ftp://h/x"), CODE_DOMAIN_FTP);
        ck_assert_int_eq(source_domain("FTP://h/x"), CODE_DOMAIN_FTP);
        ck_assert_int_eq(source_domain("http://h/x"), CODE_DOMAIN_HTTP);
        ck_assert_int_eq(source_domain("https://h/x"), CODE_DOMAIN_HTTP);
}
END_TEST

/* ---- random bytes */

/* Bytes that have a meaning in URLs and commands are tried more often than others. */
static char *random_url(GRand *rand)
{
        static const char *const starts[] = {
                "http://", "https://", "ftp://", "HTTP://", "", "http://u:Geheim7@", "ftp://u:Geheim7@h:21/"
        };
        static const char *const pieces[] = { "/",       ":",    "@",    "?",         "#", "[", "]",   ".",
                                              "\"",      "\\",   "\r",   "\n",        ",", " ", "%",   "host",
                                              ".mini_1", ".bin", "8080", "AT+CFUN=0", "'", "x", "\x7f" };
        GString *s = g_string_new(starts[g_rand_int_range(rand, 0, G_N_ELEMENTS(starts))]);
        unsigned n = (unsigned)g_rand_int_range(rand, 0, 14);

        for (unsigned i = 0; i < n; i++) {
                if (g_rand_int_range(rand, 0, 6) == 0)
                        g_string_append_c(s, (char)g_rand_int_range(rand, 1, 256));
                else if (g_rand_int_range(rand, 0, 2))
                        g_string_append_c(s, (char)g_rand_int_range(rand, '0', 'z' + 1));
                else
                        g_string_append(s, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
        }
        return g_string_free(s, FALSE);
}

/* NULL if there is none, or an empty one. */
static char *password_of(const char *url)
{
        Url u;

        url_parse(url, &u);
        return u.password.length ? g_strndup(u.password.start, u.password.length) : NULL;
}

START_TEST(random_bytes)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(20240607u + (guint32)_i);
        unsigned taken = 0;

        for (unsigned n = 0; n < 25000; n++) {
                g_autofree char *url = random_url(rand), *why = NULL, *command = NULL, *shown = NULL, *password = NULL;
                Method method = n % 3 == 0 ? MINI : DFOTA;
                unsigned quotes = 0;

                if (!source_check(url, method, n % 5 * 4, n % 2, &why)) {
                        ck_assert_ptr_nonnull(why);
                        g_autofree char *refused = url_redact(url);
                        continue;
                }
                taken++;
                command = qfota_build_command(url, 1, 100, -1);
                for (const char *p = command; *p; p++) {
                        ck_assert((unsigned char)*p >= ' ' && (unsigned char)*p < 0x7f);
                        quotes += *p == '"';
                }
                ck_assert_uint_eq(quotes, 2);
                ck_assert_ptr_null(strchr(command, '\\'));
                ck_assert_uint_le(strlen(url), method == MINI ? 128 : 255);
                shown = url_redact(url);
                password = password_of(url);
                if (password) {
                        g_autofree char *as_is = g_strdup_printf(":%s@", password);

                        assert_has_not(shown, as_is);
                        assert_has(shown, ":***@");
                } else if (!strstr(url, ":@") && !strpbrk(url, "?#"))
                        ck_assert_str_eq(shown, url);
                if (password && strcmp(password, "Geheim7") == 0)
                        assert_has_not(shown, "Geheim7");
        }
        ck_assert_uint_gt(taken, 100); /* otherwise the test proves nothing */
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("source");

        tcase_add_test(t, examples_of_the_guide);
        tcase_add_test(t, scheme);
        tcase_add_test(t, length);
        tcase_add_test(t, each_part_of_an_ftp_url);
        tcase_add_test(t, query_in_an_ftp_url);
        tcase_add_test(t, ftp_root_directory_only);
        tcase_add_test(t, ftp_and_small_flash);
        tcase_add_test(t, https_for_mini);
        tcase_add_test(t, port);
        tcase_add_test(t, characters_at_every_position);
        tcase_add_test(t, server);
        tcase_add_test(t, file_name);
        tcase_add_test(t, extension);
        tcase_add_test(t, no_refusal_shows_the_password);
        tcase_add_test(t, domain);
        tcase_add_loop_test(t, random_bytes, 0, 4);
        return testing_run(t, "source");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl's output for a person: on terminals of several widths, in each language, through an upgrade's states; and
 * without colours and redrawn lines where the terminal does not support them. */

#include <check.h>
#include <signal.h>
#include <string.h>

#include "client-run.h"
#include "presets.h"
#include "source-checks.h"
#include "suite.h"

static const char *const languages[] = { NULL, "de", "zh_CN" };
static const int widths[] = { 80, 40, 20 };

/* The width on a terminal: 2 columns for wide characters. */
static int columns_of(const char *line)
{
        int columns = 0;

        for (; *line; line = g_utf8_next_char(line)) {
                gunichar c = g_utf8_get_char(line);
                columns += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
        }
        return columns;
}

/* A URL or a revision, after blanks only, that no width could keep: it stays in one piece, to be copied, together with
 * the mark that ends its sentence. */
static bool is_one_word(const char *line)
{
        while (*line == ' ')
                line++;
        for (; *line; line = g_utf8_next_char(line))
                if (*line == ' ' || (g_unichar_iswide(g_utf8_get_char(line)) && *g_utf8_next_char(line)))
                        return false;
        return true;
}

/* The text without its escape sequences; these end in the line in which they begin, and are only colours and, where a
 * line is redrawn, "erase to the end". */
static char *strip(const char *text)
{
        GString *plain = g_string_new(NULL);
        bool coloured = false;

        for (const char *p = text; *p; p++) {
                const char *end = *p == '\033' ? p + 1 + strcspn(p + 1, "mK") : p;

                if (*p == '\033') {
                        g_autofree char *sequence = g_strndup(p, (gsize)(end + 1 - p));

                        ck_assert_msg(g_regex_match_simple("^\033\\[([01]|3[123])?m$", sequence, 0, 0) ||
                                              strcmp(sequence, "\033[K") == 0,
                                      "'%s'", sequence + 1);
                        if (*end == 'm')
                                coloured = strcmp(sequence, "\033[0m") != 0;
                        p = end;
                } else {
                        ck_assert_msg(*p != '\n' || !coloured, "a colour goes beyond its line: %.600s", text);
                        g_string_append_c(plain, *p);
                }
        }
        ck_assert(!coloured);
        return g_string_free(plain, FALSE);
}

/* Each line, and each state of one that is redrawn, fits. */
static void assert_fits(const char *text, int columns)
{
        g_autofree char *plain = strip(text);
        g_auto(GStrv) lines = g_strsplit_set(plain, "\r\n", -1);

        ck_assert(g_utf8_validate(text, -1, NULL));
        for (char **line = lines; *line; line++)
                ck_assert_msg(columns_of(*line) <= columns || is_one_word(*line), "%d columns: '%s'", columns, *line);
}

/* In English and at 80 columns: out is a required part of the output. */
static void assert_seen(World *w, const char *command, int status, const char *out)
{
        for (size_t l = 0; l < G_N_ELEMENTS(languages); l++)
                for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
                        ClientTerminal terminal = { .columns = widths[i], .language = languages[l] };
                        ClientRun *r = client_begin_at(w, command, &terminal);

                        client_finish(r, status);
                        assert_fits(r->text->str, widths[i]);
                        ck_assert_msg(l || i || strstr(r->text->str, out), "%s: '%s' is not in: %s", command, out,
                                      r->text->str);
                        client_free(r);
                }
}

/* The last state, redrawn in place. */
static const char *last_drawn(ClientRun *r)
{
        const char *last = strrchr(r->text->str, '\r');

        return last ? last + 1 : "";
}

/* Runs watch for a job under way until the bar is drawn, and ends it. */
static void assert_bar(World *w, const ClientTerminal *terminal, const char *const *parts)
{
        ClientRun *r = client_begin_at(w, "watch 1", terminal);

        for (const char *const *part = parts; *part; part++)
                client_await(r, *part);
        for (const char *const *part = parts; *part; part++)
                ck_assert_msg(strstr(last_drawn(r), *part), "'%s' is not in: %s", *part, last_drawn(r));
        assert_fits(r->text->str, terminal->columns);
        kill(r->pid, SIGINT);
        client_finish(r, 6);
        assert_fits(r->text->str, terminal->columns);
        client_free(r);
}

/* Without a terminal all columns are there. */
static void assert_in_pipe(World *w, const char *arguments, const char *part)
{
        ClientRun *run = client_begin_at(w, arguments, &(ClientTerminal){ .columns = 0 });

        client_finish(run, 0);
        ck_assert_msg(strstr(run->text->str, part) != NULL, "'%s' is not in: %s", part, run->text->str);
        client_free(run);
}

/* Each row has both revisions, the duration and the source; where a terminal has no room for the columns that tell rows
 * apart, each row is a block. */
static void assert_history(World *w, const char *url)
{
        ClientRun *run = client_begin_at(w, "history", &(ClientTerminal){ .columns = 60, .no_color = "1" });

        client_finish(run, 0);
        ck_assert_msg(strstr(run->text->str, "MODULE    usb-1-1") != NULL, "%s", run->text->str);
        client_free(run);
        assert_in_pipe(w, "history", OLD_REVISION " -> " NEW_REVISION "  http://");
        assert_in_pipe(w, "history", "JOB  FINISHED          DURATION  MODULE   REVISION  ");
        assert_in_pipe(w, "history", url);
}

/* A successful upgrade, one that fails and one that is cancelled. */
START_TEST(test_states)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,mute=600000000,imei=867710050000024" },
                                   .config = "command=1\nstart=5\nsettle=5\ndownload-idle=60\nupdate-idle=60\n" };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *none = world_http(w, "none.bin"), *check = NULL, *start = NULL;
        g_autofree char *job = NULL, *next = NULL;

        source_checks_serve(w);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_property(w, "/org/fotad1/module/usb_2d1_2d2", "Problem", "it does not answer at /dev/ttyUSB4");
        assert_seen(w, "list", 0, "MODULE   MODEL   REVISION             FLASH   METHOD   PORT     STATE");
        assert_seen(w, "list", 0, "it does not answer");
        assert_in_pipe(w, "list",
                       "MODULE   MODEL   REVISION             IMEI             FLASH   METHOD   PORT     STATE\n"
                       "usb-1-1  EC200A  EC200AEUHAR01A02M16  867710050000013  16 MiB  dfota    ttyUSB1  normal\n");
        assert_seen(w, "status", 0, "There is no upgrade");
        assert_seen(w, "history", 0, "No upgrade has ended yet.");
        check = g_strdup_printf("check -m usb-1-1 --check-source %s", none);
        assert_seen(w, check, 3, "\033[31mFAIL\033[0m server");

        start = g_strdup_printf("start -m usb-1-1 --wait %s", none);
        assert_seen(w, start, 1, "\033[31mThe upgrade failed: http/711 (url-error)\033[0m");
        assert_seen(w, "history", 0, "\033[31mfailed: url-error\033[0m");

        world_await_property(w, MODULE_1, "Job", "/");
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_start(w, "usb-1-1", url, NULL);
        ck_assert_ptr_nonnull(job);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "Percent", "25");
        assert_seen(w, "list", 0, "downloading, 25 %");
        assert_seen(w, "status", 0, "State          downloading, 25 %");
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "updating");
        assert_seen(w, "status", 0, "State          updating, ");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        assert_history(w, url);
        assert_seen(w, "watch", 0, "\033[32mThe upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION "\033[0m");
        assert_seen(w, "status", 0, "Result         \033[32msuccess\033[0m");

        world_await_property(w, MODULE_1, "Job", "/");
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        next = world_start(w, "usb-1-1", url, NULL);
        g_free(world_sim(w, "held 1-1"));
        ck_assert(world_call(w, next, "org.fotad1.Job", "Cancel"));
        world_assert_result(w, next, "cancelled", "host", "cancelled");
        assert_seen(w, "watch", 5, "\033[33mThe upgrade was cancelled\033[0m");
        assert_seen(w, "probe usb-1-1", 0, "Model          EC200A");
        world_free(w);
}
END_TEST

/* The module waits in the Mini system for a missing package. */
START_TEST(test_bar)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" }, .config = "stall=1\n" };
        World *w = world_new(&settings);
        g_autofree char *old = world_sim(w, "get 1-1 revision"), *url = world_http(w, "up.mini_1"), *job = NULL;

        world_package(w, "up.mini_1", old, "EC600MCNAAR01A99M08", NULL);
        world_await_module(w, MODULE_1);
        job = world_start(w, MODULE_1, url, NULL);
        ck_assert_ptr_nonnull(job);
        world_await_property(w, job, "State", "stalled");
        assert_seen(w, "list", 0, "\033[33m1: stalled, ");
        assert_bar(w, &(ClientTerminal){ .columns = 100 },
                   (const char *[]){ "stalled      [", "-] ", " %  ", ":", "  3 restarts", NULL });
        assert_bar(w, &(ClientTerminal){ .columns = 40 }, (const char *[]){ "stalled      [", " %  ", NULL });
        assert_bar(w, &(ClientTerminal){ .columns = 20 }, (const char *[]){ " %", NULL });
        assert_bar(w, &(ClientTerminal){ .columns = 80, .language = "zh_CN" },
                   (const char *[]){ "停滞         [", "  3 次重启", NULL });
        assert_bar(w, &(ClientTerminal){ .columns = 80, .language = "de" },
                   (const char *[]){ "angehalten   [", "  3 Neustarts", NULL });
        world_free(w);
}
END_TEST

/* Only text: in a pipe, on a terminal without these functions, and for a user who disables colours. */
START_TEST(test_plain)
{
        static const struct {
                ClientTerminal terminal;
                bool escapes, redraws;
        } rows[] = {
                { { .columns = 0 }, false, false },
                { { .columns = 80, .term = "dumb" }, false, false },
                { { .columns = 80, .no_color = "1" }, false, true },
                { { .columns = 80, .no_color = "" }, true, true },
                { { .columns = 80 }, true, true },
        };
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *none = world_http(w, "none.bin"), *start = g_strdup_printf("start --wait %s", none);

        world_await_module(w, MODULE_1);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                ClientRun *list = client_begin_at(w, "list", &rows[i].terminal), *run;

                client_finish(list, 0);
                ck_assert(strstr(list->text->str, OLD_REVISION));
                ck_assert(!strchr(list->text->str, '\033') == !rows[i].escapes);
                run = client_begin_at(w, start, &rows[i].terminal);
                client_finish(run, 1);
                ck_assert(strstr(run->text->str, "The upgrade failed"));
                ck_assert(!strstr(run->text->str, "\033[31m") == !rows[i].escapes);
                ck_assert(!strstr(run->text->str, "\033[K") == !rows[i].redraws);
                ck_assert(!strchr(run->text->str, '[') == !rows[i].redraws);
                client_free(list);
                client_free(run);
                world_await_property(w, MODULE_1, "Job", "/");
        }
        world_free(w);
}
END_TEST

/* Words that each English sentence of fotad has one of, and neither German nor Chinese has, nor a name. */
#define ENGLISH "(?<![-\\w.])(the|is|are|not|has|may|its|it|which|that|and|of|for|be)(?![-\\w.=])"

static void assert_language(World *w, const char *command, int status, const char *language)
{
        ClientRun *r = client_begin_at(w, command, &(ClientTerminal){ .columns = 0, .language = language });
        g_autoptr(GMatchInfo) found = NULL;
        g_autoptr(GRegex) regex = g_regex_new(ENGLISH, 0, 0, NULL);
        g_autofree char *output = NULL;

        client_finish(r, status);
        output = g_strconcat(r->text->str, r->error, NULL);
        ck_assert_msg(g_regex_match(regex, output, 0, &found) == !language, "%s, '%s': %s", language ?: "English",
                      command, output);
        client_free(r);
}

static void assert_languages(World *w, const char *command, int status)
{
        for (size_t l = 0; l < G_N_ELEMENTS(languages); l++)
                assert_language(w, command, status, languages[l]);
}

/* The sentences of the daemon reach a person in one language: of a module that is silent, of checks, and refusals. */
START_TEST(test_languages)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,mute=600000000,imei=867710050000024" },
                                   .config = "command=1\nstart=5\nsettle=5\n" };
        World *w = world_new(&settings);
        g_autofree char *none = world_http(w, "none.bin"), *url = world_publish(w), *job = NULL;
        g_autofree char *check = g_strdup_printf("check -v -m usb-1-1 --check-source %s", none);
        ClientRun *monitor = client_begin_at(w, "monitor", &(ClientTerminal){ .columns = 0, .language = "de" });

        source_checks_serve(w);
        client_await(monitor, "Problem=es antwortet nicht an /dev/ttyUSB4");
        kill(monitor->pid, SIGINT);
        client_finish(monitor, -SIGINT);
        client_free(monitor);
        world_await_module(w, MODULE_1);
        world_await_property(w, MODULE_2, "Problem", "it does not answer at /dev/ttyUSB4");
        assert_languages(w, "list", 0);
        assert_languages(w, check, 3);
        assert_languages(w, "check -v -m usb-1-1", 0);
        assert_languages(w, "check -v -m usb-1-2 /etc/hostname", 3);
        assert_languages(w, "start -m usb-1-1 'http://h/a b'", 3);
        assert_languages(w, "start -m usb-1-1 --cid 99 http://h/up.bin", 3);
        assert_languages(w, "start -m usb-1-1 --cid 1 /etc/hostname", 3);
        assert_languages(w, "start -m usb-1-2 http://h/up.bin", 3);
        assert_languages(w, "start -m usb-1-9 http://h/up.bin", 3);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        g_free(world_sim(w, "held 1-1"));
        assert_languages(w, "start -m usb-1-1 http://h/up.bin", 3);
        assert_languages(w, "cancel 1", 3);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        assert_languages(w, "cancel 1", 3);
        world_free(w);
}
END_TEST

/* A job that is stalled in its Mini system. */
START_TEST(test_languages_stalled)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" }, .config = "stall=1\n" };
        World *w = world_new(&settings);
        g_autofree char *old = world_sim(w, "get 1-1 revision"), *mini = world_http(w, "up.mini_1"), *job = NULL;
        g_autofree char *check = g_strdup_printf("check -v --check-source %s", mini);

        world_package(w, "up.mini_1", old, "EC600MCNAAR01A99M08", NULL);
        source_checks_serve(w);
        world_await_module(w, MODULE_1);
        assert_languages(w, check, 3);
        job = world_expect_job(w, world_start(w, "", mini, NULL));
        world_await_property(w, job, "State", "stalled");
        assert_languages(w, "status", 0);
        assert_languages(w, "retry 1 http://h/x.bin", 3);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("terminal");

        suite_add(s, "states", test_states, 0, 1);
        suite_add(s, "bar", test_bar, 0, 1);
        suite_add(s, "plain", test_plain, 0, 1);
        suite_add(s, "languages", test_languages, 0, 1);
        suite_add(s, "languages-stalled", test_languages_stalled, 0, 1);
        return suite_run(s);
}

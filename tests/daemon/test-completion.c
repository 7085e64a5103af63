/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The completion for bash, by bash itself (complete), with a running daemon and without one; the words that zsh and
 * fish get of it, and the completions of these two, where they are installed. */

#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "client-run.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

static void complete_with(const char *program)
{
        g_autofree char *path = g_build_filename(g_getenv("abs_top_srcdir"), program, NULL);

        g_setenv("CLIENT_PROGRAM", path, TRUE);
}

static void assert_printed(World *w, const char *arguments, const char *expected)
{
        ClientRun *r = client_begin(w, arguments, NULL, false);

        client_finish(r, 0);
        ck_assert_msg(strcmp(r->text->str, expected) == 0, "%s is offered:\n%s", arguments, r->text->str);
        ck_assert_str_eq(r->error, "");
        client_free(r);
}

/* Asserts all completions at the end of that line, and that nothing else is printed. */
static void assert_offered(World *w, const char *line, const char *expected)
{
        g_autofree char *argument = g_strdup_printf("'%s'", line);

        assert_printed(w, argument, expected);
}

/* The same in another shell. */
static void assert_offered_by(World *w, const char *option, const char *line, const char *expected)
{
        g_autofree char *arguments = g_strdup_printf("%s '%s'", option, line);

        assert_printed(w, arguments, expected);
}

/* The words that zsh and fish get. */
static void assert_offered_whole(World *w, const char *line, const char *expected)
{
        assert_offered_by(w, "--whole", line, expected);
}

static bool is_installed(const char *shell)
{
        g_autofree char *path = g_find_program_in_path(shell);

        return path;
}

START_TEST(test_live)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=867710050000011", "1-2=ec200a,imei=867710050000022" },
                                   .config = "download-idle=60\nupdate-idle=60\n" };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *missing = NULL;

        complete_with("tests/daemon/complete");
        url = world_publish(w);
        missing = world_http(w, "missing.bin");
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        assert_offered(w, "fotactl cancel ", "");
        g_free(world_start(w, MODULE_2, missing, NULL));
        world_assert_result(w, JOB_1, "failed", "http", "url-error");
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        g_free(world_start(w, MODULE_1, url, NULL));
        g_free(world_sim(w, "held 1-1 downloading:50"));

        assert_offered(w, "fotactl status ", "[1]\n[2]\n");
        assert_offered(w, "fotactl watch ", "[2]\n");
        assert_offered(w, "fotactl cancel ", "[2]\n");
        assert_offered(w, "fotactl dismiss ", "");
        assert_offered(w, "fotactl retry ", "");
        assert_offered(w, "fotactl start --module=", "[867710050000011]\n[867710050000022]\n[usb-1-1]\n[usb-1-2]\n");
        assert_offered(w, "fotactl check -m usb-1-2", "[usb-1-2]\n");
        assert_offered(w, "fotactl --json probe 8677100500000", "[867710050000011]\n[867710050000022]\n");
        assert_offered(w, "fotactl survey usb-1-2", "[usb-1-2]\n");
        assert_offered(w, "fotactl cancel 2 ", "");
        g_free(world_sim(w, "release 1-1 downloading:50"));
        g_free(world_sim(w, "held 1-1 updating:50"));
        world_await_property(w, "/org/fotad1/job/_32", "Cancellable", "0");
        assert_offered(w, "fotactl cancel ", "");
        assert_offered(w, "fotactl dismiss ", "[2]\n");
        assert_offered(w, "fotactl watch ", "[2]\n");
        world_free(w);
}
END_TEST

START_TEST(test_stalled)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" }, .config = "stall=1\n" };
        World *w = world_new(&settings);
        g_autofree char *old = NULL, *url = NULL, *job = NULL;

        complete_with("tests/daemon/complete");
        old = world_sim(w, "get 1-1 revision");
        world_package(w, "up.mini_1", old, "EC600MCNAAR01A99M08", NULL);
        url = world_http(w, "up.mini_1");
        world_await_module(w, MODULE_1);
        job = world_start(w, MODULE_1, url, NULL);
        ck_assert_ptr_nonnull(job);
        world_await_property(w, JOB_1, "State", "stalled");
        assert_offered(w, "fotactl retry ", "[1]\n");
        assert_offered(w, "fotactl retry 1 ft", "[ftp://]\n");
        world_free(w);
}
END_TEST

START_TEST(test_alone)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);

        complete_with("tests/daemon/complete");
        assert_offered(w, "fotactl sta", "[start]\n[status]\n");
        assert_offered(w, "fotactl cancel ", "");
        assert_offered(w, "fotactl start -m ", "");
        assert_offered(w, "fotactl start --meth", "[--method=]\n");
        assert_offered(w, "fotactl start --method=m", "[minifota]\n");
        assert_offered(w, "fotactl start --expect ", "");
        assert_offered(w, "fotactl start http:/", "[//]\n");
        assert_offered(w, "fotactl explain host/crash", "[host/crashed]\n");
        assert_offered(w, "fotactl help pro", "[probe]\n");
        assert_offered(w, "fotactl schedule ver", "[verify]\n");
        world_free(w);
}
END_TEST

/* The value of an option is no argument: each option that takes one, by its "=" in the verb's help, is followed by
 * the first argument of "start". */
START_TEST(test_values)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);

        g_setenv("CLIENT_PROGRAM", "/bin/bash", TRUE);
        client_assert(w,
                      "-c 'F=$abs_top_builddir/client/fotactl; n=0; "
                      "for o in $($F start --help | sed -nE \"s/^  (-., )?(--[a-z0-9-]+)=.*/\\2/p\"); do "
                      "[ \"$($abs_top_srcdir/tests/daemon/complete \"fotactl start $o 1 http:/\")\" = \"[//]\" ] || "
                      "{ echo $o; exit 1; }; n=$((n + 1)); done; echo $n options'",
                      NULL, 0, "18 options", "");
        complete_with("tests/daemon/complete");
        assert_offered(w, "fotactl start --until=", "[finished]\n[stalled]\n");
        assert_offered(w, "fotactl watch --until s", "[stalled]\n");
        world_free(w);
}
END_TEST

/* Every option in a verb's help. */
START_TEST(test_options)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);

        g_setenv("CLIENT_PROGRAM", "/bin/bash", TRUE);
        client_assert(w,
                      "-c 'F=$abs_top_builddir/client/fotactl; n=0; "
                      "for v in $($F --help | sed -nE \"/^Verbs:/,/^$/s/^  ([a-z]+) .*/\\1/p\"); do "
                      "[ $v != help ] || continue; "
                      "diff <($F $v --help | grep -oE \"^  (-., )?--[a-z0-9-]+\" | sed \"s/.*--/--/\" | sort) "
                      "<($abs_top_srcdir/tests/daemon/complete \"fotactl $v --\" | tr -d \"[]=\" | sort) || exit 1; "
                      "n=$((n + 1)); done; echo $n verbs'",
                      NULL, 0, "17 verbs", "");
        world_free(w);
}
END_TEST

/* The words for zsh and fish are whole; more follows those that end in = and /. The scripts of both shells have no
 * words of their own. */
START_TEST(test_whole)
{
        static const struct {
                const char *line, *expected;
        } rows[] = {
                { "fotactl sta", "start\nstatus\n" },
                { "fotactl start --meth", "--method=\n" },
                { "fotactl start --method=m", "--method=minifota\n" },
                { "fotactl start --method m", "minifota\n" },
                { "fotactl start http:/", "http://\n" },
                { "fotactl start ./di", "./dir/\n" },
                { "fotactl explain host/crash", "host/crashed\n" },
                { "fotactl schedule ver", "verify\n" },
                { "fotactl cancel ", "" },
                { "fotactl", "" },
                { "", "" },
        };
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *place = world_path(w, "dir"), *above = g_path_get_dirname(place);

        ck_assert_int_eq(g_mkdir(place, 0755), 0);
        ck_assert_int_eq(g_chdir(above), 0);
        complete_with("tests/daemon/complete");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                assert_offered_whole(w, rows[i].line, rows[i].expected);
                if (is_installed("fish") && strchr(rows[i].line, ' '))
                        assert_offered_by(w, "--fish", rows[i].line, rows[i].expected);
        }
        g_setenv("CLIENT_PROGRAM", "/bin/sh", TRUE);
        client_assert(w,
                      "-c 'cd $abs_top_builddir/client/completion; grep -c \"bash .*/fotactl \" _fotactl fotactl.fish'",
                      NULL, 0, "_fotactl:1\nfotactl.fish:1\n", "");
        world_free(w);
}
END_TEST

/* The line of an interactive zsh after TAB: a blank follows a word that is complete. */
START_TEST(test_zsh)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *place = world_path(w, "dir"), *above = g_path_get_dirname(place);

        ck_assert_int_eq(g_mkdir(place, 0755), 0);
        ck_assert_int_eq(g_chdir(above), 0);
        complete_with("tests/daemon/complete");
        if (is_installed("zsh"))
                assert_printed(
                        w,
                        "--zsh 'fotactl sche' 'fotactl sta' 'fotactl start --meth' 'fotactl start --method=m' "
                        "'fotactl start --method m' 'fotactl start http:/' 'fotactl start ./di' 'fotactl cancel '",
                        "fotactl schedule \nfotactl sta\nfotactl start --method=\n"
                        "fotactl start --method=minifota \nfotactl start --method minifota \n"
                        "fotactl start http://\nfotactl start ./dir/\nfotactl cancel \n");
        world_free(w);
}
END_TEST

/* The names of files and schedules are never executed. */
START_TEST(test_hostile)
{
        static const char name[] = "a$(touch pwned)`touch pwned`.conf";
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *place = world_path(w, "names"), *file = g_build_filename(place, name, NULL), *line = NULL;
        g_autofree char *good = g_build_filename(place, "night.conf", NULL), *offered = NULL, *whole = NULL;

        complete_with("tests/daemon/complete");
        ck_assert_int_eq(g_mkdir(place, 0755), 0);
        ck_assert_int_eq(g_chdir(place), 0);
        ck_assert(g_file_set_contents(file, "", 0, NULL));
        ck_assert(g_file_set_contents(good, "[upgrade]\n", -1, NULL));
        offered = g_strdup_printf("[./%s]\n", name);
        whole = g_strdup_printf("./%s\n", name);
        assert_offered(w, "fotactl start ./a", offered);
        assert_offered_whole(w, "fotactl start ./a", whole);
        if (is_installed("fish"))
                assert_offered_by(w, "--fish", "fotactl start ./a", whole);
        if (is_installed("zsh"))
                assert_printed(w, "--zsh 'fotactl start ./a'",
                               "fotactl start ./a\\$\\(touch\\ pwned\\)\\`touch\\ pwned\\`.conf \n");
        line = g_strdup_printf("fotactl schedule --directory=%s show ", place);
        assert_offered(w, line, "[night]\n");
        ck_assert_int_ne(g_access("pwned", F_OK), 0);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("completion");

        suite_add(s, "live", test_live, 0, 1);
        suite_add(s, "stalled", test_stalled, 0, 1);
        suite_add(s, "alone", test_alone, 0, 1);
        suite_add(s, "options", test_options, 0, 1);
        suite_add(s, "values", test_values, 0, 1);
        suite_add(s, "whole", test_whole, 0, 1);
        suite_add(s, "zsh", test_zsh, 0, 1);
        suite_add(s, "hostile", test_hostile, 0, 1);
        return suite_run(s);
}

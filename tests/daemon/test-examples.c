/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The examples in doc/examples, run as a person runs them, each against a running job: success, failure, a daemon that
 * dies in the middle, a refusal, and a missing daemon. */

#include <check.h>
#include <glib.h>
#include <signal.h>
#include <string.h>

#include "client-run.h"
#include "suite.h"
#include "world.h"

static const struct Example {
        const char *variable, *name; /* below the tree, or below the build */
} examples[] = {
        { "abs_top_srcdir", "doc/examples/upgrade-gdbus" },
        { "abs_top_srcdir", "doc/examples/upgrade-busctl" },
        { "abs_top_srcdir", "doc/examples/upgrade.py" },
        { "abs_top_builddir", "doc/examples/upgrade" },
};

static World *begin(int i)
{
        g_autofree char *program = g_build_filename(g_getenv(examples[i].variable), examples[i].name, NULL);
        World *w = world_new(&WORLD_EC200A);

        g_setenv("CLIENT_PROGRAM", program, TRUE);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        return w;
}

static char *arguments(World *w, const char *package)
{
        g_autofree char *url = world_http(w, package);

        return g_strdup_printf("%s " NEW_REVISION, url);
}

START_TEST(test_success)
{
        World *w = begin(_i);
        g_autofree char *command = arguments(w, "up.bin");

        client_assert(w, command, NULL, 0, "success", "");
        world_assert_result(w, JOB_1, "success", "", "");
        world_assert_sim(w, NEW_REVISION, "get 1-1 revision");
        world_free(w);
}
END_TEST

START_TEST(test_failure)
{
        World *w = begin(_i);
        g_autofree char *command = arguments(w, "missing.bin");

        client_assert(w, command, NULL, 1, "failed", "");
        world_assert_result(w, JOB_1, "failed", "http", "url-error");
        world_free(w);
}
END_TEST

START_TEST(test_cancelled)
{
        World *w = begin(_i);
        g_autofree char *command = arguments(w, "up.bin");
        ClientRun *r;

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        r = client_begin(w, command, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        ck_assert(world_call(w, JOB_1, "org.fotad1.Job", "Cancel"));
        client_finish(r, 5);
        ck_assert_ptr_nonnull(strstr(r->text->str, "cancelled"));
        client_free(r);
        world_free(w);
}
END_TEST

START_TEST(test_daemon_dies)
{
        World *w = begin(_i);
        g_autofree char *command = arguments(w, "up.bin");
        ClientRun *r;

        g_free(world_sim(w, "hold 1-1 updating:50"));
        r = client_begin(w, command, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        world_kill_daemon(w);
        world_start_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        client_finish(r, 0);
        ck_assert_ptr_nonnull(strstr(r->text->str, "success"));
        client_free(r);
        world_assert_outcome(w, JOB_1, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

/* Another upgrade that is under way makes the call fail. */
START_TEST(test_refused)
{
        World *w = begin(_i);
        g_autofree char *command = arguments(w, "up.bin"), *url = world_http(w, "up.bin"), *job = NULL;

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, MODULE_1, url, NULL);
        ck_assert_ptr_nonnull(job);
        g_free(world_sim(w, "held 1-1"));
        client_assert(w, command, NULL, 3, "", _i == 1 ? "job" : "Busy");
        world_free(w);
}
END_TEST

START_TEST(test_no_daemon)
{
        World *w = begin(_i);

        ck_assert_int_eq(world_stop_daemon(w), 0);
        client_assert(w, "http://192.0.2.7/x " NEW_REVISION, NULL, _i == 1 ? 3 : 4, "", "org.fotad1");
        world_free(w);
}
END_TEST

/* A package on this host, by its descriptor. */
START_TEST(test_file)
{
        World *w = begin(2);
        g_autofree char *path = NULL, *command = NULL;

        world_make_package(w, "here.bin", OLD_REVISION, NEW_REVISION, 3000);
        path = world_path(w, "here.bin");
        command = g_strdup_printf("'%s' " NEW_REVISION, path);
        client_assert(w, command, NULL, 0, "success", "");
        world_assert_property(w, JOB_1, "Source", "here.bin");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("examples");
        const int n = G_N_ELEMENTS(examples);

        suite_add(s, "success", test_success, 0, n);
        suite_add(s, "failure", test_failure, 0, n);
        suite_add(s, "cancelled", test_cancelled, 0, n);
        suite_add(s, "daemon-dies", test_daemon_dies, 0, n);
        suite_add(s, "refused", test_refused, 0, n);
        suite_add(s, "no-daemon", test_no_daemon, 0, n);
        suite_add(s, "file", test_file, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The claim on a module that a job holds, which the shipped udev rule reads: there from before the first byte to the
 * end, whatever becomes of the daemon. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "suite.h"
#include "world.h"

static bool is_claimed(World *w, const char *id)
{
        g_autofree char *name = g_strconcat("run/claims/", id, NULL), *file = world_path(w, name);
        struct stat st;

        if (g_stat(file, &st) < 0)
                return false;
        ck_assert_int_eq(st.st_mode & 0777, 0644); /* udev's programs may be anybody */
        return true;
}

static World *new_world(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" },
                                   .config = "[timeouts]\nsettle=3\nstart=3\n" };
        World *w = world_new(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        return w;
}

static char *start(World *w, const char *package, const char *point)
{
        g_autofree char *url = world_http(w, package);
        char *job;

        if (point)
                g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_start(w, MODULE_1, url, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        if (point)
                g_free(world_sim(w, "held 1-1"));
        return job;
}

/* From the answer to StartUpgrade on, while it is off the bus as well, until the job is over. */
START_TEST(test_upgrade)
{
        World *w = new_world();
        g_autofree char *job = NULL;

        ck_assert(!is_claimed(w, "usb-1-1"));
        job = start(w, "up.bin", "off:1");
        ck_assert(is_claimed(w, "usb-1-1"));
        ck_assert(!is_claimed(w, "usb-1-2"));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(!is_claimed(w, "usb-1-1"));
        world_free(w);
}
END_TEST

START_TEST(test_failure)
{
        World *w = new_world();
        g_autofree char *job = start(w, "none.bin", NULL);

        world_assert_result(w, job, "failed", "http", "url-error");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(!is_claimed(w, "usb-1-1"));
        world_free(w);
}
END_TEST

/* Killed (0) or stopped (1), it stays; the next daemon has the job, and its end. */
START_TEST(test_daemon_goes)
{
        World *w = new_world();
        g_autofree char *job = start(w, "up.bin", "updating:50");

        if (_i == 0)
                world_kill_daemon(w);
        else
                ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(is_claimed(w, "usb-1-1"));
        world_start_daemon(w);
        g_free(world_property(w, job, "State")); /* it has begun */
        ck_assert(is_claimed(w, "usb-1-1"));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(!is_claimed(w, "usb-1-1"));
        world_free(w);
}
END_TEST

/* After the gateway's power was cut nothing is left of it; a claim that nobody wants any more goes at the start. */
START_TEST(test_made_anew_and_swept)
{
        World *w = new_world();
        g_autofree char *job = start(w, "up.bin", "updating:50"), *mine = world_path(w, "run/claims/usb-1-1");
        g_autofree char *old = world_path(w, "run/claims/usb-1-7");

        world_kill_daemon(w);
        ck_assert_int_eq(g_unlink(mine), 0);
        ck_assert(g_file_set_contents(old, "", 0, NULL));
        world_start_daemon(w);
        g_free(world_property(w, job, "State")); /* it has begun */
        ck_assert(is_claimed(w, "usb-1-1"));
        ck_assert(!g_file_test(old, G_FILE_TEST_EXISTS));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* Where none can be made the upgrade goes on, and the log says what may come of it. */
START_TEST(test_no_place_for_it)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *run = world_path(w, "run"), *job = NULL, *log = NULL;

        ck_assert(g_file_set_contents(run, "", 0, NULL)); /* no directory */
        world_start_daemon(w);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        job = start(w, "up.bin", NULL);
        world_assert_result(w, job, "success", "", "");
        log = world_log(w);
        ck_assert(strstr(log, "ModemManager may take usb-1-1") != NULL);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("claim");

        suite_add(s, "upgrade", test_upgrade, 0, 1);
        suite_add(s, "failure", test_failure, 0, 1);
        suite_add(s, "daemon-goes", test_daemon_goes, 0, 2);
        suite_add(s, "made-anew", test_made_anew_and_swept, 0, 1);
        suite_add(s, "no-place", test_no_place_for_it, 0, 1);
        return suite_run(s);
}

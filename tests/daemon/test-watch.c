/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs that fail although their modules may still be writing their flash: the module stays claimed and awake until it
 * reports its revision, which completes the record of the job. The Result stays. */

#include <check.h>
#include <string.h>

#include "client-run.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define MODULE_5   "/org/fotad1/module/usb_2d1_2d5"
#define JOB_2      "/org/fotad1/job/_32"
#define OTHER_IMEI "867710050000024"
#define LOST       "restart=2"

static World *world_with(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat("1-1=ec200a", *module ? "," : "", module, NULL);
        g_autofree char *all = g_strconcat("command=300\nstart=300\ndownload-idle=300\nupdate-idle=300\nrestart=300\n"
                                           "settle=3\n",
                                           config, "\n", NULL);
        WorldSettings settings = { .modules = { first }, .config = all };
        World *w = world_new(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        return w;
}

static bool is_claimed(World *w)
{
        g_autofree char *file = world_path(w, "run/claims/usb-1-1");

        return g_file_test(file, G_FILE_TEST_EXISTS);
}

/* Begins an upgrade that is held at that point until its job has failed. */
static char *fail_at(World *w, const char *point, const char *name)
{
        g_autofree char *url = world_http(w, "up.bin"), *record = world_path(w, "state/jobs/1.job");
        char *job;

        g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_expect_job(w, world_start(w, "", url, NULL));
        g_free(world_sim(w, "held 1-1 %s", point));
        world_assert_result(w, job, "failed", "host", name);
        world_await_file(w, record, "Announced=yes"); /* a daemon that is killed before reports the Result again */
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert_msg(is_claimed(w), "the claim is gone");
        return job;
}

/* The record is completed, and the Result is not. */
static void check_resolved(World *w, const char *job, const char *revision, const char *name)
{
        g_autofree char *message = NULL, *log = NULL;
        g_autofree char *arguments = g_strdup_printf("%s %d", revision, strcmp(revision, OLD_REVISION) != 0);

        ck_assert(world_await_signal(w, job, "Resolved", arguments));
        world_assert_property(w, job, "ToRevision", revision);
        world_assert_property(w, job, "State", "finished");
        world_assert_property(w, job, "Result", "failed");
        world_assert_property(w, job, "ErrorName", name);
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, "came back later") && strstr(message, revision), "%s", message);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        ck_assert_uint_eq(world_count_signals(w, job, "Resolved"), 1);
        log = world_log(w);
        ck_assert_ptr_nonnull(strstr(log, "its module is back and runs"));
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_assert_property(w, MODULE_1, "Job", "/");
        ck_assert_msg(!is_claimed(w), "the claim is left");
}

/* Off the bus for too long, then back with the new firmware. 1, 2: the daemon is killed, or stopped, meanwhile. */
START_TEST(test_lost)
{
        World *w = world_with("", LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost");

        world_assert_property(w, job, "ToRevision", "");
        if (_i > 0) {
                if (_i == 1)
                        world_kill_daemon(w);
                else
                        ck_assert_int_eq(world_stop_daemon(w), 0);
                ck_assert(is_claimed(w));
                world_start_daemon(w);
                world_assert_property(w, job, "ErrorName", "module-lost");
                ck_assert_msg(is_claimed(w), "the claim did not survive the daemon");
        }
        g_free(world_sim(w, "hold 1-1 answer:ATI"));
        g_free(world_sim(w, "release 1-1 off:2"));
        g_free(world_sim(w, "held 1-1 answer:ATI"));
        world_assert_sim(w, "on", "get 1-1 power-control");
        ck_assert(is_claimed(w));
        g_free(world_sim(w, "release 1-1 answer:ATI"));
        check_resolved(w, job, NEW_REVISION, "module-lost");

        /* The next daemon watches nothing. */
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        ck_assert(!is_claimed(w));
        world_free(w);
}
END_TEST

/* Silent for too long after the download: the module stays on the bus, and goes on later. */
START_TEST(test_timeout)
{
        World *w = world_with("lost=start/updating/end", "update-idle=3");
        g_autofree char *job = fail_at(w, "downloaded", "update-timeout");

        world_assert_sim(w, "on", "get 1-1 power-control");
        g_free(world_sim(w, "release 1-1 downloaded"));
        check_resolved(w, job, NEW_REVISION, "update-timeout");
        world_free(w);
}
END_TEST

/* Each place that names the module says that it is to be kept powered, until it is seen again. */
static void assert_kept_powered(World *w, const char *name, const char *refused)
{
        g_autofree char *problem = NULL, *row = NULL;

        world_await_property(w, MODULE_1, "ProblemName", name);
        problem = world_property(w, MODULE_1, "Problem");
        ck_assert_msg(g_str_has_suffix(problem, ": keep it powered, for it may still be writing its flash"), "%s",
                      problem);
        row = g_strdup_printf("FAIL %s", refused);
        client_assert(w, "list", NULL, 0, problem, "");
        client_assert(w, "check --module usb-1-1", NULL, 3, row, "");
        client_assert(w, "check --module usb-1-1", NULL, 3, "keep it powered", "");
        client_assert(w, "probe usb-1-1", NULL, 3, "", problem);
        client_assert(w, "start http://127.0.0.1/up.bin", NULL, 3, "", problem);
}

START_TEST(test_powered)
{
        World *w = world_with(_i ? "lost=start/updating/end" : "", _i ? "update-idle=3\ncommand=2" : LOST);
        g_autofree char *job = _i ? fail_at(w, "updater", "update-timeout") : fail_at(w, "off:2", "module-lost");

        assert_kept_powered(w, _i ? "silent" : "away-after-failure", "module");
        client_assert(w, "status 1", NULL, 0, _i ? "keep the module powered" : "keep it powered", "");
        g_free(world_sim(w, _i ? "release 1-1 updater" : "release 1-1 off:2"));
        check_resolved(w, job, NEW_REVISION, _i ? "update-timeout" : "module-lost");
        world_await_property(w, MODULE_1, "ProblemName", "");
        world_free(w);
}
END_TEST

/* An upgrade that is seen to go on is adopted, and completes the record of the first job with its own. */
START_TEST(test_adopted)
{
        World *w = world_with("", LOST);
        g_autofree char *job = fail_at(w, "off:1", "module-lost");

        g_free(world_sim(w, "hold 1-1 updater"));
        g_free(world_sim(w, "hold 1-1 end"));
        g_free(world_sim(w, "release 1-1 off:1"));
        world_pass(w, "updater");
        g_free(world_sim(w, "held 1-1 end"));
        world_await_property(w, MODULE_1, "Job", JOB_2);
        ck_assert_uint_eq(world_count_signals(w, job, "Resolved"), 0);
        g_free(world_sim(w, "release 1-1 end"));
        world_assert_result(w, JOB_2, "success", "", "");
        check_resolved(w, job, NEW_REVISION, "module-lost");
        world_free(w);
}
END_TEST

/* Back with the firmware from before the job, which is identified when it stays. */
START_TEST(test_unchanged)
{
        World *w = world_with("update-code=504,lost=start/updating/end", LOST "\nupdate-idle=2");
        g_autofree char *job = fail_at(w, "off:2", "module-lost");

        g_free(world_sim(w, "release 1-1 off:2"));
        check_resolved(w, job, OLD_REVISION, "module-lost");
        world_free(w);
}
END_TEST

/* A module that was moved is identified by its IMEI. */
START_TEST(test_moved)
{
        World *w = world_with("", LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost");

        g_free(world_sim(w, "move 1-1 1-5"));
        g_free(world_sim(w, "release 1-1 off:2"));
        world_await_property(w, MODULE_5, "Revision", NEW_REVISION);
        check_resolved(w, job, NEW_REVISION, "module-lost");
        world_free(w);
}
END_TEST

/* The module of the adopted job is lost, too. Its watch replaces the first one, and autosuspend stays off until that
 * is over. */
START_TEST(test_lost_again)
{
        World *w = world_with("", LOST);
        g_autofree char *job = fail_at(w, "off:1", "module-lost");

        g_free(world_sim(w, "hold 1-1 updater"));
        g_free(world_sim(w, "hold 1-1 off:2"));
        g_free(world_sim(w, "release 1-1 off:1"));
        world_pass(w, "updater");
        g_free(world_sim(w, "held 1-1 off:2"));
        world_assert_result(w, JOB_2, "failed", "host", "module-lost");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert_msg(is_claimed(w), "the claim is gone");
        g_free(world_sim(w, "hold 1-1 answer:ATI"));
        g_free(world_sim(w, "release 1-1 off:2"));
        g_free(world_sim(w, "held 1-1 answer:ATI"));
        world_assert_sim(w, "on", "get 1-1 power-control");
        g_free(world_sim(w, "release 1-1 answer:ATI"));
        check_resolved(w, JOB_2, NEW_REVISION, "module-lost");
        ck_assert_uint_eq(world_count_signals(w, job, "Resolved"), 0);
        world_free(w);
}
END_TEST

/* ---- ends without a revision */

static void check_unresolved(World *w, const char *job)
{
        world_assert_property(w, job, "ToRevision", "");
        ck_assert_uint_eq(world_count_signals(w, job, "Resolved"), 0);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
}

/* Waits until the log has the end of the watch, with this reason. */
static void await_given_up(World *w, const char *why)
{
        g_autofree char *line = g_strconcat("is no longer watched: ", why, NULL), *log = world_path(w, "fotad.log");

        world_await_file(w, log, line);
}

START_TEST(test_replaced)
{
        World *w = world_with("new-imei=" OTHER_IMEI, LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost");

        g_free(world_sim(w, "release 1-1 off:2"));
        world_await_property(w, MODULE_1, "Imei", OTHER_IMEI);
        check_unresolved(w, job);
        ck_assert_msg(!is_claimed(w), "the claim is left");
        world_free(w);
}
END_TEST

/* Reads the identity once more, after which any revision that counts has been counted. */
static void read_again(World *w)
{
        ck_assert_msg(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"), "%s", world_error_message(w));
}

/* The IMEI of the job's module is unknown: another module may be there. */
START_TEST(test_unknown)
{
        World *w = world_with("new-imei=" OTHER_IMEI, LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost"), *record = world_path(w, "state/jobs/1.job");
        g_autoptr(GKeyFile) file = g_key_file_new();

        world_kill_daemon(w);
        ck_assert(g_key_file_load_from_file(file, record, G_KEY_FILE_NONE, NULL));
        g_key_file_set_string(file, "Job", "Imei", "");
        ck_assert(g_key_file_save_to_file(file, record, NULL));
        world_start_daemon(w);
        g_free(world_sim(w, "release 1-1 off:2"));
        world_await_property(w, MODULE_1, "Revision", NEW_REVISION);
        read_again(w);
        check_unresolved(w, job);
        ck_assert_msg(is_claimed(w), "the claim is gone");
        world_free(w);
}
END_TEST

/* The Mini system of a MiniFOTA may report any revision: only the expected one counts (1). */
START_TEST(test_mini)
{
        Course *c = course_new("ec600m,lost=end", "restart=2");
        g_autofree char *url = g_strdup(c->url);

        course_publish(c, NULL);
        g_free(world_sim(c->w, "hold 1-1 off:4"));
        course_begin_with(c, url, _i == 1 ? "expected-revision" : NULL, "s", c->new);
        g_free(world_sim(c->w, "held 1-1 off:4"));
        world_assert_result(c->w, c->job, "failed", "host", "module-lost");
        world_await_property(c->w, MODULE_1, "Job", "/");
        g_free(world_sim(c->w, "release 1-1 off:4"));
        world_await_property(c->w, MODULE_1, "Revision", c->new);
        if (_i == 1) {
                check_resolved(c->w, c->job, c->new, "module-lost");
        } else {
                read_again(c->w);
                check_unresolved(c->w, c->job);
        }
        course_free(c);
}
END_TEST

/* In its Mini system the module shows the chip's vendor id, under which only an expected module counts as one. */
START_TEST(test_vendor_id)
{
        Course *c = course_new("ec800m-4,mini-vid=2ecc", "restart=2");

        course_publish(c, NULL);
        course_begin_and_hold(c, "off:1");
        world_assert_result(c->w, c->job, "failed", "host", "module-lost");
        world_await_property(c->w, MODULE_1, "Job", "/");
        g_free(world_sim(c->w, "hold 1-1 mini"));
        g_free(world_sim(c->w, "release 1-1 off:1"));
        g_free(world_sim(c->w, "held 1-1 mini"));
        world_await_property(c->w, MODULE_1, "Present", "1");
        course_free(c);
}
END_TEST

/* An upgrade is started on a module that was moved. */
START_TEST(test_moved_anew)
{
        World *w = world_with("update-code=504,lost=start/updating/end", LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost"), *url = world_http(w, "up.bin"), *next = NULL;

        g_free(world_sim(w, "move 1-1 1-5"));
        g_free(world_sim(w, "release 1-1 off:2"));
        world_await_property(w, MODULE_5, "Revision", OLD_REVISION);
        next = world_start(w, "usb-1-5", url, NULL);
        ck_assert_msg(next != NULL, "%s", world_error_message(w));
        await_given_up(w, "another job begins");
        check_unresolved(w, job);
        ck_assert_msg(!is_claimed(w), "the claim is left");
        world_free(w);
}
END_TEST

/* A person starts an upgrade on it. */
START_TEST(test_started_anew)
{
        World *w = world_with("update-code=504,lost=start/updating/end", LOST);
        g_autofree char *job = fail_at(w, "off:2", "module-lost"), *url = world_http(w, "up.bin"), *next = NULL;

        g_free(world_sim(w, "release 1-1 off:2"));
        world_await_property(w, MODULE_1, "System", "normal");
        ck_assert(is_claimed(w));
        g_free(world_sim(w, "set 1-1 update-code 0"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        next = world_start(w, "", url, NULL);
        ck_assert_msg(next != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1 updating:50"));
        ck_assert(is_claimed(w));
        world_assert_sim(w, "on", "get 1-1 power-control");
        g_free(world_sim(w, "release 1-1 updating:50"));
        world_assert_result(w, next, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        check_unresolved(w, job);
        ck_assert(!is_claimed(w));
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_free(w);
}
END_TEST

/* The time of the watch is over: 1 in a later daemon. */
START_TEST(test_over)
{
        World *w = world_with("", LOST "\nwatch=2");
        g_autofree char *job = fail_at(w, "off:2", "module-lost");

        if (_i == 1) {
                world_kill_daemon(w);
                world_start_daemon(w);
        }
        await_given_up(w, "it has not reported");
        check_unresolved(w, job);
        ck_assert_msg(!is_claimed(w), "the claim is left");
        world_free(w);
}
END_TEST

/* Without AT+QFOTADL nothing is being written, and nothing is watched. */
START_TEST(test_not_begun)
{
        World *w = world_with("", LOST);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL;

        g_free(world_sim(w, "hold 1-1 " PREPARING));
        job = world_start(w, "", url, NULL);
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "detach 1-1"));
        world_assert_result(w, job, "failed", "host", "module-lost");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(!is_claimed(w));
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("watch");

        suite_add(s, "lost", test_lost, 0, 3);
        suite_add(s, "timeout", test_timeout, 0, 1);
        suite_add(s, "powered", test_powered, 0, 2);
        suite_add(s, "adopted", test_adopted, 0, 1);
        suite_add(s, "unchanged", test_unchanged, 0, 1);
        suite_add(s, "moved", test_moved, 0, 1);
        suite_add(s, "lost-again", test_lost_again, 0, 1);
        suite_add(s, "replaced", test_replaced, 0, 1);
        suite_add(s, "unknown", test_unknown, 0, 1);
        suite_add(s, "mini", test_mini, 0, 2);
        suite_add(s, "vendor-id", test_vendor_id, 0, 1);
        suite_add(s, "moved-anew", test_moved_anew, 0, 1);
        suite_add(s, "started-anew", test_started_anew, 0, 1);
        suite_add(s, "over", test_over, 0, 2);
        suite_add(s, "not-begun", test_not_begun, 0, 1);
        return suite_run(s);
}

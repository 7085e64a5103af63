/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A disk that takes long to write a record holds up the job of that record alone: the daemon answers calls, and other
 * modules are upgraded. The calls that start upgrades are in test-slow-starts. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "datagrams.h"
#include "held.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"

/* ---- a job whose record is held */

/* The module of the record sends nothing, and another one is upgraded meanwhile. */
START_TEST(test_other_module)
{
        World *w = held_world(NULL);
        g_autofree char *url = world_http(w, "other.bin"), *other = NULL;
        Hold *h = hold_before_command(w);

        hold_assert(w);
        other = world_expect_job(w, world_start(w, MODULE_2, url, NULL));
        world_assert_result(w, other, "success", "", "");
        hold_assert(w);
        hold_release(h);
        held_assert_success(w);
        world_free(w);
}
END_TEST

/* The call waits, and then the download that has begun is given up. */
START_TEST(test_cancel)
{
        World *w = held_world(NULL);
        Hold *h;
        Caller *c;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        c = call_cancel(_i);
        hold_assert(w);
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        world_assert_property(w, JOB_1, "Cancellable", "0");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        caller_free(c);
        world_free(w);
}
END_TEST

/* The call is answered when the disk knows that the job was cancelled. */
START_TEST(test_cancel_recorded)
{
        World *w = held_world(NULL);
        Hold *h;
        Caller *c;

        held_start_job(w, PREPARING);
        h = hold_new(w);
        c = call_cancel(_i);
        hold_await(h, "Result=cancelled");
        hold_assert(w);
        world_assert_property(w, JOB_1, "Cancellable", "1");
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        world_assert_property(w, JOB_1, "Cancellable", "0");
        g_free(world_sim(w, "release 1-1 " PREPARING));
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        caller_free(c);
        world_free(w);
}
END_TEST

/* The status of the unit does not show the end of a job before the disk has it. */
START_TEST(test_status)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600n" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "notify"), *url = NULL, *other = NULL;
        Datagrams *said = datagrams_new(path);
        g_autoptr(GPtrArray) all = NULL;
        unsigned n;
        Hold *h;
        Caller *c;

        world_set_environment(w, "NOTIFY_SOCKET", path);
        held_start_daemon(w);
        world_await_module(w, MODULE_2);
        world_package(w, "other.bin", OTHER_OLD, OTHER_NEW, NULL);
        url = world_http(w, "other.bin");
        held_start_job(w, PREPARING);
        h = hold_new(w);
        c = call_cancel(0);
        hold_await(h, "Result=cancelled");
        g_free(world_sim(w, "release 1-1 " PREPARING));
        hold_await(h, "State=finished");
        other = world_expect_job(w, world_start(w, MODULE_2, url, NULL));
        n = datagrams_await(said, 0, "job 2 on usb-1-2: ");
        all = datagrams_get(said);
        ck_assert_msg(g_str_has_prefix(g_ptr_array_index(all, n), "STATUS=job 1 on usb-1-1: preparing 0 %; "), "%s",
                      (char *)g_ptr_array_index(all, n));
        hold_release(h);
        caller_await(c);
        world_assert_result(w, other, "success", "", "");
        datagrams_await(said, n, "STATUS=Idle");
        caller_free(c);
        world_free(w);
        datagrams_free(said);
}
END_TEST

/* The module goes through the whole upgrade meanwhile: its restarts count, and the job concludes from the revision. */
START_TEST(test_restarts)
{
        World *w = held_world(NULL);
        Hold *h;

        held_start_job(w, "downloading:40");
        world_await_property(w, JOB_1, "State", "downloading");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 downloading:40"));
        hold_await(h, "Sent=true");
        g_free(world_sim(w, "wait 1-1 normal 2"));
        world_assert_property(w, JOB_1, "State", "downloading");
        world_assert_property(w, JOB_1, "Restarts", "0");
        hold_release(h);
        held_assert_success(w);
        world_assert_property(w, JOB_1, "Restarts", "2");
        world_free(w);
}
END_TEST

/* The module prints all messages of the download and restarts, which erases those that the host has not read: each of
 * them counts. The module waits some seconds for the host to read them. */
START_TEST(test_messages)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,drain=5000" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        g_autoptr(GString) percents = g_string_new(NULL);
        Course *c = course_new_world(&settings);
        Hold *h;

        held_start_daemon(c->w);
        course_publish_any(c);
        course_begin_and_hold(c, "downloading:40");
        world_await_property(c->w, c->job, "State", "downloading");
        h = hold_new(c->w);
        g_free(world_sim(c->w, "hold 1-1 off:1"));
        g_free(world_sim(c->w, "release 1-1 downloading:40"));
        hold_await(h, "Sent=true");
        g_free(world_sim(c->w, "held 1-1 off:1"));
        hold_release(h);
        world_await_property(c->w, c->job, "State", "restarting");
        for (unsigned i = 1; i <= 50; i++) /* the download */
                g_string_append_printf(percents, "%s%u", i > 1 ? " " : "", i);
        course_assert_history(c, c->job, "Percent", percents->str);
        g_free(world_sim(c->w, "release 1-1 off:1"));
        held_assert_success(c->w);
        course_free(c);
}
END_TEST

/* The record that covers the next percentages is written before they come. The module does not stand still for it, and
 * what the record covers is announced while the next one is on its way to the disk. */
START_TEST(test_ahead)
{
        World *w = held_world(NULL);
        Hold *h;

        held_start_job(w, "updater");
        g_free(world_sim(w, "hold 1-1 updating:22"));
        h = hold_new(w);
        world_pass(w, "updater");
        hold_await(h, "PercentCovered=65");
        world_await_property(w, JOB_1, "Percent", "60");
        g_free(world_sim(w, "held 1-1 updating:22"));
        hold_release(h);
        h = hold_new(w);
        g_free(world_sim(w, "hold 1-1 updating:32"));
        g_free(world_sim(w, "release 1-1 updating:22"));
        hold_await(h, "PercentCovered=70");
        world_await_property(w, JOB_1, "Percent", "65");
        hold_release(h);
        g_free(world_sim(w, "release 1-1 updating:32"));
        held_assert_success(w);
        world_free(w);
}
END_TEST

/* ---- a stalled job */

static Course *stall(void)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" },
                                   .config = COURSE_STALLS,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        Course *c = course_new_world(&settings);
        g_autofree char *second = course_second_url(c);

        held_start_daemon(c->w);
        course_publish_as(c, UP, NULL);
        course_follow(c, COURSE_FIRST);
        g_free(world_sim(c->w, "wait 1-1 mini-2"));
        course_await_stalled(c, second);
        return c;
}

/* Nothing is sent to the module, and nothing shown, before the disk has the new source. */
START_TEST(test_retry)
{
        Course *c = stall();
        g_autofree char *url = NULL;
        Caller *caller;
        Hold *h;

        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        url = world_http(c->w, "fixed.mini_1");
        h = hold_new(c->w);
        caller = call_job("Retry", url);
        hold_await(h, "fixed.mini_1");
        world_assert_property(c->w, JOB_1, "Source", c->url);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        course_assert_success(c, NULL);
        world_assert_sim(c->w, "2", "get 1-1 qfotadl-count");
        caller_free(caller);
        course_free(c);
}
END_TEST

/* The call is answered when the bus shows that the retry waits for the Mini system, whose record is another one. */
START_TEST(test_retry_waits)
{
        Course *c = stall();
        g_autofree char *url = world_http(c->w, "fixed.mini_1");
        Caller *caller;
        Hold *h;

        g_free(world_sim(c->w, "hold 1-1 answer:ATI"));
        g_free(world_sim(c->w, "held 1-1 answer:ATI"));
        h = hold_new(c->w);
        caller = call_job("Retry", url);
        hold_await(h, "fixed.mini_1");
        hold_await(h, "The retry is sent when");
        caller_settle(caller);
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        world_assert_part(c->w, JOB_1, "Message", "The retry is sent when");
        caller_free(caller);
        course_free(c);
}
END_TEST

START_TEST(test_dismiss)
{
        Course *c = stall();
        Hold *h = hold_new(c->w);
        Caller *caller = call_job("Dismiss", NULL);

        hold_await(h, "Result=failed");
        world_assert_property(c->w, JOB_1, "State", "stalled");
        world_assert_property(c->w, MODULE_1, "Job", JOB_1);
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        world_assert_property(c->w, JOB_1, "State", "finished");
        world_assert_result(c->w, JOB_1, "failed", "host", "dismissed");
        caller_free(caller);
        course_free(c);
}
END_TEST

/* ---- the first record of an adopted upgrade */

/* Another program starts an upgrade of the module. */
static void begin_by_hand(World *w, const char *url)
{
        g_autofree char *tty = world_tty(w, "1-1", "at"), *line = g_strdup_printf("AT+QFOTADL=\"%s\"\r", url);
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
        g_free(world_sim(w, "wait 1-1 accepted"));
        close(fd);
}

/* A module that has reported its revision is downloading, and the daemon reads messages about that while it asks for
 * the revision again. */
static Hold *hold_adoption(World *w, const char *url)
{
        sd_bus_message *m;
        Caller *c;
        Hold *h;

        g_free(world_sim(w, "hold 1-1 downloading:40"));
        begin_by_hand(w, url);
        g_free(world_sim(w, "held 1-1 downloading:40"));
        held_start_daemon(w);
        g_free(world_sim(w, "hold 1-1 answer:ATI"));
        g_free(world_sim(w, "hold 1-1 downloaded"));
        c = caller_new(&m, MODULE_1, "org.fotad1.Module", "Probe");
        caller_send(c, m);
        g_free(world_sim(w, "held 1-1 answer:ATI"));
        caller_free(c);
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 downloading:40"));
        g_free(world_sim(w, "held 1-1 downloaded"));
        g_free(world_sim(w, "release 1-1 answer:ATI"));
        hold_await(h, "Origin=adopted");
        return h;
}

/* No other job begins, and no question is asked, while the record of the adopted job is held. */
START_TEST(test_adopted)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = world_publish(w), *file = world_path(w, "package.bin");
        Hold *h = hold_adoption(w, url);

        world_assert_property(w, MODULE_1, "Job", "/");
        ck_assert_ptr_null(world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        world_make_package(w, "package.bin", OLD_REVISION, NEW_REVISION, 20000);
        ck_assert_ptr_null(world_start_file(w, MODULE_1, file, "package.bin", NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(w), "Busy");
        hold_release(h);
        world_await_property(w, MODULE_1, "Job", JOB_1);
        g_free(world_sim(w, "release 1-1"));
        held_assert_success(w);
        world_assert_property(w, JOB_1, "Origin", "adopted");
        world_free(w);
}
END_TEST

/* ---- the bus is lost meanwhile */

/* The bus is killed and started again. A call after this is answered on the next connection. */
static void change_bus(World *w)
{
        g_autofree char *log = world_path(w, "fotad.log");

        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        world_start_bus(w);
        world_await_daemon(w);
}

/* The next bus, too, shows nothing that the disk does not have, and gets the news when the disk has the record. */
START_TEST(test_bus_killed)
{
        World *w = held_world(NULL);
        g_autofree char *state = NULL, *system = NULL;
        Hold *h;

        held_start_job(w, "end");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 end"));
        hold_await(h, "Result=success");
        state = world_property(w, JOB_1, "State");
        system = world_property(w, MODULE_1, "System");
        ck_assert_str_ne(state, "finished");
        change_bus(w);
        world_assert_property(w, JOB_1, "State", state);
        world_assert_property(w, JOB_1, "Result", "");
        world_assert_property(w, MODULE_1, "System", system);
        world_assert_property(w, MODULE_1, "Job", JOB_1);
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 0);
        hold_release(h);
        held_assert_success(w);
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(world_await_signal(w, JOB_1, "Progress", "finished"));
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 1);
        world_free(w);
}
END_TEST

/* A module that was lost is back while there is no bus. The next bus gets the Result, and the note of that follows the
 * record that has the revision. */
START_TEST(test_resolved)
{
        World *w = held_world("restart=2\n");
        g_autofree char *log = world_path(w, "fotad.log"), *record = world_path(w, "state/jobs/1.job"), *text = NULL;
        Hold *h;

        held_start_job(w, "off:2");
        world_kill_bus(w);
        world_await_file(w, log, "job 1 on usb-1-1: failed");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 off:2"));
        hold_await(h, "came back later");
        world_start_bus(w);
        world_await_daemon(w);
        world_assert_property(w, JOB_1, "ToRevision", "");
        hold_release(h);
        ck_assert(world_await_signal(w, JOB_1, "Resolved", NEW_REVISION " 1"));
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(g_file_get_contents(record, &text, NULL, NULL));
        ck_assert_msg(strstr(text, "ToRevision=" NEW_REVISION) && !strstr(text, "Watched=true"), "%s", text);
        world_start_daemon(w);
        world_assert_property(w, JOB_1, "ToRevision", NEW_REVISION);
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Resolved"), 1);
        world_free(w);
}
END_TEST

/* ---- the end of the daemon */

/* The daemon dies: the record before counts, in which AT+QFOTADL was not sent. */
START_TEST(test_killed)
{
        World *w = held_world(NULL);
        Hold *h = hold_before_command(w);

        hold_assert(w);
        world_kill_daemon(w);
        hold_release(h);
        world_start_daemon(w);
        held_assert_success(w);
        world_free(w);
}
END_TEST

START_TEST(test_killed_at_start)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        held_assert_no_job(w);
        world_kill_daemon(w);
        hold_release(h);
        caller_free(c);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        held_assert_no_job(w);
        held_await_no_files(w, "state/jobs");
        held_await_no_files(w, "state/packages");
        world_free(w);
}
END_TEST

/* The daemon ends because it has no bus: a job that was not seen on the bus leaves no file. */
START_TEST(test_no_bus)
{
        World *w = held_world(NULL);
        g_autofree char *log = world_path(w, "fotad.log");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        held_let_pass(w, "40");
        world_await_file(w, log, "the bus cannot be had again");
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 1);
        held_await_no_files(w, "state/jobs");
        held_await_no_files(w, "state/packages");
        world_start_bus(w);
        caller_free(c);
        world_free(w);
}
END_TEST

/* The daemon has sent the command at its end, and the next one follows the upgrade. */
static void follow_sent(World *w)
{
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_start_daemon(w);
        world_await_port(w);
        g_free(world_sim(w, "release 1-1 accepted"));
        held_assert_success(w);
        world_free(w);
}

/* The same, and the record precedes AT+QFOTADL: it is sent before the daemon ends, for the next one would not send it.
 */
START_TEST(test_no_bus_sent)
{
        World *w = held_world(NULL);
        g_autofree char *log = world_path(w, "fotad.log");
        Hold *h;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        held_let_pass(w, "4000");
        world_await_file(w, log, "the bus cannot be had again");
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 1);
        world_start_bus(w);
        follow_sent(w);
}
END_TEST

/* The daemon ends when the record is on the disk, and not before the command that the record speaks of is sent. */
START_TEST(test_terminated)
{
        World *w = held_world(NULL);
        Hold *h;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        hold_assert(w);
        kill(world_daemon_pid(w), SIGTERM);
        hold_assert(w);
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 0);
        follow_sent(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("slow-disk");

        suite_add(s, "other-module", test_other_module, 0, 1);
        suite_add(s, "cancel", test_cancel, 0, 2);
        suite_add(s, "cancel-recorded", test_cancel_recorded, 0, 2);
        suite_add(s, "status", test_status, 0, 1);
        suite_add(s, "restarts", test_restarts, 0, 1);
        suite_add(s, "messages", test_messages, 0, 1);
        suite_add(s, "ahead", test_ahead, 0, 1);
        suite_add(s, "retry", test_retry, 0, 1);
        suite_add(s, "retry-waits", test_retry_waits, 0, 1);
        suite_add(s, "dismiss", test_dismiss, 0, 1);
        suite_add(s, "adopted", test_adopted, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "resolved", test_resolved, 0, 1);
        suite_add(s, "killed", test_killed, 0, 1);
        suite_add(s, "killed-at-start", test_killed_at_start, 0, 2);
        suite_add(s, "no-bus", test_no_bus, 0, 2);
        suite_add(s, "no-bus-sent", test_no_bus_sent, 0, 1);
        suite_add(s, "terminated", test_terminated, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every time-out of fotad.conf, and a module that exceeds it: the job ends with the code of that time-out, the module
 * is stopped if that is possible, and once it is healthy again the next upgrade works. */

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client-run.h"
#include "presets.h"
#include "suite.h"
#include "world-private.h"

#define NEWEST_REVISION "EC200AEUHAR01A04M16"

/* All time-outs are far longer than a test, except those in config. */
static World *world_with(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat("1-1=ec200a", *module ? "," : "", module, NULL);
        g_autofree char *all = g_strconcat("command=300\nstart=300\ndownload-idle=300\nupdate-idle=300\nrestart=300\n"
                                           "settle=300\n",
                                           config, "\n", NULL);
        WorldSettings settings = { .modules = { first }, .decoys = { "1-3=ftdi" }, .config = all };
        World *w = world_new(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_package(w, "next.bin", NEW_REVISION, NEWEST_REVISION, NULL);
        world_await_module(w, MODULE_1);
        return w;
}

static char *begin(World *w, const char *package)
{
        g_autofree char *url = world_http(w, package);
        char *job = world_expect_job(w, world_start(w, "", url, NULL));

        return job;
}

static void check_failed(World *w, const char *job, const char *name, const char *part)
{
        g_autofree char *message = NULL;

        world_assert_result(w, job, "failed", "host", name);
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, ": ") && strstr(message, part), "no '%s' or no remedy in: %s", part, message);
        world_assert_property(w, MODULE_1, "Job", "/");
}

/* The module is not upgrading, has its radio on, and runs the firmware from before. */
static void check_stopped(World *w, const char *job)
{
        world_assert_sim(w, "0", "get 1-1 downloading");
        world_assert_sim(w, "0", "get 1-1 upgrading");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
}

/* The module is healthy again: one more upgrade, with its second or later AT+QFOTADL. */
static void check_next(World *w, const char *package, const char *revision, const char *qfotadl_count)
{
        g_autofree char *job = NULL;

        world_await_property(w, MODULE_1, "Job", "/"); /* an update that went on may have been adopted */
        job = begin(w, package);
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "ToRevision", revision);
        world_assert_sim(w, revision, "get 1-1 revision");
        world_assert_sim(w, qfotadl_count, "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "get 1-3 bytes");
}

/* Cuts the power and waits until the module has booted. */
static void power_cycle(World *w)
{
        g_autofree char *booted = world_sim(w, "count 1-1 normal");

        g_free(world_sim(w, "power-cut 1-1"));
        g_free(world_sim(w, "wait 1-1 normal %lu", strtoul(booted, NULL, 10) + 1));
}

/* ---- accepted, and silent since */

START_TEST(test_start)
{
        World *w = world_with(_i == 0 ? "after-ok=nothing" : "", "start=3\ndownload-idle=3");
        g_autofree char *job = NULL;

        if (_i == 1)
                g_free(world_sim(w, "hold 1-1 accepted"));
        job = begin(w, "up.bin");
        check_failed(w, job, "download-timeout", "The download made no progress");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_property(w, job, "Restarts", "0"); /* switching its radio off was enough */
        check_stopped(w, job);
        g_free(world_sim(w, _i == 0 ? "set 1-1 after-ok go" : "release 1-1 accepted"));
        check_next(w, "up.bin", NEW_REVISION, "2");
        world_free(w);
}
END_TEST

/* Another program has switched the module's messages off, and saved that setting. They are on for the download, which
 * is longer than start. 0: all messages; 1: those of the upgrade; 2: the module refuses to switch them on. */
START_TEST(test_messages_off)
{
        static const char *const modules[] = { "qind=0", "qind-fota=0", "qind=0,qindcfg=error" };
        World *w = world_with(modules[_i], _i < 2 ? "start=1" : "start=1\ndownload-idle=3\nsettle=3");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 downloading:40"));
        job = begin(w, "up.bin");
        g_free(world_sim(w, "held 1-1"));
        if (_i < 2) {
                world_await_property(w, job, "Percent", "20");
                g_free(world_sim(w, "release 1-1"));
                world_assert_result(w, job, "success", "", "");
        } else {
                check_failed(w, job, "download-timeout", "The download made no progress");
                check_stopped(w, job);
        }
        world_assert_sim(w, _i == 1 ? "1" : "0", "get 1-1 qind");
        world_assert_sim(w, _i == 1 ? "1" : "0", "get 1-1 qind-now");
        world_assert_sim(w, _i == 1 ? "0" : "1", "get 1-1 qind-fota-now");
        world_free(w);
}
END_TEST

/* ---- download-idle */

START_TEST(test_download_idle)
{
        World *w = world_with("stall=downloading:40,urcport=uart1", "download-idle=3");
        g_autofree char *job = begin(w, "up.bin");

        g_free(world_sim(w, "wait 1-1 stalled"));
        world_await_property(w, job, "Percent", "20");
        check_failed(w, job, "download-timeout", "The download made no progress");
        world_assert_property(w, job, "Restarts", "0");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "1", "count 1-1 rx:AT+CFUN=0");
        world_assert_sim(w, "1", "count 1-1 rx:AT+CFUN=1");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=1,1");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        check_stopped(w, job);
        g_free(world_sim(w, "set 1-1 stall "));
        check_next(w, "up.bin", NEW_REVISION, "2");
        world_free(w);
}
END_TEST

/* A module whose download goes on without the radio is reset. */
START_TEST(test_start_reset)
{
        World *w = world_with("abort=600000", "start=3\ndownload-idle=3\nsettle=3");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 accepted"));
        job = begin(w, "up.bin");
        check_failed(w, job, "download-timeout", "The download made no progress");
        world_assert_property(w, job, "Restarts", "1");
        world_assert_sim(w, "1", "count 1-1 rx:AT+CFUN=0");
        world_assert_sim(w, "1", "count 1-1 rx:AT+CFUN=1,1");
        check_stopped(w, job);
        g_free(world_sim(w, "release 1-1 accepted"));
        check_next(w, "up.bin", NEW_REVISION, "2");
        world_free(w);
}
END_TEST

/* ---- update-idle */

/* The download is over and no message follows. The module may be writing its flash: it is not touched, and may go
 * on. */
START_TEST(test_update_never_begins)
{
        World *w = world_with("", "update-idle=3\nsettle=3");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 downloaded"));
        job = begin(w, "up.bin");
        g_free(world_sim(w, "held 1-1"));
        check_failed(w, job, "update-timeout", "The update made no progress");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=1,1");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=0");
        world_assert_property(w, job, "Restarts", "0");
        g_free(world_sim(w, "release 1-1 downloaded"));
        g_free(world_sim(w, "wait 1-1 normal 2"));
        world_assert_sim(w, NEW_REVISION, "get 1-1 revision");
        world_free(w);
}
END_TEST

/* During the update nothing but questions is sent to the module, whatever happens; it may make progress after a power
 * cycle. 0: it printed START; 1: that was lost; 2: it was lost, and the module has not even disconnected (upgrade mode
 * 1). */
START_TEST(test_update_idle)
{
        static const char *const modules[] = { "stall=updating:40", "stall=updating:40,lost=start/updating",
                                               "stall=updating:40,lost=start/updating,mode1-drops=0" };
        World *w = world_with(modules[_i], "command=1\nupdate-idle=3\nsettle=3");
        g_autofree char *job = begin(w, "up.bin"), *path = world_path(w, "truth.log"), *truth = NULL;

        g_free(world_sim(w, "wait 1-1 stalled"));
        check_failed(w, job, "update-timeout", "keep the module powered");
        world_assert_sim(w, "updater", "get 1-1 system");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_property(w, job, "Restarts", _i < 2 ? "1" : "0");
        world_assert_property(w, job, "ToRevision", "");
        ck_assert(g_file_get_contents(path, &truth, NULL, NULL)); /* lines that the module ignored are in it, too */
        ck_assert_msg(strstr(truth, "AT+CFUN") == NULL, "it got AT+CFUN in its update");

        g_free(world_sim(w, "set 1-1 stall "));
        power_cycle(w);
        world_await_property(w, MODULE_1, "Revision", NEW_REVISION);
        check_next(w, "next.bin", NEWEST_REVISION, "2");
        world_free(w);
}
END_TEST

/* The job ends while the module has not answered since it came back, and its port only listened. From then on the
 * module is probed like any other: it reports its identity without a restart. */
START_TEST(test_probed_after_end)
{
        World *w = world_with("stall=updating:40,updater-at=1", "update-idle=3");
        g_autofree char *job = begin(w, "up.bin");

        check_failed(w, job, "update-timeout", "keep the module powered");
        world_await_property(w, MODULE_1, "Problem", "");
        world_assert_sim(w, "updater", "get 1-1 system");
        world_assert_property(w, job, "Restarts", "1");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=1,1");
        world_free(w);
}
END_TEST

/* ---- restart: off the bus. 0: in the preparations; 1, 2: before and after the update */

START_TEST(test_restart)
{
        static const char *const holds[] = { PREPARING, "off:1", "off:2" };
        World *w = world_with("", "restart=3");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 %s", holds[_i]));
        job = begin(w, "up.bin");
        g_free(world_sim(w, "held 1-1"));
        if (_i == 0)
                g_free(world_sim(w, "detach 1-1"));
        check_failed(w, job, "module-lost", "did not come back");
        world_assert_sim(w, _i == 0 ? "0" : "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, _i == 2 ? NEW_REVISION : OLD_REVISION, "get 1-1 revision");
        world_assert_property(w, MODULE_1, "Present", "0");

        /* The module comes back all the same, and finishes its update. */
        g_free(world_sim(w, "release 1-1 %s", holds[_i]));
        if (_i == 0) {
                g_free(world_sim(w, "attach 1-1"));
                world_await_module(w, MODULE_1);
                world_await_property(w, MODULE_1, "System", "normal");
                check_next(w, "up.bin", NEW_REVISION, "1");
        } else {
                g_free(world_sim(w, "wait 1-1 normal 2"));
                world_await_property(w, MODULE_1, "Revision", NEW_REVISION);
                check_next(w, "next.bin", NEWEST_REVISION, "2");
        }
        world_free(w);
}
END_TEST

/* ---- settle: on the bus, and no answer */

START_TEST(test_settle)
{
        World *w = world_with("", "settle=2");
        g_autofree char *job = NULL;

        if (_i == 0) {
                g_free(world_sim(w, "set 1-1 mute 600000")); /* from its next boot */
                g_free(world_sim(w, "hold 1-1 end"));
                job = begin(w, "up.bin");
                world_pass(w, "end");
                check_failed(w, job, "no-response", "it had reported success");
                world_assert_property(w, job, "Restarts", "2");
                world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        } else {
                g_free(world_sim(w, "set 1-1 delay 600000"));
                job = begin(w, "up.bin");
                check_failed(w, job, "no-response", "did not answer");
                world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        }
        g_free(world_sim(w, "set 1-1 mute 0"));
        g_free(world_sim(w, "set 1-1 delay 0"));
        power_cycle(w);
        world_await_property(w, MODULE_1, "System", "normal");
        world_await_property(w, MODULE_1, "Revision", _i == 0 ? NEW_REVISION : OLD_REVISION);
        if (_i == 0)
                check_next(w, "next.bin", NEWEST_REVISION, "2");
        else
                check_next(w, "up.bin", NEW_REVISION, "1");
        world_free(w);
}
END_TEST

/* ---- command: a command without its final result */

START_TEST(test_command)
{
        World *w = world_with("", "command=1");
        g_autofree char *job = NULL;

        /* The first command of the preparations; later commands are not answered either. */
        g_free(world_sim(w, "hold 1-1 answer:AT+CPIN?"));
        job = begin(w, "up.bin");
        check_failed(w, job, "no-response", "to the preparations");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        g_free(world_sim(w, "release 1-1"));
        power_cycle(w);
        world_await_property(w, MODULE_1, "System", "normal");
        check_next(w, "up.bin", NEW_REVISION, "1");
        world_free(w);
}
END_TEST

/* AT+QFOTADL without its OK: not a failure while URCs arrive, and never sent twice. */
START_TEST(test_command_qfotadl)
{
        World *w = world_with("qfotadl=no-ok,stall=downloading:40", "command=1");
        g_autofree char *job = begin(w, "up.bin");

        g_free(world_sim(w, "wait 1-1 stalled"));
        g_free(world_sim(w, "wait 1-1 rx:ATQ0V1E0 3")); /* its time-out has passed: the line is being synchronized */
        world_assert_property(w, job, "State", "downloading");
        world_assert_property(w, job, "Percent", "20");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_property(w, job, "Cancellable", "1");
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        check_stopped(w, job);
        g_free(world_sim(w, "set 1-1 stall "));
        g_free(world_sim(w, "set 1-1 qfotadl ok"));
        check_next(w, "up.bin", NEW_REVISION, "2");
        world_free(w);
}
END_TEST

/* A module that hangs in AT+QFOTADL answers nothing and cannot be stopped: the job reports that, and has no part in the
 * module's later actions. */
START_TEST(test_stuck)
{
        World *w = world_with("", "command=1\nstart=3\nsettle=3");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 qfotadl"));
        job = begin(w, "up.bin");
        check_failed(w, job, "no-response", "may still upgrade");
        world_assert_property(w, job, "Restarts", "0");
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "wait 1-1 normal 2"));
        world_await_property(w, MODULE_1, "Revision", NEW_REVISION);
        check_next(w, "next.bin", NEWEST_REVISION, "2");
        world_free(w);
}
END_TEST

/* ---- Deadline */

/* The property as seconds from now. */
static int64_t seconds_left(World *w, const char *job)
{
        g_autofree char *deadline = world_property(w, job, "Deadline");
        int64_t at = g_ascii_strtoll(deadline, NULL, 10);

        ck_assert_int_gt(at, 0);
        return (at - g_get_real_time()) / G_USEC_PER_SEC;
}

/* Signals for Deadline alone are those of the phases that begin without another change, and none for each message. */
static void assert_few_signals_for_deadline(World *w)
{
        unsigned alone = 0;

        for (guint i = 0; i < w->signals->len; i++)
                if (g_strcmp0(((const Signal *)g_ptr_array_index(w->signals, i))->text, " Deadline ") == 0)
                        alone++;
        ck_assert_uint_lt(alone, 10);
}

/* Deadline is that of the present phase, and 0 after the end. Its changes share the signals of other properties. */
START_TEST(test_deadline)
{
        World *w = world_with("", "command=30\nsettle=180\nstart=1000\ndownload-idle=2000\nupdate-idle=3000\n"
                                  "restart=4000");
        g_autofree char *job = NULL;
        int64_t left;

        g_free(world_sim(w, "hold 1-1 downloading:40"));
        g_free(world_sim(w, "hold 1-1 off"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = begin(w, "up.bin");
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "Percent", "20");
        left = seconds_left(w, job);
        ck_assert_msg(left > 1500 && left <= 2000, "%" PRId64, left);
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "restarting");
        left = seconds_left(w, job);
        ck_assert_msg(left > 3500 && left <= 4000, "%" PRId64, left);
        client_assert(w, "status", NULL, 0, "Time-out       waits until ", "");
        g_free(world_sim(w, "release 1-1"));
        world_await_property(w, job, "State", "updating");
        g_free(world_sim(w, "held 1-1"));
        left = seconds_left(w, job);
        ck_assert_msg(left > 2500 && left <= 3000, "%" PRId64, left);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "Deadline", "0");
        assert_few_signals_for_deadline(w);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("timeouts");

        suite_add(s, "start", test_start, 0, 2);
        suite_add(s, "download-idle", test_download_idle, 0, 1);
        suite_add(s, "messages-off", test_messages_off, 0, 3);
        suite_add(s, "start-reset", test_start_reset, 0, 1);
        suite_add(s, "update-never-begins", test_update_never_begins, 0, 1);
        suite_add(s, "update-idle", test_update_idle, 0, 3);
        suite_add(s, "probed-after-end", test_probed_after_end, 0, 1);
        suite_add(s, "restart", test_restart, 0, 3);
        suite_add(s, "settle", test_settle, 0, 2);
        suite_add(s, "command", test_command, 0, 1);
        suite_add(s, "command-qfotadl", test_command_qfotadl, 0, 1);
        suite_add(s, "stuck", test_stuck, 0, 1);
        suite_add(s, "deadline", test_deadline, 0, 1);
        return suite_run(s);
}

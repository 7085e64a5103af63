/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Beside ModemManager: fotad leaves ModemManager's modems to it, inhibits it for a module that a job holds, over all
 * restarts, and returns the module. The ModemManager here is modem-manager.c's; test-modem-manager-real runs Debian's
 * own. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "modem-manager.h"
#include "presets.h"
#include "squatter.h"
#include "suite.h"
#include "world.h"

#define SYSPATH "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"

static World *new_world(const char *config, bool no_daemon)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = config, .no_daemon = no_daemon };
        World *w = world_new(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        return w;
}

/* ModemManager has the module, and reports its revision to fotad. */
static World *begin(const char *config, FakeMM **ret_mm)
{
        World *w = new_world(config, true);

        *ret_mm = fake_mm_start(w, FAKE_EXPORTED, OLD_REVISION);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        return w;
}

/* In the end fotad inhibits no device. */
static void end(World *w, FakeMM *mm)
{
        fake_mm_await_held(mm, 0);
        fake_mm_stop(mm);
        world_free(w);
}

static char *start(World *w, const char *package, const char *point)
{
        g_autofree char *url = world_http(w, package);
        char *job;

        if (point)
                g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        if (point)
                g_free(world_sim(w, "held 1-1"));
        return job;
}

/* Nothing was ever written to the module. */
static void assert_untouched(World *w)
{
        world_assert_sim(w, "0", "get 1-1 at-lines");
        world_assert_sim(w, "0", "get 1-1 connected");
}

/* ModemManager reports the identity of a modem; the port is opened when ModemManager has released it, and returned
 * after the last line, in success (0), failure (1) and cancellation (2). */
START_TEST(test_held)
{
        FakeMM *mm;
        World *w = begin("[timeouts]\nsettle=5\nstart=5\n", &mm);
        g_autofree char *job = NULL, *uid = NULL;

        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_1, "Imei", "867710050000013");
        world_assert_property(w, MODULE_1, "Problem", "");
        assert_untouched(w);
        ck_assert_uint_eq(fake_mm_calls(mm, true), 0);

        job = start(w, _i == 1 ? "none.bin" : "up.bin", _i == 1 ? NULL : _i == 0 ? "off:1" : "downloading:20");
        if (_i != 1)
                ck_assert_uint_eq(fake_mm_held(mm), 1);
        if (_i == 2)
                ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        if (_i == 0)
                g_free(world_sim(w, "release 1-1"));
        if (_i == 0)
                world_assert_result(w, job, "success", "", "");
        else if (_i == 1)
                world_assert_result(w, job, "failed", "http", "url-error");
        else
                world_assert_result(w, job, "cancelled", "host", "cancelled");
        fake_mm_await_held(mm, 0);
        uid = fake_mm_uid(mm);
        ck_assert_str_eq(uid, SYSPATH);
        world_assert_sim(w, "0", "get 1-1 connected");
        ck_assert_uint_eq(fake_mm_calls(mm, true), 1);
        ck_assert_uint_eq(fake_mm_calls(mm, false), 1);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A module that may still be writing its flash stays inhibited after the Result, too. */
START_TEST(test_watched)
{
        FakeMM *mm;
        World *w = begin("[timeouts]\nrestart=2\nsettle=5\n", &mm);
        g_autofree char *job = start(w, "up.bin", "off:2");

        world_assert_result(w, job, "failed", "host", "module-lost");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert_uint_eq(fake_mm_held(mm), 1);
        ck_assert_uint_eq(fake_mm_calls(mm, false), 0);
        g_free(world_sim(w, "release 1-1"));
        ck_assert(world_await_signal(w, job, "Resolved", NEW_REVISION " 1"));
        fake_mm_await_held(mm, 0);
        ck_assert_uint_eq(fake_mm_calls(mm, true), 1);
        ck_assert_uint_eq(fake_mm_calls(mm, false), 1);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* ModemManager may be probing the module for a while: the call is repeated until the modem is on the bus, and nothing
 * is written before. */
START_TEST(test_probing)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autofree char *job = NULL;

        fake_mm_set(mm, FAKE_PROBING);
        job = start(w, "up.bin", NULL);
        fake_mm_await_calls(mm, true, 3);
        assert_untouched(w);
        world_assert_property(w, job, "Percent", "0");
        fake_mm_set(mm, FAKE_EXPORTED);
        world_assert_result(w, job, "success", "", "");
        end(w, mm);
}
END_TEST

/* A ModemManager that never releases the module: the job ends, names the program that has the port, and has written
 * nothing. */
static const struct {
        FakeState state;
        const char *why;
} never_released[] = {
        { FAKE_PROBING, "is still looking at it" },
        { FAKE_TAKEN, "another program" },
        { FAKE_REFUSES, "polkit rule" },
        { FAKE_SILENT, "has not let go of it" },
};

START_TEST(test_never_released)
{
        FakeMM *mm;
        World *w = begin("[timeouts]\nsettle=3\n", &mm);
        g_autofree char *job = NULL, *message = NULL;

        fake_mm_set(mm, never_released[_i].state);
        job = start(w, "up.bin", NULL);
        world_assert_result(w, job, "failed", "host", "port-busy");
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, "ModemManager") && strstr(message, never_released[_i].why), "%s", message);
        assert_untouched(w);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A job that ends while ModemManager decides: an inhibition that is then granted is ended at once. */
START_TEST(test_granted_too_late)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autofree char *job = NULL;

        fake_mm_set(mm, FAKE_SILENT);
        job = start(w, "up.bin", NULL);
        fake_mm_await_calls(mm, true, 1);
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        fake_mm_set(mm, FAKE_EXPORTED);
        fake_mm_await_calls(mm, false, 1);
        end(w, mm);
}
END_TEST

/* ModemManager may take longer than fotad's time-out, because it disconnects its users first. By then two jobs have
 * ended, and the inhibition that the first one requested is ended all the same. */
START_TEST(test_granted_far_too_late)
{
        World *w = new_world("[timeouts]\nsettle=3\n", true);
        FakeMM *mm = fake_mm_start(w, FAKE_EXPORTED, OLD_REVISION);

        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        fake_mm_set(mm, FAKE_SILENT);
        for (unsigned i = 0; i < 2; i++) {
                g_autofree char *job = start(w, "up.bin", NULL);

                world_assert_result(w, job, "failed", "host", "port-busy");
        }
        fake_mm_set(mm, FAKE_EXPORTED);
        fake_mm_await_calls(mm, false, 1);
        fake_mm_await_held(mm, 0);
        assert_untouched(w);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A module that ModemManager does not have is free; this answer counts once it was given more than once. */
START_TEST(test_unknown)
{
        World *w = new_world("", true);
        FakeMM *mm = fake_mm_start(w, FAKE_UNKNOWN, OLD_REVISION);
        g_autofree char *job = NULL;

        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        ck_assert_uint_gt(fake_mm_calls(mm, true), 1);
        job = start(w, "up.bin", NULL);
        world_assert_result(w, job, "success", "", "");
        ck_assert_uint_eq(fake_mm_calls(mm, false), 0);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* ModemManager has one of two modules: fotad asks the other one itself. */
START_TEST(test_other)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" }, .no_daemon = true };
        World *w = world_new(&settings);
        FakeMM *mm = fake_mm_start(w, FAKE_EXPORTED, NEW_REVISION);

        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        world_assert_property(w, MODULE_1, "Revision", NEW_REVISION); /* a revision that the module does not run:
                                                                         ModemManager reported it */
        world_assert_property(w, MODULE_2, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_2, "Imei", "867710050000024");
        assert_untouched(w);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A modem with an unknown revision: fotad does not inhibit it in order to read the revision. A reported text that is no
 * revision is ignored. */
START_TEST(test_unknown_revision)
{
        World *w = new_world("[timeouts]\nsettle=3\n", true);
        FakeMM *mm = fake_mm_start(w, FAKE_EXPORTED, _i == 0 ? "" : "EC200A\nEUHAR01");
        g_autofree char *job = NULL;

        world_start_daemon(w);
        job = world_start(w, MODULE_1, "http://host/up.bin", NULL);
        ck_assert_ptr_null(job);
        ck_assert_str_eq(world_error(w), "ModuleNotReady");
        ck_assert_msg(strstr(world_error_message(w), "does not tell its revision"), "%s", world_error_message(w));
        world_assert_property(w, MODULE_1, "Revision", "");
        ck_assert_uint_eq(fake_mm_calls(mm, true), 0);
        assert_untouched(w);
        end(w, mm);
}
END_TEST

/* While ModemManager probes a module without a job, fotad does not; a caller gets that reason. */
START_TEST(test_not_ready)
{
        World *w = new_world("[timeouts]\nsettle=2\n", true);
        FakeMM *mm = fake_mm_start(w, FAKE_PROBING, OLD_REVISION);
        g_autofree char *url = NULL, *job = NULL;

        url = world_http(w, "up.bin");
        world_start_daemon(w);
        job = world_start(w, MODULE_1, url, NULL);
        ck_assert_ptr_null(job);
        ck_assert_str_eq(world_error(w), "ModuleNotReady");
        ck_assert_msg(strstr(world_error_message(w), "ModemManager, which is still looking at it"), "%s",
                      world_error_message(w));
        world_assert_property(w, MODULE_1, "ProblemName", "left-to-modem-manager");
        assert_untouched(w);
        fake_mm_set(mm, FAKE_EXPORTED);
        ck_assert(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        assert_untouched(w);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A ModemManager that refuses to be inhibited is called again until it has reported the module's identity; the log has
 * one line about that. */
START_TEST(test_refusal_is_said_once)
{
        World *w = new_world("", true);
        FakeMM *mm = fake_mm_start(w, FAKE_REFUSES, OLD_REVISION);
        g_autofree char *log = NULL;
        const char *first;

        world_start_daemon(w);
        fake_mm_await_calls(mm, true, 4);
        log = world_log(w);
        first = strstr(log, "left alone, for ModemManager does not let fotad inhibit it");
        ck_assert_msg(first != NULL, "%s", log);
        ck_assert_msg(!strstr(first + 1, "left alone, for ModemManager does not let fotad inhibit it"), "%s", log);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* Another ModemManager starts in the middle of an upgrade: it is called at once, and the upgrade goes on meanwhile. */
START_TEST(test_restarts)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autofree char *job = NULL;

        job = start(w, "up.bin", "downloading:20");
        fake_mm_stop(mm);
        mm = fake_mm_start(w, FAKE_PROBING, OLD_REVISION);
        fake_mm_await_calls(mm, true, 2);
        world_assert_sim(w, "1", "get 1-1 connected");
        fake_mm_set(mm, FAKE_EXPORTED);
        fake_mm_await_held(mm, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        end(w, mm);
}
END_TEST

/* ModemManager starts while a job has the port: it is inhibited. */
START_TEST(test_starts_beside_job)
{
        World *w = new_world("", false);
        g_autofree char *job = NULL;
        FakeMM *mm;

        world_await_module(w, MODULE_1);
        job = start(w, "up.bin", "downloading:20");
        mm = fake_mm_start(w, FAKE_EXPORTED, OLD_REVISION);
        fake_mm_await_held(mm, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        end(w, mm);
}
END_TEST

/* ModemManager starts while fotad has the port only to read the identity: fotad closes the port at once, and tries
 * again when ModemManager has ended. */
START_TEST(test_starts_beside_nothing)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,mute=600000" } };
        World *w = world_new(&settings);
        FakeMM *mm;

        g_free(world_sim(w, "wait 1-1 opened"));
        mm = fake_mm_start(w, FAKE_PROBING, OLD_REVISION);
        g_free(world_sim(w, "wait 1-1 closed"));
        fake_mm_stop(mm);
        g_free(world_sim(w, "wait 1-1 opened 2"));
        world_free(w);
}
END_TEST

/* ModemManager probes a module whose port another program had: the close by that program does not make fotad open
 * it. */
START_TEST(test_starts_beside_holder)
{
        World *w = new_world("", true);
        g_autofree char *tty = world_tty(w, "1-1", "at"), *opened = NULL, *log = world_path(w, "fotad.log");
        pid_t squatter = squat(tty, true);
        FakeMM *mm;

        world_start_daemon(w);
        world_await_file(w, log, "is held by another process");
        mm = fake_mm_start(w, FAKE_PROBING, OLD_REVISION);
        world_await_file(w, log, "left alone, for ModemManager");
        opened = world_sim(w, "count 1-1 opened");
        evict(squatter);
        end_exclusive(tty);
        g_free(world_sim(w, "wait 1-1 opened %d", atoi(opened) + 1));
        g_free(opened);
        opened = world_sim(w, "count 1-1 opened");
        fake_mm_await_calls(mm, true, 3);
        fake_mm_set(mm, FAKE_EXPORTED);
        world_await_module(w, MODULE_1);
        world_assert_property(w, MODULE_1, "Problem", "");
        world_assert_sim(w, opened, "count 1-1 opened");
        assert_untouched(w);
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

/* A daemon that dies loses its inhibition; the next one requests it again, and only listens meanwhile. */
START_TEST(test_daemon_dies)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autofree char *job = NULL;

        job = start(w, "up.bin", "downloading:20");
        ck_assert_uint_eq(fake_mm_held(mm), 1);
        fake_mm_set(mm, FAKE_PROBING);
        world_kill_daemon(w);
        fake_mm_await_held(mm, 0);
        world_start_daemon(w);
        fake_mm_await_calls(mm, true, 3);
        world_assert_sim(w, "1", "get 1-1 connected");
        fake_mm_set(mm, FAKE_EXPORTED);
        fake_mm_await_held(mm, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        end(w, mm);
}
END_TEST

/* The bus is killed, and with it ModemManager ends: the daemon keeps the port meanwhile, asks the next ModemManager on
 * the next bus for the device, and gives it back at the end. */
START_TEST(test_bus_killed)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autofree char *job = NULL;

        job = start(w, "up.bin", "downloading:20");
        ck_assert_uint_eq(fake_mm_held(mm), 1);
        world_kill_bus(w);
        fake_mm_stop(mm);
        world_start_bus(w);
        world_await_daemon(w);
        world_assert_sim(w, "1", "get 1-1 connected");
        mm = fake_mm_start(w, FAKE_EXPORTED, OLD_REVISION);
        fake_mm_await_held(mm, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        fake_mm_await_held(mm, 0);
        end(w, mm);
}
END_TEST

/* A check disturbs no other program: it sends no question to a module that ModemManager has. */
START_TEST(test_check)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autoptr(GPtrArray) rows = NULL, refused = NULL;
        g_autofree char *log = world_path(w, "fotad.log");

        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert(rows, "modem-manager", true, "lets go of the module");
        check_assert(rows, "sim", true, "not asked: ModemManager has it");
        check_assert_all_but(rows, "");
        assert_untouched(w);
        ck_assert_uint_eq(fake_mm_calls(mm, true), 0);
        fake_mm_stop(mm);

        mm = fake_mm_start(w, FAKE_REFUSES, OLD_REVISION);
        world_await_file(w, log, "may not be asked to let go of modules");
        refused = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert(refused, "modem-manager", false, "may not be asked");
        fake_mm_stop(mm);
        world_free(w);
}
END_TEST

static void send_owner_lost(World *w)
{
        sd_bus_message *m = NULL;

        ck_assert(sd_bus_message_new_signal(world_bus(w), &m, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                            "NameOwnerChanged") >= 0);
        ck_assert(sd_bus_message_append(m, "sss", "org.freedesktop.ModemManager1", ":1.1", "") >= 0);
        ck_assert(sd_bus_message_set_destination(m, "org.fotad1") >= 0);
        ck_assert(sd_bus_send(NULL, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

/* A client cannot make fotad believe that ModemManager has ended: only the bus reports that. */
START_TEST(test_forged_end)
{
        FakeMM *mm;
        World *w = begin("", &mm);
        g_autoptr(GPtrArray) rows = NULL;

        send_owner_lost(w);
        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert(rows, "modem-manager", true, "lets go of the module");
        assert_untouched(w);
        end(w, mm);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("modem-manager");

        suite_add(s, "held", test_held, 0, 3);
        suite_add(s, "watched", test_watched, 0, 1);
        suite_add(s, "probing", test_probing, 0, 1);
        suite_add(s, "never-released", test_never_released, 0, G_N_ELEMENTS(never_released));
        suite_add(s, "granted-too-late", test_granted_too_late, 0, 1);
        suite_add(s, "granted-far-too-late", test_granted_far_too_late, 0, 1);
        suite_add(s, "unknown", test_unknown, 0, 1);
        suite_add(s, "unknown-revision", test_unknown_revision, 0, 2);
        suite_add(s, "other", test_other, 0, 1);
        suite_add(s, "not-ready", test_not_ready, 0, 1);
        suite_add(s, "refusal-is-said-once", test_refusal_is_said_once, 0, 1);
        suite_add(s, "restarts", test_restarts, 0, 1);
        suite_add(s, "starts-beside-job", test_starts_beside_job, 0, 1);
        suite_add(s, "starts-beside-nothing", test_starts_beside_nothing, 0, 1);
        suite_add(s, "starts-beside-holder", test_starts_beside_holder, 0, 1);
        suite_add(s, "daemon-dies", test_daemon_dies, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "check", test_check, 0, 1);
        suite_add(s, "forged-end", test_forged_end, 0, 1);
        return suite_run(s);
}

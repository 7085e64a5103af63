/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon dies at any point of the upgrade and starts again: the right result, one AT+QFOTADL, one Result. */

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "presets.h"
#include "suite.h"
#include "world-private.h"

/* The point at which the module is held while the daemon is killed; whether the module is on the bus there. */
static const struct {
        const char *point;
        bool on_bus;
} points[] = {
        { "qfotadl", true }, { "accepted", true }, { "downloading:40", true }, { "downloaded", true },
        { "off:1", false },  { "updater", true },  { "updating:50", true },    { "end", true },
        { "ended", true },   { "off:2", false },
};

#define RETURNS 60 /* of each module while the bus stands still */

static const char *module_path(unsigned module)
{
        static char path[sizeof(MODULE_1)];

        g_snprintf(path, sizeof(path), "/org/fotad1/module/usb_2d1_2d%u", module);
        return path;
}

static char *begin_and_hold(World *w, const char *point)
{
        char *job;

        g_free(world_sim(w, "hold 1-1 %s", point));
        world_await_module(w, MODULE_1);
        job = world_upgrade(w);
        g_free(world_sim(w, "held 1-1"));
        return job;
}

static void check_success(World *w, const char *job)
{
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "FromRevision", OLD_REVISION);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "auto", "get 1-1 power-control");
}

static World *new_world(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1" },
                                   .config = "[timeouts]\nsettle=3\nstart=4\n" };

        return world_new(&settings);
}

/* The module has finished when the daemon starts again. */
START_TEST(test_away)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, points[_i].point), *count = NULL;

        world_kill_daemon(w);
        count = world_sim(w, "count 1-1 idle");
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "wait 1-1 idle %d", atoi(count) + 1));
        world_start_daemon(w);
        check_success(w, job);
        world_free(w);
}
END_TEST

/* The daemon starts again before the module goes on. */
START_TEST(test_back)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, points[_i].point), *count = NULL;

        world_kill_daemon(w);
        count = world_sim(w, "count 1-1 opened");
        world_start_daemon(w);
        if (points[_i].on_bus)
                g_free(world_sim(w, "wait 1-1 opened %d", atoi(count) + 1));
        g_free(world_sim(w, "release 1-1"));
        check_success(w, job);
        world_free(w);
}
END_TEST

/* Stopped cleanly instead; the next daemon does not repeat the result. */
START_TEST(test_stop)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, points[_i].point);

        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        check_success(w, job);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        world_assert_property(w, job, "Result", "success");
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_free(w);
}
END_TEST

static void await_loss(World *w)
{
        g_autofree char *log = world_path(w, "fotad.log");

        world_await_file(w, log, "the connection to the bus is lost");
}

/* The bus is killed, and the next one is there before the module moves: the same daemon goes on. */
START_TEST(test_bus_killed)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, points[_i].point);

        world_kill_bus(w);
        await_loss(w);
        world_start_bus(w);
        world_await_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        check_success(w, job);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_free(w);
}
END_TEST

/* The upgrade ends while there is no bus: its Result is sent on the next one. */
START_TEST(test_bus_away)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, points[_i].point), *log = world_path(w, "fotad.log");

        world_kill_bus(w);
        g_free(world_sim(w, "release 1-1"));
        world_await_file(w, log, "job 1 on usb-1-1: success");
        world_start_bus(w);
        world_await_daemon(w);
        ck_assert(world_await_signal(w, job, "Result", NULL)); /* the disk has the note of it first */
        check_success(w, job);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_free(w);
}
END_TEST

/* Without a job, too, and again and again: the daemon is found on each bus, and takes a job there. */
START_TEST(test_bus_killed_often)
{
        World *w = new_world();
        g_autofree char *url = NULL, *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        for (unsigned i = 0; i < 3; i++) {
                world_kill_bus(w);
                world_start_bus(w);
                world_await_daemon(w);
                world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        }
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        check_success(w, job);
        world_free(w);
}
END_TEST

/* The bus does not come back: the daemon ends with failure. */
START_TEST(test_bus_gone)
{
        World *w = new_world();

        world_await_module(w, MODULE_1);
        world_kill_bus(w);
        ck_assert_int_eq(world_await_end(w), 1);
        world_free(w);
}
END_TEST

/* The bus dies with the Result in its socket: it is sent on the next bus, by the same daemon or by the next one, and
 * by no daemon after that. */
START_TEST(test_result_in_socket)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, "ended"), *log = world_path(w, "fotad.log");

        world_await_property(w, job, "State", "verifying");
        ck_assert_int_eq(kill(w->bus_daemon, SIGSTOP), 0);
        g_free(world_sim(w, "release 1-1"));
        world_await_file(w, log, "job 1 on usb-1-1: success");
        if (_i)
                kill(w->daemon, SIGKILL);
        world_kill_bus(w);
        if (_i)
                ck_assert_int_eq(world_await_end(w), -SIGKILL);
        world_start_bus(w);
        if (_i)
                world_start_daemon(w);
        else
                world_await_daemon(w);
        ck_assert(world_await_signal(w, job, "Result", NULL)); /* the disk has the note of it first */
        check_success(w, job);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_free(w);
}
END_TEST

/* The bus stands still while modules come and go all the time and another one ends its upgrade: the upgrade goes on, the
 * changes do not pile up in the daemon, and the Result and the last values are sent when the bus goes on. */
START_TEST(test_bus_stopped)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1",
                                                "1-2=ec200a,imei=867710050000021,off=1,boot=1",
                                                "1-3=ec200a,imei=867710050000039,off=1,boot=1",
                                                "1-4=ec200a,imei=867710050000047,off=1,boot=1",
                                                "1-5=ec200a,imei=867710050000054,off=1,boot=1" },
                                   .config = "[timeouts]\nsettle=300\n",
                                   .preload = "tests/daemon/slow-files.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *url = world_publish(w), *log = world_path(w, "fotad.log");
        unsigned signals = 0;

        world_set_environment(w, "SOCKETS_SMALL", "16384"); /* Linux would keep thousands of messages */
        world_start_daemon(w);
        for (unsigned module = 1; module <= 5; module++)
                world_await_module(w, module_path(module));
        g_free(world_sim(w, "hold 1-1 ended"));
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "verifying");
        ck_assert_int_eq(kill(w->bus_daemon, SIGSTOP), 0);
        for (unsigned n = 0; n < RETURNS; n++) {
                for (unsigned module = 2; module <= 5; module++)
                        g_free(world_sim(w, "power-cut 1-%u", module));
                for (unsigned module = 2; module <= 5; module++)
                        g_free(world_sim(w, "wait 1-%u returned %u", module, n + 2));
        }
        g_free(world_sim(w, "release 1-1"));
        world_await_file(w, log, "job 1 on usb-1-1: success");
        ck_assert_int_eq(kill(w->bus_daemon, SIGCONT), 0);
        check_success(w, job);
        for (unsigned module = 2; module <= 5; module++) {
                world_await_module(w, module_path(module));
                signals += world_count_signals(w, module_path(module), "PropertiesChanged");
        }
        ck_assert_uint_lt(signals, 2 * 4 * RETURNS); /* each return makes more than two changes */
        world_free(w);
}
END_TEST

/* Killed between the record and its first step: the job is queued on the disk. */
START_TEST(test_queued)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1" }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *text = NULL, *directory = world_path(w, "state/jobs");
        g_autofree char *file = g_build_filename(directory, "7.job", NULL);

        url = world_publish(w);
        text = g_strdup_printf("[Job]\nVersion=1\nId=7\nOrigin=request\nState=queued\nMethod=dfota\nCreated=1\n"
                               "Finished=0\nSent=false\nPercent=0\nRestarts=0\nDevice=0\nModule=usb-1-1\nSource=%s\n"
                               "Imei=867710050000013\nModel=EC200A\nFromRevision=" OLD_REVISION "\n",
                               url);
        ck_assert_int_eq(g_mkdir(directory, 0700), 0);
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        world_start_daemon(w);
        check_success(w, "/org/fotad1/job/_37");
        world_free(w);
}
END_TEST

/* Killed while it changes the module's settings: the old value is restored in the end, not the changed one. */
START_TEST(test_preparing)
{
        static const char *const commands[] = { "AT+QURCCFG=\"urcport\"",
                                                "AT+QURCCFG=\"urcport\",\"usbat\"",
                                                "AT+QCFG=\"fota/cid\"",
                                                "AT+QCFG=\"fota/cid\",2",
                                                "AT+QIACT?",
                                                "AT+QIACT=2" };
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1,fota-cid=5" } };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL;

        url = world_publish(w);
        world_await_module(w, MODULE_1);
        /* The check's first questions are repeated once the first setting has been changed. */
        g_free(world_sim(w, "hold 1-1 answer:%s", _i == 2 ? commands[1] : commands[_i]));
        job = world_expect_job(w, world_start(w, "", url, "cid", "u", "2", NULL));
        g_free(world_sim(w, "held 1-1"));
        if (_i == 2) {
                g_free(world_sim(w, "hold 1-1 answer:%s", commands[2]));
                g_free(world_sim(w, "release 1-1 answer:%s", commands[1]));
                g_free(world_sim(w, "held 1-1 answer:%s", commands[2]));
        }
        world_kill_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        world_start_daemon(w);
        check_success(w, job);
        world_assert_sim(w, "5", "get 1-1 fota-cid");
        world_free(w);
}
END_TEST

/* Killed again and again. */
START_TEST(test_often)
{
        World *w = new_world();
        g_autofree char *job = begin_and_hold(w, "accepted");

        for (size_t i = 2; i < G_N_ELEMENTS(points); i++) {
                world_kill_daemon(w);
                g_free(world_sim(w, "hold 1-1 %s", points[i].point));
                g_free(world_sim(w, "release 1-1"));
                world_start_daemon(w);
                g_free(world_sim(w, "held 1-1 %s", points[i].point));
        }
        world_kill_daemon(w);
        world_start_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        check_success(w, job);
        world_free(w);
}
END_TEST

/* Killed while it gives a download up. */
START_TEST(test_cancelling)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,abort=500" }, .config = "[timeouts]\nstart=2\n" };
        World *w = world_new(&settings);
        g_autofree char *job = begin_and_hold(w, "downloading:40");

        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        g_free(world_sim(w, "wait 1-1 rx:AT+CFUN=0"));
        world_kill_daemon(w);
        world_start_daemon(w);
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("crash");

        suite_add(s, "away", test_away, 0, G_N_ELEMENTS(points));
        suite_add(s, "back", test_back, 0, G_N_ELEMENTS(points));
        suite_add(s, "stop", test_stop, 0, G_N_ELEMENTS(points));
        suite_add(s, "bus-killed", test_bus_killed, 0, G_N_ELEMENTS(points));
        suite_add(s, "bus-away", test_bus_away, 0, G_N_ELEMENTS(points));
        suite_add(s, "bus-killed-often", test_bus_killed_often, 0, 1);
        suite_add(s, "bus-gone", test_bus_gone, 0, 1);
        suite_add(s, "result-in-socket", test_result_in_socket, 0, 2);
        suite_add(s, "bus-stopped", test_bus_stopped, 0, 1);
        suite_add(s, "queued", test_queued, 0, 1);
        suite_add(s, "preparing", test_preparing, 0, 6);
        suite_add(s, "often", test_often, 0, 1);
        suite_add(s, "cancelling", test_cancelling, 0, 1);
        return suite_run(s);
}

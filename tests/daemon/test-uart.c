/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules at UARTs that the configuration names: the same upgrade as on USB, where URCs or silence show a restart, and
 * no bus does. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#include "presets.h"
#include "suite.h"
#include "uart.h"

static char *start_dfota(World *w)
{
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        return uart_start(w, "up.bin");
}

static void assert_success(World *w, const char *job, const char *restarts)
{
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "Restarts", restarts);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_property(w, MODULE_UART, "Revision", NEW_REVISION);
        world_assert_property(w, MODULE_UART, "Job", "/");
        world_assert_sim(w, NEW_REVISION, "get " UART " revision");
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
}

/* All conditions for one good upgrade, once. */
START_TEST(test_dfota)
{
        World *w = uart_world("ec200a,urcport=usbat", UART_PORTS "baud-rate=57600\n");
        g_autofree char *job = NULL, *lock = NULL;

        world_assert_property(w, MODULE_UART, "Id", "tty-ttyS1");
        world_assert_property(w, MODULE_UART, "Present", "1");
        world_assert_property(w, MODULE_UART, "Port", "/dev/ttyS1");
        world_assert_property(w, MODULE_UART, "VendorId", "0");
        world_assert_property(w, MODULE_UART, "ProductId", "0");
        world_assert_property(w, MODULE_UART, "Model", "EC200A");
        world_assert_property(w, MODULE_UART, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_UART, "System", "normal");
        world_assert_property(w, MODULE_UART, "Problem", "");
        g_free(world_sim(w, "hold " UART " updating:50"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_await_property(w, job, "Percent", "74");
        world_assert_property(w, job, "State", "updating");
        world_assert_property(w, job, "Cancellable", "0");
        world_assert_property(w, MODULE_UART, "System", "updating");
        world_assert_sim(w, "uart1", "get " UART " urcport");
        world_assert_sim(w, "57600", "get " UART " host-baud");
        g_free(world_sim(w, "release " UART));
        assert_success(w, job, "1");
        world_assert_property(w, job, "Module", MODULE_UART);
        world_assert_sim(w, "usbat", "get " UART " urcport");
        world_assert_sim(w, "2", "get " UART " restarts");
        g_free(world_sim(w, "wait " UART " closed 1"));
        lock = world_path(w, "lock");
        ck_assert_int_eq(g_rmdir(lock), 0);
        world_free(w);
}
END_TEST

/* ---- URCs and silence */

/* However restarts show, or do not. */
static const struct {
        const char *module, *restarts;
} kinds[] = {
        { "ec200a", "1" }, /* the restart into the updater is silent */
        { "ec200a-8", "1" },
        { "eg915n", "1" },
        { "noecho", "1" },
        { "nostart", "1" },
        { "ec200a,boot-urcs=RDY/APP RDY/+CPIN: READY", "1" },
        { "ec200a,boot-urcs=RDY/+CPIN: READY/APP RDY", "1" },
        { "ec200a,boot-urcs=RDY/RDY,urc-write=coalesced", "1" }, /* an answer between them would make them two
                                                                    restarts */
        { "ec200a,boot-urcs=APP RDY", "1" },
        { "ec200a,urcport=all", "1" },
        { "ec200a,urc-write=split", "1" },
        { "ec200a,urc-write=coalesced", "1" },
        { "ec200a,noise=1", "1" },
        { "ec200a,mute=300", "1" },
        { "ec200a,updater-at=1", "1" },
        { "ec200a,lost=end", "1" },
        { "ec200a,lost=download-end/start/updating/end", "1" },
        { "ec200a,qfotadl=no-ok", "1" },
        { "ec200a,cut=updating:50", "1" },
        { "ec200a,boot-urcs=+CPIN: READY", "0" },          /* END,0 alone */
        { "ec200a,boot-urcs=+CPIN: READY,lost=end", "0" }, /* nothing after UPDATING */
        { "ec200a,boot-urcs=+CPIN: READY,lost=start/updating/end", "0" },
};

START_TEST(test_kind)
{
        World *w = uart_world(kinds[_i].module, UART_QUICK "update-idle=3\n");
        g_autofree char *old = world_sim(w, "get " UART " revision"), *new = g_strdup(old), *job = NULL;

        new[strlen(new) - 4]++; /* A02M16 -> A03M16 */
        world_package(w, "up.bin", old, new, NULL);
        job = uart_start(w, "up.bin");
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "ToRevision", new);
        world_assert_property(w, job, "Restarts", kinds[_i].restarts);
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
        world_free(w);
}
END_TEST

/* A boot that is silent and takes long: a probe throughout it shows the restart. */
START_TEST(test_silent_boot)
{
        World *w = uart_world("ec200a,boot-urcs=+CPIN: READY,lost=end",
                              UART_PORTS "[timeouts]\nupdate-idle=3\nsettle=30\n");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " ended"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_assert_property(w, job, "Restarts", "0");
        g_free(world_sim(w, "set " UART " off 10000"));
        g_free(world_sim(w, "set " UART " boot 3000")); /* the module answers before it prints anything */
        g_free(world_sim(w, "release " UART));
        assert_success(w, job, "1");
        world_free(w);
}
END_TEST

/* The module restarts by itself while the daemon prepares: all questions are repeated, and AT+QFOTADL is sent once. */
START_TEST(test_restart_before)
{
        World *w = uart_world("ec200a", UART_PORTS);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " " PREPARING));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        g_free(world_sim(w, "power-cut " UART));
        g_free(world_sim(w, "release " UART " " PREPARING));
        assert_success(w, job, "2");
        world_free(w);
}
END_TEST

/* The failure that the module reports is passed on with the restarts that were seen; the module's settings are
 * restored. */
START_TEST(test_failures)
{
        static const struct {
                const char *module, *domain, *name, *restarts;
        } cases[] = {
                { "ec200a,http-code=714", "http", "dns-failed", "0" },
                { "ec200a,check-code=506", "update", "md5-mismatch", "0" },
                { "ec200a,update-code=504", "update", NULL, "1" },
                { "ec200a,update-code=504,boot-urcs=+CPIN: READY", "update", NULL, "0" },
                { "ec200a,revision-after=unchanged", "host", "unchanged", "1" },
                { "ec200a,revision-after=unchanged,boot-urcs=+CPIN: READY", "host", "unchanged", "0" },
                { "ec200a,qfotadl=error", "host", "rejected", "0" },
        };
        World *w = uart_world(cases[_i].module, UART_QUICK "update-idle=3\n");
        g_autofree char *job = start_dfota(w), *name = NULL;

        world_await_property(w, job, "State", "finished");
        name = world_property(w, job, "ErrorName");
        world_assert_result(w, job, "failed", cases[_i].domain, cases[_i].name ?: name);
        world_assert_property(w, job, "Restarts", cases[_i].restarts);
        world_assert_sim(w, "uart1", "get " UART " urcport");
        world_assert_sim(w, "1", "get " UART " cfun");
        world_free(w);
}
END_TEST

/* ---- time-outs */

/* Silent before: nothing was begun. Silent after AT+QFOTADL: the module was not stopped, and not reset while it may
 * write. */
START_TEST(test_dead)
{
        static const char *const holds[] = { NULL, "accepted", "downloaded", "updating:50" };
        static const char *const names[] = { "no-response", "no-response", "update-timeout", "update-timeout" };
        World *w = uart_world("ec200a", UART_QUICK "update-idle=3\ndownload-idle=3\n");
        g_autofree char *job = NULL;

        if (holds[_i])
                g_free(world_sim(w, "hold " UART " %s", holds[_i]));
        else
                g_free(world_sim(w, "detach " UART));
        job = start_dfota(w);
        if (holds[_i]) {
                g_free(world_sim(w, "held " UART));
                if (_i == 3)
                        world_await_property(w, job, "State", "updating");
                else if (_i == 2)
                        world_await_property(w, job, "Percent", "50");
                g_free(world_sim(w, "detach " UART));
        }
        world_assert_result(w, job, "failed", "host", names[_i]);
        world_assert_property(w, job, "Restarts", "0");
        world_assert_sim(w, _i ? "1" : "0", "get " UART " qfotadl-count");
        world_assert_sim(w, "0", "count " UART " rx:AT+CFUN=1,1");
        world_free(w);
}
END_TEST

/* ---- cancelling */

START_TEST(test_cancel)
{
        static const char *const holds[] = { "qfotadl", "accepted", "downloading:40" };
        World *w = uart_world("ec200a", UART_QUICK);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " %s", holds[_i]));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_assert_property(w, job, "Cancellable", "1");
        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        if (strcmp(holds[_i], "qfotadl") == 0) {
                g_free(world_sim(w, "hold " UART " accepted")); /* the module stays at this point until its radio is
                                                                   switched off */
                g_free(world_sim(w, "release " UART));
        }
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_sim(w, OLD_REVISION, "get " UART " revision");
        world_assert_sim(w, "1", "get " UART " cfun");
        world_free(w);
}
END_TEST

START_TEST(test_cancel_refused)
{
        World *w = uart_world("ec200a", UART_QUICK);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " updating:20"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_await_property(w, job, "State", "updating");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        g_free(world_sim(w, "release " UART));
        assert_success(w, job, "1");
        world_free(w);
}
END_TEST

/* ---- the daemon dies */

static const char *const points[] = { "qfotadl", "accepted",    "downloading:40", "downloaded", "off:1", "updater",
                                      "end",     "updating:50", "ended",          "off:2",      "boot" };

/* The daemon starts again before the module goes on: no restart of the module is missed, and none is counted twice. */
START_TEST(test_killed_back)
{
        World *w = uart_world("ec200a,urcport=usbat", UART_QUICK "update-idle=4\ndownload-idle=4\n");
        static const char *const after_end[] = { "ended", "off:2", "boot", NULL };
        g_autofree char *job = NULL;
        bool boot = strcmp(points[_i], "boot") == 0;

        g_free(world_sim(w, "hold " UART " %s", points[_i]));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        /* A daemon that dies with END in its buffer leaves none for the next one, which then takes the new revision for
         * the end and need not see the restart. */
        if (g_strv_contains(after_end, points[_i]))
                world_await_property(w, job, "State", "verifying");
        uart_restart_daemon(w);
        if (boot)
                world_assert_property(w, job, "Restarts", "0");
        g_free(world_sim(w, "release " UART));
        assert_success(w, job, "1");
        world_assert_sim(w, "usbat", "get " UART " urcport");
        world_await_note_of_result(w, job);
        world_kill_daemon(w);
        world_start_daemon(w);
        world_assert_property(w, job, "Restarts", "1");
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_free(w);
}
END_TEST

/* The daemon starts again when all is over: no restart was heard, and the revision decides. */
START_TEST(test_killed_away)
{
        World *w = uart_world("ec200a,urcport=usbat", UART_QUICK "update-idle=4\ndownload-idle=4\n");
        g_autofree char *job = NULL, *count = NULL;

        g_free(world_sim(w, "hold " UART " %s", points[_i]));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_kill_daemon(w);
        count = world_sim(w, "count " UART " idle");
        g_free(world_sim(w, "release " UART));
        g_free(world_sim(w, "wait " UART " idle %d", atoi(count) + 1));
        world_start_daemon(w);
        assert_success(w, job, "0");
        world_assert_sim(w, "usbat", "get " UART " urcport");
        world_free(w);
}
END_TEST

/* The restart was heard: the next daemon has it in the record. */
START_TEST(test_killed_after_boot)
{
        World *w = uart_world("ec200a,lost=end", UART_QUICK "update-idle=4\n");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " ended"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        g_free(world_sim(w, "hold " UART " answer"));
        g_free(world_sim(w, "release " UART " ended"));
        world_await_property(w, job, "Restarts", "1");
        world_kill_daemon(w);
        g_free(world_sim(w, "release " UART " answer"));
        world_start_daemon(w);
        assert_success(w, job, "1");
        world_free(w);
}
END_TEST

/* ---- the node */

START_TEST(test_no_node)
{
        WorldSettings settings = { .modules = { UART "=ec200a,adapter=0" }, .config = UART_PORTS };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL, *problem = NULL;

        world_assert_property(w, MODULE_UART, "Present", "0");
        world_assert_property(w, MODULE_UART, "Port", "");
        world_assert_property(w, MODULE_UART, "System", "unknown");
        problem = world_property(w, MODULE_UART, "Problem");
        ck_assert_msg(strstr(problem, "there is no /dev/ttyS1") != NULL, "%s", problem);
        world_assert_property(w, MODULE_UART, "ProblemName", "uart-absent");
        ck_assert(!world_start(w, "tty-ttyS1", url, NULL));
        ck_assert_str_eq(world_error(w), "ModuleNotReady");
        ck_assert(strstr(world_error_message(w), "there is no /dev/ttyS1"));
        ck_assert(!world_call(w, MODULE_UART, "org.fotad1.Module", "Probe"));
        ck_assert(strstr(world_error_message(w), "there is no /dev/ttyS1"));
        /* The node appears, and is used. */
        g_free(world_sim(w, "plug " UART));
        world_await_module(w, MODULE_UART);
        world_assert_property(w, MODULE_UART, "Present", "1");
        job = start_dfota(w);
        assert_success(w, job, "1");
        world_free(w);
}
END_TEST

/* The adapter is unplugged and plugged in again in mid-upgrade; or stays away. */
START_TEST(test_pulled)
{
        World *w = uart_world("ec200a", UART_QUICK "restart=3\n");
        g_autofree char *job = NULL, *opened = NULL;

        g_free(world_sim(w, "hold " UART " updating:50"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_await_property(w, job, "State", "updating");
        opened = world_sim(w, "count " UART " opened");
        g_free(world_sim(w, "pull " UART));
        world_await_property(w, job, "State", "restarting");
        world_assert_property(w, MODULE_UART, "Present", "0");
        world_assert_property(w, MODULE_UART, "Port", "");
        if (_i == 0) {
                g_free(world_sim(w, "plug " UART));
                g_free(world_sim(w, "wait " UART " opened %d", atoi(opened) + 1));
                g_free(world_sim(w, "release " UART));
                assert_success(w, job, "2");
        } else {
                world_assert_result(w, job, "failed", "host", "module-lost");
        }
        world_free(w);
}
END_TEST

/* A UART that is a port of a USB module: it is used as such only. */
START_TEST(test_port_of_usb)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[serial]\nports=ttyUSB1;ttyUSB1\n" };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *problem = NULL, *log = NULL;
        const char *module = "/org/fotad1/module/tty_2dttyUSB1";

        world_await_module(w, MODULE_1);
        world_assert_property(w, MODULE_1, "Port", "/dev/ttyUSB1");
        world_assert_property(w, module, "Present", "0");
        problem = world_property(w, module, "Problem");
        ck_assert_msg(strstr(problem, "a port of usb-1-1") != NULL, "%s", problem);
        world_assert_property(w, module, "ProblemName", "uart-of-other-module");
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        log = world_log(w);
        ck_assert(strstr(log, "take it out of [serial] ports"));
        world_free(w);
}
END_TEST

/* The configuration has two names of one tty: the first is used, the other one is no module of its own. */
START_TEST(test_two_names)
{
        World *w = uart_world("ec200a", "[serial]\nports=ttyS1;./ttyS1\n");
        const char *module = "/org/fotad1/module/tty_2d_2e_2fttyS1";
        g_autofree char *job = NULL, *url = NULL, *problem = NULL;

        world_assert_property(w, MODULE_UART, "Problem", "");
        world_assert_property(w, module, "Present", "0");
        problem = world_property(w, module, "Problem");
        ck_assert_msg(strstr(problem, "/dev/./ttyS1 is a port of tty-ttyS1") != NULL, "%s", problem);
        url = world_publish(w);
        job = world_expect_job(w, world_start(w, "", url, NULL)); /* there is only one module */
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* ---- beside other modules */

START_TEST(test_both)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", UART "=ec200a,imei=867710050000024" },
                                   .config = UART_PORTS };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *first = NULL, *second = NULL;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_UART);
        url = world_publish(w);
        ck_assert(!world_start(w, "", url, NULL));
        ck_assert_str_eq(world_error(w), "AmbiguousModule");
        g_free(world_sim(w, "hold 1-1 updating:50"));
        g_free(world_sim(w, "hold " UART " updating:50"));
        first = world_start(w, "usb-1-1", url, NULL);
        ck_assert_msg(first != NULL, "%s", world_error_message(w));
        second = world_expect_job(w, world_start(w, "ttyS1", url, NULL));
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "held " UART));
        g_free(world_sim(w, "release " UART));
        assert_success(w, second, "1");
        world_assert_property(w, first, "Result", "");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, first, "success", "", "");
        world_assert_property(w, first, "Restarts", "2");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("uart");

        suite_add(s, "dfota", test_dfota, 0, 1);
        suite_add(s, "kind", test_kind, 0, G_N_ELEMENTS(kinds));
        suite_add(s, "silent-boot", test_silent_boot, 0, 1);
        suite_add(s, "restart-before", test_restart_before, 0, 1);
        suite_add(s, "failures", test_failures, 0, 7);
        suite_add(s, "dead", test_dead, 0, 4);
        suite_add(s, "cancel", test_cancel, 0, 3);
        suite_add(s, "cancel-refused", test_cancel_refused, 0, 1);
        suite_add(s, "killed-back", test_killed_back, 0, G_N_ELEMENTS(points));
        suite_add(s, "killed-away", test_killed_away, 0, G_N_ELEMENTS(points));
        suite_add(s, "killed-after-boot", test_killed_after_boot, 0, 1);
        suite_add(s, "no-node", test_no_node, 0, 1);
        suite_add(s, "pulled", test_pulled, 0, 2);
        suite_add(s, "port-of-usb", test_port_of_usb, 0, 1);
        suite_add(s, "two-names", test_two_names, 0, 1);
        suite_add(s, "both", test_both, 0, 1);
        return suite_run(s);
}

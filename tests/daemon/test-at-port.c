/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The choice of the AT port among a module's ttys, the Probe method, and the Problem property of a module whose port is
 * missing or silent. No other port, and no other device, is ever opened. */

#include <check.h>
#include <string.h>

#include "presets.h"
#include "squatter.h"
#include "suite.h"

/* ---- other devices */

/* Upgrades beside other devices: these receive no byte, and are not opened. */
START_TEST(test_decoys)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .decoys = { "1-3=ftdi", "1-4=boot-rom" } };
        World *w = world_new_idle(&settings);
        g_autofree char *url = NULL, *job = NULL;

        url = world_publish(w);
        ck_assert_msg(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"), "%s", world_error_message(w));
        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        g_free(world_sim(w, "attach 1-1"));
        world_await_property(w, MODULE_1, "Problem", "");
        job = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "0", "get 1-3 bytes");
        world_assert_sim(w, "0", "count 1-3 rx");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "count 1-1 opened-diag");
        world_assert_sim(w, "0", "count 1-1 opened-modem");
        world_free(w);
}
END_TEST

/* ---- Probe */

START_TEST(test_probe)
{
        WorldSettings settings = WORLD_EC200A;
        World *w;
        g_autofree char *tty = NULL, *pid = NULL, *lines = NULL;
        pid_t squatter;

        settings.config = "[timeouts]\ncommand=1\nsettle=2\n";
        settings.by_hand = true; /* a daemon of root's sees the process that has the port open */
        w = world_new_idle(&settings);
        g_free(world_sim(w, "set 1-1 revision EC200AEUHAR01A09M16"));
        g_free(world_sim(w, "set 1-1 imei 867710050000099"));
        ck_assert_msg(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"), "%s", world_error_message(w));
        world_assert_property(w, MODULE_1, "Revision", "EC200AEUHAR01A09M16");
        world_assert_property(w, MODULE_1, "Imei", "867710050000099");
        g_free(world_sim(w, "wait 1-1 closed 2"));

        tty = world_tty(w, "1-1", "at");
        lines = world_sim(w, "get 1-1 at-lines");
        squatter = squat(tty, false);
        pid = g_strdup_printf("is held by squatter (pid %d)", (int)squatter);
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(w), "ModuleNotReady");
        ck_assert_msg(strstr(world_error_message(w), pid) != NULL, "%s", world_error_message(w));
        world_assert_part(w, MODULE_1, "Problem", pid);
        world_assert_property(w, MODULE_1, "ProblemName", "port-held");
        world_assert_property(w, MODULE_1, "Revision", "EC200AEUHAR01A09M16");
        world_assert_sim(w, lines, "get 1-1 at-lines");
        evict(squatter);
        ck_assert_msg(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"), "%s", world_error_message(w));
        world_assert_property(w, MODULE_1, "Problem", "");
        world_assert_property(w, MODULE_1, "ProblemName", "");

        g_free(world_sim(w, "set 1-1 delay 60000"));
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(w), "ModuleNotReady");

        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(w), "ModuleNotReady");
        ck_assert_msg(strstr(world_error_message(w), "not on the bus") != NULL, "%s", world_error_message(w));
        world_free(w);
}
END_TEST

static int on_probed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        char **answer = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        (void)error;
        *answer = g_strdup_printf("%s: %s", e ? e->name : "done", e ? e->message : "");
        return 0;
}

/* A module that disconnects while it is probed ends the call. */
START_TEST(test_probe_disconnect)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,mute=60000" } };
        World *w = world_new(&settings);
        gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
        g_autofree char *answer = NULL;

        g_free(world_sim(w, "wait 1-1 opened 1"));
        ck_assert_int_ge(sd_bus_call_method_async(world_bus(w), NULL, "org.fotad1", MODULE_1, "org.fotad1.Module",
                                                  "Probe", on_probed, &answer, NULL),
                         0);
        world_assert_property(w, MODULE_1, "Present", "1"); /* calls are handled in order: the probe runs by now */
        ck_assert_ptr_null(answer);
        g_free(world_sim(w, "detach 1-1"));
        while (!answer) {
                ck_assert_int_lt(g_get_monotonic_time(), end);
                if (sd_bus_process(world_bus(w), NULL) == 0)
                        sd_bus_wait(world_bus(w), G_USEC_PER_SEC);
        }
        ck_assert_msg(g_str_has_prefix(answer, "org.fotad1.Error.ModuleNotReady: "), "%s", answer);
        ck_assert_msg(strstr(answer, "not on the bus") != NULL, "%s", answer);
        world_free(w);
}
END_TEST

/* ---- Problem */

static const struct {
        const char *module, *name, *part, *config;
} problems[] = {
        { "1-1=ec200a,bound=0", "no-tty-bound",
          "no tty is bound to it: if that stays so, this kernel does not know its product id; "
          "try, as root: modprobe option; echo 2c7c 6005 > /sys/bus/usb-serial/drivers/option1/new_id",
          NULL },
        { "1-1=ec200a,appear=boot-rom", "boot-rom", "its chip's boot loader shows instead of its firmware", NULL },
        { "1-1=ec200a,appear=diag", "crashed", "its DIAG port is there, its AT port is not", NULL },
        { "1-1=ec200a,ports=modem", "interface-without-tty",
          "interface 9, which at-interfaces in fotad.conf names, has no tty", "[usb]\nat-interfaces=6005=9\n" },
        { "1-1=ec200a,mute=60000", "silent", "it does not answer at /dev/ttyUSB", NULL },
        { "1-1=ec200a,cfun-boot=0", "", "", NULL }, /* a radio that is off is no problem here */
};

START_TEST(test_problem)
{
        WorldSettings settings = { .modules = { problems[_i].module },
                                   .config = problems[_i].config ?: "[timeouts]\ncommand=1\nsettle=1\n" };
        World *w = world_new(&settings);

        world_await_problem(w, problems[_i].part);
        world_assert_property(w, MODULE_1, "ProblemName", problems[_i].name);
        world_assert_property(w, MODULE_1, "Present", "1");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_free(w);
}
END_TEST

/* ---- boot loaders */

static const char *const loaders[] = { "2ecc:3001", "2ecc:3004", "2ecc:4e11", "1286:821a" };

/* A boot loader shows for a while at each boot. That is no restart of its own, and a boot loader that stays is named in
 * Problem: there is no tty to wait for. */
START_TEST(test_loader)
{
        g_autofree char *module = g_strconcat("1-1=ec200a,loader=", loaders[_i], NULL);
        WorldSettings settings = { .modules = { module } };
        World *w = world_new_idle(&settings);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "detach 1-1"));
        world_await_problem(w, "it is not on the bus");
        g_free(world_sim(w, "hold 1-1 loader"));
        g_free(world_sim(w, "attach 1-1"));
        world_await_problem(w,
                            "its chip's boot loader shows instead of its firmware: if that stays so, cycle its power");
        g_free(world_sim(w, "release 1-1 loader"));
        world_await_problem(w, "");
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "Restarts", "2");
        world_free(w);
}
END_TEST

/* The boot loader has disconnected, and the firmware does not follow: the module may be writing its flash unseen, and
 * no message advises to cycle its power. */
START_TEST(test_loader_disconnects)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,loader=2ecc:3001,return=never" },
                                   .config = "[timeouts]\nrestart=3\n" };
        World *w = world_new_idle(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "failed", "host", "module-lost");
        world_free(w);
}
END_TEST

/* ---- the choice of the AT port */

/* Modules with an unusual AT port: it has a label; or the port with the usual number does not answer, which is kept for
 * the next enumeration and so for the upgrade; with option bound to every interface, and with the network adapter
 * last. */
static const struct {
        const char *module, *silent; /* the number of times the modem port was opened before the AT port answered */
} layouts[] = {
        { "1-1=ec200a,diag-if=4,at-if=2,modem-if=3", "0" },
        { "1-1=ec200a,diag-if=4,at-if=2,modem-if=3,labels=0,modem-at=0", "1" },
        { "1-1=ec200a,diag-if=4,at-if=0,modem-if=3,labels=0,modem-at=0,network=0", "1" },
};

START_TEST(test_layout)
{
        WorldSettings settings = { .modules = { layouts[_i].module }, .config = "[timeouts]\nsettle=10\nrestart=15\n" };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *port = NULL, *node = NULL;

        world_await_property(w, MODULE_1, "Problem", "");
        port = world_property(w, MODULE_1, "Port");
        node = world_sim(w, "get 1-1 port-at");
        ck_assert_str_eq(port, node);
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, layouts[_i].silent, "count 1-1 opened-modem");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "count 1-1 opened-diag");
        world_free(w);
}
END_TEST

/* The usual port does not answer, and the next one cannot be opened: the search returns to the suggested port. */
START_TEST(test_layout_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,diag-if=4,at-if=2,modem-if=3,labels=0,modem-at=0" },
                                   .config = "[timeouts]\nsettle=1\nrestart=1\n",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *tty = world_tty(w, "1-1", "at"), *log = world_path(w, "fotad.log"), *node = NULL;
        pid_t squatter = squat(tty, true);

        world_start_daemon(w);
        world_await_file(w, log, "cannot be opened: another port is tried");
        node = world_sim(w, "get 1-1 port-modem");
        world_await_property(w, MODULE_1, "Port", node);
        world_assert_property(w, MODULE_1, "Present", "1");
        evict(squatter);
        world_free(w);
}
END_TEST

/* ---- at-interfaces */

static const struct {
        const char *config, *port;
} overrides[] = {
        { "[usb]\nat-interfaces=6005=4\n", "modem" },        { "[usb]\nat-interfaces=6005=3\n", "at" },
        { "[usb]\nat-interfaces=0125=2;6005=4\n", "modem" }, { "[usb]\nat-interfaces=6001=4\n", "at" },
        { "[usb]\nat-interfaces= 6005=4 ; \n", "modem" },
};

START_TEST(test_override)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=usbmodem" }, .config = overrides[_i].config };
        World *w = world_new(&settings);
        g_autofree char *port = NULL, *node = NULL;

        world_await_module(w, MODULE_1);
        port = world_property(w, MODULE_1, "Port");
        node = world_sim(w, "get 1-1 port-%s", overrides[_i].port);
        ck_assert_str_eq(port, node);
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        world_assert_sim(w, "0", strcmp(overrides[_i].port, "at") == 0 ? "count 1-1 rx-modem" : "count 1-1 rx-at");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("at-port");

        suite_add(s, "decoys", test_decoys, 0, 1);
        suite_add(s, "probe", test_probe, 0, 1);
        suite_add(s, "probe-disconnect", test_probe_disconnect, 0, 1);
        suite_add(s, "problem", test_problem, 0, G_N_ELEMENTS(problems));
        suite_add(s, "loader-disconnects", test_loader_disconnects, 0, 1);
        suite_add(s, "layout", test_layout, 0, G_N_ELEMENTS(layouts));
        suite_add(s, "layout-held", test_layout_held, 0, 1);
        suite_add(s, "loader", test_loader, 0, G_N_ELEMENTS(loaders));
        suite_add(s, "override", test_override, 0, G_N_ELEMENTS(overrides));
        return suite_run(s);
}

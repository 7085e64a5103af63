/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The claim on a module that a job holds, which the shipped udev rule reads: it exists from before the first byte to
 * the end, whatever happens to the daemon. The file idle exists exactly while there is no claim, for
 * fotad-upgrading.target. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "presets.h"
#include "suite.h"
#include "world-private.h"


static bool is_claimed(World *w, const char *id)
{
        g_autofree char *name = g_strconcat("run/claims/", id, NULL), *file = world_path(w, name);
        g_autofree char *directory = world_path(w, "run/claims");
        struct stat st;

        if (g_stat(file, &st) < 0)
                return false;
        ck_assert_int_eq(st.st_mode & 0777, 0644); /* udev's programs may run as any user */
        ck_assert_int_eq(g_stat(directory, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0755);
        return true;
}

/* The number of claims, which must agree with idle. */
static void assert_claims(World *w, unsigned expected)
{
        g_autofree char *claims = world_path(w, "run/claims"), *idle = world_path(w, "run/idle");
        g_autoptr(GDir) directory = g_dir_open(claims, 0, NULL);
        unsigned n = 0;

        while (directory && g_dir_read_name(directory))
                n++;
        ck_assert_uint_eq(n, expected);
        ck_assert_int_eq(g_file_test(idle, G_FILE_TEST_EXISTS), expected == 0);
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
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        if (point)
                g_free(world_sim(w, "held 1-1"));
        return job;
}

/* Asserts that the held module is claimed, and is not claimed any more after the success of its job. */
static void assert_claimed_to_the_end(World *w, const char *job)
{
        ck_assert(is_claimed(w, "usb-1-1"));
        assert_claims(w, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        assert_claims(w, 0);
}

/* From the answer to StartUpgrade on, also while the module is off the bus, until the job is over. */
START_TEST(test_upgrade)
{
        World *w = new_world();
        g_autofree char *job = NULL;

        assert_claims(w, 0);
        job = start(w, "up.bin", "off:1");
        assert_claimed_to_the_end(w, job);
        world_free(w);
}
END_TEST

START_TEST(test_failure)
{
        World *w = new_world();
        g_autofree char *job = start(w, "none.bin", NULL);

        world_assert_result(w, job, "failed", "http", "url-error");
        world_await_property(w, MODULE_1, "Job", "/");
        assert_claims(w, 0);
        world_free(w);
}
END_TEST

/* If the daemon is killed (0) or stopped (1), the claim stays; the next daemon has the job, and its end. */
START_TEST(test_daemon_goes)
{
        World *w = new_world();
        g_autofree char *job = start(w, "up.bin", "updating:50");

        if (_i == 0)
                world_kill_daemon(w);
        else
                ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(is_claimed(w, "usb-1-1"));
        assert_claims(w, 1);
        world_start_daemon(w);
        g_free(world_property(w, job, "State")); /* the daemon has begun */
        assert_claimed_to_the_end(w, job);
        world_free(w);
}
END_TEST

/* After a power cut of the gateway the claim is gone; a claim that is not needed any more is removed at the start. */
START_TEST(test_swept)
{
        World *w = new_world();
        g_autofree char *job = start(w, "up.bin", "updating:50"), *mine = world_path(w, "run/claims/usb-1-1");
        g_autofree char *old = world_path(w, "run/claims/usb-1-7"), *idle = world_path(w, "run/idle");

        world_kill_daemon(w);
        ck_assert_int_eq(g_unlink(mine), 0);
        ck_assert(g_file_set_contents(old, "", 0, NULL));
        ck_assert(g_file_set_contents(idle, "", 0, NULL));
        world_start_daemon(w);
        g_free(world_property(w, job, "State")); /* the daemon has begun */
        assert_claimed_to_the_end(w, job);

        /* Files that are left without a job. */
        world_kill_daemon(w);
        ck_assert(g_file_set_contents(old, "", 0, NULL));
        ck_assert_int_eq(g_unlink(idle), 0);
        world_start_daemon(w);
        g_free(world_property(w, job, "State")); /* the daemon has begun */
        assert_claims(w, 0);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        assert_claims(w, 0);
        world_free(w);
}
END_TEST

/* Two modules, one after the other: idle appears with the end of the last. One of them is at a UART whose name has a
 * slash; the umask is the unit's. */
START_TEST(test_two)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "tty:ttyS1=ec200a,imei=867710050000024" },
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *conf = world_path(w, "fotad.conf.d/50-site.conf"), *conf_d = g_path_get_dirname(conf);
        g_autofree char *url = NULL, *first = NULL, *second = NULL, *path = NULL;
        mode_t before;

        ck_assert_int_eq(g_mkdir(conf_d, 0755), 0);
        ck_assert(g_file_set_contents(conf, "[serial]\nports=../dev/ttyS1\n", -1, NULL));
        before = umask(0077);
        world_start_daemon(w);
        umask(before);
        ck_assert_int_ge(sd_bus_path_encode("/org/fotad1/module", "tty-../dev/ttyS1", &path), 0);

        url = world_publish(w);
        world_await_module(w, MODULE_1);
        world_await_module(w, path);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        g_free(world_sim(w, "hold tty:ttyS1 updating:50"));
        first = world_start(w, MODULE_1, url, NULL);
        second = world_start(w, path, url, NULL);
        ck_assert_msg(first && second, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "held tty:ttyS1"));
        ck_assert(is_claimed(w, "usb-1-1"));
        ck_assert(is_claimed(w, "tty-..!dev!ttyS1"));
        assert_claims(w, 2);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, first, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(is_claimed(w, "tty-..!dev!ttyS1"));
        assert_claims(w, 1);
        world_kill_daemon(w);
        world_start_daemon(w);
        world_assert_property(w, path, "Job", second);
        assert_claims(w, 1);
        g_free(world_sim(w, "release tty:ttyS1"));
        world_assert_result(w, second, "success", "", "");
        world_await_property(w, path, "Job", "/");
        assert_claims(w, 0);
        world_free(w);
}
END_TEST

/* If no claim can be made the upgrade goes on, and the log names the consequences. */
START_TEST(test_no_place_for_it)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *run = world_path(w, "run"), *job = NULL, *log = NULL;

        ck_assert(g_file_set_contents(run, "", 0, NULL)); /* not a directory */
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

/* The property of a device in the test bed, as a program that listens to udev reads it. */
static char *udev_property(World *w, const char *syspath, const char *name)
{
        g_autofree char *file = g_strconcat(world_testbed(w), syspath, "/uevent", NULL), *text = NULL;
        g_autofree char *start = g_strdup_printf("\n%s=", name);
        const char *found;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s", file);
        found = strstr(text, start);
        return found ? g_strndup(found + strlen(start), strcspn(found + strlen(start), "\n")) : g_strdup("");
}

typedef struct Expected {
        const char *syspath, *name, *value;
} Expected;

static bool has_property(World *w, const void *data)
{
        const Expected *e = data;
        g_autofree char *value = udev_property(w, e->syspath, e->name);

        return strcmp(value, e->value) == 0;
}

static void await_properties(World *w, const char *module, bool claimed)
{
        g_autofree char *node = world_sim(w, "get %s port-at", module), *tty = g_path_get_basename(node);
        g_autofree char *port = g_strconcat("/sys/class/tty/", tty, NULL);
        g_autofree char *device = g_strconcat("/sys/bus/usb/devices/", module, NULL);

        world_await(w, has_property, &(Expected){ device, "ID_MM_DEVICE_IGNORE", claimed ? "1" : "0" }, device);
        world_await(w, has_property, &(Expected){ port, "ID_MM_CANDIDATE", claimed ? "0" : "1" }, port);
}

/* udev is triggered when a claim begins and when it ends, while the module stays in place: the rules have taken effect
 * before the module is told to download. It is triggered for a claim that is swept, too. */
START_TEST(test_udev)
{
        World *w = new_world();
        g_autofree char *job = NULL, *old = world_path(w, "run/claims/usb-1-2");
        g_autofree char *uevent = g_build_filename(world_testbed(w), "sys/bus/usb/devices/1-2/uevent", NULL);
        FILE *f;

        await_properties(w, "1-1", false);
        job = start(w, "up.bin", "qfotadl");
        await_properties(w, "1-1", true);
        await_properties(w, "1-2", false);
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_await_property(w, MODULE_1, "Job", "/");
        await_properties(w, "1-1", false);

        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(g_file_set_contents(old, "", 0, NULL));
        f = fopen(uevent, "r+");
        ck_assert(f && fputs("change", f) >= 0 && fclose(f) == 0);
        world_await(w, has_property, &(Expected){ "/sys/bus/usb/devices/1-2", "ID_MM_DEVICE_IGNORE", "1" }, "a claim");
        world_start_daemon(w);
        world_await(w, has_property, &(Expected){ "/sys/bus/usb/devices/1-2", "ID_MM_DEVICE_IGNORE", "0" }, "its end");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("claim");

        suite_add(s, "upgrade", test_upgrade, 0, 1);
        suite_add(s, "failure", test_failure, 0, 1);
        suite_add(s, "daemon-goes", test_daemon_goes, 0, 2);
        suite_add(s, "swept", test_swept, 0, 1);
        suite_add(s, "two", test_two, 0, 1);
        suite_add(s, "no-place", test_no_place_for_it, 0, 1);
        suite_add(s, "udev", test_udev, 0, 1);
        return suite_run(s);
}

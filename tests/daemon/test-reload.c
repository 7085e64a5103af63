/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SIGHUP: the configuration is read again. Settings that apply at once, settings that wait for a job, and a bad file,
 * which changes nothing. */

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "checks.h"
#include "datagrams.h"
#include "presets.h"
#include "suite.h"
#include "uart.h"
#include "world-private.h"

#define UART_2        "tty:ttyS2"
#define MODULE_UART_2 "/org/fotad1/module/tty_2dttyS2"
#define NOWHERE       "http://127.0.0.1:1/up.bin"

/* A world whose messages to the service manager are recorded. */
typedef struct Reload {
        World *w;
        Datagrams *said;
        unsigned n; /* number of datagrams that were checked */
} Reload;

/* NULL: a pipe that nothing writes to. */
static void configure_bytes(Reload *r, const char *bytes, ssize_t n)
{
        g_autofree char *path = world_path(r->w, "fotad.conf.d/50-site.conf"), *directory = g_path_get_dirname(path);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
        if (bytes) {
                ck_assert(g_file_set_contents(path, bytes, n, NULL));
                return;
        }
        ck_assert_int_eq(g_unlink(path), 0);
        ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void configure(Reload *r, const char *text)
{
        configure_bytes(r, text, -1);
}

static Reload begin(const WorldSettings *given, const char *config)
{
        WorldSettings settings = *given;
        Reload r = { 0 };
        g_autofree char *path = NULL;

        settings.no_daemon = true;
        r.w = world_new(&settings);
        path = world_path(r.w, "notify");
        r.said = datagrams_new(path);
        world_set_environment(r.w, "NOTIFY_SOCKET", path);
        configure(&r, config);
        world_start_daemon(r.w);
        r.n = datagrams_await(r.said, 0, "READY=1") + 1;
        return r;
}

static void end(Reload *r)
{
        world_free(r->w);
        datagrams_free(r->said);
}

static void reload_as_it_is(Reload *r)
{
        ck_assert_int_eq(kill(world_daemon_pid(r->w), SIGHUP), 0);
        r->n = datagrams_await(r->said, r->n, "RELOADING=1\nMONOTONIC_USEC=") + 1;
        r->n = datagrams_await(r->said, r->n, "READY=1") + 1;
}

/* As systemctl reload does it; the reload is over on return. */
static void reload(Reload *r, const char *config)
{
        configure(r, config);
        reload_as_it_is(r);
}

/* The command that the unit runs before the signal. Returns its exit status and its output. */
static int check_config(Reload *r, char **ret_said)
{
        g_autofree char *fotad = world_program("daemon/fotad"), *conf = world_path(r->w, "fotad.conf");
        char *argv[] = { fotad, "--check-config", "--config", conf, NULL };
        int status;

        ck_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, ret_said, &status, NULL));
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static char *start(Reload *r, const char *module, const char *point)
{
        g_autofree char *url = NULL;
        char *job;

        url = world_publish(r->w);
        g_free(world_sim(r->w, "hold %s %s", module, point));
        job = world_expect_job(r->w, world_start(r->w,
                                                 strcmp(module, "1-1") == 0  ? MODULE_1
                                                 : strcmp(module, UART) == 0 ? "tty-ttyS1"
                                                                             : "tty-ttyS2",
                                                 url, NULL));
        g_free(world_sim(r->w, "held %s", module));
        return job;
}

static void finish(Reload *r, const char *module, const char *job)
{
        g_free(world_sim(r->w, "release %s", module));
        world_assert_result(r->w, job, "success", "", "");
        world_assert_sim(r->w, "1", "get %s qfotadl-count", module);
}

static void assert_gone(Reload *r, const char *path, const char *interface, const char *method)
{
        ck_assert(!world_call(r->w, path, interface, method));
        ck_assert_str_eq(world_error(r->w), SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static void assert_logged(Reload *r, const char *text)
{
        g_autofree char *log = world_log(r->w);

        size_t length = strlen(log), shown = MIN(length, 1000); /* libcheck's messages are limited */

        ck_assert_msg(strstr(log, text) != NULL, "the log does not contain '%s': %s", text, log + length - shown);
}

/* ---- the signal */

/* A reload without a change does nothing, in every state of a job. */
START_TEST(test_no_change)
{
        static const char *const points[] = { "qfotadl", "accepted",    "downloading:40", "downloaded", "off:1",
                                              "updater", "updating:50", "ended",          "off:2",      "boot" };
        Reload r = begin(&WORLD_EC200A, "");
        g_autofree char *job = NULL, *opened = NULL;

        world_await_module(r.w, MODULE_1);
        job = start(&r, "1-1", points[_i]);
        if (strcmp(points[_i], "boot") == 0)
                world_await_property(r.w, job, "State", "finished"); /* the daemon answers meanwhile */
        else if (!g_str_has_prefix(points[_i], "off"))
                world_await_port(r.w);
        opened = world_sim(r.w, "count 1-1 opened");
        reload(&r, "");
        reload(&r, "");
        world_assert_sim(r.w, opened, "count 1-1 opened");
        finish(&r, "1-1", job);
        world_assert_property(r.w, job, "Restarts", "2");
        world_await_property(r.w, MODULE_1, "Job", "/");
        end(&r);
}
END_TEST

/* A call after the signal is answered after the reload, which the unit's ExecReload= depends on. */
START_TEST(test_before_calls)
{
        Reload r = begin(&(WorldSettings){ 0 }, "");

        for (unsigned i = 0; i < 50; i++) {
                g_autofree char *config = g_strdup_printf("[site]\nround-%u=1\n", i);
                g_autofree char *said = g_strdup_printf("there is no key round-%u in [site]", i);

                configure(&r, config);
                ck_assert_int_eq(kill(world_daemon_pid(r.w), SIGHUP), 0);
                ck_assert(world_call(r.w, "/org/fotad1", "org.freedesktop.DBus.Peer", "Ping"));
                assert_logged(&r, said);
        }
        end(&r);
}
END_TEST

/* The error is named with file and line, in the log and in the service's status until the next good file; none of its
 * settings applies. */
START_TEST(test_bad_file)
{
        static const struct {
                const char *bytes;
                ssize_t n;
                const char *said;
        } bad[] = {
                { "[jobs]\nhistory=1\n[timeouts]\nstart=soon\n", -1,
                  "50-site.conf:4: start in [timeouts] must be a number" },
                { "[jobs]\nhistory=1\nnonsense\n", -1, "50-site.conf:3: " },
                { "\0\0\0\0", 4, "50-site.conf:1: there is a NUL byte" },
                { NULL, 0, "50-site.conf: it is not a regular file" },
        };
        WorldSettings settings = WORLD_EC200A;
        Reload r = begin(&settings, "");
        g_autofree char *first = NULL, *second = NULL, *said = NULL, *nothing = NULL;
        unsigned n = 0;

        world_await_module(r.w, MODULE_1);
        first = world_start(r.w, "", NOWHERE, NULL);
        world_assert_result(r.w, first, "failed", "http", "socket-connect-failed");
        world_await_property(r.w, MODULE_1, "Job", "/");
        second = world_start(r.w, "", NOWHERE, NULL);
        world_assert_result(r.w, second, "failed", "http", "socket-connect-failed");
        world_await_property(r.w, MODULE_1, "Job", "/");
        configure_bytes(&r, bad[_i].bytes, bad[_i].n);
        reload_as_it_is(&r);
        assert_logged(&r, bad[_i].said);
        ck_assert_int_eq(check_config(&r, &said), EX_CONFIG);
        ck_assert_msg(strstr(said, bad[_i].said) != NULL, "%s", said);
        n = datagrams_await(r.said, n, "STATUS=Idle, 1 module; not reloaded: ");
        datagrams_await(r.said, n, bad[_i].said);
        world_assert_property(r.w, first, "State", "finished");

        /* In the later status, too. */
        g_free(world_sim(r.w, "detach 1-1"));
        n = datagrams_await(r.said, n, "STATUS=Idle, no modules; not reloaded: ");
        reload(&r, "[jobs]\nhistory=1\n");
        ck_assert_int_eq(check_config(&r, &nothing), 0);
        ck_assert_str_eq(nothing, "");
        assert_gone(&r, first, "org.fotad1.Job", "Cancel");
        n = datagrams_await(r.said, n + 1, "STATUS=");
        {
                g_autoptr(GPtrArray) all = datagrams_get(r.said);

                ck_assert_str_eq(g_ptr_array_index(all, n), "STATUS=Idle, no modules");
        }
        end(&r);
}
END_TEST

/* ---- [timeouts] */

/* A wait that runs when the signal comes keeps its time-out; the next wait has the new one. */
START_TEST(test_timeouts)
{
        Reload r = begin(&WORLD_EC200A, _i == 0 ? "[timeouts]\ndownload-idle=600\n" : "[timeouts]\ndownload-idle=3\n");
        g_autofree char *job = NULL;

        world_await_module(r.w, MODULE_1);
        job = start(&r, "1-1", "downloading:40");
        world_await_property(r.w, job, "Percent", "20");
        if (_i == 0) {
                reload(&r, "[timeouts]\ndownload-idle=1\n");
                g_free(world_sim(r.w, "hold 1-1 downloading:60"));
                g_free(world_sim(r.w, "release 1-1"));
                g_free(world_sim(r.w, "held 1-1"));
        } else {
                reload(&r, "[timeouts]\ndownload-idle=600\n");
        }
        world_assert_result(r.w, job, "failed", "host", "download-timeout");
        end(&r);
}
END_TEST

/* ---- [jobs] */

static bool is_missing(World *w, const void *file)
{
        (void)w;
        return !g_file_test(file, G_FILE_TEST_EXISTS);
}

/* Records are removed by a thread, after the jobs have left the bus. */
START_TEST(test_history)
{
        Reload r = begin(&WORLD_EC200A, "");
        char *jobs[3];

        world_await_module(r.w, MODULE_1);
        for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
                jobs[i] = world_expect_job(r.w, world_start(r.w, "", NOWHERE, NULL));
                world_assert_result(r.w, jobs[i], "failed", "http", "socket-connect-failed");
                world_await_property(r.w, MODULE_1, "Job", "/");
        }
        reload(&r, "[jobs]\nhistory=1\n");
        for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
                g_autofree char *name = g_strdup_printf("state/jobs/%u.job", i + 1), *file = world_path(r.w, name);

                if (i < 2) {
                        assert_gone(&r, jobs[i], "org.fotad1.Job", "Cancel");
                        world_await(r.w, is_missing, file, "the removal of a record");
                } else {
                        world_assert_property(r.w, jobs[i], "State", "finished");
                        ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
                }
                g_free(jobs[i]);
        }
        end(&r);
}
END_TEST

START_TEST(test_package_size)
{
        Reload r = begin(&WORLD_EC200A, "");
        g_autofree char *package = world_path(r.w, "up.bin"), *job = NULL;

        world_make_package(r.w, "up.bin", OLD_REVISION, NEW_REVISION, 20000);
        world_await_module(r.w, MODULE_1);
        reload(&r, "[jobs]\npackage-size-max=19999\n");
        ck_assert_ptr_null(world_start_file(r.w, "", package, "up.bin", NULL));
        ck_assert_msg(strstr(world_error_message(r.w), "19999") != NULL, "%s", world_error_message(r.w));
        reload(&r, "[jobs]\npackage-size-max=30000\n");
        job = world_expect_job(r.w, world_start_file(r.w, "", package, "up.bin", NULL));
        world_assert_result(r.w, job, "success", "", "");
        end(&r);
}
END_TEST

/* ---- [usb] */

START_TEST(test_at_interfaces)
{
        Reload r = begin(&WORLD_EC200A, "[usb]\nat-interfaces=6005=9\n");
        g_autofree char *problem = NULL, *job = NULL;

        world_await_property(r.w, MODULE_1, "Present", "1");
        problem = world_property(r.w, MODULE_1, "Problem");
        ck_assert_msg(strstr(problem, "interface 9") != NULL, "%s", problem);
        reload(&r, "[usb]\nat-interfaces=6005=3\n");
        world_await_module(r.w, MODULE_1);
        world_assert_property(r.w, MODULE_1, "Port", "/dev/ttyUSB1");

        /* A job keeps its port; a setting that was read meanwhile applies from its end. */
        job = start(&r, "1-1", "downloading:40");
        reload(&r, "[usb]\nat-interfaces=6005=9\n");
        world_assert_property(r.w, MODULE_1, "Port", "/dev/ttyUSB1");
        finish(&r, "1-1", job); /* over all its restarts */
        world_await_property(r.w, MODULE_1, "Port", "");
        end(&r);
}
END_TEST

/* ---- [serial] */

START_TEST(test_lock_directory)
{
        Reload r = begin(&WORLD_EC200A, "");
        g_autofree char *other = world_path(r.w, "lock/other"), *lock = g_build_filename(other, "LCK..ttyUSB1", NULL);
        g_autofree char *job = NULL, *text = g_strdup_printf("[serial]\nlock-directory=%s\n", other);

        ck_assert_int_eq(g_mkdir(other, 0755), 0);
        ck_assert_int_eq(chmod(other, 01777), 0); /* as /run/lock is */
        world_await_module(r.w, MODULE_1);
        g_free(world_sim(r.w, "wait 1-1 closed 1"));
        reload(&r, text);
        job = start(&r, "1-1", "downloading:40");
        ck_assert(g_file_test(lock, G_FILE_TEST_EXISTS));
        finish(&r, "1-1", job);
        end(&r);
}
END_TEST

static const WorldSettings two_uarts = { .modules = { UART "=ec200a", UART_2 "=ec200a,imei=867710050000024" } };

/* Ports that are added; removed; removed and added again while a job holds them; and removed until the job's end. */
/* The socket of fotad-source-check: the next server is asked through the new one. */
START_TEST(test_source_check)
{
        Reload r = begin(&WORLD_EC200A, "[jobs]\nsource-check=/none/before\n");
        g_autoptr(GPtrArray) before = NULL, after = NULL;

        world_await_module(r.w, MODULE_1);
        before = check_call(r.w, "", NOWHERE, NULL, "check-source", "b", "1", NULL);
        check_assert(before, "server", false, "nothing listens at /none/before");
        reload(&r, "[jobs]\nsource-check=/none/after\n");
        after = check_call(r.w, "", NOWHERE, NULL, "check-source", "b", "1", NULL);
        check_assert(after, "server", false, "nothing listens at /none/after");
        end(&r);
}
END_TEST

START_TEST(test_uarts)
{
        Reload r = begin(&two_uarts, "[serial]\nports=ttyS1\n");
        g_autofree char *job = NULL;

        world_await_module(r.w, MODULE_UART);
        assert_gone(&r, MODULE_UART_2, "org.fotad1.Module", "Probe");
        reload(&r, "[serial]\nports=ttyS1;/dev/ttyS2\n");
        ck_assert(world_await_signal(r.w, "/org/fotad1", "InterfacesAdded", MODULE_UART_2));
        world_await_module(r.w, MODULE_UART_2);
        world_assert_property(r.w, MODULE_UART_2, "Id", "tty-ttyS2");
        world_assert_property(r.w, MODULE_UART, "Revision", OLD_REVISION);

        reload(&r, "[serial]\nports=ttyS2\n");
        assert_gone(&r, MODULE_UART, "org.fotad1.Module", "Probe");
        world_assert_property(r.w, MODULE_UART_2, "Revision", OLD_REVISION);

        job = start(&r, UART_2, "updating:50");
        reload(&r, "[serial]\nports=\n");
        reload(&r, "[serial]\nports=ttyS2\n");
        world_assert_property(r.w, MODULE_UART_2, "Job", job);
        reload(&r, "[serial]\nports=\n");
        world_assert_property(r.w, MODULE_UART_2, "Job", job);
        world_assert_property(r.w, MODULE_UART_2, "Present", "1");
        finish(&r, UART_2, job);
        ck_assert(world_await_signal(r.w, "/org/fotad1", "InterfacesRemoved", MODULE_UART_2));
        assert_gone(&r, MODULE_UART_2, "org.fotad1.Module", "Probe");
        world_assert_property(r.w, job, "Module", MODULE_UART_2);
        g_free(world_sim(r.w, "wait " UART_2 " closed 1"));
        end(&r);
}
END_TEST

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        char **answer = userdata;

        (void)error;
        *answer = g_strdup(sd_bus_message_is_method_error(m, NULL) ? sd_bus_message_get_error(m)->message : "");
        return 0;
}

/* A caller that waits for an answer of a removed module gets one. */
START_TEST(test_uart_awaited)
{
        Reload r = begin(&two_uarts, "[serial]\nports=ttyS1\n");
        g_autofree char *answer = NULL;

        world_await_module(r.w, MODULE_UART);
        g_free(world_sim(r.w, "wait " UART " closed 1"));
        g_free(world_sim(r.w, "set " UART " delay 600000"));
        ck_assert_int_ge(sd_bus_call_method_async(world_bus(r.w), NULL, "org.fotad1", MODULE_UART, "org.fotad1.Module",
                                                  "Probe", on_answer, &answer, NULL),
                         0);
        ck_assert_int_ge(sd_bus_flush(world_bus(r.w)), 0);
        g_free(world_sim(r.w, "wait " UART " opened 2"));
        reload(&r, "");
        while (!answer)
                if (sd_bus_process(world_bus(r.w), NULL) == 0)
                        ck_assert_int_ge(sd_bus_wait(world_bus(r.w), UINT64_MAX), 0); /* the test's own limit */
        ck_assert_msg(strstr(answer, "not among the UARTs") != NULL, "%s", answer);
        assert_gone(&r, MODULE_UART, "org.fotad1.Module", "Probe");
        end(&r);
}
END_TEST

/* A module is opened at the configured rate of now. A job keeps the rate that it began with, though its port is
 * reopened; a rate that was read meanwhile applies from its end. */
/* A port that was just opened is configured a moment later. */
static bool has_rate(World *w, const void *data)
{
        g_autofree char *rate = world_sim(w, "get " UART " host-baud");

        return strcmp(rate, data) == 0;
}

START_TEST(test_baud_rate)
{
        Reload r = begin(&(WorldSettings){ .modules = { UART "=ec200a" } }, "[serial]\nports=ttyS1\n");
        g_autofree char *job = NULL, *opened = NULL, *next = NULL;

        world_await_module(r.w, MODULE_UART);
        g_free(world_sim(r.w, "wait " UART " closed 1"));
        reload(&r, "[serial]\nports=ttyS1\nbaud-rate=57600\n");
        g_free(world_sim(r.w, "wait " UART " closed 2"));
        world_await_property(r.w, MODULE_UART, "System", "normal");

        job = start(&r, UART, "updating:50");
        world_assert_sim(r.w, "57600", "get " UART " host-baud");
        reload(&r, "[serial]\nports=ttyS1\nbaud-rate=9600\n");
        opened = world_sim(r.w, "count " UART " opened");
        g_free(world_sim(r.w, "pull " UART));
        world_await_property(r.w, MODULE_UART, "Present", "0");
        g_free(world_sim(r.w, "plug " UART));
        g_free(world_sim(r.w, "wait " UART " opened %d", atoi(opened) + 1));
        world_await(r.w, has_rate, "57600", "the old rate");
        finish(&r, UART, job);
        g_free(world_sim(r.w, "wait " UART " opened %d", atoi(opened) + 2));
        world_await_property(r.w, MODULE_UART, "System", "normal");

        next = start(&r, UART, "downloading:40");
        world_assert_sim(r.w, "9600", "get " UART " host-baud");
        ck_assert_msg(world_call(r.w, next, "org.fotad1.Job", "Cancel"), "%s", world_error_message(r.w));
        world_assert_result(r.w, next, "cancelled", "host", "cancelled");
        end(&r);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("reload");

        suite_add(s, "no-change", test_no_change, 0, 10);
        suite_add(s, "before-calls", test_before_calls, 0, 1);
        suite_add(s, "bad-file", test_bad_file, 0, 4);
        suite_add(s, "timeouts", test_timeouts, 0, 2);
        suite_add(s, "history", test_history, 0, 1);
        suite_add(s, "package-size", test_package_size, 0, 1);
        suite_add(s, "at-interfaces", test_at_interfaces, 0, 1);
        suite_add(s, "lock-directory", test_lock_directory, 0, 1);
        suite_add(s, "source-check", test_source_check, 0, 1);
        suite_add(s, "uarts", test_uarts, 0, 1);
        suite_add(s, "uart-awaited", test_uart_awaited, 0, 1);
        suite_add(s, "baud-rate", test_baud_rate, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client as people and scripts use it: its output, its exit status, JSON, a terminal, and that ending it does not
 * end the upgrade. */

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client-run.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

/* ---- tests */

/* Wrong usage, no daemon, and verbs that need no daemon. */
static const struct {
        const char *command;
        int status;
        const char *out, *err;
} alone[] = {
        { "", 2, "", "verb" },
        { "dance", 2, "", "verb" },
        { "start", 2, "", "needs SOURCE" },
        { "start a b", 2, "", "no more than" },
        { "start --dance http://host/up.bin", 2, "", "dance" },
        { "start --cid=x http://host/up.bin", 2, "", "--cid takes a number" },
        { "start /does/not/exist", 2, "", "cannot be opened" },
        { "start ftp:gw:" SECRET "@host/up.bin", 2, "", "SOURCE" },
        { "start - </dev/zero", 2, "", "SOURCE cannot be read: longer than 65536 bytes" },
        { "start --apn-password-file /dev/zero http://host/up.bin", 2, "", "/dev/zero: longer than 65536 bytes" },
        { "start --apn-password-file /etc http://host/up.bin", 2, "", "/etc: Is a directory" },
        { "start --apn-password-file /does/not http://host/up.bin", 2, "", "/does/not: No such file" },
        { "retry 1", 2, "", "needs JOB SOURCE" },
        { "history -n -1", 2, "", "number" },
        { "history -n x", 2, "", "" },
        { "list x", 2, "", "no arguments" },
        { "explain 9999", 2, "", "no such code" },
        { "watch --timeout x", 2, "", "--timeout takes a number" },
        { "watch --timeout 0", 2, "", "--timeout takes a number" },
        { "watch --until never", 2, "", "--until takes finished or stalled" },
        { "start --timeout 5 http://host/up.bin", 2, "", "need --wait" },
        { "start --json", 2, "\"error\"", "" },
        { "dance --json", 2, "\"error\"", "" },
        { "explain --json 9999", 2, "\"error\"", "" },
        { "list", 4, "", "fotad is not running" },
        { "status", 4, "", "fotad is not running" },
        { "start http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "start --wait http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "watch", 4, "", "fotad is not running" },
        { "cancel", 4, "", "fotad is not running" },
        { "retry 1 http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "check http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "history", 4, "", "fotad is not running" },
        { "monitor", 4, "", "fotad is not running" },
        { "probe", 4, "", "fotad is not running" },
        { "--json list", 4, "\"error\"", "" },
        { "list --json", 4, "\"error\"", "" },
        { "start --json http://gw:" SECRET "@host/up.bin", 4, "\"error\"", "" },
        { "explain", 2, "", "needs CODE or --list" },
        { "explain --list 504", 2, "", "needs CODE or --list" },
        { "explain 504", 0, "update/504", "" },
        { "explain http/799", 0, "http/799", "" },
        { "explain http/799", 0, "no table lists", "" },
        { "explain --json HTTP/799", 0, "\"number\":799,\"name\":\"unlisted\"", "" },
        { "explain host/799", 2, "", "no such code" },
        { "explain --list", 0, "http/714", "" },
        { "explain --list", 0, "host/17", "" },
        { "explain --list --json", 0, "\"dismissed\"", "" },
        { "explain host/cancelled", 0, "cancelled", "" },
        { "explain port-busy", 0, "Remedy", "" },
        { "explain --json http/714", 0, "\"dns-failed\"", "" },
        { "--version", 0, "fotactl ", "" },
        { "--help", 0, "watch [JOB]", "" },
        { "explain 504 >/dev/full", 9, "", "standard output" },
        { "--version >/dev/full", 9, "", "standard output" },
        { "help >/dev/full", 9, "", "standard output" },
        { "help start >/dev/full", 9, "", "standard output" },
        { "explain 9999 >/dev/full", 2, "", "no such code" },
        { "help start", 0, "--apn-password-file", "" },
};

START_TEST(test_alone)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "pipe"), *pipe = g_strconcat("start ", path, NULL);

        ck_assert_int_eq(mkfifo(path, 0600), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(alone); i++)
                client_assert(w, alone[i].command, NULL, alone[i].status, alone[i].out, alone[i].err);
        client_assert(w, "start --apn-password-file /dev/stdin http://host/up.bin", SECRET, 4, "", "not running");
        client_assert(w, pipe, NULL, 2, "", "SOURCE is not a regular file");
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/does/not/exist", TRUE);
        client_assert(w, "explain 504", NULL, 0, "update/504", "");
        client_assert(w, "list", NULL, 4, "", "system bus");
        client_assert(w, "list --json", NULL, 4, "\"error\"", "");
        world_free(w);
}
END_TEST

/* A command with --request-id may be repeated, and follows or shows the job of the first one. */
START_TEST(test_request_id)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *missing = world_http(w, "missing.bin"), *plain = NULL, *waits = NULL;
        g_autofree char *json = NULL, *other = NULL;

        world_await_module(w, MODULE_1);
        plain = g_strdup_printf("start --request-id 'r 1' %s", missing);
        waits = g_strdup_printf("start --wait --request-id 'r 1' %s", missing);
        json = g_strdup_printf("start --wait --json --request-id 'r 1' %s", missing);
        other = g_strdup_printf("start --request-id 'r 1' --allow-unchanged %s", missing);
        client_assert(w, plain, NULL, 0, "Job 1 has the request id r 1: " JOB_1 "\n", "");
        client_assert(w, waits, NULL, 1, "http/711", "");
        client_assert(w, waits, NULL, 1, "http/711", "");
        client_assert(w, json, NULL, 1, "\"RequestId\":\"r 1\"", "");
        client_assert(w, other, NULL, 3, "", "InvalidOption: request-id: job 1 has this id");
        client_assert(w, "status 1", NULL, 0, "Request id", "");
        client_assert(w, "status --json 1", NULL, 0, "\"RequestId\":\"r 1\"", "");
        client_assert(w, "history --json", NULL, 0, "\"RequestId\":\"r 1\"", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

/* A typical day: every verb, as text and as JSON. */
START_TEST(test_verbs)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *missing = NULL, *failing = NULL, *secret = NULL, *message = NULL;
        static const char second[] = "/org/fotad1/job/_32";

        client_assert(w, "status", NULL, 0, "no upgrade", "");
        client_assert(w, "status --json", NULL, 0, "[]", "");
        client_assert(w, "history", NULL, 0, "No upgrade", "");
        client_assert(w, "history --json", NULL, 0, "[]", "");
        client_assert(w, "watch", NULL, 3, "", "NoSuchJob");
        client_assert(w, "cancel", NULL, 3, "", "NoSuchJob");
        client_assert(w, "status 77", NULL, 3, "", "NoSuchJob");
        client_assert(w, "status --json 77", NULL, 3, "NoSuchJob", "");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        missing = world_http(w, "missing.bin");
        secret = world_ftp(w, "gateway:" SECRET "@", "up.bin");
        world_await_module(w, MODULE_1);
        client_assert(w, "list", NULL, 0, OLD_REVISION, "");
        client_assert(w, "list --json", NULL, 0, "\"Revision\":\"" OLD_REVISION "\",\"revision\":\"" OLD_REVISION "\"",
                      "");
        client_assert(w, "probe", NULL, 0, "EC200A", "");
        client_assert(w, "probe --json usb-1-1", NULL, 0, "\"Imei\"", "");
        client_assert(w, "probe usb-1-9", NULL, 3, "", "NoSuchModule");

        client_assert(w, "start gopher://gw:" SECRET "@host/up", NULL, 2, "", "SOURCE");
        client_assert(w, "start 'http://gw:" SECRET "@host/a b'", NULL, 3, "", "InvalidSource");
        client_assert(w, "start --json 'http://gw:" SECRET "@host/a b'", NULL, 3, "InvalidSource", "");
        client_assert(w, "start --cid 99 http://host/up.bin", NULL, 3, "", "InvalidOption: cid");
        client_assert(w, "start --module usb-1-9 http://host/up.bin", NULL, 3, "", "NoSuchModule");
        client_assert(w, "check --cid 99 http://host/up.bin", NULL, 3, "", "InvalidOption: cid");
        client_assert(w, "check --module usb-1-9 --json http://host/up.bin", NULL, 3, "NoSuchModule", "");
        client_assert(w, "start --cid 1 /etc/hostname", NULL, 3, "", "InvalidOption");

        failing = g_strdup_printf("start --wait %s", missing);
        client_assert(w, failing, NULL, 1, "The upgrade failed: http/711 (url-error)", "");
        world_assert_result(w, JOB_1, "failed", "http", "url-error");
        client_assert(w, "watch 1", NULL, 1, "The upgrade failed", "");
        client_assert(w, "watch --json " JOB_1, NULL, 1, "\"event\":\"result\"", "");
        client_assert(w, "watch --json " JOB_1, NULL, 1, "},\"time\":1", "");
        client_assert(w, "status 1", NULL, 0, "url-error", "");
        message = world_property(w, JOB_1, "Message");
        client_assert(w, "status 1", NULL, 0, message, "");
        client_assert(w, "retry 1 http://host/x", NULL, 3, "", "NotStalled");
        client_assert(w, "retry --json 1 http://host/x", NULL, 3, "NotStalled", "");
        client_assert(w, "cancel 1", NULL, 3, "", "NotCancellable");
        client_assert(w, "cancel --json 1", NULL, 3, "NotCancellable", "");

        /* A password is read from standard input, where other users cannot see it. */
        world_await_property(w, MODULE_1, "Job", "/");
        client_assert(w, "start --wait --json --expect " NEW_REVISION " -", secret, 0, "\"Result\":\"success\"", "");
        world_assert_result(w, second, "success", "", "");
        client_assert(w, "status", NULL, 0, "ftp://gateway:***@", "");
        client_assert(w, "status --json", NULL, 0, "ftp://gateway:***@", "");
        client_assert(w, "history", NULL, 0, "url-error", "");
        client_assert(w, "history --json -n 1", NULL, 0, "success", "");
        client_assert(w, "watch", NULL, 0, "The upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION, "");
        world_free(w);
}
END_TEST

/* Runs "start --wait" until the client has printed that text and the module is held at that point. */
static ClientRun *start_held(World *w, const char *point, const char *shown, bool json, bool terminal)
{
        g_autofree char *url = world_publish(w),
                        *command = g_strdup_printf("start --wait %s %s", json ? "--json" : "", url);
        ClientRun *r;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 %s", point));
        r = client_begin(w, command, NULL, terminal);
        client_await(r, shown);
        g_free(world_sim(w, "held 1-1"));
        return r;
}

START_TEST(test_cancel)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        ClientRun *r = start_held(w, "downloading:50", "downloading", _i, false);

        client_assert(w, "retry 1 http://host/x", NULL, 3, "", "NotStalled");
        client_assert(w, _i ? "cancel --json" : "cancel", NULL, 0, _i ? "cancelling" : "will be cancelled", "");
        client_finish(r, 5);
        ck_assert(strstr(r->text->str, _i ? "\"Result\":\"cancelled\"" : "The upgrade was cancelled"));
        client_free(r);
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        client_assert(w, "watch", NULL, 5, "cancelled", "");
        world_free(w);
}
END_TEST

/* The run ends with that status while the upgrade goes on, and its last line says so. */
static void assert_left(ClientRun *r, int status, const char *event, const char *sentence)
{
        g_autofree char *json = g_strdup_printf("{\"event\":\"%s\",\"job\":{\"path\":\"" JOB_1 "\",", event);
        g_autofree char *text = g_strdup_printf("%s To come back: fotactl watch 1\n", sentence);
        const char *last;

        client_finish(r, status);
        last = strstr(r->text->str, r->json ? json : text);
        ck_assert_msg(last && strchr(last, '\n') && !strchr(last, '\n')[1], "%s", r->text->str);
        client_free(r);
}

static void leave(ClientRun *r, int signal)
{
        kill(r->pid, signal);
        assert_left(r, 6, "detached", "Detached; the upgrade goes on.");
}

/* SIGINT and SIGTERM do not end the upgrade; the daemon dies and starts again, and watch sees the end. */
START_TEST(test_detach)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        ClientRun *r = start_held(w, "updating:50", "updating", _i, false);

        leave(r, _i ? SIGTERM : SIGINT);
        world_assert_property(w, JOB_1, "State", "updating");

        r = client_begin(w, _i ? "watch --json" : "watch", NULL, false);
        client_await(r, "updating");
        leave(r, _i ? SIGINT : SIGTERM);
        world_assert_property(w, JOB_1, "State", "updating");

        r = client_begin(w, _i ? "watch --json" : "watch", NULL, false);
        client_await(r, "updating");
        world_kill_daemon(w);
        client_await(r, _i ? "daemon-gone" : "fotad is restarting");
        world_start_daemon(w);
        client_await(r, _i ? "daemon-back" : "fotad is running again");
        g_free(world_sim(w, "release 1-1"));
        client_finish(r, 0);
        ck_assert(strstr(r->text->str, _i ? "\"Result\":\"success\"" : "The upgrade succeeded: "));
        client_free(r);
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

START_TEST(test_timeout)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        ClientRun *r = start_held(w, "updating:50", "updating", _i, false);

        assert_left(client_begin(w, _i ? "watch --json --timeout 1" : "watch --timeout 1", NULL, false), 7, "timed-out",
                    "The time-out is over; the upgrade goes on.");
        world_assert_property(w, JOB_1, "State", "updating");
        g_free(world_sim(w, "release 1-1"));
        client_finish(r, 0);
        client_free(r);
        client_assert(w, "watch --timeout 1 --until stalled", NULL, 0, "succeeded", "");
        world_free(w);
}
END_TEST

/* The second package is missing: a run that waits until the upgrade is stalled ends then, and a later one at once. */
START_TEST(test_until_stalled)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" }, .config = "stall=1\n" };
        World *w = world_new(&settings);
        g_autofree char *old = world_sim(w, "get 1-1 revision"), *url = NULL, *command = NULL;
        const char *watch = _i ? "watch --json --until=stalled" : "watch --until=stalled";

        world_package(w, "up.mini_1", old, "EC600MCNAAR01A99M08", NULL);
        url = world_http(w, "up.mini_1");
        command = g_strdup_printf("start --wait %s --until=stalled %s", _i ? "--json" : "", url);
        world_await_module(w, MODULE_1);
        assert_left(client_begin(w, command, NULL, false), 8, "stalled", "The upgrade is stalled.");
        world_assert_property(w, JOB_1, "State", "stalled");
        assert_left(client_begin(w, watch, NULL, false), 8, "stalled", "The upgrade is stalled.");
        world_free(w);
}
END_TEST

/* A line for each event, from the modules that are there to the end of an upgrade and of the daemon. */
START_TEST(test_monitor)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *url = world_publish(w), *job = NULL, *shown = g_strdup_printf("  job 1: usb-1-1, %s, ", url);
        ClientRun *r;

        world_await_module(w, MODULE_1);
        r = client_begin(w, _i ? "monitor --json" : "monitor", NULL, false);
        client_await(r, _i ? "\"event\":\"present\",\"module\":{\"path\":\"" MODULE_1 "\",\"Id\":\"usb-1-1\","
                           : "  module usb-1-1: EC200A ");
        job = world_start(w, MODULE_1, url, NULL);
        client_await(r, _i ? "\"event\":\"added\",\"job\":{\"path\":\"" JOB_1 "\"," : shown);
        client_await(r, _i ? "\"event\":\"changed\",\"module\":{\"path\":\"" MODULE_1 "\","
                           : "  module usb-1-1: Job=" JOB_1);
        client_await(r, _i ? "\"event\":\"progress\",\"job\":{\"path\":\"" JOB_1 "\",\"State\":\"updating\","
                           : "  job 1: updating, ");
        client_await(r, _i ? "\"event\":\"result\",\"job\":{\"path\":\"" JOB_1 "\",\"Result\":\"success\","
                           : "  job 1: success: The module runs ");
        world_kill_daemon(w);
        client_await(r, _i ? "\"event\":\"daemon-gone\"}\n" : "  fotad has stopped or is restarting.\n");
        g_string_truncate(r->text, 0);
        world_start_daemon(w);
        client_await(r, _i ? "\"event\":\"daemon-back\"}" : "  fotad is running again.\n");
        client_await(r, _i ? "\"event\":\"present\",\"module\":{" : "  module usb-1-1: ");
        kill(r->pid, SIGINT);
        client_finish(r, -SIGINT);
        client_free(r);
        if (_i == 0) {
                r = client_begin(w, "monitor", NULL, false);
                client_await(r, "  module usb-1-1: ");
                world_kill_bus(w);
                client_finish(r, 4);
                client_free(r);
        }
        world_free(w);
}
END_TEST

/* The bus is killed while a client follows an upgrade: status 4, and the lost connection is the only error. */
START_TEST(test_bus_killed)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        ClientRun *r = start_held(w, "updating:50", "updating", _i, false);

        world_kill_bus(w);
        client_finish(r, 4);
        if (_i)
                ck_assert(strstr(r->text->str, "{\"error\":{\"name\":\"fotactl.NoDaemon\","));
        else
                ck_assert_str_eq(r->error, "fotactl: the connection to the system bus is lost; the upgrade goes on\n");
        client_free(r);
        world_start_bus(w);
        world_await_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        client_assert(w, "watch", NULL, 0, "The upgrade succeeded", "");
        world_free(w);
}
END_TEST

/* The first line for a person is that Ctrl-C only detaches. A bar is drawn over itself, and the end has whole lines. */
START_TEST(test_terminal)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,unopened=keep" } };
        World *w = world_new(&settings);
        ClientRun *r = start_held(w, "updating:50", "\rupdating     [###", false, true);

        ck_assert(strstr(r->text->str, JOB_1 "\r\nCtrl-C only detaches: the upgrade goes on.\r\n"));
        if (_i) {
                ck_assert_int_eq(write(r->out, "\x03", 1), 1);
                client_await(r, "fotactl watch 1");
        } else {
                client_await(r, " 74 %");
        }
        g_free(world_sim(w, "release 1-1"));
        client_finish(r, _i ? 6 : 0);
        if (!_i)
                ck_assert(strstr(r->text->str, "The upgrade succeeded"));
        ck_assert(g_str_has_suffix(r->text->str, "\r\n"));
        ck_assert(strstr(r->text->str, "\033[K"));
        /* No line is longer than the terminal is wide. */
        for (const char *p = r->text->str; p && *p; p = strpbrk(p + 1, "\r\n")) {
                size_t columns = 0;

                for (const char *q = p + (*p == '\r' || *p == '\n'); *q && *q != '\r' && *q != '\n'; q++) {
                        if (*q == '\033')
                                q += strcspn(q, "Km");
                        else
                                columns++;
                }
                ck_assert_uint_le(columns, 80);
        }
        client_free(r);
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* A package on this host: a descriptor of the file, and its base name. */
START_TEST(test_file)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "www/up.bin"), *bytes = NULL, *sha256 = NULL, *size = NULL;
        g_autofree char *check = g_strdup_printf("check --json %s", path), *wrong = NULL, *start = NULL;
        g_autofree char *protocol = g_strdup_printf("start --flow-control protocol %s", path), *shown = NULL;
        size_t n;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
        sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, n);
        wrong = g_strdup_printf("start --sha256 %064d %s", 0, path);
        start = g_strdup_printf("start --json --sha256 %s %s", sha256, path);
        size = g_strdup_printf("%zu bytes", n);
        shown = g_strdup_printf(
                "\"PackageSize\":%zu,\"packageSize\":%zu,\"PackageSha256\":\"%s\",\"packageSha256\":\"%s\"", n, n,
                sha256, sha256);
        world_await_module(w, MODULE_1);
        client_assert(w, check, NULL, 0, "a package on the host", "");
        client_assert(w, wrong, NULL, 3, "", "InvalidSource");
        client_assert(w, protocol, NULL, 3, "", "Unsupported");
        client_assert(w, "start /dev/null", NULL, 2, "", "not a regular file");
        g_free(world_sim(w, "set 1-1 delay 4000"));
        client_assert(w, start, NULL, 0, "\"Id\":\"1\"", "");
        client_assert(w, "status 1", NULL, 0, "up.bin", "");
        client_assert(w, "status 1", NULL, 0, size, "");
        client_assert(w, "status 1", NULL, 0, sha256, "");
        client_assert(w, "status --json 1", NULL, 0, shown, "");
        client_assert(w, "cancel 1", NULL, 0, "", "");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        client_assert(w, "history --json", NULL, 0, shown, "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("fotactl");

        suite_add(s, "alone", test_alone, 0, 1);
        suite_add(s, "request-id", test_request_id, 0, 1);
        suite_add(s, "verbs", test_verbs, 0, 1);
        suite_add(s, "file", test_file, 0, 1);
        suite_add(s, "cancel", test_cancel, 0, 2);
        suite_add(s, "detach", test_detach, 0, 2);
        suite_add(s, "timeout", test_timeout, 0, 2);
        suite_add(s, "until-stalled", test_until_stalled, 0, 2);
        suite_add(s, "monitor", test_monitor, 0, 2);
        suite_add(s, "bus-killed", test_bus_killed, 0, 2);
        suite_add(s, "terminal", test_terminal, 0, 2);
        return suite_run(s);
}

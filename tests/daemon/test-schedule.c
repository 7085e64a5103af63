/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scheduled upgrades as fotad-upgrade@.service runs them: the outcome of a run, its messages to systemd, and that no
 * password is sent anywhere but to the module. */

#include <check.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "client-run.h"
#include "presets.h"
#include "schedules.h"
#include "suite.h"

/* The timer runs twice: the module is upgraded once. */
START_TEST(test_once)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_http(b->w, "%{model}_%{revision}.bin"), *lines = NULL;
        unsigned n;

        world_package(b->w, "EC200A_" OLD_REVISION ".bin", OLD_REVISION, NEW_REVISION, NULL);
        schedules_write(b, url, "");
        schedules_assert(b, "show night", 0, "EC200A_" OLD_REVISION ".bin", "");
        schedules_assert(b, "show night", 0, "upgrade from " OLD_REVISION, "");
        schedules_assert(b, "show --json night", 0, "EC200A_" OLD_REVISION ".bin", "");
        schedules_assert(b, "show --json night", 0, "\"run\":\"upgrade\"", "");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");

        schedules_assert(b, _i ? "run --json night" : "run night", 0,
                         _i ? "\"Result\":\"success\""
                            : "night: the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION "\n",
                         "");
        world_assert_result(b->w, JOB_1, "success", "", "");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        n = datagrams_await(b->systemd, 0, "STATUS=job 1: downloading, ");
        n = datagrams_await(b->systemd, n, "STATUS=job 1: updating, ");
        schedules_assert_told(b, n, "STATUS=the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION);

        world_await_property(b->w, MODULE_1, "Job", "/");
        n = schedules_count_told(b);
        lines = world_sim(b->w, "get 1-1 at-lines");
        schedules_assert(b, _i ? "run --json night" : "run night", 0,
                         _i ? "\"event\":\"nothing-to-do\""
                            : "night: nothing to do: usb-1-1 has " NEW_REVISION " already\n",
                         "");
        schedules_assert_told(b, n, "STATUS=nothing to do: usb-1-1 has " NEW_REVISION " already");
        world_assert_sim(b->w, lines, "get 1-1 at-lines"); /* the module was not even asked */
        schedules_assert(b, "show night", 0, "nothing, the module has that revision", "");
        schedules_assert(b, "show --json night", 0, "\"run\":\"nothing\"", "");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* Another program has upgraded the module, which the daemon has not seen: the module is asked for its identity
 * first. */
START_TEST(test_probed)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);

        schedules_write(b, "http://host/up.bin", "");
        g_free(world_sim(b->w, "set 1-1 revision " NEW_REVISION));
        world_assert_property(b->w, MODULE_1, "Revision", OLD_REVISION);
        schedules_assert(b, "run night", 0, "night: nothing to do: usb-1-1 has " NEW_REVISION " already\n", "");
        world_assert_property(b->w, MODULE_1, "Revision", NEW_REVISION);
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* A module that was away may have come back with other firmware: its earlier revision does not count until it
 * answers. */
START_TEST(test_came_back)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,revision=" NEW_REVISION } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *missing = world_http(b->w, "missing.bin");

        schedules_write(b, missing, "");
        g_free(world_sim(b->w, "detach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "0");
        g_free(world_sim(b->w, "set 1-1 revision " OLD_REVISION));
        g_free(world_sim(b->w, "set 1-1 delay 300"));
        g_free(world_sim(b->w, "attach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "1");
        schedules_assert(b, "run night", 1, "", "fotactl: night: the upgrade failed: http/711 (url-error): ");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* Passwords come from systemd, and reach only the module. */
START_TEST(test_credentials)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,fota-cid=2" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_ftp(b->w, "gateway@", "up.bin"), *shown = NULL, *line = NULL, *log = NULL;
        g_autofree char *told = world_ftp(b->w, "gateway:***@", "up.bin"), *huge = g_strnfill(1 << 20, 'p');
        ClientRun *r;

        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        schedules_write_credential(b, "source-password", SECRET "\n");
        schedules_write_credential(b, "apn-password", "apn-" SECRET);

        schedules_write(b, url, "");
        schedules_assert(b, "run night", 2, "", "the credential apn-password is of no use without apn=");
        schedules_write(b, "http://host/up.bin", "[options]\ncid=2\napn=internet\n");
        schedules_assert(b, "run night", 2, "", "the credential source-password is of no use unless source=");
        schedules_write_credential(b, "source-password", "s3cret\x01");
        schedules_write(b, url, "[options]\ncid=2\napn=internet\n");
        schedules_assert(b, "run night", 2, "", "the credential source-password has a control character");
        schedules_write_credential(b, "source-password", huge);
        schedules_assert(b, "run night", 2, "", "source-password: longer than 65536 bytes");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");

        schedules_write_credential(b, "source-password", SECRET "\n");
        schedules_write(b, url, "[options]\ncid=2\napn=internet\napn-user=gateway\napn-auth=1\n");
        schedules_assert(b, "show night", 0, "ftp://gateway@", "");
        g_free(world_sim(b->w, "hold 1-1 downloading:50"));
        line = schedules_command(b, _i ? "run --json night" : "run night");
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "downloading");
        g_free(world_sim(b->w, "held 1-1"));
        world_assert_sim(b->w, "internet", "get 1-1 apn");
        world_assert_sim(b->w, "gateway", "get 1-1 apn-user");
        world_assert_sim(b->w, "apn-" SECRET, "get 1-1 apn-password");
        shown = world_property(b->w, JOB_1, "Source");
        ck_assert_str_eq(shown, told);
        g_free(world_sim(b->w, "release 1-1"));
        client_finish(r, 0);
        client_free(r);
        world_assert_result(b->w, JOB_1, "success", "", "");
        schedules_assert_told(b, 0, "STATUS=the upgrade succeeded: ");
        log = world_log(b->w);
        ck_assert(!strstr(log, "s3cret"));
        schedules_free(b);
}
END_TEST

/* A password with every character that would end its part of the URL; the guide's limit shows that it arrived. */
START_TEST(test_encoded)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *message = NULL;

        schedules_write_credential(b, "source-password", "s3cret/?#@% \"'`\\\xc3\xa4.");
        schedules_write(b, "ftp://gateway@127.0.0.1:9/up.bin", "");
        schedules_assert(b, "run night", 1, "", "fotactl: night: the upgrade failed: ftp/");
        message = world_property(b->w, JOB_1, "Source");
        ck_assert_str_eq(message, "ftp://gateway:***@127.0.0.1:9/up.bin");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");

        /* 17 of them are 51 bytes of URL. */
        schedules_write_credential(b, "source-password", "/////////////////");
        schedules_assert(b, "run night", 3, "", "the password in an FTP URL may have 50 bytes at most");
        schedules_free(b);
}
END_TEST

/* Every failure of a run has its exit status, its line, and the same line in systemctl status. */
START_TEST(test_refused)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *missing = world_http(b->w, "missing.bin"), *unreadable = world_path(b->w, "absent.bin");
        unsigned n;

        schedules_write(b, "http://host/up.bin", "module=usb-1-9\n");
        schedules_assert(b, "run night", 3, "", "NoSuchModule: ");
        schedules_assert_told(b, 0, "STATUS=there is no such module");
        n = schedules_count_told(b);
        schedules_write(b, "http://host/up.bin", "[options]\ncid=99\n");
        schedules_assert(b, "run night", 3, "", "InvalidOption: cid");
        schedules_assert_told(b, n, "STATUS=cid must be");
        n = schedules_count_told(b);
        schedules_write(b, "http://host/", "");
        schedules_assert(b, "run --json night", 3, "InvalidSource", "");
        schedules_assert_told(b, n, "the URL must end in the package's file name");
        n = schedules_count_told(b);
        schedules_write(b, unreadable, "");
        schedules_assert(b, "run night", 2, "", "night.conf:2: source cannot be read: ");
        schedules_assert_told(b, n, "source cannot be read: ");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");

        n = schedules_count_told(b);
        schedules_write(b, missing, "");
        schedules_assert(b, "run night", 1, "", "fotactl: night: the upgrade failed: http/711 (url-error): ");
        schedules_assert_told(b, n, "STATUS=the upgrade failed: http/711 (url-error): ");
        world_assert_result(b->w, JOB_1, "failed", "http", "url-error");
        n = schedules_count_told(b);
        world_await_property(b->w, MODULE_1, "Job", "/");
        g_free(world_sim(b->w, "detach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "0");
        schedules_assert(b, "run night", 3, "", "ModuleNotReady");
        schedules_assert_told(b, n, "STATUS=usb-1-1 ");
        schedules_free(b);
}
END_TEST

/* A name that a module reports is put into a URL only if it remains unchanged there. */
START_TEST(test_placeholders)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,revision=../EC200A@x" } };
        Schedules *b = schedules_new(&settings);

        schedules_write(b, "http://host/%{revision}/up.bin", "");
        schedules_assert(b, "show night", 0, "is not of letters, digits, - _ . only", "");
        schedules_assert(b, "run night", 2, "", "night.conf:2: source cannot take the module's revision: ");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* A package on this host. */
START_TEST(test_package)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *path = world_path(b->w, "from-%{revision}.bin");

        world_make_package(b->w, "from-" OLD_REVISION ".bin", OLD_REVISION, NEW_REVISION, 20000);
        schedules_write(b, path, "[options]\nflow-control=hardware\n");
        schedules_assert(b, "run night", 0, "night: the upgrade succeeded: ", "");
        world_assert_property(b->w, JOB_1, "Source", "from-" OLD_REVISION ".bin");
        world_await_property(b->w, MODULE_1, "Job", "/");
        schedules_assert(b, "run night", 0, "night: nothing to do: ", "");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* The second package is missing: the status of the unit has the reason, as systemctl status shows it. */
START_TEST(test_stalled)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" }, .config = "stall=1\n" };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_http(b->w, "up.mini_1"), *old = world_sim(b->w, "get 1-1 revision");
        g_autofree char *line = schedules_command(b, "run night"), *message = NULL, *status = NULL;
        g_autofree char *text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=EC600MCNAAR01A99M08\n", url);
        ClientRun *r;

        world_package(b->w, "up.mini_1", old, "EC600MCNAAR01A99M08", NULL);
        g_free(schedules_write_file(b, "night.conf", text, 0644));
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "stalled");
        message = world_property(b->w, JOB_1, "Message");
        ck_assert(*message);
        status = g_strdup_printf("STATUS=job 1: stalled, 60 %%: %s", message);
        schedules_assert_told(b, 0, status);
        kill(r->pid, SIGTERM);
        client_finish(r, 6);
        client_free(r);
        schedules_free(b);
}
END_TEST

/* A run that is stopped leaves its job; the next run follows it, and another schedule does not. */
START_TEST(test_followed)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = _i ? world_ftp(b->w, "gateway@", "from-%{revision}.bin")
                                  : world_http(b->w, "from-%{revision}.bin");
        g_autofree char *line = schedules_command(b, "run night");
        g_autofree char *other = NULL, *again = schedules_command(b, _i ? "run --json night" : "run night");
        ClientRun *r;
        unsigned n;

        world_package(b->w, "from-" OLD_REVISION ".bin", OLD_REVISION, NEW_REVISION, NULL);
        schedules_write(b, url, "");
        if (_i)
                schedules_write_credential(b, "source-password", SECRET);
        other = g_strdup_printf("[upgrade]\nsource=%s?\nexpected-revision=" NEW_REVISION "\n", url);
        g_free(schedules_write_file(b, "other.conf", other, 0644));
        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "updating");
        g_free(world_sim(b->w, "held 1-1"));
        kill(r->pid, SIGTERM);
        client_finish(r, 6);
        client_free(r);
        schedules_assert_told(b, 0, "STATUS=Detached; the upgrade goes on.");
        world_assert_property(b->w, JOB_1, "State", "updating");

        n = schedules_count_told(b);
        schedules_assert(b, "run other", 3, "", "job 1, which is not this schedule's, holds the module: ");
        schedules_assert_told(b, n, "STATUS=job 1, which is not this schedule's");
        schedules_assert(b, "show night", 0, "job 1 holds the module", "");

        n = schedules_count_told(b);
        r = client_begin(b->w, again, NULL, false);
        client_await(r,
                     _i ? "\"following\"" : "Job 1 upgrades the module from the same source already; it is followed.");
        client_await(r, "updating");
        g_free(world_sim(b->w, "release 1-1"));
        client_finish(r, 0);
        client_free(r);
        schedules_assert_told(b, n, "STATUS=the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION);
        world_assert_result(b->w, JOB_1, "success", "", "");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* The daemon ends during a run, and starts again: systemctl status shows that, and then the progress again. */
START_TEST(test_daemon_gone)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_http(b->w, "up.bin"), *line = schedules_command(b, "run night");
        ClientRun *r;
        unsigned n;

        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        schedules_write(b, url, "");
        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "updating");
        g_free(world_sim(b->w, "held 1-1"));
        world_kill_daemon(b->w);
        n = datagrams_await(b->systemd, 0, "STATUS=fotad is restarting; the upgrade goes on in the module.");
        world_start_daemon(b->w);
        n = datagrams_await(b->systemd, n, "STATUS=fotad is running again.");
        datagrams_await(b->systemd, n, "STATUS=job 1: updating, ");
        g_free(world_sim(b->w, "release 1-1"));
        client_finish(r, 0);
        client_free(r);
        schedules_assert_told(b, n, "STATUS=the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION);
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* A package on this host is identified by its bytes: the file may have been replaced under its name, or be gone. */
START_TEST(test_followed_package)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *path = world_path(b->w, "up.bin"), *line = schedules_command(b, "run night"), *job = NULL;
        ClientRun *r;

        world_make_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, 20000);
        schedules_write(b, path, "");
        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        job = world_expect_job(b->w, world_start_file(b->w, "", path, "up.bin", NULL));
        g_free(world_sim(b->w, "held 1-1"));

        world_make_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, 20001);
        schedules_assert(b, "run night", 3, "", "job 1, which is not this schedule's, holds the module: up.bin");
        ck_assert_int_eq(unlink(path), 0);
        schedules_assert(b, "run night", 2, "", "night.conf:2: source cannot be read: ");
        world_make_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, 20000);
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "Job 1 upgrades the module from the same source already; it is followed.");
        g_free(world_sim(b->w, "release 1-1"));
        client_finish(r, 0);
        client_free(r);
        schedules_assert_told(b, 0, "STATUS=the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION);
        schedules_free(b);
}
END_TEST

/* A followed upgrade is cancelled, or ends with the revision that another schedule expects. */
START_TEST(test_followed_badly)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_http(b->w, "up.bin"), *line = schedules_command(b, "run night"), *job = NULL;
        g_autofree char *text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=EC200AEUHAR01A09M16\n", url);
        ClientRun *r;

        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        g_free(schedules_write_file(b, "night.conf", text, 0644));
        g_free(world_sim(b->w, "hold 1-1 downloading:50"));
        job = world_start(b->w, "", url, NULL);
        g_free(world_sim(b->w, "held 1-1"));
        r = client_begin(b->w, line, NULL, false);
        client_await(r, "downloading");
        if (_i)
                ck_assert(world_call(b->w, JOB_1, "org.fotad1.Job", "Cancel"));
        else
                g_free(world_sim(b->w, "release 1-1"));
        client_finish(r, _i ? 5 : 1);
        ck_assert(
                strstr(r->error, _i ? "fotactl: night: the upgrade was cancelled: "
                                    : "fotactl: night: the upgrade succeeded, but not to what this schedule expects"));
        ck_assert_msg(!strstr(r->text->str, "The upgrade"), "the end is printed twice: %s", r->text->str);
        client_free(r);
        schedules_assert_told(b, 0,
                              _i ? "STATUS=the upgrade was cancelled: " : "STATUS=the upgrade succeeded, but not");
        schedules_free(b);
}
END_TEST

/* ---- request ids */

#define INVOCATION "0123456789abcdef0123456789abcdef"

/* From now on fotactl is run as the main process of a unit, or as a process below one. */
static void run_as_unit(Schedules *b, bool main_process)
{
        g_autofree char *program = g_strdup_printf("#!/bin/sh\n%sexec '%s/client/fotactl' \"$@\"\n",
                                                   main_process ? "SYSTEMD_EXEC_PID=$$ " : "",
                                                   g_getenv("abs_top_builddir"));
        g_autofree char *path = schedules_write_file(b, "fotactl", program, 0755);

        g_setenv("CLIENT_PROGRAM", path, TRUE);
        g_setenv("SYSTEMD_EXEC_PID", "1", TRUE);
}

static void assert_failed(Schedules *b, const char *verb, const char *commands)
{
        schedules_assert(b, verb, 1, "", ": the upgrade failed: http/711 (url-error): ");
        world_assert_sim(b->w, commands, "get 1-1 qfotadl-count");
}

/* A run that systemd has started is one job at most, also if its call is repeated; the next run starts anew. Processes
 * below a service have its INVOCATION_ID, but are no runs. */
START_TEST(test_request_id)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *missing = world_http(b->w, "missing.bin"), *text = NULL, *long_id = NULL;
        const char *const next = "fedcba9876543210fedcba9876543210";

        schedules_write(b, missing, "");
        run_as_unit(b, true);
        g_setenv("INVOCATION_ID", INVOCATION, TRUE);
        assert_failed(b, "run night", "1");
        world_assert_property(b->w, JOB_1, "RequestId", "night-" INVOCATION);
        assert_failed(b, "run night", "1");
        g_setenv("INVOCATION_ID", next, TRUE);
        assert_failed(b, "run night", "2");

        g_setenv("INVOCATION_ID", "abc", TRUE);
        assert_failed(b, "run night", "3");
        world_assert_property(b->w, "/org/fotad1/job/_33", "RequestId", "");
        g_setenv("INVOCATION_ID", next, TRUE);
        run_as_unit(b, false);
        assert_failed(b, "run night", "4");
        world_assert_property(b->w, "/org/fotad1/job/_34", "RequestId", "");

        run_as_unit(b, true);
        text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=" NEW_REVISION "\n", missing);
        g_free(schedules_write_file(b, "every-night-at-three-and-on-sundays.conf", text, 0644));
        assert_failed(b, "run every-night-at-three-and-on-sundays", "5");
        long_id = world_property(b->w, "/org/fotad1/job/_35", "RequestId");
        ck_assert_msg(strlen(long_id) == 64 && g_str_has_suffix(long_id, next), "%s", long_id);
        schedules_free(b);
}
END_TEST

/* The caller's own id counts instead. A schedule that has changed since is refused. */
START_TEST(test_request_id_given)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *missing = world_http(b->w, "missing.bin");

        schedules_write(b, missing, "");
        run_as_unit(b, true);
        g_setenv("INVOCATION_ID", INVOCATION, TRUE);
        assert_failed(b, "run --request-id=rollout-7 night", "1");
        world_assert_property(b->w, JOB_1, "RequestId", "rollout-7");
        assert_failed(b, "run --request-id=rollout-7 night", "1");
        schedules_write(b, missing, "[options]\nallow-unchanged=true\n");
        schedules_assert(b, "run --request-id=rollout-7 night", 3, "", "InvalidOption: request-id: job 1 has this id");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

/* The job with the id has succeeded, and the module was set back since: the run fails, and starts nothing. */
START_TEST(test_request_id_set_back)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_publish(b->w);

        schedules_write(b, url, "");
        schedules_assert(b, "run --request-id=r1 night", 0, "night: the upgrade succeeded: ", "");
        schedules_assert(b, "run --request-id=r1 night", 0, "night: nothing to do", "");
        g_free(world_sim(b->w, "set 1-1 revision " OLD_REVISION));
        ck_assert(world_call(b->w, MODULE_1, "org.fotad1.Module", "Probe"));
        world_await_property(b->w, MODULE_1, "Revision", OLD_REVISION);
        schedules_assert(b, "run --request-id=r1 night", 1, "",
                         "but the module has " OLD_REVISION " now: give a new request id");
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        schedules_assert(b, "run --request-id=r2 night", 0, "night: the upgrade succeeded: ", "");
        schedules_free(b);
}
END_TEST

/* With several modules, the module of the job with the id is meant. */
START_TEST(test_request_id_chooses)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } };
        Schedules *b = schedules_new(&settings);
        g_autofree char *missing = world_http(b->w, "missing.bin");

        world_await_module(b->w, MODULE_2);
        schedules_write(b, missing, "module=usb-1-2\n");
        schedules_assert(b, "run --request-id=r1 night", 1, "", ": the upgrade failed: http/711 (url-error): ");
        schedules_write(b, missing, "");
        schedules_assert(b, "run --request-id=r1 night", 1, "", ": the upgrade failed: http/711 (url-error): ");
        schedules_assert(b, "run --request-id=r2 night", 3, "", "AmbiguousModule");
        world_assert_sim(b->w, "1", "get 1-2 qfotadl-count");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");
        schedules_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("schedule");

        suite_add(s, "once", test_once, 0, 2);
        suite_add(s, "probed", test_probed, 0, 1);
        suite_add(s, "came-back", test_came_back, 0, 1);
        suite_add(s, "credentials", test_credentials, 0, 2);
        suite_add(s, "encoded", test_encoded, 0, 1);
        suite_add(s, "refused", test_refused, 0, 1);
        suite_add(s, "placeholders", test_placeholders, 0, 1);
        suite_add(s, "package", test_package, 0, 1);
        suite_add(s, "stalled", test_stalled, 0, 1);
        suite_add(s, "followed", test_followed, 0, 2);
        suite_add(s, "daemon-gone", test_daemon_gone, 0, 1);
        suite_add(s, "followed-package", test_followed_package, 0, 1);
        suite_add(s, "followed-badly", test_followed_badly, 0, 2);
        suite_add(s, "request-id", test_request_id, 0, 1);
        suite_add(s, "request-id-given", test_request_id_given, 0, 1);
        suite_add(s, "request-id-set-back", test_request_id_set_back, 0, 1);
        suite_add(s, "request-id-chooses", test_request_id_chooses, 0, 1);
        return suite_run(s);
}

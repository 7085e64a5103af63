/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history of a job: who asked for what, each phase and restart, the codes, settings and decisions, on the bus, on
 * the disk and in fotactl log; without passwords; and after the daemon was started again. */

#include <check.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client-run.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define IMEI  "867710050000024"
#define QUICK "settle=5\nstall=20\n" /* no case here may stall by itself */

/* The lines "KIND TEXT" of a job's log. NULL if the call failed. */
static char *read_log(World *w, const char *job, sd_bus_error *error)
{
        sd_bus_message *reply = NULL;
        GString *text = g_string_new(NULL);
        const char *kind, *line;
        uint64_t at;

        if (sd_bus_call_method(world_bus(w), "org.fotad1", job, "org.fotad1.Job", "GetLog", error, &reply, NULL) < 0)
                return g_string_free(text, TRUE);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "(tss)"), 0);
        while (sd_bus_message_read(reply, "(tss)", &at, &kind, &line) > 0) {
                ck_assert_uint_ge(at, 1500000000000000);
                ck_assert_uint_le(at, (uint64_t)g_get_real_time());
                g_string_append_printf(text, "%s %s\n", kind, line);
        }
        sd_bus_message_unref(reply);
        return g_string_free(text, FALSE);
}

static char *get_log(World *w, const char *job)
{
        char *text = read_log(w, job, NULL);

        ck_assert_msg(text != NULL, "GetLog fails");
        ck_assert_msg(!strstr(text, SECRET), "%s", text);
        ck_assert_msg(!strstr(text, IMEI), "%s", text);
        return text;
}

/* Asserts that the text has these parts in this order. */
static void assert_story(const char *text, const char *const *parts)
{
        const char *p = text;

        for (; *parts; parts++) {
                p = strstr(p, *parts);
                ck_assert_msg(p != NULL, "\"%s\" is missing, or too early, in:\n%s", *parts, text);
                p += strlen(*parts);
        }
}

static char *record_of(World *w)
{
        g_autofree char *path = world_path(w, "state/jobs/1.job");
        char *text;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        return text;
}

START_TEST(test_success)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=" IMEI ",urcport=uart1" } };
        g_autofree char *url = NULL, *job = NULL, *log = NULL, *again = NULL, *record = NULL, *request = NULL,
                        *file = NULL;
        World *w = world_new_idle(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_ftp(w, "gateway:" SECRET "@", "up.bin");
        job = world_expect_job(w, world_start(w, "", url, "expected-revision", "s", NEW_REVISION, NULL));
        world_assert_result(w, job, "success", "", "");
        log = get_log(w, job);
        request = g_strdup_printf("request StartUpgrade by uid %u (:1.", geteuid());
        assert_story(log, (const char *const[]){ request,
                                                 "gateway:***@",
                                                 "options: expected-revision=" NEW_REVISION "\n",
                                                 "revision before the upgrade: " OLD_REVISION "\n",
                                                 "phase waiting, after ",
                                                 "setting power/control is set to on\n",
                                                 "phase checking, after ",
                                                 "phase preparing, after ",
                                                 "setting AT+QURCCFG=\"urcport\" is changed; before: uart1\n",
                                                 "phase command, after ",
                                                 "phase downloading, after ",
                                                 "message +QIND: \"FOTA\",\"FTPSTART\"\n",
                                                 "progress ",
                                                 "message +QIND: \"FOTA\",\"FTPEND\",0\n",
                                                 "note left the bus\n",
                                                 "decision no longer cancellable, after ",
                                                 "phase away, after the module left the bus",
                                                 "restart 1: the module came back with product id 6005\n",
                                                 "phase updating, after ",
                                                 "note AT port is /dev/",
                                                 "message +QIND: \"FOTA\",\"END\",0\n",
                                                 "phase verifying, after ",
                                                 "restart 2: ",
                                                 "decision success, after ",
                                                 "setting AT+QURCCFG=\"urcport\" is as before again\n",
                                                 "progress 100 %\n",
                                                 "phase finished, after ",
                                                 "result success: The module runs " NEW_REVISION " now.\n",
                                                 "setting power/control is set to auto\n",
                                                 NULL });
        ck_assert_msg(!strstr(log, "\nat "), "%s", log); /* only before a failure */

        /* Durable, with the record; and a record that is written again keeps it. */
        file = world_path(w, "state/jobs/1.job");
        world_await_file(w, file, "Announced=yes");
        world_kill_daemon(w);
        record = record_of(w);
        ck_assert_msg(strstr(record, "\n[Log]\n") && strstr(record, "Announced=yes"), "%s", record);
        ck_assert_msg(!strstr(record, SECRET), "%s", record);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        again = get_log(w, job);
        ck_assert_str_eq(log, again);
        world_free(w);
}
END_TEST

/* A failure: the code that the module named, and the dialogue before it; a call that is carried out, with its caller.
 */
START_TEST(test_failure)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=" IMEI } };
        World *w = world_new_idle(&settings);
        g_autofree char *url = world_http(w, "missing.bin?token=" SECRET), *job = NULL, *log = NULL, *second = NULL,
                        *point = NULL;

        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "failed", "http", "url-error");
        log = get_log(w, job);
        assert_story(log, (const char *const[]){
                                  "request StartUpgrade", "token=***", "at > AT+QFOTADL=***\n", "at < OK\n",
                                  "code HTTP code 711: ", "decision failed: url-error, after the module's message",
                                  "phase ending, after ", "result failed: ", NULL });
        world_await_property(w, MODULE_1, "Job", "/");
        second = world_upgrade_to(w, "downloading:50");
        ck_assert_msg(world_call(w, second, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        world_assert_result(w, second, "cancelled", "host", "cancelled");
        g_free(log);
        log = get_log(w, second);
        point = g_strdup_printf("request Cancel by uid %u (:1.", geteuid());
        assert_story(log,
                     (const char *const[]){ "progress ", point, "decision the download is given up (cancelled), after ",
                                            "setting AT+CFUN is changed", "decision cancelled: cancelled, after ",
                                            "result cancelled: ", NULL });
        world_free(w);
}
END_TEST

/* A package on the host has a name, and its call another one. */
START_TEST(test_file)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new_idle(&settings);
        g_autofree char *path = NULL, *job = NULL, *log = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        path = world_path(w, "www/up.bin");
        job = world_expect_job(w, world_start_file(w, "", path, "up.bin", NULL));
        world_assert_result(w, job, "success", "", "");
        log = get_log(w, job);
        assert_story(log, (const char *const[]){ "request StartUpgradeFile by uid ", "): up.bin, dfota\n", "phase sending, after ",
                                                 "result success: ", NULL });
        world_free(w);
}
END_TEST

/* A daemon that is killed in the middle goes on with the log that stood in the record. */
START_TEST(test_resumed)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=" IMEI } };
        World *w = world_new_idle(&settings);
        g_autofree char *job = world_upgrade_to(w, "updating:50"), *log = NULL;

        world_await_property(w, job, "State", "updating");
        world_kill_daemon(w);
        world_start_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        log = get_log(w, job);
        assert_story(log, (const char *const[]){ "request StartUpgrade", "phase updating, after ",
                                                 "note job 1 on usb-1-1 is taken up again in state updating\n",
                                                 "phase away, after the job was begun, or taken up again\n",
                                                 "result success: ", NULL });
        world_free(w);
}
END_TEST

/* The reason why a system is taken for the Mini system. */
START_TEST(test_mini)
{
        Course *c = course_new("ec600m", QUICK);
        g_autofree char *log = NULL;

        course_publish(c, NULL);
        course_begin(c);
        course_assert_success(c, "4");
        log = get_log(c->w, c->job);
        assert_story(log, (const char *const[]){ "phase mini, after ", "restart 4: ",
                                                 "decision judged firmware: AT+CMGF?", "result success: ", NULL });
        course_free(c);
}
END_TEST

START_TEST(test_stalled)
{
        Course *c = course_stall_in_second("ec600m");
        g_autofree char *log = NULL;

        course_await_stalled(c, "up.mini_2");
        log = get_log(c->w, c->job);
        assert_story(log,
                     (const char *const[]){ "restart 3: ", "at > AT+CMGF?\n", "decision stalled, after a time-out\n",
                                            "warning stalled: No progress was seen", NULL });
        ck_assert_msg(strstr(log, "decision judged Mini: "), "%s", log);
        course_free(c);
}
END_TEST

/* A record that is gone, or that is no regular file, is an error of the call, and holds up nothing. */
START_TEST(test_unreadable)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new_idle(&settings);
        g_autofree char *job = world_upgrade(w), *path = world_path(w, "state/jobs/1.job");
        sd_bus_error error = SD_BUS_ERROR_NULL;

        world_assert_result(w, job, "success", "", "");
        world_await_file(w, path, "Announced=yes");
        ck_assert_int_eq(g_unlink(path), 0);
        if (_i) {
                ck_assert_int_eq(mkfifo(path, 0600), 0);
                ck_assert_int_eq(chmod(path, 0666), 0); /* the daemon is another user */
        }
        ck_assert_ptr_null(read_log(w, job, &error));
        ck_assert_str_eq(error.name, "org.freedesktop.DBus.Error.Failed");
        ck_assert_msg(strstr(error.message, _i ? "not a regular file" : "No such file"), "%s", error.message);
        sd_bus_error_free(&error);
        world_assert_property(w, job, "Result", "success");
        world_free(w);
}
END_TEST

/* The picture is a document of its own, with the phases, restarts and revisions of the upgrade. */
static void assert_picture(World *w, const char *file)
{
        static const char *const parts[] = { "<svg xmlns=",
                                             "Job 1 on usb-1-1: success",
                                             OLD_REVISION " to " NEW_REVISION,
                                             "<title>downloading</title>",
                                             "<title>away</title>",
                                             "<title>updating</title>",
                                             ">restart 1<",
                                             ">restart 2<",
                                             ">no longer cancellable<",
                                             "<polyline ",
                                             "</svg>\n" };
        g_autofree char *path = world_path(w, file), *text = NULL;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                ck_assert_msg(strstr(text, parts[i]) != NULL, "%s is missing in: %s", parts[i], text);
}

START_TEST(test_fotactl)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new_idle(&settings);
        g_autofree char *job = NULL, *picture = world_path(w, "up.svg"),
                        *draw = g_strdup_printf("log 1 --svg %s", picture);

        client_assert(w, "log", NULL, 3, "", "NoSuchJob");
        client_assert(w, "log 7", NULL, 3, "", "NoSuchJob");
        client_assert(w, "log 1 2", NULL, 2, "", "no more than");
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        client_assert(w, "log 1", NULL, 0, " phase     updating, after ", "");
        client_assert(w, "log", NULL, 0, " result    success: ", "");
        client_assert(w, "log --json 1", NULL, 0, "\"kind\":\"request\",\"text\":\"StartUpgrade by uid ", "");
        client_assert(w, "log --json 7", NULL, 3, "NoSuchJob", "");
        client_assert(w, draw, NULL, 0, "", "");
        assert_picture(w, "up.svg");
        client_assert(w, "log --svg -", NULL, 0, "</svg>", "");
        client_assert(w, "log --svg /does/not/exist", NULL, 9, "", "picture cannot be written");
        world_free(w);
}
END_TEST

/* A journalctl that prints its arguments, and lines as they must not get into a report. */
static void fake_journalctl(World *w)
{
        g_autofree char *directory = world_path(w, "bin"), *program = g_build_filename(directory, "journalctl", NULL);
        g_autofree char *path = g_strdup_printf("%s:%s", directory, g_getenv("PATH"));

        ck_assert_int_eq(g_mkdir(directory, 0755), 0);
        ck_assert(g_file_set_contents(program,
                                      "#!/bin/sh\necho \"asked: $*\"\necho 'the IMEI is " IMEI "'\n"
                                      "echo 'from ftp://gateway:" SECRET "@host/up.bin?x=" SECRET ", and more'\n",
                                      -1, NULL));
        ck_assert_int_eq(chmod(program, 0755), 0);
        g_setenv("PATH", path, TRUE);
}

static char *get_report(World *w, const char *command, int status)
{
        ClientRun *run = client_begin(w, command, NULL, false);
        char *text;

        client_finish(run, status);
        text = g_strdup(run->text->str);
        client_free(run);
        ck_assert_msg(!strstr(text, IMEI) && !strstr(text, SECRET), "%s", text);
        return text;
}

START_TEST(test_report)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=" IMEI }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL, *first = NULL, *second = NULL, *third = NULL;

        fake_journalctl(w);
        first = get_report(w, "report", 4);
        assert_story(first, (const char *const[]){ "== Versions\n", "fotactl ", "kernel ", "== Configuration\n",
                                                   "== Journal\n", "--unit=fotad\n", NULL });
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        second = get_report(w, "report", 0);
        assert_story(second, (const char *const[]){ "== Modules\nmodule usb-1-1\n", "Imei=86771005*******\n",
                                                    "== Journal\n", NULL });
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_ftp(w, "gateway:" SECRET "@", "up.bin");
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "success", "", "");
        third = get_report(w, "report 1", 0);
        assert_story(third, (const char *const[]){
                                    "\nfotad ", "== Job\njob 1\n", "Result=success\n", "== Log of the job\n",
                                    " request   StartUpgrade", "== Journal of the job\n", "FOTAD_JOB=1\n",
                                    "the IMEI is 86771005*******\n", "ftp://gateway:***@host/up.bin?x=***", NULL });
        client_assert(w, "report 7", NULL, 3, "", "NoSuchJob");
        client_assert(w, "report --json", NULL, 2, "\"error\"", "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("log");

        suite_add(s, "success", test_success, 0, 1);
        suite_add(s, "failure", test_failure, 0, 1);
        suite_add(s, "file", test_file, 0, 1);
        suite_add(s, "resumed", test_resumed, 0, 1);
        suite_add(s, "mini", test_mini, 0, 1);
        suite_add(s, "stalled", test_stalled, 0, 1);
        suite_add(s, "unreadable", test_unreadable, 0, 2);
        suite_add(s, "fotactl", test_fotactl, 0, 1);
        suite_add(s, "report", test_report, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rights where polkit decides: Debian's polkitd, the policy as built, and several users. The installed policy is tested
 * by test-polkit-installed; a system without polkit, or with one that does not answer, by test-polkit-waits. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mini.h"
#include "polkit.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define NAME "org.fotad1"

/* alice and nobody may start upgrades of one module, and alice may check all; bob may do nothing; carol is asked for a
 * password. */
#define RULES                                                                                                          \
        "polkit.addRule(function(action, subject) {\n"                                                                 \
        "  if (action.id.indexOf('org.fotad1.') != 0) return polkit.Result.NOT_HANDLED;\n"                             \
        "  if (subject.user == 'bob') return polkit.Result.NO;\n"                                                      \
        "  if (action.id == 'org.fotad1.start' && action.lookup('module') == 'usb-1-1' &&\n"                           \
        "      (subject.user == 'alice' || subject.user == 'nobody'))\n"                                               \
        "    return polkit.Result.YES;\n"                                                                              \
        "  if (subject.user == 'alice' && action.id == 'org.fotad1.probe') return polkit.Result.YES;\n"                \
        "});\n"

/* ---- calls */

/* The object of the calls. */
typedef struct Target {
        const char *module, *url, *job;
        const char *package; /* NULL an empty one, which users without the right never see */
} Target;

static int start(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", e, NULL, "ssa{sv}",
                                  t->module, t->url, 0);
}

static int start_file(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;
        int fd = open(t->package ?: "/dev/null", O_RDONLY | O_CLOEXEC);

        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile", e, NULL,
                                  "shsa{sv}", t->module, fd, "up.bin", 0);
}

static int check(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "Check", e, NULL, "ssa{sv}",
                                  t->module, t->url, 0);
}

static int probe(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, strcmp(t->module, "usb-1-1") == 0 ? MODULE_1 : MODULE_2,
                                  "org.fotad1.Module", "Probe", e, NULL, NULL);
}

static int survey(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "Survey", e, NULL, "s", t->module);
}

static int manager_cancel(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "Cancel", e, NULL, "o", t->job);
}

static int job_cancel(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, t->job, "org.fotad1.Job", "Cancel", e, NULL, NULL);
}

static int dismiss(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, t->job, "org.fotad1.Job", "Dismiss", e, NULL, NULL);
}

static int retry(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, t->job, "org.fotad1.Job", "Retry", e, NULL, "sa{sv}", t->url, 0);
}

static int get_recording(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;

        return sd_bus_call_method(bus, NAME, t->job, "org.fotad1.Job", "GetRecording", e, NULL, NULL);
}

static const struct {
        const char *name;
        UserFunc func;
} acts[] = {
        { "org.fotad1.start", start }, { "org.fotad1.start", start_file },      { "org.fotad1.probe", check },
        { "org.fotad1.probe", probe }, { "org.fotad1.probe", survey },          { "org.fotad1.cancel", job_cancel },
        { "org.fotad1.retry", retry }, { "org.fotad1.cancel", manager_cancel }, { "org.fotad1.cancel", dismiss },
        { "org.fotad1.probe", get_recording },
};

static int read_all(sd_bus *bus, const void *data, sd_bus_error *e)
{
        const Target *t = data;
        int r;

        if ((r = sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "GetHistory", e, NULL, "u", 0)) <
                    0 ||
            (r = sd_bus_call_method(bus, NAME, "/org/fotad1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                    e, NULL, NULL)) < 0)
                return r;
        return sd_bus_call_method(bus, NAME, t->job, "org.freedesktop.DBus.Properties", "GetAll", e, NULL, "s",
                                  "org.fotad1.Job");
}

/* ---- the world */

static World *two_modules(const char *rules)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } };
        World *w;

        polkit_prepare(rules);
        w = world_new(&settings);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        polkit_start(w);
        return w;
}

/* The job can be cancelled until that message. */
static void await_download(World *w)
{
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, JOB_1, "State", "downloading");
        world_assert_property(w, JOB_1, "Cancellable", "1");
}

static void assert_nothing_begun(World *w, const char *job)
{
        g_autofree char *file = g_strdup_printf("state/jobs/%s.job", job), *path = world_path(w, file);
        g_autofree char *packages = world_path(w, "state/packages");
        g_autoptr(GDir) dir = g_dir_open(packages, 0, NULL);

        ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
        ck_assert(!dir || !g_dir_read_name(dir));
}

/* ---- tests */

static const struct {
        const User *user;
        bool interactive;
        const char *error, *words;
} refused[] = {
        { &bob, false, "AccessDenied", "polkit does not admit you" },
        { &bob, true, "AccessDenied", "polkit does not admit you" },
        { &carol, false, "InteractiveAuthorizationRequired", "asked for a password" },
        { &carol, true, "AccessDenied", "no authentication agent" },
};

START_TEST(test_refused)
{
        World *w = two_modules(RULES);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL, *lines = NULL;
        Target other = { .module = "usb-1-2", .url = url, .job = JOB_1 };

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        await_download(w);
        lines = world_sim(w, "get 1-2 at-lines");
        for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
                user_assert_do(refused[_i].user, refused[_i].interactive, acts[i].func, &other, refused[_i].error,
                               refused[_i].words);
                ck_assert_msg(strstr(user_message(), acts[i].name) != NULL, "no '%s' in: %s", acts[i].name,
                              user_message());
        }
        user_assert_do(refused[_i].user, refused[_i].interactive, read_all, &other, "done", "");
        world_assert_sim(w, lines, "get 1-2 at-lines");
        world_assert_property(w, JOB_1, "State", "downloading");
        assert_nothing_begun(w, "2");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* Exactly the calls that her rule admits. */
START_TEST(test_admitted)
{
        World *w = two_modules(RULES);
        g_autofree char *url = world_http(w, "up.bin"), *package = world_path(w, "www/up.bin");
        g_autofree char *record = world_path(w, "state/jobs/1.job"), *text = NULL;
        Target first = { .module = "usb-1-1", .url = url, .job = JOB_1 }, second = first;

        second.module = "usb-1-2";
        user_assert_do(&alice, false, probe, &first, "done", "");
        user_assert_do(&alice, false, check, &second, "done", "");
        user_assert_do(&alice, false, start, &second, "InteractiveAuthorizationRequired", "org.fotad1.start");
        user_assert_do(&alice, false, start_file, &second, "InteractiveAuthorizationRequired", "org.fotad1.start");
        assert_nothing_begun(w, "1");
        user_assert_do(&alice, false, start_file, &first, "InvalidSource", "package");
        first.package = package;
        user_assert_do(&alice, false, start_file, &first, "done", "");
        ck_assert(g_file_get_contents(record, &text, NULL, NULL));
        ck_assert_msg(strstr(text, "\nStartedBy=4301\n") != NULL, "%s", text);
        user_assert_do(&alice, false, get_recording, &first, "Unsupported", "option record");
        user_assert_do(&alice, false, retry, &first, "InteractiveAuthorizationRequired", "org.fotad1.retry");
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* The daemon's life between the start and the cancel. */
enum { LIVES_ON, STOPPED, KILLED, N_LIVES };

static void live(World *w, int how)
{
        if (how == LIVES_ON)
                return;
        if (how == STOPPED)
                ck_assert_int_eq(world_stop_daemon(w), 0);
        else
                world_kill_daemon(w);
        world_start_daemon(w);
        world_await_property(w, JOB_1, "Cancellable", "1");
}

/* The user who started a job may cancel it, without a rule. */
START_TEST(test_own)
{
        UserFunc cancel = _i % 2 ? manager_cancel : job_cancel;
        World *w = two_modules(RULES);
        g_autofree char *url = world_http(w, "up.bin"), *path = world_path(w, "state/jobs/1.job"), *text = NULL;
        Target target = { .module = "usb-1-1", .url = url, .job = JOB_1 };

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        user_assert_do(&alice, false, start, &target, "done", "");
        await_download(w);
        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        ck_assert_msg(strstr(text, "\nStartedBy=4301\n") != NULL, "%s", text);
        live(w, _i / 2);
        user_assert_do(&bob, true, cancel, &target, "AccessDenied", "the one who started the job");
        user_assert_do(&carol, false, cancel, &target, "InteractiveAuthorizationRequired", "org.fotad1.cancel");
        world_assert_property(w, JOB_1, "Cancellable", "1");
        world_assert_property(w, JOB_1, "Result", "");
        user_assert_do(&alice, false, cancel, &target, "done", "");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        world_free(w);
}
END_TEST

/* A uid without a name is not an identity: its next user may be another person. */
START_TEST(test_unknown_uid)
{
        World *w = two_modules(RULES);
        g_autofree char *url = world_http(w, "up.bin");
        Target target = { .module = "usb-1-1", .url = url, .job = JOB_1 };

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        user_assert_do(&nobody, false, start, &target, "done", "");
        await_download(w);
        user_assert_do(&nobody, false, job_cancel, &target, "InteractiveAuthorizationRequired", "org.fotad1.cancel");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* root's job is not hers, though she may start one. */
START_TEST(test_job_of_root)
{
        World *w = two_modules(RULES);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL;
        Target target = { .module = "usb-1-1", .url = url, .job = JOB_1 };

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, "usb-1-1", url, NULL);
        await_download(w);
        user_assert_do(&alice, false, job_cancel, &target, "InteractiveAuthorizationRequired", "org.fotad1.cancel");
        user_assert_do(&member, false, job_cancel, &target, "done", "");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        world_free(w);
}
END_TEST

/* A StartUpgrade that acts as a Retry counts as one: the right to start does not include it. */
START_TEST(test_retry)
{
        Target target = { .module = "usb-1-1", .job = JOB_1 };
        g_autofree char *record = NULL, *last = NULL, *fixed = NULL;
        Course *c;

        polkit_prepare("polkit.addRule(function(action, subject) {\n"
                       "  if (subject.user == 'alice' && action.id == 'org.fotad1.start') return polkit.Result.YES;\n"
                       "  if (subject.user == 'carol' && action.id == 'org.fotad1.retry' &&\n"
                       "      action.lookup('module') == 'usb-1-1') return polkit.Result.YES;\n"
                       "});\n");
        c = course_stall_in_second("ec800m-4");
        /* Under another name: the module does not go on by itself. */
        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        target.url = fixed = world_http(c->w, "fixed.mini_1");
        polkit_start(c->w);
        world_await_property(c->w, JOB_1, "State", "stalled");
        if (_i > 0) { /* its record is removed, and the upgrade adopted */
                world_kill_daemon(c->w);
                record = world_path(c->w, "state/jobs/1.job");
                ck_assert_int_eq(g_unlink(record), 0);
                last = world_path(c->w, "state/last-job"); /* the next job then has the same id */
                ck_assert_int_eq(g_unlink(last), 0);
                world_start_daemon(c->w);
                world_await_property(c->w, MODULE_1, "Job", JOB_1);
                world_assert_property(c->w, JOB_1, "Origin", "adopted");
                world_await_property(c->w, JOB_1, "State", "stalled");
        }
        user_assert_do(&alice, false, _i ? start : retry, &target, "InteractiveAuthorizationRequired",
                       "org.fotad1.retry");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        user_assert_do(&carol, false, _i ? start : retry, &target, "done", "");
        g_free(world_sim(c->w, "wait 1-1 qfotadl 2"));
        world_await_property(c->w, JOB_1, "State", "finished");
        world_assert_property(c->w, JOB_1, "Result", "success");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("polkit");

        suite_add(s, "refused", test_refused, 0, G_N_ELEMENTS(refused));
        suite_add(s, "admitted", test_admitted, 0, 1);
        suite_add(s, "own", test_own, 0, 2 * N_LIVES);
        suite_add(s, "unknown-uid", test_unknown_uid, 0, 1);
        suite_add(s, "job-of-root", test_job_of_root, 0, 1);
        suite_add(s, "retry", test_retry, 0, 2);
        return suite_run(s);
}

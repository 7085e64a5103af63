/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rights of users: all may read; root may act, and so may the members of the group that the daemon runs as. */

#include <check.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#define NOBODY 65534
#define OURS   WORLD_USER /* the group of the installed daemon */
#define THEIRS 4243

/* The user and group of the daemon, the caller's group, and the caller's other groups. */
typedef struct Groups {
        bool by_hand;
        gid_t caller, others[3];
        size_t n_others;
} Groups;

/* Root's group gives no rights: a daemon that root starts directly is in it. */
static const Groups strangers[] = {
        { .by_hand = true, .caller = NOBODY },
        { .by_hand = true, .caller = 0 },
        { .by_hand = true, .caller = NOBODY, .others = { 0, OURS }, .n_others = 2 },
        { .caller = NOBODY },
        { .caller = NOBODY, .others = { 0, THEIRS }, .n_others = 2 },
};
static const Groups members[] = {
        { .caller = OURS },
        { .caller = NOBODY, .others = { OURS }, .n_others = 1 },
        { .caller = NOBODY, .others = { THEIRS, OURS, 0 }, .n_others = 3 },
};

static void report(FILE *f, const char *what, int r, sd_bus_error *error)
{
        fprintf(f, "%s: %s\n", what, r >= 0 ? "done" : error->name);
        sd_bus_error_free(error);
}

/* In a process of its own: the calls of nobody, whose answers are written to the file. */
static void act_as_nobody(const Groups *groups, const char *file, const char *job, const char *url)
{
        static const char name[] = "org.fotad1", root[] = "/org/fotad1", manager[] = "org.fotad1.Manager";
        static const char log[] = "org.freedesktop.LogControl1";
        FILE *f = fopen(file, "w");
        sd_bus *bus = NULL;
        sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        if (!f || setgroups(groups->n_others, groups->others) < 0 ||
            setresgid(groups->caller, groups->caller, groups->caller) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
            sd_bus_open_system(&bus) < 0)
                _exit(1);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgrade", &e, NULL, "ssa{sv}", "usb-1-2", url, 0);
        report(f, "StartUpgrade", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgrade", &e, NULL, "ssa{sv}", "usb-1-1", url, 1,
                               "request-id", "s", "r1");
        report(f, "repeated", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgrade", &e, NULL, "ssa{sv}", "usb-1-2", url, 1,
                               "request-id", "s", "r1");
        report(f, "with a known id", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgradeFile", &e, NULL, "shsa{sv}", "usb-1-2", 0, "x", 0);
        report(f, "StartUpgradeFile", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "Check", &e, NULL, "ssa{sv}", "usb-1-2", url, 0);
        report(f, "Check", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "Cancel", &e, NULL, "o", job);
        report(f, "Cancel", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.fotad1.Job", "Cancel", &e, NULL, NULL);
        report(f, "Job.Cancel", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.fotad1.Job", "Dismiss", &e, NULL, NULL);
        report(f, "Dismiss", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.fotad1.Job", "Retry", &e, NULL, "sa{sv}", url, 0);
        report(f, "Retry", r, &e);
        r = sd_bus_call_method(bus, name, MODULE_1, "org.fotad1.Module", "Probe", &e, NULL, NULL);
        report(f, "Probe", r, &e);
        r = sd_bus_call_method(bus, name, MODULE_2, "org.fotad1.Module", "Probe", &e, NULL, NULL);
        report(f, "Probe 2", r, &e);
        r = sd_bus_set_property(bus, name, "/org/freedesktop/LogControl1", log, "LogLevel", &e, "s", "emerg");
        report(f, "LogLevel", r, &e);
        r = sd_bus_set_property(bus, name, "/org/freedesktop/LogControl1", log, "LogTarget", &e, "s", "console");
        report(f, "LogTarget", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "GetHistory", &e, NULL, "u", 0);
        report(f, "GetHistory", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.fotad1.Job", "GetLog", &e, NULL, NULL);
        report(f, "GetLog", r, &e);
        r = sd_bus_call_method(bus, name, root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &e, NULL,
                               NULL);
        report(f, "GetManagedObjects", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.freedesktop.DBus.Properties", "GetAll", &e, NULL, "s",
                               "org.fotad1.Job");
        report(f, "GetAll", r, &e);
        r = sd_bus_request_name(bus, "org.fotad1.Other", 0);
        fprintf(f, "own: %d\n", r >= 0);
        _exit(fclose(f) == 0 ? 0 : 1);
}

/* A job on the first module, in the middle of its download, and then those calls: their answers, and the commands that
 * the second module had received before. */
static World *begin(const Groups *groups, char **ret_job, char **ret_lines, char **ret_text)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" },
                                   .config = "[timeouts]\nstart=2\nsettle=2\n",
                                   .by_hand = groups->by_hand };
        World *w;
        g_autofree char *url = NULL, *file = NULL;
        int status;
        pid_t pid;

        ck_assert_msg(geteuid() == 0, "this test becomes another user, which only root can");
        w = world_new(&settings);
        url = world_http(w, "up.bin");
        file = world_path(w, "nobody");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        *ret_job = world_start(w, "usb-1-1", url, "request-id", "s", "r1", NULL);
        ck_assert_msg(*ret_job != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, *ret_job, "State", "downloading");
        world_assert_property(w, *ret_job, "Cancellable", "1");
        *ret_lines = world_sim(w, "get 1-2 at-lines");

        pid = fork();
        if (pid == 0)
                act_as_nobody(groups, file, *ret_job, url);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        ck_assert(g_file_get_contents(file, ret_text, NULL, NULL));
        return w;
}

START_TEST(test_access)
{
        static const char denied[] = "org.freedesktop.DBus.Error.AccessDenied";
        g_autofree char *job = NULL, *text = NULL, *wanted = NULL, *jobs = NULL, *lines = NULL;
        World *w = begin(&strangers[_i], &job, &lines, &text);

        jobs = world_path(w, "state/jobs/2.job");
        wanted = g_strdup_printf(
                "StartUpgrade: %s\nrepeated: %s\nwith a known id: %s\nStartUpgradeFile: %s\nCheck: %s\nCancel: %s\n"
                "Job.Cancel: %s\nDismiss: %s\nRetry: %s\nProbe: %s\nProbe 2: %s\nLogLevel: %s\nLogTarget: %s\n"
                "GetHistory: done\nGetLog: done\nGetManagedObjects: done\nGetAll: done\n"
                "own: 0\n",
                denied, denied, denied, denied, denied, denied, denied, denied, denied, denied, denied, denied, denied);
        ck_assert_str_eq(text, wanted);

        world_assert_sim(w, lines, "get 1-2 at-lines");
        world_assert_property(w, job, "State", "downloading");
        ck_assert(!g_file_test(jobs, G_FILE_TEST_EXISTS));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

START_TEST(test_members)
{
        static const char *const done[] = {
                "StartUpgrade: done\n",     "\nCheck: done\n",
                "\nCancel: done\n",         "NotCancellable\n",
                "Retry: org.fotad1.Error.", "own: 0\n",
                "\nrepeated: done\n",       "\nwith a known id: org.fotad1.Error.InvalidOption"
        };
        g_autofree char *job = NULL, *text = NULL, *lines = NULL;
        World *w = begin(&members[_i], &job, &lines, &text);

        ck_assert_msg(!strstr(text, "AccessDenied"), "%s", text);
        for (unsigned i = 0; i < G_N_ELEMENTS(done); i++)
                ck_assert_msg(strstr(text, done[i]) != NULL, "no '%s' in:\n%s", done[i], text);
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_result(w, "/org/fotad1/job/_32", "success", "", "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("access");

        suite_add(s, "access", test_access, 0, G_N_ELEMENTS(strangers));
        suite_add(s, "members", test_members, 0, G_N_ELEMENTS(members));
        return suite_run(s);
}

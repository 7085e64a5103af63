/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may do what: everybody reads, root acts. */

#include <check.h>
#include <grp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#define NOBODY 65534

static void report(FILE *f, const char *what, int r, sd_bus_error *error)
{
        fprintf(f, "%s: %s\n", what, r >= 0 ? "done" : error->name);
        sd_bus_error_free(error);
}

/* In a process of its own: nobody's calls, their answers into the file. */
static void act_as_nobody(const char *file, const char *job, const char *url)
{
        static const char name[] = "org.fotad1", root[] = "/org/fotad1", manager[] = "org.fotad1.Manager";
        static const char log[] = "org.freedesktop.LogControl1";
        FILE *f = fopen(file, "w");
        sd_bus *bus = NULL;
        sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        if (!f || setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0 || sd_bus_open_system(&bus) < 0)
                _exit(1);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgrade", &e, NULL, "ssa{sv}", "", url, 0);
        report(f, "StartUpgrade", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "StartUpgradeFile", &e, NULL, "shsa{sv}", "", 0, "x", 0);
        report(f, "StartUpgradeFile", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "Check", &e, NULL, "ssa{sv}", "usb-1-2", url, 0);
        report(f, "Check", r, &e);
        r = sd_bus_call_method(bus, name, root, manager, "Cancel", &e, NULL, "o", job);
        report(f, "Cancel", r, &e);
        r = sd_bus_call_method(bus, name, job, "org.fotad1.Job", "Cancel", &e, NULL, NULL);
        report(f, "Job.Cancel", r, &e);
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

START_TEST(test_access)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } };
        static const char denied[] = "org.freedesktop.DBus.Error.AccessDenied";
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL, *file = world_path(w, "nobody"), *text = NULL;
        g_autofree char *wanted = NULL, *lines = NULL, *jobs = world_path(w, "state/jobs/2.job");
        int status;
        pid_t pid;

        ck_assert_msg(geteuid() == 0, "this test becomes another user, which only root can");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, "usb-1-1", url, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "downloading");
        world_assert_property(w, job, "Cancellable", "1");
        lines = world_sim(w, "get 1-2 at-lines");

        pid = fork();
        if (pid == 0)
                act_as_nobody(file, job, url);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        wanted = g_strdup_printf(
                "StartUpgrade: %s\nStartUpgradeFile: %s\nCheck: %s\nCancel: %s\nJob.Cancel: %s\nRetry: %s\n"
                "Probe: %s\nProbe 2: %s\nLogLevel: %s\nLogTarget: %s\n"
                "GetHistory: done\nGetManagedObjects: done\nGetAll: done\n"
                "own: 0\n",
                denied, denied, denied, denied, denied, denied, denied, denied, denied, denied);
        ck_assert_str_eq(text, wanted);

        world_assert_sim(w, lines, "get 1-2 at-lines");
        world_assert_property(w, job, "State", "downloading");
        ck_assert(!g_file_test(jobs, G_FILE_TEST_EXISTS));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("access");

        suite_add(s, "access", test_access, 0, 1);
        return suite_run(s);
}

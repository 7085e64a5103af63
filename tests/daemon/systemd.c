/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process that answers systemd's queries for a timer and a service, with the properties' real names and types. */

#include <check.h>
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "systemd.h"

#define NAME   "org.freedesktop.systemd1"
#define PREFIX "/org/freedesktop/systemd1/unit"

static int get(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
               void *userdata, sd_bus_error *error)
{
        const FakeTimer *t = userdata;

        (void)bus, (void)interface, (void)error;
        if (strcmp(property, "ActiveState") == 0)
                return sd_bus_message_append(reply, "s", g_str_has_suffix(path, "_2etimer") ? t->timer : t->service);
        if (strcmp(property, "UnitFileState") == 0)
                return sd_bus_message_append(reply, "s", t->enabled);
        if (strcmp(property, "StatusText") == 0)
                return sd_bus_message_append(reply, "s", t->reason ?: "");
        if (strcmp(property, "NextElapseUSecRealtime") == 0)
                return sd_bus_message_append(reply, "t", (uint64_t)t->next);
        if (strcmp(property, "Result") == 0)
                return sd_bus_message_append(reply, "s", t->result);
        if (strcmp(property, "ExecMainStatus") == 0)
                return sd_bus_message_append(reply, "i", t->exit_status);
        return sd_bus_message_append(reply, "t", (uint64_t)t->last);
}

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ActiveState", "s", get, 0, 0),
        SD_BUS_PROPERTY("UnitFileState", "s", get, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable timer_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("NextElapseUSecRealtime", "t", get, 0, 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Result", "s", get, 0, 0),
        SD_BUS_PROPERTY("StatusText", "s", get, 0, 0),
        SD_BUS_PROPERTY("ExecMainStatus", "i", get, 0, 0),
        SD_BUS_PROPERTY("ExecMainExitTimestamp", "t", get, 0, 0),
        SD_BUS_VTABLE_END,
};

static void add(sd_bus *bus, const FakeTimer *t, const char *suffix, const char *interface, const sd_bus_vtable *vtable)
{
        g_autofree char *unit = g_strdup_printf("fotad-upgrade@%s.%s", t->name, suffix);
        char *path = NULL;

        if (sd_bus_path_encode(PREFIX, unit, &path) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, path, NAME ".Unit", unit_vtable, (void *)t) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, path, interface, vtable, (void *)t) < 0)
                _exit(1);
        free(path);
}

static void serve(const FakeTimer *t, int ready)
{
        sd_bus *bus = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_bus_open_system(&bus) < 0)
                _exit(1);
        add(bus, t, "timer", NAME ".Timer", timer_vtable);
        add(bus, t, "service", NAME ".Service", service_vtable);
        if (sd_bus_request_name(bus, NAME, 0) < 0 || write(ready, "r", 1) != 1)
                _exit(1);
        while (sd_bus_wait(bus, UINT64_MAX) >= 0)
                while (sd_bus_process(bus, NULL) > 0)
                        ;
        _exit(1);
}

pid_t fake_systemd_start(const FakeTimer *t)
{
        int ends[2];
        pid_t pid;
        char c;

        ck_assert_int_eq(pipe(ends), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                serve(t, ends[1]);
        close(ends[1]);
        ck_assert_int_eq(read(ends[0], &c, 1), 1);
        close(ends[0]);
        return pid;
}

void fake_systemd_stop(pid_t pid)
{
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

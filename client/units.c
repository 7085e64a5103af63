/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the properties of a scheduled upgrade's timer and service from systemd. They are empty if systemd is not on the
 * bus or has no such unit. */

#include "config.h"

#include <stdlib.h>

#include "bus.h"
#include "props.h"
#include "units.h"

#define SYSTEMD        "org.freedesktop.systemd1"
#define SYSTEMD_PREFIX "/org/freedesktop/systemd1/unit"
#define PATIENCE       (5 * G_USEC_PER_SEC)

void units_clear(Units *units)
{
        g_free(units->timer);
        g_free(units->service);
        g_free(units->result);
        g_free(units->enabled);
        g_free(units->reason);
        *units = (Units){ 0 };
}

/* The unit's properties of that interface; none if systemd does not reply. */
static Props *read_unit(sd_bus *bus, const char *unit, const char *interface)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        Props *props = props_new();
        char *path = NULL;
        int r;

        r = sd_bus_path_encode(SYSTEMD_PREFIX, unit, &path);
        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &call, SYSTEMD, path, "org.freedesktop.DBus.Properties",
                                                   "GetAll");
        free(path);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", interface);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, 0);
        if (r >= 0)
                r = sd_bus_call(bus, call, PATIENCE, NULL, &reply);
        if (r >= 0)
                props_read(props, reply);
        return props;
}

void units_read(sd_bus *bus, const char *name, Units *ret)
{
        g_autofree char *timer = g_strdup_printf("fotad-upgrade@%s.timer", name);
        g_autofree char *service = g_strdup_printf("fotad-upgrade@%s.service", name);
        g_autoptr(Props) timer_unit = NULL, timer_times = NULL, service_unit = NULL, service_run = NULL;

        timer_unit = read_unit(bus, timer, SYSTEMD ".Unit");
        ret->timer = g_strdup(props_text(timer_unit, "ActiveState"));
        ret->known = *ret->timer;
        if (!ret->known)
                return;
        timer_times = read_unit(bus, timer, SYSTEMD ".Timer");
        service_unit = read_unit(bus, service, SYSTEMD ".Unit");
        service_run = read_unit(bus, service, SYSTEMD ".Service");
        ret->enabled = g_strdup(props_text(timer_unit, "UnitFileState"));
        ret->reason = g_strdup(props_text(service_run, "StatusText"));
        ret->service = g_strdup(props_text(service_unit, "ActiveState"));
        ret->result = g_strdup(props_text(service_run, "Result"));
        ret->exit_status = (int)props_number(service_run, "ExecMainStatus");
        ret->next = (uint64_t)props_number(timer_times, "NextElapseUSecRealtime");
        ret->last = (uint64_t)props_number(service_run, "ExecMainExitTimestamp");
        if (ret->next == UINT64_MAX)
                ret->next = 0;
}

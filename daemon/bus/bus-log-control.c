/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.freedesktop.LogControl1: the log level, which can be set until the daemon ends, and the log target, which can
 * only be read. Translates, decides nothing. */

#include <string.h>

#include "bus/bus-caller.h"
#include "bus/bus-log-control.h"
#include "base/log.h"

#define LOG_CONTROL_PATH      "/org/freedesktop/LogControl1"
#define LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"

/* Indexed by syslog's number. */
static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

static const char *target(void)
{
        return log_is_journal() ? "journal" : "console";
}

static int get_level(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                     void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", levels[log_get_level()]);
}

/* sd-bus calls the setters below at once and replies when they return, so the sender is known before. */
int bus_log_control_admit(Bus *b, sd_bus_message *m, sd_bus_error *error)
{
        g_autoptr(BusCall) call = NULL;
        int r;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Set") ||
            strcmp(sd_bus_message_get_path(m), LOG_CONTROL_PATH) != 0)
                return 0;
        r = bus_call_take(b, m, &call, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (bus_call_is_privileged(call))
                return 0;
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
                                "only root and the members of the group fotad may do this; everybody may read");
}

static int set_level(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *value,
                     void *userdata, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_read(value, "s", &name);

        (void)bus, (void)path, (void)interface, (void)property, (void)userdata;
        if (r < 0)
                return r;
        for (int i = 0; i < (int)G_N_ELEMENTS(levels); i++)
                if (strcmp(levels[i], name) == 0) {
                        log_set_level(i);
                        return 0;
                }
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "LogLevel must be emerg, alert, crit, err, warning, notice, info or debug");
}

static int get_target(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                      void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", target());
}

static int set_target(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *value,
                      void *userdata, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_read(value, "s", &name);

        (void)bus, (void)path, (void)interface, (void)property, (void)userdata;
        if (r < 0)
                return r;
        if (strcmp(name, target()) == 0)
                return 0;
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "LogTarget is %s: it follows from what stderr is when fotad is started", target());
}

static int get_identifier(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", "fotad");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int bus_log_control_export(Bus *b)
{
        return sd_bus_add_object_vtable(b->bus, NULL, LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE, vtable, b);
}

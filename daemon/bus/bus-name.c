/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus itself: the owner of another service's name, and a question that shows what the bus has passed on. Knows no
 * service. */

#include <glib.h>

#include "bus/bus-name.h"

#define DBUS "org.freedesktop.DBus"
#define CHANGED                                                                                                        \
        "type='signal',sender='" DBUS "',path='/org/freedesktop/DBus',interface='" DBUS "',member='NameOwnerChanged'"
#define GONE CHANGED ",arg2=''"

int bus_name_watch(sd_bus *bus, sd_bus_slot **ret, const char *name, sd_bus_message_handler_t handler, void *userdata)
{
        g_autofree char *match = g_strdup_printf(CHANGED ",arg0='%s'", name);

        return sd_bus_add_match_async(bus, ret, match, handler, NULL, userdata);
}

int bus_name_watch_gone(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata)
{
        return sd_bus_add_match_async(bus, NULL, GONE, handler, NULL, userdata);
}

bool bus_name_read(sd_bus_message *signal, bool *ret_owned)
{
        const char *sender = sd_bus_message_get_sender(signal), *name, *before, *now;

        if (g_strcmp0(sender, DBUS) != 0 || sd_bus_message_read(signal, "sss", &name, &before, &now) < 0)
                return false;
        *ret_owned = *now != '\0';
        return true;
}

int bus_name_ask(sd_bus *bus, sd_bus_slot **ret, const char *name, sd_bus_message_handler_t handler, void *userdata)
{
        return sd_bus_call_method_async(bus, ret, DBUS, "/org/freedesktop/DBus", DBUS, "GetNameOwner", handler,
                                        userdata, "s", name);
}

int bus_name_new_question(sd_bus *bus, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, DBUS, "/org/freedesktop/DBus", DBUS, "GetId");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Identifies the sender of a call, and tells if it is privileged. Knows no particular call. */

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus-call.h"
#include "bus/bus-caller.h"

/* Privileged are root, the daemon's own user, and the members of the daemon's own group (fotad, as installed). If root
 * runs the daemon by hand, its group is root's, which contains other users on some systems, so that group is not
 * privileged. */
static bool is_privileged_user(uint32_t uid)
{
        return uid == 0 || uid == geteuid();
}

static bool is_privileged_group(uint32_t gid)
{
        return gid != 0 && gid == getegid();
}

/* Reads the group ids, an "au" in a variant. */
static bool read_groups(sd_bus_message *reply, bool *ret_privileged)
{
        const uint32_t *groups;
        size_t size;

        if (sd_bus_message_enter_container(reply, 'v', "au") < 0 ||
            sd_bus_message_read_array(reply, 'u', (const void **)&groups, &size) < 0 ||
            sd_bus_message_exit_container(reply) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(*groups); i++)
                *ret_privileged = *ret_privileged || is_privileged_group(groups[i]);
        return true;
}

static bool read_credentials(sd_bus_message *reply, BusCaller *caller)
{
        if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
                return false;
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                const char *name;
                uint32_t uid;

                if (sd_bus_message_read_basic(reply, 's', &name) < 0)
                        return false;
                if (strcmp(name, "UnixUserID") == 0) {
                        if (sd_bus_message_read(reply, "v", "u", &uid) < 0)
                                return false;
                        caller->uid = uid;
                        caller->privileged = caller->privileged || is_privileged_user(uid);
                } else if (strcmp(name, "UnixGroupIDs") == 0) {
                        if (!read_groups(reply, &caller->privileged))
                                return false;
                } else if (sd_bus_message_skip(reply, "v") < 0) {
                        return false;
                }
                if (sd_bus_message_exit_container(reply) < 0)
                        return false;
        }
        return true;
}

/* Asks the bus for the user and groups of the sender, which the kernel told it when the sender connected. sd-bus would
 * read the groups from /proc, where another process may have the sender's process id by now. With a bus that reports no
 * groups (dbus before 1.14), no group is privileged. The bus itself replies and never waits for others, so this may
 * block the event loop. */
BusCaller bus_caller(sd_bus_message *message)
{
        static const BusCaller nobody = { .uid = -1 };
        const char *sender = sd_bus_message_get_sender(message);
        g_autoptr(sd_bus_message) reply = NULL;
        BusCaller caller = nobody;

        if (!sender ||
            sd_bus_call_method(sd_bus_message_get_bus(message), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "GetConnectionCredentials", NULL, &reply, "s", sender) < 0 ||
            !read_credentials(reply, &caller))
                return nobody;
        return caller;
}

bool bus_require_privilege(sd_bus_message *message, sd_bus_error *error)
{
        if (bus_caller(message).privileged)
                return true;
        sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
                         "only root and the members of the group fotad may do this; everybody may read");
        return false;
}

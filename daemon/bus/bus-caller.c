/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who calls, and whether that one needs nobody's leave. Knows no call. */

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus-call.h"
#include "bus/bus-caller.h"

/* root, the daemon's own user, and its own group: fotad, as it is installed. Of a daemon that root runs by hand the
 * group is root's, which some systems put others into: that one counts for nothing. */
static bool is_privileged_user(uint32_t uid)
{
        return uid == 0 || uid == geteuid();
}

static bool is_privileged_group(uint32_t gid)
{
        return gid != 0 && gid == getegid();
}

/* "au" in a variant. */
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

/* What the bus vouches for: the kernel told it of the sender's user and groups when the sender connected. sd-bus knows
 * groups only from a look into /proc, at whoever has the sender's process id by now, and that is nobody's word. A bus
 * that tells no groups (dbus before 1.14) lets none in.
 * It is the bus itself that answers, and never waits for others: this may be asked on the loop. */
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A block inhibitor of logind: a file descriptor that is held as long as it is needed, and that the kernel closes if
 * the daemon dies. Knows no job. */

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

#include "bus/bus-inhibit.h"
#include "bus/bus-name.h"
#include "base/log.h"

#define LOGIND "org.freedesktop.login1"

struct BusInhibitor {
        sd_bus *bus;
        sd_bus_slot *watch;
        sd_bus_slot *asked; /* the call to logind, NULL when it has replied */
        int fd;             /* -1: none */
        bool needed;
        bool told; /* the log says that there is no inhibitor */
};

static void close_fd(BusInhibitor *i)
{
        if (i->fd >= 0)
                close(i->fd);
        i->fd = -1;
}

static void tell(BusInhibitor *i, const char *why)
{
        if (!i->told)
                log_notice("shutdown is not blocked during this upgrade, for logind refuses or cannot be reached: %s",
                           why);
        i->told = true;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusInhibitor *i = userdata;
        int fd, r;

        (void)error;
        i->asked = sd_bus_slot_unref(i->asked);
        if (!sd_bus_is_open(i->bus)) /* asked again on the next connection */
                return 0;
        if (sd_bus_message_is_method_error(m, NULL)) {
                tell(i, sd_bus_message_get_error(m)->message ?: sd_bus_message_get_error(m)->name);
                return 0;
        }
        r = sd_bus_message_read(m, "h", &fd);
        if (r >= 0)
                fd = r = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message's descriptor is closed with it */
        if (r < 0) {
                tell(i, "its answer cannot be read");
                return 0;
        }
        close_fd(i);
        i->fd = fd;
        return 0;
}

static void ask(BusInhibitor *i)
{
        int r;

        i->asked = sd_bus_slot_unref(i->asked);
        if (!sd_bus_is_open(i->bus))
                return;
        r = sd_bus_call_method_async(i->bus, &i->asked, LOGIND, "/org/freedesktop/login1",
                                     "org.freedesktop.login1.Manager", "Inhibit", on_answer, i, "ssss",
                                     "shutdown:sleep", "fotad", "A cellular module writes its firmware", "block");
        if (r < 0)
                tell(i, g_strerror(-r));
}

/* A restarted logind may or may not know the inhibitors that it granted before: the old descriptor is kept until there
 * is a new one. */
static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusInhibitor *i = userdata;
        bool owned;

        (void)error;
        if (bus_name_read(m, &owned) && owned && i->needed)
                ask(i);
        return 0;
}

BusInhibitor *bus_inhibitor_new(void)
{
        BusInhibitor *i = g_new0(BusInhibitor, 1);

        i->fd = -1;
        return i;
}

int bus_inhibitor_connect(BusInhibitor *i, sd_bus *bus)
{
        i->watch = sd_bus_slot_unref(i->watch);
        i->asked = sd_bus_slot_unref(i->asked);
        i->bus = bus;
        if (i->needed)
                ask(i);
        return bus_name_watch(bus, &i->watch, LOGIND, on_owner_changed, i);
}

void bus_inhibitor_free(BusInhibitor *i)
{
        if (!i)
                return;
        sd_bus_slot_unref(i->watch);
        sd_bus_slot_unref(i->asked);
        close_fd(i);
        g_free(i);
}

void bus_inhibitor_need(BusInhibitor *i, bool needed)
{
        if (i->needed == needed)
                return;
        i->needed = needed;
        if (needed) {
                ask(i);
                return;
        }
        i->asked = sd_bus_slot_unref(i->asked); /* a reply that comes now is closed with its message */
        close_fd(i);
}

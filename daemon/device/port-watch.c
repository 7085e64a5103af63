/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reports by inotify that a tty which another program has may be free. Opens no tty and knows no module. */

#include <glib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "device/port-watch.h"
#include "device/serial.h"

struct PortWatch {
        sd_event_source *node, *locks;
        char *lock_name;
        void (*left)(void *userdata);
        void *userdata;
};

static int on_node(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        PortWatch *w = userdata;

        (void)source;
        if (event->mask & (IN_CLOSE | IN_Q_OVERFLOW))
                w->left(w->userdata);
        return 0;
}

static int on_lock(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
        PortWatch *w = userdata;

        (void)source;
        if ((event->mask & IN_Q_OVERFLOW) || (event->len && strcmp(event->name, w->lock_name) == 0))
                w->left(w->userdata);
        return 0;
}

static void watch(sd_event *event, sd_event_source **ret, const char *path, uint32_t mask,
                  sd_event_inotify_handler_t handler, PortWatch *w)
{
        int r = sd_event_add_inotify(event, ret, path, mask, handler, w);

        if (r < 0)
                log_debug("%s cannot be watched: %s", path, g_strerror(-r));
}

PortWatch *port_watch_new(sd_event *event, const char *node, const char *lock_directory, void (*left)(void *userdata),
                          void *userdata)
{
        PortWatch *w = g_new0(PortWatch, 1);

        w->lock_name = serial_lock_name(node);
        w->left = left;
        w->userdata = userdata;
        watch(event, &w->node, node, IN_CLOSE, on_node, w);
        watch(event, &w->locks, lock_directory, IN_DELETE | IN_MOVED_FROM, on_lock, w);
        return w;
}

void port_watch_free(PortWatch *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->node);
        sd_event_source_disable_unref(w->locks);
        g_free(w->lock_name);
        g_free(w);
}

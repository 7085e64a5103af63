/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

/* Waits for other programs to leave a tty. */
typedef struct PortWatch PortWatch;

/* Calls left() each time that another process has closed the node, or that its lock file is removed. The tty may still
 * be in use then: the kernel reports a close before it carries the close out. left() may free the watch. Never returns
 * NULL; a path that cannot be watched is logged at debug level. */
PortWatch *port_watch_new(sd_event *event, const char *node, const char *lock_directory, void (*left)(void *userdata),
                          void *userdata);
/* Takes NULL. */
void port_watch_free(PortWatch *watch);

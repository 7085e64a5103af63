/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/* An open tty. */
typedef struct Serial Serial;

/* Each of them may close the Serial that calls it. */
typedef struct SerialObserver {
        void (*bytes)(void *userdata, const void *bytes, size_t n);
        void (*lost)(void *userdata, const char *why); /* hung up or broken; called once */
} SerialObserver;

typedef struct SerialSettings {
        const char *lock_directory;
        unsigned baud_rate;  /* of a UART; USB ports ignore it */
        const char *syspath; /* the path that the node must have in sysfs; NULL: any */
        bool was_ours;       /* fotad had the port before: a lock file counts only if its process has the port open */
} SerialSettings;

/* Returns true if a UART can be set to that rate, in bit/s. */
bool serial_has_rate(unsigned baud_rate);

/* Returns true if both nodes exist and are the same tty, under two names. */
bool serial_is_same(const char *node, const char *other);

/* The name of a node's lock file, as in LCK..ttyUSB1. The caller frees it. */
char *serial_lock_name(const char *node);

/* Opens a tty, locks it and makes it raw. Borrows event and observer. Returns 0, or -errno: -ENODEV if the node belongs
 * to another tty by now; -EBUSY if another process has the tty. *ret_holder then names that process, and the caller
 * frees it: "by chat (pid 42)", or "by chat (pid 42), a lock file says (/run/lock/LCK..ttyUSB1 of user root)" if there
 * is no other sign that the process has the port. */
int serial_open(Serial **ret, sd_event *event, const char *node, const SerialSettings *settings,
                const SerialObserver *observer, void *userdata, char **ret_holder);

/* Takes NULL. Drops bytes that are not written yet. */
void serial_close(Serial *serial);

/* Until serial_release() the bytes that come are read and kept, because the kernel erases those that were not read when
 * the module leaves. The port is not lost meanwhile. */
void serial_hold(Serial *serial);
/* Goes on with the bytes that were kept. The observer may close the port. */
void serial_release(Serial *serial);

/* Writes n bytes, now or when the port takes them. Returns 0, or -ENOBUFS if too many bytes are waiting already. */
int serial_write(Serial *serial, const void *bytes, size_t n);

/* ---- for many bytes: nothing is queued here */

/* Writes as many of n bytes as the port takes now. Returns their number, or -errno if the port is broken: lost() is
 * called then, too. */
ssize_t serial_write_now(Serial *serial, const void *bytes, size_t n);

/* Returns the number of bytes that have been written and have not left the host. */
size_t serial_pending(Serial *serial);

/* Drops those bytes. */
void serial_drop(Serial *serial);

/* Turns RTS/CTS on or off. Returns false if the port keeps the flow control that it has. */
bool serial_set_flow_control(Serial *serial, bool on);

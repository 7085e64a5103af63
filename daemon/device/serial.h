/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/* One open tty. */
typedef struct Serial Serial;

/* Either may close the Serial that calls it. */
typedef struct SerialObserver {
        void (*bytes)(void *userdata, const void *bytes, size_t n);
        void (*lost)(void *userdata, const char *why); /* hung up or broken: said once */
} SerialObserver;

typedef struct SerialSettings {
        const char *lock_directory;
        unsigned baud_rate;  /* of a UART; USB ports ignore it */
        const char *syspath; /* where the node must be in /sys; NULL anywhere */
        bool was_ours;       /* opened again: a lock file is believed only if its process is seen to have the port */
} SerialSettings;

/* Whether a UART can be set to that rate. */
bool serial_has_rate(unsigned baud_rate);

/* The name of a node's lock file, as in LCK..ttyUSB1. */
char *serial_lock_name(const char *node);

/* Opens, locks and sets raw. 0, or -errno; -ENODEV if the node is another tty's by now; -EBUSY if another process has
 * it, and *ret_holder then says which, as in "by chat (pid 42)", or "by a lock file /run/lock/LCK..ttyUSB1 of user
 * alice, which names chat (pid 42)" if nothing else shows that the process has the port. */
int serial_open(Serial **ret, sd_event *event, const char *node, const SerialSettings *settings,
                const SerialObserver *observer, void *userdata, char **ret_holder);

/* Takes NULL. What was not written yet is dropped. */
void serial_close(Serial *serial);

/* Writes, now or when the port takes it. -ENOBUFS if the port has taken nothing for so long that too much waits. */
int serial_write(Serial *serial, const void *bytes, size_t n);

/* ---- for many bytes: nothing is queued here */

/* As many as the port takes now: 0 none, -errno if it is broken, which reading tells, too. */
ssize_t serial_write_now(Serial *serial, const void *bytes, size_t n);

/* Bytes that have been written and have not left the host. */
size_t serial_pending(Serial *serial);

/* Drops those. */
void serial_drop(Serial *serial);

/* RTS/CTS. false: the port keeps what it has. */
bool serial_set_flow_control(Serial *serial, bool on);

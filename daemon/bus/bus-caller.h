/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* The sender of a message, as reported by the bus. */
typedef struct BusCaller {
        int64_t uid;     /* -1: the bus does not report it, or the sender has left */
        bool privileged; /* uid 0, the daemon's own, or a member of its own group unless that is root's */
} BusCaller;

BusCaller bus_caller(sd_bus_message *message);

/* True if the caller is privileged; else the error is set. */
bool bus_require_privilege(sd_bus_message *message, sd_bus_error *error);

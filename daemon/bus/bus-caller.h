/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

/* Who has sent a message, by the bus's word. */
typedef struct BusCaller {
        int64_t uid;     /* -1: the bus does not tell, or the caller has left */
        bool privileged; /* uid 0, the daemon's own, or a member of its own group unless that is root's */
} BusCaller;

BusCaller bus_caller(sd_bus_message *message);

/* Whether the caller is privileged; false: the error is set. */
bool bus_require_privilege(sd_bus_message *message, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "ctl.h"

/* What systemd says of one instance. */
typedef struct Units {
        bool known;          /* there is a systemd on the bus */
        char *timer;         /* as systemctl has it: active, inactive, failed; "" not known */
        char *service;       /* the same of the service: activating while it runs, failed */
        char *enabled;       /* of the timer, as systemctl has it: enabled, disabled, static, ... */
        char *reason;        /* what the last run, or the one under way, told of itself; "" nothing */
        char *result;        /* of the last run: success, exit-code, timeout, ... */
        int exit_status;     /* of the last run, if it ended by itself */
        uint64_t next, last; /* µs since the epoch; 0: never */
} Units;

void units_clear(Units *units);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Units, units_clear)

/* Of fotad-upgrade@NAME. Nothing is started, and no bus and no systemd are no failure. */
void units_read(sd_bus *bus, const char *name, Units *ret);

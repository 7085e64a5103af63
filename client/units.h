/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "ctl.h"

/* The state of one instance's timer and service. */
typedef struct Units {
        bool known;          /* systemd is on the bus */
        char *timer;         /* state of the timer: active, inactive, failed; "" not known */
        char *service;       /* state of the service: activating while it runs, failed, ... */
        char *enabled;       /* enabled, disabled, static, ... (of the timer) */
        char *reason;        /* status text of the present or last run; "" if none */
        char *result;        /* result of the last run: success, exit-code, timeout, ... */
        int exit_status;     /* exit status of the last run, if it exited */
        uint64_t next, last; /* µs since the epoch; 0: never */
} Units;

void units_clear(Units *units);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Units, units_clear)

/* Reads the state of fotad-upgrade@NAME, without starting anything. ret stays empty if systemd does not reply. The
 * caller clears it. */
void units_read(sd_bus *bus, const char *name, Units *ret);

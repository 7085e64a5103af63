/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* logind's promise that the gateway is not shut down or put to sleep while a module upgrades. */
typedef struct BusInhibitor BusInhibitor;

/* 0 or -errno. Borrows the bus. */
int bus_inhibitor_new(BusInhibitor **ret, sd_bus *bus);
void bus_inhibitor_free(BusInhibitor *inhibitor);

/* Takes the promise, if it is needed from now on, or gives it back. logind is asked in the background; if there is no
 * logind, or if it refuses, the log says so once, and the upgrades go on. */
void bus_inhibitor_need(BusInhibitor *inhibitor, bool needed);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* logind's promise that the gateway is not shut down or put to sleep while a module writes its flash. */
typedef struct BusInhibitor BusInhibitor;

/* 0 or -errno. Borrows the bus. */
int bus_inhibitor_new(BusInhibitor **ret, sd_bus *bus);
void bus_inhibitor_free(BusInhibitor *inhibitor);

/* Whether it is needed from now on; however many upgrades need it, there is one. Asked for in the background: that
 * there is no logind, or that it refuses, is said once in the log, and nothing else comes of it. */
void bus_inhibitor_need(BusInhibitor *inhibitor, bool needed);

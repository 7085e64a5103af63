/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Keeps logind from shutting the gateway down, or putting it to sleep, while a module writes its flash. */
typedef struct BusInhibitor BusInhibitor;

BusInhibitor *bus_inhibitor_new(void);
void bus_inhibitor_free(BusInhibitor *inhibitor);

/* Uses this connection from now on, and takes a new inhibitor if one is needed. Borrows the bus. 0 or -errno. */
int bus_inhibitor_connect(BusInhibitor *inhibitor, sd_bus *bus);

/* Takes or releases the inhibitor; there is one for all upgrades. logind is asked in the background. A missing logind,
 * or its refusal, is logged once and has no other effect. */
void bus_inhibitor_need(BusInhibitor *inhibitor, bool needed);

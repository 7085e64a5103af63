/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Keeps logind from shutting the gateway down, or putting it to sleep, while a module writes its flash. */
typedef struct BusInhibitor BusInhibitor;

/* 0 or -errno. Borrows the bus. The caller frees *ret. */
int bus_inhibitor_new(BusInhibitor **ret, sd_bus *bus);
void bus_inhibitor_free(BusInhibitor *inhibitor);

/* Takes or releases the inhibitor; there is one for all upgrades. logind is asked in the background. A missing logind,
 * or its refusal, is logged once and has no other effect. */
void bus_inhibitor_need(BusInhibitor *inhibitor, bool needed);

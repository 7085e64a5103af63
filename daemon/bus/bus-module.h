/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* org.fotad1.Module at /org/fotad1/module/<id>, for as long as it lives. */
typedef struct BusModule BusModule;

BusModule *bus_module_new(Bus *bus, Module *module);
void bus_module_free(BusModule *module);

/* Tells that it goes, before it is freed: not when only the daemon stops. */
void bus_module_removed(BusModule *module);

/* Tells what differs from what was told last. */
void bus_module_changed(BusModule *module);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The object /org/fotad1/module/<id>, from bus_module_new() to bus_module_free(). Borrows bus and module. */
typedef struct BusModule BusModule;

/* Registers the interface of all modules with the connection. 0 or -errno. */
int bus_module_export(Bus *bus);

BusModule *bus_module_new(Bus *bus, Module *module);

/* Announces the object on the next connection, with the last announced values while the record of the module's job is
 * being written. */
void bus_module_reconnect(BusModule *module);
void bus_module_free(BusModule *module);

/* Announces the removal of the object, before it is freed. Not to be called when the daemon stops. */
void bus_module_removed(BusModule *module);

/* Appends the object to a reply of GetManagedObjects. 0 or -errno. */
int bus_module_append(const BusModule *module, sd_bus_message *message);

/* Emits PropertiesChanged for the properties that have changed since the last time. */
void bus_module_changed(BusModule *module);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "manager/manager.h"

/* ModemManager, if it is on the bus: fotad inhibits a module's device while a job holds it (InhibitDevice), and reads
 * the identity of modules that ModemManager uses (field facts 7.1). */
typedef struct BusModemManager BusModemManager;

/* 0 or -errno. Borrows bus, event and manager. The caller frees *ret. */
int bus_modem_manager_new(BusModemManager **ret, sd_bus *bus, sd_event *event, Manager *manager);
void bus_modem_manager_free(BusModemManager *modem_manager);

/* Looks for ModemManager on the bus. To be called before the first module is known. */
void bus_modem_manager_start(BusModemManager *modem_manager);

/* Sets the need of the module for its port. module_set_gate() and module_take_identity() follow, at once or later.
 * MODULE_NEED_NONE gives the port back to ModemManager. */
void bus_modem_manager_need(BusModemManager *modem_manager, Module *module, ModuleNeed need);

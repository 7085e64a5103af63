/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "manager/manager.h"

/* ModemManager, if it is on the bus: fotad inhibits a module's device while a job holds it (InhibitDevice), and reads
 * the identity of modules that ModemManager uses (field facts 7.1). */
typedef struct BusModemManager BusModemManager;

/* Borrows event and manager. */
BusModemManager *bus_modem_manager_new(sd_event *event, Manager *manager);
void bus_modem_manager_free(BusModemManager *modem_manager);

/* Uses this connection from now on, and looks for ModemManager there: until the bus has replied, ModemManager counts as
 * running. Inhibitions have ended with the connection before, and are asked for again. Borrows the bus. 0 or -errno. */
int bus_modem_manager_connect(BusModemManager *modem_manager, sd_bus *bus);

/* Sets the need of the module for its port. module_set_gate() and module_take_identity() follow, at once or later.
 * MODULE_NEED_NONE gives the port back to ModemManager. */
void bus_modem_manager_need(BusModemManager *modem_manager, Module *module, ModuleNeed need);

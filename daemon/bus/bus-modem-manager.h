/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "manager/manager.h"

/* ModemManager, if it is on the bus: asked to let go of a module while a job holds it (InhibitDevice), and to tell who
 * a module is that it has (field facts 7.1). */
typedef struct BusModemManager BusModemManager;

/* 0 or -errno. Borrows all. */
int bus_modem_manager_new(BusModemManager **ret, sd_bus *bus, sd_event *event, Manager *manager);
void bus_modem_manager_free(BusModemManager *modem_manager);

/* Whether ModemManager is there: to be called before the first module is known. */
void bus_modem_manager_start(BusModemManager *modem_manager);

/* What the module needs its port for from now on; module_set_gate() and module_take_identity() follow, at once or
 * later. For MODULE_NEED_NONE ModemManager gets it back. */
void bus_modem_manager_need(BusModemManager *modem_manager, Module *module, ModuleNeed need);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The actions of dbus/org.fotad1.policy.in. */
typedef enum BusAction {
        BUS_ACTION_START,
        BUS_ACTION_CANCEL,
        BUS_ACTION_RETRY,
        BUS_ACTION_PROBE,
        _BUS_ACTION_MAX,
} BusAction;

/* Whether the sender may do that to the module, by its Id. own: the job whose starter needs no leave for this; NULL
 * nobody's. > 0: yes, go on. 0: polkit is asked; the handler returns 1, has done nothing, and is called with the same
 * message again, read from its beginning, when there is an answer. < 0: refused, and the error is set. */
int bus_authorize(Bus *bus, sd_bus_message *message, BusAction action, const char *module, const Job *own,
                  sd_bus_error *error);

/* Before the bus is closed: those that are being asked for are answered to nobody. */
void bus_drop_authorizations(Bus *bus);

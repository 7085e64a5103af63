/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-caller.h"

/* The actions of dbus/org.fotad1.policy.in. */
typedef enum BusAction {
        BUS_ACTION_START,
        BUS_ACTION_CANCEL,
        BUS_ACTION_RETRY,
        BUS_ACTION_PROBE,
        _BUS_ACTION_MAX,
} BusAction;

/* Asks if the sender may do the action to the module with that Id. own is a job whose starter needs no authorization,
 * NULL if there is none. > 0: authorized, go on; *ret as from bus_call_take(). 0: the bus or polkit is asked; the
 * handler returns 1 without doing anything, and is called again with the same message, from its beginning, when there
 * is a reply. < 0: refused, and the error is set. */
int bus_authorize(Bus *bus, sd_bus_message *message, BusAction action, const char *module, const Job *own,
                  BusCall **ret, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-caller.h"

/* Calls that everybody may make and whose answers are long. func sends the reply, or returns -errno. */
typedef int (*BusCostlyFunc)(BusCall *call);

/* For a message handler: answers the call when it is its turn. The value is for the handler to return. With NULL for
 * func sd-bus answers the call: the handler is called again when it is the call's turn, and returns 0. */
int bus_costly_call(Bus *bus, sd_bus_message *message, BusCostlyFunc func, sd_bus_error *error);

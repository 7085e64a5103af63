/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-caller.h"

/* Calls that everybody may make and whose answers are long. func sends the reply, or returns -errno. */
typedef int (*BusCostlyFunc)(BusCall *call);

/* For a method handler: answers the call when it is its turn. The value is for the handler to return. */
int bus_costly_call(Bus *bus, sd_bus_message *message, BusCostlyFunc func, sd_bus_error *error);

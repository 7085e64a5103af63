/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

#define BUS_TOO_MANY "too many calls wait for their answers: try again when they are answered"

/* Refuses a call because its sender makes too many. 1, for a message handler, or < 0. */
int bus_refusals_send(Bus *bus, sd_bus_message *call, const char *why);

/* Refusals that wait are never sent. */
void bus_refusals_drop(Bus *bus);

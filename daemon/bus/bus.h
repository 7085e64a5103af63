/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The manager on the bus: /org/fotad1 and everything below it. Connects to the system bus and attaches to the loop.
 * 0, or -errno and *ret_why. */
int bus_new(Bus **ret, sd_event *event, Manager *manager, char **ret_why);
void bus_free(Bus *bus);

/* As status_reloaded(). */
void bus_reloaded(Bus *bus, const char *failure);

/* Takes the name, the jobs up, and finds the modules: whoever calls finds everything there. */
int bus_start(Bus *bus, char **ret_why);

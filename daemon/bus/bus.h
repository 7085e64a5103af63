/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* All of fotad's objects on the bus: /org/fotad1 and everything below it. Connects to the system bus and attaches the
 * connection to the event loop. 0, or -errno and *ret_why, which the caller frees. The caller frees *ret. */
int bus_new(Bus **ret, sd_event *event, Manager *manager, char **ret_why);
void bus_free(Bus *bus);

/* Passes the result of a reload on to status_reloaded(). */
void bus_reloaded(Bus *bus, const char *failure);

/* Requests the name, takes up the jobs and finds the modules, so that everything is there when the first call is
 * handled. 0, or -errno and *ret_why, which the caller frees. */
int bus_start(Bus *bus, char **ret_why);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* Adds the object org.fotad1.Manager at /org/fotad1. 0 or -errno. */
int bus_manager_export(Bus *bus);

/* Sees each method call before the object manager of sd-bus does, whose answer costs more. As a filter of sd-bus: 0 to
 * let the call pass, 1 if it is answered here, < 0 and the error. */
int bus_manager_list_objects(Bus *bus, sd_bus_message *message, sd_bus_error *error);

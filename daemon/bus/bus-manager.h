/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* Adds the object org.fotad1.Manager at /org/fotad1. 0 or -errno. */
int bus_manager_export(Bus *bus);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* Handler of org.fotad1.Manager.StartUpgradeFile; userdata is the Bus. */
int bus_file_call(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The handler of the Manager's Check. */
int bus_check_call(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-caller.h"

/* Handler of StartUpgrade and StartUpgradeFile of org.fotad1.Manager; userdata is the Bus. */
int bus_start_call(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* Handler of Retry of org.fotad1.Job, for that job. */
int bus_start_retry_call(Bus *bus, sd_bus_message *message, Job *job, sd_bus_error *error);

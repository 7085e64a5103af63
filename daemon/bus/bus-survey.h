/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The handler of Survey; userdata is the Bus. */
int bus_survey_call(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* org.freedesktop.LogControl1, by which "systemctl service-log-level fotad debug" works. 0 or -errno. */
int bus_log_control_export(Bus *bus);

/* Sees each method call before the properties do, for only privileged senders may set them. As a filter of sd-bus: 0 to
 * let the call pass, 1 if the sender is asked for, < 0 and the error. */
int bus_log_control_admit(Bus *bus, sd_bus_message *message, sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* org.freedesktop.LogControl1, by which "systemctl service-log-level fotad debug" works. 0 or -errno. */
int bus_log_control_export(Bus *bus);

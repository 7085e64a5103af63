/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Connects to the system bus, as sd_bus_open_system() does. All descriptors in messages that are read from the
 * connection are carriers (base/carrier.h). 0 or -errno. The caller closes *ret, from which the thread ends, and the
 * descriptor *ret_gate, which may be -1: there is no gate. Calls that are too long come without their arguments,
 * and those whose header alone is longer than 64 kB do not come at all. */
int bus_socket_open(sd_bus **ret, int *ret_gate);

/* While the gate is closed nothing is read from the bus; sd-bus reads about 30 kB that were read before. */
void bus_socket_close_gate(int gate);
void bus_socket_open_gate(int gate);

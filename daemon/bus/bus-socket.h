/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Connects to the system bus, as sd_bus_open_system() does. All descriptors in messages that are read from the
 * connection are carriers (base/carrier.h). 0 or -errno. The caller closes *ret, from which the thread ends. */
int bus_socket_open(sd_bus **ret);

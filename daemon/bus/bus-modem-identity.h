/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "core/quectel/identity.h"

/* Reads the identity of the modem whose property Device is uid. *ret belongs to the caller; fields that ModemManager
 * does not know, such as the build, are "". *ret is left alone if there is no such modem. 0 or more, or -errno if the
 * message is no reply to GetManagedObjects. */
int bus_modem_identity_read(sd_bus_message *objects, const char *uid, Identity **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "core/quectel/identity.h"

/* The modem whose Device is uid: who it is, for the caller to free, with "" where ModemManager does not know it, as the
 * build of its firmware's parts; if there is none *ret is left alone. 0 or more, or -errno: this is no such answer. */
int bus_modem_identity_read(sd_bus_message *objects, const char *uid, Identity **ret);

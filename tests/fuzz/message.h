/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"
#include "fuzz.h"

/* A message as if it had been read from a bus, with the values that the script gives: of the signature, or of any one
 * if it is NULL. NULL if the script gives no valid one. */
sd_bus_message *message_draw(Script *script, const char *signature);
/* Appends values that the script gives, of that signature. < 0 if the script gives no valid ones. */
int message_append(Script *script, sd_bus_message *m, const char *signature);

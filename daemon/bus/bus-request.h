/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-authorize.h"

/* The arguments of StartUpgrade, StartUpgradeFile and Check. The strings and the descriptor are the message's. */
typedef struct BusRequest {
        const char *module; /* "" or any of the module's names */
        const char *source; /* a URL, or the name of the package on the host */
        int fd;             /* of that package; -1 if the call has none */
        Options *options;
} BusRequest;

void bus_request_clear(BusRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BusRequest, bus_request_clear)

/* Reads the message from its beginning. < 0: the error may be set. */
int bus_request_read(sd_bus_message *message, BusRequest *ret, sd_bus_error *error);

/* Finds the module that a call names. All arguments are read before, so that a mistake in them is reported first; the
 * message's memory is erased when it is freed. < 0: refused. */
int bus_find_module(Bus *bus, sd_bus_message *message, Module **ret, sd_bus_error *error);

/* Calls func if the sender is authorized for the action: at once, or as soon as the module's identity has been read or
 * cannot be read. The value is for the method handler to return. */
int bus_with_module(Bus *bus, sd_bus_message *message, Module *module, BusAction action, BusWaitFunc func,
                    sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Calls the handler for each NameOwnerChanged of the name, until the caller unrefs *ret. Does not wait for the bus. 0
 * or -errno. */
int bus_name_watch(sd_bus *bus, sd_bus_slot **ret, const char *name, sd_bus_message_handler_t handler, void *userdata);

/* The same for each name that loses its owner, as long as the bus lasts: the bus limits the number of such requests. */
int bus_name_watch_gone(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata);

/* Reads such a signal: *ret_owned is true if the name has an owner now. false if another sender than the bus sent the
 * signal; sd-bus delivers those, too. */
bool bus_name_read(sd_bus_message *signal, bool *ret_owned);

/* Asks for the owner of the name: the reply is an error if it has none. Does not wait for the bus. 0 or -errno. */
int bus_name_ask(sd_bus *bus, sd_bus_slot **ret, const char *name, sd_bus_message_handler_t handler, void *userdata);

/* A call that the bus answers itself, after it has passed on all that was sent before. The caller unrefs *ret. 0 or
 * -errno. */
int bus_name_new_question(sd_bus *bus, sd_bus_message **ret);

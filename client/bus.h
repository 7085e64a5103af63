/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_slot, sd_bus_slot_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

/* The daemon answers some calls only when a package is spooled, a module has told its identity, a server was asked, or
 * a person has typed a password. If it dies meanwhile the bus says so at once. */
#define BUS_CALL_TIMEOUT (600 * G_USEC_PER_SEC)

/* These return an exit status, the failure reported. */
/* Connects, unless that is done already. bus_new_call() does it, too. */
int bus_connect(Ctl *ctl);

/* A call without arguments yet, to the daemon. */
int bus_new_call(Ctl *ctl, const char *path, const char *interface, const char *member, sd_bus_message **ret);

/* Sends and waits. ret_reply may be NULL. */
int bus_call(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);

/* The same for what not everybody may do: a person at the terminal may be asked for a password. */
int bus_act(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);

/* The same for a call without arguments and without an answer. */
int bus_act_on(Ctl *ctl, const char *path, const char *interface, const char *member);

/* The last part of an object path, decoded: the id of a job or a module. */
char *bus_path_id(const char *path);

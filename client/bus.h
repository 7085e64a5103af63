/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_slot, sd_bus_slot_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

/* Some replies take long: a package is copied, a module's identity is read, a server is asked, or a user types a
 * password. If the daemon dies meanwhile, the bus reports that at once. */
#define BUS_CALL_TIMEOUT (600 * G_USEC_PER_SEC)

/* These functions return an exit status (ctl.h) and have printed the failure. */
/* Connects to the system bus unless ctl->bus is connected already. bus_new_call() calls this. */
int bus_connect(Ctl *ctl);

/* Creates a call to the daemon, to which the caller appends the arguments. The caller unrefs *ret. */
int bus_new_call(Ctl *ctl, const char *path, const char *interface, const char *member, sd_bus_message **ret);

/* Sends the call and waits for the reply. ret_reply may be NULL; the caller unrefs *ret_reply. */
int bus_call(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);

/* Like bus_call(), for methods that polkit guards: a user at the terminal may be asked for a password. */
int bus_act(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);

/* Like bus_act(), for a method without arguments and without a result. */
int bus_act_on(Ctl *ctl, const char *path, const char *interface, const char *member);

/* The last part of an object path, decoded: the id of a job or a module. The caller frees it. */
char *bus_path_id(const char *path);

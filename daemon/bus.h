/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "manager.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_creds, sd_bus_creds_unref)

/* The manager on the bus: /org/fotad1 and everything below it. */
typedef struct Bus {
        sd_bus *bus;
        Manager *manager;
        GHashTable *modules; /* Module -> BusModule */
        GHashTable *jobs;    /* Job -> BusJob */
        GQueue waiting;      /* calls that wait for a module's identity */
} Bus;

/* Connects to the system bus and attaches to the loop. 0, or -errno and *ret_why. */
int bus_new(Bus **ret, sd_event *event, Manager *manager, char **ret_why);
void bus_free(Bus *bus);

/* Takes the jobs up, finds the modules, then takes the name: whoever waits for it finds everything there. */
int bus_start(Bus *bus, char **ret_why);

/* For the rooms that translate. */

/* Whether the sender may change anything: uid 0, and the daemon's own. false: the error is set. */
bool bus_authorize(sd_bus_message *message, sd_bus_error *error);

/* Sets the error; the value is what a method handler returns. */
int bus_refuse(sd_bus_error *error, const Refusal *refusal);

/* Calls wait for the identity of a module that has just come, or that they asked to be probed; not for longer than
 * their callers do. The handler is called again when the identity is known, or cannot be. */
typedef int (*BusWaitFunc)(Bus *bus, sd_bus_message *message, Module *module, const char *failure, sd_bus_error *error);
bool bus_wait(Bus *bus, sd_bus_message *message, Module *module, BusWaitFunc func);
void bus_unwait(Bus *bus, sd_bus_message *message);

char *bus_module_path(const char *id);
char *bus_job_path(const char *id);

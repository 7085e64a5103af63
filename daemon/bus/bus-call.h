/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "bus/bus-inhibit.h"
#include "bus/bus-modem-manager.h"
#include "manager/manager.h"
#include "bus/status.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

/* What every object on the bus shares: the connection, the manager it translates for, and the calls that wait. */
typedef struct Bus {
        sd_bus *bus;
        sd_event *event; /* sd_bus_get_event() returns NULL once the connection is lost */
        Manager *manager;
        GHashTable *modules;   /* Module -> BusModule */
        GHashTable *jobs;      /* Job -> BusJob */
        GQueue waiting;        /* calls that wait for a module's identity */
        GQueue authorizations; /* calls that wait for polkit */
        Status *status;
        BusInhibitor *inhibitor;
        BusModemManager *modem_manager;
} Bus;

/* Sets the error; the value is what a method handler returns. */
int bus_refuse(sd_bus_error *error, const Refusal *refusal);

/* The same for a call whose module's identity cannot be read, for the reason in failure. */
int bus_refuse_not_ready(sd_bus_error *error, const Module *module, const char *failure);

/* Reads a{sv} into the options; an error names the key that breaks a rule. */
int bus_read_options(sd_bus_message *message, Options *options, sd_bus_error *error);

/* Calls wait for the identity of a module that has just come, or that they asked to be probed; not for longer than
 * their callers do. The function is called when the identity is known (failure NULL), or cannot be. false: too many
 * wait already. */
typedef int (*BusWaitFunc)(Bus *bus, sd_bus_message *message, Module *module, const char *failure, sd_bus_error *error);
bool bus_wait(Bus *bus, sd_bus_message *message, Module *module, BusWaitFunc func);
void bus_unwait(Bus *bus, sd_bus_message *message);

/* The module's identity is known, or cannot be. */
void bus_answer_waiting(Bus *bus, Module *module, const char *failure);
void bus_drop_waiting(Bus *bus);

char *bus_module_path(const char *id);
char *bus_job_path(const char *id);

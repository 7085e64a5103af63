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

/* Common to all objects on the bus: the connection, the manager, and the calls that wait. */
typedef struct Bus {
        sd_bus *bus;            /* if it is lost, the closed connection, until the next one has the name */
        sd_bus *next;           /* a connection that has not got the name yet; NULL: none */
        sd_event_source *retry; /* due when the next connection is to be tried */
        sd_event_source *exit;  /* before sd-bus closes the connection */
        gint64 lost_at;         /* of CLOCK_MONOTONIC; 0: the connection is not lost */
        uint64_t pause;         /* µs until the connection is tried again */
        sd_event *event;        /* sd_bus_get_event() returns NULL once the connection is lost */
        Manager *manager;
        GHashTable *modules;   /* Module -> BusModule */
        GHashTable *jobs;      /* Job -> BusJob */
        GQueue waiting;        /* calls that wait for a module's identity */
        GQueue authorizations; /* calls that wait for polkit */
        Status *status;
        BusInhibitor *inhibitor;
        BusModemManager *modem_manager;
} Bus;

/* Sets the error from a refusal. Returns the value that a method handler returns. */
int bus_refuse(sd_bus_error *error, const Refusal *refusal);

/* The same for a call whose module cannot be identified; failure is the reason. */
int bus_refuse_not_ready(sd_bus_error *error, const Module *module, const char *failure);

/* Reads an a{sv} into the options. < 0 if a key or value is wrong; the error names the key. */
int bus_read_options(sd_bus_message *message, Options *options, sd_bus_error *error);

/* Lets a call wait for the identity of a module that has just appeared or is being probed, not longer than clients
 * wait. func is called with failure NULL when the identity is known, else with the reason why not; its return value is
 * that of a method handler. false: too many calls wait already. */
typedef int (*BusWaitFunc)(Bus *bus, sd_bus_message *message, Module *module, const char *failure, sd_bus_error *error);
bool bus_wait(Bus *bus, sd_bus_message *message, Module *module, BusWaitFunc func);
void bus_unwait(Bus *bus, sd_bus_message *message);

/* Answers all calls that wait for the module: its identity is known (failure NULL) or cannot be read. */
void bus_answer_waiting(Bus *bus, Module *module, const char *failure);
void bus_drop_waiting(Bus *bus);

char *bus_module_path(const char *id);
char *bus_job_path(const char *id);

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

/* Common to all objects on the bus: the connection, the manager, and the calls that are kept. */
typedef struct Bus {
        sd_bus *bus;  /* if it is lost, the closed connection, until the next one has the name */
        int gate;     /* of bus (bus-socket); -1: none */
        sd_bus *next; /* a connection that has not got the name yet; NULL: none */
        int next_gate;
        sd_event_source *retry;    /* due when the next connection is to be tried */
        sd_event_source *catch_up; /* due when changes that were put off are to be sent */
        sd_event_source *reopen;   /* enabled while the gate is closed */
        sd_event_source *exit;     /* before sd-bus closes the connection */
        gint64 lost_at;            /* of CLOCK_MONOTONIC; 0: the connection is not lost */
        uint64_t pause;            /* µs until the connection is tried again */
        sd_event *event;           /* sd_bus_get_event() returns NULL once the connection is lost */
        Manager *manager;
        GHashTable *modules;   /* Module -> BusModule */
        GHashTable *jobs;      /* Job -> BusJob */
        GHashTable *objects;   /* path -> BusModule or BusJob, of those that were announced */
        GHashTable *peers;     /* unique name -> BusPeer, of the calls that are kept */
        GHashTable *kept;      /* message -> BusCall */
        GQueue calls;          /* the same, by their age */
        unsigned unprivileged; /* number of those of them whose senders are known not to be privileged */
        GQueue authorizations; /* those of them that wait for polkit */
        GQueue costly;         /* those of them that wait for their turn, because their answers are long */
        sd_event_source *costly_turn;
        GQueue refusals;  /* replies that wait, because many calls are refused */
        unsigned refused; /* since the last pause of bus-refusals began */
        sd_event_source *refuse;
        gint64 costly_began;    /* of CLOCK_MONOTONIC, µs: an answer is being written since then; 0: none is */
        bool costly_privileged; /* the caller of the last turn */
        uint64_t costly_at;     /* of CLOCK_MONOTONIC, µs: the next turn, at the earliest */
        Status *status;
        BusInhibitor *inhibitor;
        BusModemManager *modem_manager;
} Bus;

/* Further calls stay in the bus until it has read all but this number of messages, so that answers that wait to be read
 * cost no more memory. */
#define BUS_ANSWERS_MAX 16

/* Returns the number of messages that the bus has not read. */
uint64_t bus_count_queued(const Bus *bus);

/* Sets the error from a refusal. Returns the value that a method handler returns. */
int bus_refuse(sd_bus_error *error, const Refusal *refusal);

/* The same for a call whose module cannot be identified; failure is the reason. */
int bus_refuse_not_ready(sd_bus_error *error, const Module *module, const char *failure);

/* Reads an a{sv} into the options. < 0 if a key or value is wrong; the error names the key. */
int bus_read_options(sd_bus_message *message, Options *options, sd_bus_error *error);

char *bus_module_path(const char *id);
char *bus_job_path(const char *id);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The sender of calls that are kept, as long as one of them is. */
typedef struct BusPeer BusPeer;

/* A call that is kept until it is answered: the bus is asked for its sender's credentials, and then it may wait for
 * polkit, for a module's identity, for the copy of a package, for the record of a job or for a check. It is dropped
 * without an answer when its sender leaves the bus, and when the connection is lost. */
typedef struct BusCall BusCall;

typedef int (*BusWaitFunc)(BusCall *call, Module *module, const char *failure, sd_bus_error *error);

/* job: NULL if it was removed meanwhile. The return value is that of a method handler. */
typedef int (*BusRecordFunc)(BusCall *call, Job *job, sd_bus_error *error);

struct BusCall {
        Bus *bus;
        sd_bus_message *message;
        BusPeer *peer;
        bool handled; /* a method handler is running */
        bool waits;   /* the call is kept when no handler runs */
        gint64 since; /* when the call began to wait for an identity or the disk, µs of g_get_monotonic_time(), 0 not
                         yet */
        sd_event_source *tidy;
        GList *link; /* in Bus.calls */

        void *data;                  /* of the thing that the call waits for; not to be used without drop */
        void (*drop)(BusCall *call); /* ends that, and calls bus_call_done(); NULL: there is nothing to end */

        int (*answer)(BusCall *call); /* of a call that waits for its turn (bus-costly); NULL: sd-bus answers it */
        bool has_turn;                /* sd-bus answers it now */

        /* These belong to a call that waits for the identity of a module. */
        BusWaitFunc func;
        Module *module;

        /* These belong to a call that waits for the record of a job. */
        BusRecordFunc record_func;
        const Job *job;

        char *request_id; /* of a call that waits for the end of another one with the same option; NULL */
};

/* For a method handler that must know the sender: > 0 and *ret if the sender's credentials are known. 0: the bus is
 * asked for them; the handler returns 1 without doing anything, and is called again with the same message, from its
 * beginning, when the bus has replied. < 0: too many calls are kept, or this one is too long to be kept; the error is
 * set. Lets go of *ret when the handler returns (g_autoptr). */
int bus_call_take(Bus *bus, sd_bus_message *message, BusCall **ret, sd_bus_error *error);
void bus_call_let_go(BusCall *call);

/* Sees each method call before its handler: 1 if it is refused because its sender has as many calls kept as it may. */
int bus_call_admit(Bus *bus, sd_bus_message *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusCall, bus_call_let_go)

/* Keeps the call, after its handler has returned, until bus_call_done() or bus_call_again(). */
void bus_call_keep(BusCall *call, void *data, void (*drop)(BusCall *call));

/* The call was answered, or is not to be. */
void bus_call_done(BusCall *call);

/* Has the handler called again from its beginning. */
void bus_call_again(BusCall *call);

/* Answers with the error, or with the one that follows from r, if there is one. */
void bus_call_fail(BusCall *call, int r, sd_bus_error *error);

/* Has calls dropped whose senders leave the bus, from now on. 0 or -errno. */
int bus_caller_connect(Bus *bus);

/* The sender as reported by the bus. uid: -1 if the bus does not report it, or the sender has left. Privileged are uid
 * 0, the daemon's own, and the members of its own group unless that is root's. */
int64_t bus_call_uid(const BusCall *call);
Caller bus_call_caller(const BusCall *call);
bool bus_call_is_privileged(const BusCall *call);

/* Lets the call wait for the identity of a module that has just appeared or is being probed, not longer than clients
 * wait. func is called with failure NULL when the identity is known, else with the reason why not; its return value is
 * that of a method handler. */
void bus_call_await_identity(BusCall *call, Module *module, BusWaitFunc func);

/* Answers all calls that wait for the module: its identity is known (failure NULL) or cannot be read. */
void bus_answer_waiting(Bus *bus, Module *module, const char *failure);

/* Calls func when job->awaits_record is not set: at once, or as soon as the record has been written. The call may then
 * wait again. */
int bus_call_await_record(BusCall *call, Job *job, BusRecordFunc func, sd_bus_error *error);

/* The time at which clients give the call up, µs of g_get_monotonic_time(). A call that was given up is not carried
 * out.
 */
gint64 bus_call_last(const BusCall *call);
/* Returns < 0, and the error, if that time has passed. */
int bus_call_refuse_late(const BusCall *call, sd_bus_error *error);

/* Lets the calls go on that wait for the record of that job. removed: the job is about to be freed. */
void bus_job_is_written(Bus *bus, Job *job, bool removed);

/* Lets the call wait until no request with that id is under way: it is handled again from its beginning then, or
 * refused if it has waited too long. */
void bus_call_await_request(BusCall *call, const char *request_id);

/* Lets the calls go on that wait for that request. */
void bus_request_has_ended(Bus *bus, const char *request_id);

/* Refuses a call for a job that was removed while the call waited. */
int bus_call_refuse_removed(sd_bus_error *error);

void bus_peer_free(void *peer);

/* Drops all calls without an answer. */
void bus_drop_calls(Bus *bus);

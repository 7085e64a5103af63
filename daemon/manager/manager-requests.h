/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "core/job/job.h"
#include "core/job/options.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;

/* A request whose caller waits until the record of its job is on the disk. */
typedef struct Request Request;

/* The caller of a method, for the job's log. */
typedef struct Caller {
        int64_t uid;      /* -1 unknown */
        const char *name; /* on the bus, as in ":1.42"; copied */
} Caller;

/* Called once, from the loop, unless the request is dropped before: with the job, borrowed, or NULL and a refusal. Must
 * not drop the request. */
typedef void (*RequestFunc)(void *userdata, Job *job, const Refusal *refusal);

/* These return the request, borrowed; it is freed, and destroy(userdata) called, after func was called or when the
 * request is dropped. NULL and a refusal if the request is refused at once; userdata stays the caller's then. All take
 * the options. */

/* Asks for an upgrade from a URL. The job is on the disk and on the bus when func is called, and
 * manager_begin_requested() must follow. last: the time at which the caller gives up, µs of g_get_monotonic_time(): a
 * request whose record is written later is refused. */
Request *manager_request_upgrade(Manager *manager, Module *module, const char *source, Options *options, Caller caller,
                                 gint64 last, RequestFunc func, void *userdata, GDestroyNotify destroy,
                                 Refusal *ret_refusal);

/* The same from a package on the host (guide 3.3.1.3). Judges everything that can be judged without touching the file,
 * then copies it from the descriptor, which stays the caller's. name: of the file, for people; copied. */
Request *manager_request_file_upgrade(Manager *manager, Module *module, int fd, const char *name, Options *options,
                                      Caller caller, RequestFunc func, void *userdata, GDestroyNotify destroy,
                                      Refusal *ret_refusal);

/* Asks for AT+QFOTADL once more, with this URL, to a module that is stalled (guide 5.2). The options expected-revision,
 * allow-unchanged and allow-https are added to the job's, and so is request-id. Refused if the module cannot be given
 * another URL now, if the job has a request id already and the options have one, too, or if the job cannot be written.
 * Not while job->awaits_record. */
Request *manager_request_retry(Manager *manager, Job *job, const char *source, Options *options, Caller caller,
                               RequestFunc func, void *userdata, GDestroyNotify destroy, Refusal *ret_refusal);

/* Returns true while a request with this option request-id waits for the disk: there may or may not be a job soon. The
 * observer's request_ended() follows. */
bool manager_has_request(Manager *manager, const char *request_id);

/* The caller has left, and gets no answer. A new job does not begin; a retry whose record is being written is sent. */
void manager_drop_request(Manager *manager, Request *request);

/* The caller has its answer: the job begins. */
void manager_begin_requested(Manager *manager, Job *job);

/* The next two must not be called while job->awaits_record. If it is set when they return, the record that shows their
 * effect is being written. */

/* Cancels a job: its end follows, now or later. false and a refusal if it is finished or can no longer be cancelled. */
bool manager_cancel(Manager *manager, Job *job, Caller caller, Refusal *ret_refusal);

/* Ends a job whose upgrade can only be followed, as failed, and leaves the module alone; the job may be freed. false
 * and a refusal if the job is finished, can still be cancelled, or is about to end. */
bool manager_dismiss(Manager *manager, Job *job, Caller caller, Refusal *ret_refusal);

/* Has the module's identity read again: the observer's module_probed() follows. false and a refusal if a job holds the
 * module or it has no AT port. */
bool manager_probe(Manager *manager, Module *module, Refusal *ret_refusal);

/* The rest is for manager.c. */

void manager_request_free(Request *request);

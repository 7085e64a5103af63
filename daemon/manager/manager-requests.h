/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "core/job/job.h"
#include "core/job/options.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;

/* The caller of a method, for the job's log. */
typedef struct Caller {
        int64_t uid;      /* -1 unknown */
        const char *name; /* on the bus, as in ":1.42" */
} Caller;

/* Accepts an upgrade from a URL. The job is on the disk and on the bus when this returns; manager_begin() must follow.
 * Takes the options. The job is borrowed. NULL and a refusal if the upgrade may not
 * begin, or the job cannot be written. */
Job *manager_accept_upgrade(Manager *manager, Module *module, const char *source, Options *options, Caller caller,
                            Refusal *ret_refusal);

/* A request for an upgrade from a package on the host (guide 3.3.1.3) that waits until the package is copied. */
typedef struct FileRequest FileRequest;

/* Called once, from the loop, unless the request is dropped before: with a job, as manager_accept_upgrade() returns it,
 * or with NULL and a refusal. Must not drop the request. */
typedef void (*FileRequestFunc)(void *userdata, Job *job, const Refusal *refusal);

/* Judges everything that can be judged without touching the file, then begins to copy it from the descriptor, which
 * stays the caller's. name: of the file, for people; copied. Takes the options. The caller's name is copied.
 *
 * Returns the request, borrowed; it is freed, and destroy(userdata) called, after func was called or when the request
 * is dropped. NULL and a refusal if the upgrade may not begin; userdata stays the caller's then. */
FileRequest *manager_request_file_upgrade(Manager *manager, Module *module, int fd, const char *name, Options *options,
                                          Caller caller, FileRequestFunc func, void *userdata, GDestroyNotify destroy,
                                          Refusal *ret_refusal);

/* Gives up the copy and frees the request: its caller gets no answer. */
void manager_drop_file_request(Manager *manager, FileRequest *request);

/* Cancels a job: its end follows, now or later. false and a refusal if it is finished or can no longer be cancelled. */
bool manager_cancel(Manager *manager, Job *job, Caller caller, Refusal *ret_refusal);

/* Ends a job whose upgrade can only be followed, as failed, and leaves the module alone; the job may be freed. false
 * and a refusal if the job is finished, can still be cancelled, or is about to end. */
bool manager_dismiss(Manager *manager, Job *job, Caller caller, Refusal *ret_refusal);

/* Sends AT+QFOTADL once more, with this URL, to a module that is stalled (guide 5.2). Takes the options, of which
 * expected-revision, allow-unchanged and allow-https are added to the job's. false and a refusal if the module cannot
 * be given another URL now, or the job cannot be written. */
bool manager_retry(Manager *manager, Job *job, const char *source, Options *options, Caller caller,
                   Refusal *ret_refusal);

/* Has the module's identity read again: the observer's module_probed() follows. false and a refusal if a job holds the
 * module or it has no AT port. */
bool manager_probe(Manager *manager, Module *module, Refusal *ret_refusal);

/* The rest is for manager.c. */

void manager_file_request_free(FileRequest *request);

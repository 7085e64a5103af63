/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon in simulated time: the real core (upgrade, AT engine, identity dialogue, restarts at a UART), called as by
 * daemon/module, with a disk that keeps the record. */

#include "core/job/job.h"
#include "core/state/upgrade-types.h"
#include "model.h"

typedef struct Host Host;

typedef struct HostObserver {
        void (*command)(void *userdata, const char *command); /* a line goes to the module */
        void (*result)(void *userdata);                       /* the Result signal */
        void (*note)(void *userdata, const char *text);       /* for the timeline */
} HostObserver;

/* The default time-outs of fotad.conf. */
extern const Timeouts host_timeouts;

/* Borrows the traits and the observer. */
Host *host_new(const Traits *traits, const HostObserver *observer, void *userdata);
void host_free(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)

/* A person starts an upgrade. */
void host_begin(Host *host, const char *expected, uint64_t now);
/* The same, if it would be accepted now. */
bool host_cancel(Host *host, uint64_t now);
bool host_retry(Host *host, uint64_t now);

/* The daemon dies, and starts with the record on disk. boot: the gateway booted in between. */
void host_kill(Host *host);
void host_start(Host *host, bool boot, uint64_t now);
bool host_is_running(const Host *host);

/* Writing a record fails from now on, or works again. */
void host_set_disk(Host *host, bool works);

/* Events of the module. */
void host_attached(Host *host, unsigned product, bool at_port, uint64_t now);
void host_detached(Host *host, uint64_t now);
void host_line(Host *host, const char *line, uint64_t now);

uint64_t host_next(const Host *host);
void host_advance(Host *host, uint64_t now);

/* The record of the job in memory, NULL while the daemon does not run. */
const Job *host_job(const Host *host);
/* The number of times that the daemon reported a smaller percentage than before. */
unsigned host_steps_back(const Host *host);
/* The number of times that a deadline without events came within a second of the one before. */
unsigned host_busy_ticks(const Host *host);
unsigned host_results(const Host *host);

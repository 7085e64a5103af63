/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The daemon in simulated time: the real core (upgrade, AT engine, identity dialogue, restarts at a UART), called as by
 * daemon/module and daemon/manager, with a disk that keeps the record. All times are those of the world; the clock of
 * the daemon stands still while the host is suspended. */

#include "core/job/job.h"
#include "core/state/upgrade-types.h"
#include "model.h"

typedef struct Host Host;

/* The request for an upgrade. */
typedef struct Request {
        bool adopted;      /* there is none: another program begins the upgrade */
        bool expected;     /* the option expected-revision */
        bool context;      /* the options cid and apn */
        bool check_source; /* the option check-source */
        bool server_fails; /* the server is asked, and does not have the package */
        bool unreadable;   /* a package on the host cannot be read when it is to be sent */
        bool host_flow;    /* the UART of the host has RTS and CTS */
        bool power_auto;   /* the USB device may be suspended */
} Request;

/* In the URL of a package on an FTP server; is no part of any other text. */
#define HOST_PASSWORD "Geheim7"

typedef struct HostObserver {
        void (*command)(void *userdata, const char *command); /* a line goes to the module */
        void (*bytes)(void *userdata, uint64_t bytes);        /* part of a package goes to the module */
        bool (*takes_bytes)(void *userdata);                  /* flow control */
        void (*action)(void *userdata);                       /* an action of the upgrade comes next */
        void (*persisted)(void *userdata);                    /* a record is about to be written */
        void (*result)(void *userdata);                       /* the Result signal */
        void (*note)(void *userdata, const char *text);       /* for the timeline */
} HostObserver;

typedef enum Disk {
        DISK_WORKS,
        DISK_FULL,     /* records cannot be written, but removed */
        DISK_READ_ONLY /* nor can they be removed */
} Disk;

/* The default time-outs of fotad.conf. */
extern const Timeouts host_timeouts;

/* Borrows all of them. */
Host *host_new(const Traits *traits, const Request *request, const HostObserver *observer, void *userdata);
void host_free(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)

/* The daemon runs, and unless the upgrade is to be adopted, a person starts it. */
void host_begin(Host *host, uint64_t now);
/* A person's request, if it would be accepted now. */
bool host_cancel(Host *host, uint64_t now);
bool host_retry(Host *host, uint64_t now);
bool host_dismiss(Host *host, uint64_t now);

/* The daemon dies, and starts with the record on disk. boot: the gateway booted in between. */
void host_kill(Host *host);
void host_start(Host *host, bool boot, uint64_t now);
bool host_is_running(const Host *host);

void host_set_disk(Host *host, Disk disk);
void host_suspend(Host *host, uint64_t now);
void host_wake(Host *host, uint64_t now);
void host_lose_port(Host *host, uint64_t now); /* the tty hangs up, and can be opened again */

/* Events of the module. */
void host_attached(Host *host, unsigned product, bool at_port, uint64_t now);
void host_detached(Host *host, uint64_t now);
void host_line(Host *host, const char *line, uint64_t now);

uint64_t host_next(const Host *host);
void host_advance(Host *host, uint64_t now);

/* The record of the job in memory, NULL while the daemon does not run or has none. */
const Job *host_job(const Host *host);
/* The number of times that the daemon reported a smaller percentage than before. */
unsigned host_steps_back(const Host *host);
/* The number of times that a deadline without events came within less than a second of the one before. */
unsigned host_busy_ticks(const Host *host);
unsigned host_phases_unknown(const Host *host); /* changes that the table of phases does not have */
/* The greatest number of Results of one job. */
unsigned host_results(const Host *host);
/* Returns true if the record of a job that ended was removed, because it could not be written. */
bool host_removed_record(const Host *host);
/* Returns true if power/control was changed, and is neither put back nor named. */
bool host_leaves_power(const Host *host);

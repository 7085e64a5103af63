/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/rules.h"
#include "claim.h"
#include "job-store.h"
#include "manager.h"
#include "package-copy.h"
#include "package-store.h"
#include "source-check.h"
#include "usb-watch.h"

/* Shared by the manager*.c files only. */

struct Manager {
        sd_event *event;
        const Config *config;
        JobStore *store;
        Claims *claims;
        UsbWatch *watch;
        char *boot_id;
        GPtrArray *modules; /* Module */
        GPtrArray *jobs;    /* Job, by creation */
        GHashTable *checks; /* Check, by the Id of its module, which it owns; a UART is kept while it is checked */
        GPtrArray *file_requests; /* FileRequest */
        PackageStore *packages;
        ModemManagerPresence modem_manager;
        GHashTable *left_alone; /* ids of jobs that were given up, and whose upgrade was seen to go on */
        GHashTable *stalled;    /* ids of jobs that were said to be */
        guint64 last_id;
        sd_event_source *lives;                /* says that the daemon has lived for a while */
        sd_event_source *drops;                /* manager_drop_uarts_soon() */
        const ModuleObserver *module_observer; /* for each new module; userdata is the Manager */
        const ManagerObserver *observer;
        void *userdata;
};

/* manager-uart.c: the UARTs that the configuration names. A module each, whether or not its node is there. */
void manager_make_uarts(Manager *m);
/* Those that it does not name any more, and that nobody holds, go: now, or from the loop. */
void manager_drop_uarts(Manager *m);
void manager_drop_uarts_soon(Manager *m);
/* What has come, what has gone, and what turned out to be a port of a USB module. */
void manager_look_at_uarts(Manager *m);

/* manager-jobs.c: the records, in memory and on the disk */

int manager_write_job(Manager *m, const Job *job, char **ret_why);

/* Writes the record of a job that has ended, or removes the record if that fails: the old one would have the next
 * daemon take the job up, or say its result, again. -errno and *ret_why if both fail. */
int manager_write_end(Manager *m, const Job *job, char **ret_why);

/* A job that is nowhere yet. */
Job *manager_new_job(Manager *m, const char *module);

/* Onto the disk first, then onto the bus. Takes the job; NULL and *ret_why if it cannot be written. */
Job *manager_add_job(Manager *m, Job *job, char **ret_why);

/* What a module is known to be, into a job that begins on it. */
void manager_note_identity(Job *job, const Identity *identity);

/* All that are on the disk. Of two that claim one module the older one is closed. */
void manager_load_jobs(Manager *m);

/* The newest finished jobs stay, as many as the configuration says. */
void manager_trim_history(Manager *m);

/* One more start of the daemon with this job, which may be one too many. */
void manager_count_take_up(Manager *m, Job *job);
void manager_forget_take_ups(Manager *m);
bool manager_is_given_up(const Job *job);

/* manager-found.c: what was not begun here, or not where it turns up */

void manager_adopt(Manager *m, Module *module, Method method);
void manager_follow_moved(Manager *m, Module *module);

/* As manager_add_job(), with the package on the disk before the record; on failure it is nobody's. */
Job *manager_add_job_with_package(Manager *m, Job *job, const Package *package, char **ret_why);

/* The job has ended. */
void manager_free_package(Manager *m, const Job *job);

/* For reading; or -errno, -ESTALE if it is not what was copied. */
int manager_open_package(Manager *m, const Job *job);

/* What no job needs, once all jobs are loaded. */
void manager_sweep_packages(Manager *m);

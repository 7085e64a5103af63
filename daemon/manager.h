/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

#include "core/job.h"
#include "core/rules.h"
#include "manager-check.h"
#include "manager-claim.h"
#include "manager-facts.h"
#include "manager-modules.h"
#include "manager-requests.h"
#include "module.h"
#include "refusal.h"
#include "settings.h"

typedef struct Manager Manager;

/* News for the bus. */
typedef struct ManagerObserver {
        void (*module_added)(void *userdata, Module *module);
        void (*module_removed)(void *userdata, Module *module);
        void (*module_changed)(void *userdata, Module *module);
        void (*module_needed)(void *userdata, Module *module, ModuleNeed need); /* as the module's observer has it */
        void (*module_probed)(void *userdata, Module *module, const char *failure); /* NULL: well */
        void (*job_added)(void *userdata, Job *job);
        void (*job_changed)(void *userdata, Job *job);
        void (*job_result)(void *userdata, Job *job); /* on its way out of the process when this returns */
        void (*job_removed)(void *userdata, Job *job);
} ManagerObserver;

typedef struct ManagerDirectories {
        const char *state, *runtime; /* what outlives the gateway's power, and what outlives the daemon */
} ManagerDirectories;

/* NULL and *ret_why if the state directory or udev cannot be had. Borrows event and config. */
Manager *manager_new(sd_event *event, const Config *config, const ManagerDirectories *directories, char **ret_why);
void manager_free(Manager *manager);

/* Takes the jobs on disk up and finds the modules that are there: news begins. 0 or -errno. */
int manager_start(Manager *manager, const ManagerObserver *observer, void *userdata);

/* The configuration has other contents now: whatever they change without harm to a job is changed. */
void manager_reconfigured(Manager *manager);

/* Before a clean end: the jobs stay. */
void manager_stop(Manager *manager);

/* Once the name is on the bus: says results that a crash kept from it. */
void manager_announce(Manager *manager);

/* All jobs, by creation. Borrowed: the array changes with the next news. */
const GPtrArray *manager_jobs(const Manager *manager);

/* The finished ones, the last to finish first. The caller frees the array, not the jobs. */
GPtrArray *manager_history(Manager *manager);

/* The job with this object path. Borrowed. NULL and a refusal if there is none. */
Job *manager_find_job(Manager *manager, const char *path, Refusal *ret_refusal);

const Config *manager_config(const Manager *manager);

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

/* The job is on disk and on the bus when this returns; manager_begin() must follow. Takes the options. uid: of the one
 * who asks, -1 unknown. */
Job *manager_accept_upgrade(Manager *manager, Module *module, const char *source, Options *options, int64_t uid,
                            Refusal *ret_refusal);

/* The same with a package on the host (guide 3.3.1.3), from a descriptor that stays the caller's, by its name. What can
 * be judged now is; then it is copied, and the function is called once, from the loop: with a job, as
 * manager_accept_upgrade() gives it, or a refusal. Then, or when it is dropped, userdata is destroyed. NULL: refused,
 * and userdata stays the caller's. Takes the options. */
typedef struct Intake Intake;
typedef void (*ManagerAcceptFunc)(void *userdata, Job *job, const Refusal *refusal);
Intake *manager_take_in(Manager *manager, Module *module, int fd, const char *name, Options *options, int64_t uid,
                        ManagerAcceptFunc func, void *userdata, GDestroyNotify destroy, Refusal *ret_refusal);
void manager_drop_intake(Manager *manager, Intake *intake);

/* Before the bus is closed: nobody hears of them any more. */
void manager_drop_all_intakes(Manager *manager);

bool manager_cancel(Manager *manager, Job *job, Refusal *ret_refusal);
/* AT+QFOTADL once more where a module is stalled (guide 5.2). Takes the options, of which expected-revision,
 * allow-unchanged and allow-https are added to the job's. */
bool manager_retry(Manager *manager, Job *job, const char *source, Options *options, Refusal *ret_refusal);

const Config *manager_config(const Manager *manager);

/* module_probed() follows. */
bool manager_probe(Manager *manager, Module *module, Refusal *ret_refusal);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "module/module.h"

/* News for the bus. All of it comes from manager_start() on, from the loop or during a call to the manager. The modules
 * and jobs are borrowed; those that were removed are freed when the function returns. */
typedef struct ManagerObserver {
        void (*module_added)(void *userdata, Module *module);
        void (*module_removed)(void *userdata, Module *module);
        void (*module_changed)(void *userdata, Module *module);
        void (*module_needed)(void *userdata, Module *module, ModuleNeed need);     /* as ModuleObserver.needed() */
        void (*module_probed)(void *userdata, Module *module, const char *failure); /* NULL: the identity was read */
        void (*job_added)(void *userdata, Job *job);
        void (*job_changed)(void *userdata, Job *job);
        void (*job_settled)(void *userdata, Job *job); /* job->awaits_record is not set any more */
        /* manager_result_heard() follows when the bus has passed it on. Returns false if there is no bus. */
        bool (*job_result)(void *userdata, Job *job);
        void (*job_resolved)(void *userdata, Job *job, bool changed); /* as the signal Resolved */
        void (*job_removed)(void *userdata, Job *job);
        void (*request_ended)(void *userdata, const char *request_id); /* of manager_has_request() */
} ManagerObserver;

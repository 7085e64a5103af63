/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "module/module.h"

typedef struct Manager Manager;
typedef struct Watch Watch;

/* For the manager*.c files only. */

void manager_watch_free(Watch *watch);

/* Watches the module of a job that has ended with job->watched: its claim, the inhibition of ModemManager and its
 * autosuspend setting stay. Replaces an earlier watch at the same place. Borrows the job, which must stay in the list
 * while job->watched is set. */
void manager_watch_begin(Manager *m, Job *job);

/* true if the module at this place is watched. */
bool manager_is_watched(Manager *m, const char *place);

/* The job whose module is watched and may be this one; NULL none. */
const Job *manager_watch_of(const Manager *m, const Module *module);

/* A device, which is at syspath, appears at this place: keeps it awake, and ModemManager from it, if it is watched. */
void manager_watch_present(Manager *m, Module *module, const char *syspath);

/* The module's identity is known, after it was read or after a job on the module has ended. Completes the record of the
 * job whose module this is, if that is certain. */
void manager_watch_read(Manager *m, Module *module);

/* Ends the watch of a module that a new job is about to hold, also if it was begun at another place. The claim on this
 * place stays, for that job. */
void manager_watch_give_way(Manager *m, Module *module);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/quectel/identity.h"
#include "core/job/job.h"
#include "store/package-copy.h"
#include "base/refusal.h"

typedef struct Manager Manager;

/* All jobs, by creation. Borrowed: the array changes with the next news. */
const GPtrArray *manager_jobs(const Manager *manager);

/* The finished jobs, the last to finish first. The caller frees the array, not the jobs. */
GPtrArray *manager_history(Manager *manager);

/* The job with this object path. Borrowed. NULL and a refusal if there is none. */
Job *manager_find_job(Manager *manager, const char *path, Refusal *ret_refusal);

/* The log of a job that has ended, from the disk. The caller frees it. NULL and *ret_why if the record cannot be read. */
JobLog *manager_read_log(Manager *manager, const Job *job, char **ret_why);

/* The rest is for the manager*.c files. */

/* Makes a job for the module with this Id, which is neither on the disk nor in the list, for manager_add_job(). */
Job *manager_new_job(Manager *m, const char *module);

/* Copies the identity of a module into a job that begins on it. */
void manager_note_identity(Job *job, const Identity *identity);

/* Opens the job's package for reading. Its descriptor, or -errno: -ENOENT if it has none, -ESTALE if its size is not
 * that of the package that was copied. */
int manager_open_package(Manager *m, const Job *job);

/* Removes all packages that no running job needs. Call it once all jobs are loaded. */
void manager_sweep_packages(Manager *m);

/* Reads all records from the disk into the list. Of two running jobs on one module, ends the older one. Logs and sets
 * aside records that cannot be read. Removes the oldest finished jobs as manager_trim_history() does, without the
 * observer, which does not know them. */
void manager_load_jobs(Manager *m);

/* Removes the oldest finished jobs that exceed [jobs] history, and reports each to the observer. Those that were
 * requested and those that were adopted are counted apart, and those whose modules are watched are kept. */
void manager_trim_history(Manager *m);

/* Removes the job that this one, which has just ended, repeats: Job.repeats counts it. */
void manager_forget_repeated(Manager *m, const Job *job);

/* Counts one more start of the daemon with each running job, on the disk, and ends a job after too many without
 * progress. Call it before anything else is done with the jobs, for that may bring the daemon down. */
void manager_count_take_ups(Manager *m);

/* Resets that count for all running jobs: the daemon has survived them, or was stopped. The second one waits for the
 * disk. */
void manager_forget_take_ups(Manager *m);
void manager_forget_take_ups_now(Manager *m);

/* true if manager_count_take_ups() ended the job. */
bool manager_is_given_up(const Job *job);

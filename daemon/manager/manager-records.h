/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"

typedef struct Manager Manager;

/* The records and packages of jobs on the disk. For the manager*.c files only.
 *
 * The functions begin to write or remove, and return at once: threads do it, for one job in the order of the calls. */

/* Called by the loop when the disk has, or refuses, what was to be written: result is 0 or -errno, and why is NULL or
 * the reason. job: NULL if it was removed from the list meanwhile. */
typedef void (*ManagerRecordFunc)(Manager *m, Job *job, int result, const char *why, void *userdata);

/* Writes the record durably, with the log, which a job that has ended keeps on the disk alone from then on. func may be
 * NULL: a failure is logged then. The userdata is freed after func was called. */
void manager_write_record(Manager *m, Job *job, ManagerRecordFunc func, void *userdata, GDestroyNotify destroy);

/* Writes the record of a job that has ended, or removes the record if that fails, because the next daemon would take an
 * old record up, or announce the result again. Fails if the record cannot be removed either. func may be NULL, as
 * above. Sets Job.repeats with the first such record. */
void manager_write_end(Manager *m, Job *job, ManagerRecordFunc func);

/* The job before, at the same place, that ended in the same way; NULL: none did. A job whose Result is still to be
 * announced is none. */
Job *manager_find_repeated(Manager *m, const Job *job);

/* The same for a job that holds a module. A running job goes on without its record: a failure is noted in job->behind.
 * Returns false if the disk has the record already, except for lines of the log, and func is not called. */
bool manager_write_if_changed(Manager *m, Job *job, ManagerRecordFunc func);

/* Writes the record of a running job that has reached the last percentage that is covered, so that the module need not
 * stand still for the next one. Nothing waits for this record, and a failure leaves the record that was there. */
void manager_write_ahead(Manager *m, Job *job);

/* Called by the loop. job: whose record is on the disk, for manager_list_job() or manager_take_back_job(); NULL, and
 * the reason in why, if the disk refused. */
typedef void (*ManagerAddFunc)(Manager *m, Job *job, const char *why, void *userdata);

/* Takes a new job and writes its record. part: the temporary name of its package in the store, which becomes the job's,
 * durably, before that; NULL none. On failure neither record nor package stays: a record that stays on a disk that
 * refuses to synchronize or to remove it counts as written. */
void manager_add_job(Manager *m, Job *job, const char *part, ManagerAddFunc func, void *userdata);

/* Takes the job: adds it to the list and reports it to the observer. */
void manager_list_job(Manager *m, Job *job);

/* Takes the job: removes its record and its package, durably, for nothing is to be done for it. func is called after
 * that, with NULL, or with the job, which it takes, and the reason if the disk keeps the record. */
void manager_take_back_job(Manager *m, Job *job, ManagerAddFunc func, void *userdata);

/* Removes jobs that have ended from the list, at once, and from the disk, a few at a time. */
void manager_remove_jobs(Manager *m, const GPtrArray *jobs);

/* Removes the package of a job that has ended, if it has one. */
void manager_free_package(Manager *m, const Job *job);

/* ---- for the start and the end of the daemon, which wait for the disk */

/* 0, or -errno and *ret_why. */
int manager_write_record_now(Manager *m, Job *job, char **ret_why);
int manager_write_end_now(Manager *m, Job *job, char **ret_why);

/* Writes the records of many jobs, all at once, or each by itself if that fails. Logs what cannot be written, and takes
 * its job out of the array. */
void manager_write_records_now(Manager *m, GPtrArray *jobs);

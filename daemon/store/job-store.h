/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Texts by name, one file each in a directory. The functions that write or remove files may be called by several
 * threads, but by one at a time for the same id. */
typedef struct JobStore JobStore;

/* NULL and *ret_why if the directory cannot be made. */
JobStore *job_store_new(const char *state_directory, char **ret_why);
void job_store_free(JobStore *store);

/* Keeps other daemons, which may be on another bus, from the directory until job_store_free(). Returns 0, or -EBUSY and
 * *ret_why, which the caller frees, if one has it. */
int job_store_lock(JobStore *store, char **ret_why);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobStore, job_store_free)

/* Removes temporary files, <id>.job.XXXXXX and last-job.XXXXXX, which were not renamed when the power failed. Such a
 * file may hold a password. Another daemon may be writing such a file: job_store_lock() comes first. */
void job_store_sweep(JobStore *store);

/* The ids of all records, in no order; the caller frees the array. */
GPtrArray *job_store_list(JobStore *store);

/* The highest number that is known: of the ids of all files, broken ones too, and of job_store_reserve(). A new id must
 * be above it. */
guint64 job_store_highest(JobStore *store);

/* Notes durably that the number is in use, so that its id is not given out again after its file was removed. 0, or
 * -errno and *ret_why. */
int job_store_reserve(JobStore *store, guint64 number, char **ret_why);

/* The text of a record of at most 64 KiB; NULL and *ret_why on failure. */
char *job_store_read(JobStore *store, const char *id, char **ret_why);

/* Writes the file, durably: 0, or -errno and *ret_why: -ENOSPC, -EROFS, or -EIO for all others, and
 * if the text has more than 64 KiB. Only its owner may read it. */
int job_store_write(JobStore *store, const char *id, const char *text, char **ret_why);

/* The same for many files at the cost of one. On failure some may have been written. */
int job_store_write_all(JobStore *store, const GPtrArray *ids, const GPtrArray *texts, char **ret_why);

/* Sets files that cannot be read aside as <id>.job.broken, their bytes replaced by those that mask returns. Durable
 * copies are made of all before the first one is removed. 0, or -errno and *ret_why: then some may still be there. */
typedef GString *(*JobStoreMask)(const char *bytes, size_t length);
int job_store_quarantine(JobStore *store, const GPtrArray *ids, JobStoreMask mask, char **ret_why);

/* Removes the file, durably: 1, 0 if there was none, or -errno and *ret_why. */
int job_store_remove(JobStore *store, const char *id, char **ret_why);

/* Writes the file, durably, or removes it if that fails, because the old text must not stay. 0, also if there was no
 * file to remove; 1 and *ret_why if it was removed; -errno and *ret_why if both fail. */
int job_store_write_end(JobStore *store, const char *id, const char *text, char **ret_why);

/* Removes a file that is not needed any more; after a power cut it may be there again. 0, also if there was none, or
 * -errno and *ret_why. */
int job_store_discard(JobStore *store, const char *id, char **ret_why);

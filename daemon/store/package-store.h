/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The jobs' packages, one file each, in a directory that is made when it is first needed. */
typedef struct PackageStore PackageStore;

PackageStore *package_store_new(const char *state_directory);
void package_store_free(PackageStore *store);

/* An empty file that no job has yet, for its owner alone, under a temporary name. Its descriptor, for writing; or
 * -errno and *ret_why. */
int package_store_create(PackageStore *store, char **ret_name, char **ret_why);

/* It is the job's from now on, and durably so: what is in it must have been synchronized. 0, or -errno and *ret_why,
 * and then it has its temporary name still. */
int package_store_keep(PackageStore *store, const char *name, const char *id, char **ret_why);

/* A file that no job has got. */
void package_store_discard(PackageStore *store, const char *name);

/* A job's. One that is not there is none. */
void package_store_remove(PackageStore *store, const char *id);

/* A job's, for reading; -errno, -ESTALE if it is not as large as that. */
int package_store_open(PackageStore *store, const char *id, uint64_t size);

/* Removes what is nobody's: files that no job has got, and those of jobs that are not needed. */
void package_store_sweep(PackageStore *store, bool (*is_needed)(void *userdata, const char *id), void *userdata);

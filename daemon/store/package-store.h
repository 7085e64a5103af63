/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The jobs' packages, one file each, in a directory that is made when it is first needed. Several threads may keep and
 * remove packages. */
typedef struct PackageStore PackageStore;

PackageStore *package_store_new(const char *state_directory);
void package_store_free(PackageStore *store);

/* Makes an empty file under a temporary name, which only its owner may read. Its descriptor, for writing; or
 * -errno and *ret_why. */
int package_store_create(PackageStore *store, char **ret_name, char **ret_why);

/* Renames the file to the job's package, durably; its contents must have been synchronized. 0, or -errno and *ret_why,
 * and then the file still has its temporary name. */
int package_store_keep(PackageStore *store, const char *name, const char *id, char **ret_why);

/* Removes a file that did not become a job's package. 0, also if there was none, or -errno. */
int package_store_discard(PackageStore *store, const char *name);

/* Removes the package of a job. 0, also if there was none, or -errno. */
int package_store_remove(PackageStore *store, const char *id);

/* Opens the package of a job for reading; -errno, -ESTALE if its size is another one. */
int package_store_open(PackageStore *store, const char *id, uint64_t size);

/* Removes temporary files, and the packages of jobs that need none. */
void package_store_sweep(PackageStore *store, bool (*is_needed)(void *userdata, const char *id), void *userdata);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The recordings of jobs, <id>.recording beside their records. These functions may be called by threads, by one at a
 * time for the same id. A recording is not worth the wait for the disk: after a power cut the file may be an older one,
 * or be missing. */

/* Replaces the file. 0, or -errno and *ret_why, which the caller frees; -ENOSPC also if less than 1 MiB would be left,
 * which is for records. */
int recording_store_write(const char *state_directory, const char *id, const char *text, char **ret_why);

/* The text of the file, of at most 1 MiB; NULL and *ret_why if it cannot be read. */
char *recording_store_read(const char *state_directory, const char *id, char **ret_why);

/* Removes the file, if there is one. 0 or -errno. */
int recording_store_remove(const char *state_directory, const char *id);

/* Removes files that were not completed, and the recordings that are not needed. */
void recording_store_sweep(const char *state_directory, bool (*is_needed)(void *userdata, const char *id),
                           void *userdata);

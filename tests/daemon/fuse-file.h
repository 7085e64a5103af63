/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A file of a file system in user space (FUSE) that does not answer one process. */
typedef struct FuseFile FuseFile;

/* Creates the file at path, and mounts the file system over it; needs CAP_SYS_ADMIN. Closes by the victim are not
 * answered, nor are its reads if reads_hang. Others read zeros. */
FuseFile *fuse_file_new(const char *path, pid_t victim, bool reads_hang);

/* Waits until the process waits for an answer. */
void fuse_file_await(FuseFile *file);

/* Ends all that wait. */
void fuse_file_free(FuseFile *file);

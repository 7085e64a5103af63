/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "store/package-store.h"
#include "store/writer.h"
#include "base/refusal.h"

/* A package that was copied into the store and that no job has yet. */
typedef struct Package {
        const char *file;   /* its temporary name in the store */
        const char *sha256; /* 64 lower-case hexadecimal digits */
        uint64_t size;      /* bytes */
} Package;

/* A copy of a caller's file that is under way. */
typedef struct PackageCopy PackageCopy;

/* Called once, from the loop, unless the copy is freed before. package: NULL if the copy failed or is not the package
 * that was wanted; the refusal says why then, and is not set otherwise. Both are valid during the call, until the copy
 * is freed. May free the copy. */
typedef void (*PackageCopyFunc)(void *userdata, const Package *package, const Refusal *refusal);

/* Begins to copy a regular file of 1 to size_max bytes into the store, in a thread. fd: of the file, or a
 * carrier of it; stays the caller's, who may close it at once. sha256: that of the package that is wanted, in
 * hexadecimal digits, NULL: any; copied. Borrows event, store and writer, which removes the file if no job gets it. NULL
 * and a refusal if the copy cannot begin, FOTAD_ERROR_BUSY if SPOOLS_MAX are under way. */
PackageCopy *package_copy_new(sd_event *event, PackageStore *store, Writer *writer, int fd, uint64_t size_max,
                              const char *sha256, PackageCopyFunc func, void *userdata, Refusal *ret_refusal);

/* A job has the file now: package_copy_free() no longer removes it. */
void package_copy_release_file(PackageCopy *copy);

/* Removes the file, which no job has, and then calls func from the loop, unless the writer is freed before. */
void package_copy_discard(PackageCopy *copy, void (*func)(void *userdata), void *userdata);

/* Takes NULL. Gives up a copy that is under way and removes its file. */
void package_copy_free(PackageCopy *copy);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Copies a file that a caller passed, in a thread: reading it may block for ever. */
typedef struct Spool Spool;

#define SPOOLS_MAX 4 /* at a time, those that were given up and hang included */

typedef enum SpoolEnd {
        SPOOL_COPIED,   /* all of it, and it is on the disk */
        SPOOL_BAD_FILE, /* the fault is in the file that was given */
        SPOOL_NO_SPACE, /* the state directory has none */
        SPOOL_FAILED,
} SpoolEnd;

typedef struct SpoolResult {
        SpoolEnd end;
        char *why;     /* one part of a sentence; NULL if it was copied */
        uint64_t size; /* bytes, once it is known */
        char *sha256;  /* 64 lower-case hexadecimal digits, if it was copied */
} SpoolResult;

/* Called once, from the loop, unless the spool is freed before. May free the spool. */
typedef void (*SpoolFunc)(void *userdata, const SpoolResult *result);

/* Copies a regular file of 1 to most bytes from its beginning; its offset is neither used nor changed. source: of
 * the file, or a carrier of it. Takes both descriptors, even if it fails. 0, -EBUSY if SPOOLS_MAX are under way, or
 * -errno. */
int spool_new(Spool **ret, sd_event *event, int source, int target, uint64_t most, SpoolFunc func, void *userdata);

/* Takes NULL. Waits for nothing: a thread that hangs goes on alone. */
void spool_free(Spool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spool, spool_free)

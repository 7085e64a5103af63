/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A package on the host, and what the daemon keeps of it: shared by the tests of StartUpgradeFile. */
typedef struct Bench {
        World *w;
        char *path;          /* the package: a good one for the first module */
        char *sha256, *size; /* of it */
} Bench;

/* The first module is known and left alone, unless there is no daemon. */
Bench *bench_new(const WorldSettings *settings);
void bench_free(Bench *bench);

/* Below the daemon's state directory; the caller frees it. */
char *bench_state(Bench *bench, const char *name);

/* Compares the names of all packages, each with a blank behind it. */
void bench_assert_files(Bench *bench, const char *expected);

/* The job with that id has the package: every byte of it, and for the daemon alone. */
void bench_assert_kept(Bench *bench, const char *id);

/* Answers take so long from now on that a job is still asking when it is looked at. */
void bench_slow_down(Bench *bench);
void bench_speed_up(Bench *bench);

/* Cancels the job and waits until the module is free. */
void bench_cancel(Bench *bench, const char *job);

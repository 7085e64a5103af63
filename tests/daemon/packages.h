/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A package on the host, and the daemon's copy of it: shared by the tests of StartUpgradeFile. */
typedef struct Bench {
        World *w;
        char *path;          /* the package: a good one for the first module */
        char *sha256, *size; /* of the package */
} Bench;

/* The first module has reported its revision and its port is closed, unless there is no daemon. */
Bench *bench_new(const WorldSettings *settings);
void bench_free(Bench *bench);

/* A path below the daemon's state directory; the caller frees it. */
char *bench_state(Bench *bench, const char *name);

/* Compares the names of all packages, each followed by a blank. */
void bench_assert_files(Bench *bench, const char *expected);

/* Asserts that the job with that id has the whole package, readable for the daemon only. */
void bench_assert_kept(Bench *bench, const char *id);

/* Answers are slow from now on, so that a job is still reading when it is inspected. */
void bench_slow_down(Bench *bench);
void bench_speed_up(Bench *bench);

/* Cancels the job and waits until the module has no job. */
void bench_cancel(Bench *bench, const char *job);

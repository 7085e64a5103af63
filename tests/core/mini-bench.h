/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "upgrade-bench.h"

/* bench_go(), and on to the old Mini system; to the new one, which has begun. */
void bench_go_mini(Bench *bench);
void bench_go_mini2(Bench *bench);

/* Into another system: off the bus, and back. */
void bench_mini_restart(Bench *bench, bool mini);

/* Which questions are asked on the way, is not the module's concern: answers as whoever runs now. */
void bench_answer_identity(Bench *bench, const char *revision);

/* Stalled, with all that must hold of that; the message says what it needs. */
void bench_assert_stalled(Bench *bench, const char *needs);

/* Time passes without progress until the job is stalled. */
void bench_stall(Bench *bench);
/* A new job that is stalled in its Mini system, and waits for the package of that number: 1 or 2. */
Bench *bench_new_stalled(unsigned package);
/* A retry whose command must wait: the Mini system has answered before, and its port is in use. */
void bench_retry_while_busy(Bench *bench, const char *url);

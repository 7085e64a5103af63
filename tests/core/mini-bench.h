/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "upgrade-bench.h"

/* bench_go(), and on to the old Mini system; or to the new Mini system, which has begun its work. */
void bench_go_mini(Bench *bench);
void bench_go_mini2(Bench *bench);

/* Restarts the module into another system: it disconnects and re-enumerates. */
void bench_mini_restart(Bench *bench, bool mini);

/* Answers a pending question for the identity with that revision. The test does not prescribe the questions. */
void bench_answer_identity(Bench *bench, const char *revision);

/* Asserts that the job is stalled, with everything that must hold of a stalled job, and that its message names this
 * need. */
void bench_assert_stalled(Bench *bench, const char *needs);

/* Time passes without progress until the job is stalled. */
void bench_stall(Bench *bench);
/* A new job that is stalled in its Mini system, and waits for the package of that number: 1 or 2. */
Bench *bench_new_stalled(unsigned package);
/* A retry whose command must wait: the Mini system has answered before, and its port is in use. */
void bench_retry_while_busy(Bench *bench, const char *url);
/* END,0, a restart into the firmware, and the new revision; and the assertion of success. */
void bench_finish_mini(Bench *bench);
void bench_succeed_mini(Bench *bench);

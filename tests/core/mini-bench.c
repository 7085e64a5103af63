/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of MiniFOTA share: the bench led to the points of its course. */

#include "mini-bench.h"

void go(Bench *b)
{
        bench_begin(b);
        bench_present(b);
        bench_ready(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        ck_assert(upgrade_is_cancellable(b->job));
}

void restart(Bench *b, bool mini)
{
        bench_gone(b);
        b->now += 20 * SECOND;
        b->mini = mini;
        bench_present(b);
}

void go_mini(Bench *b)
{
        go(b);
        restart(b, true);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert(!upgrade_is_cancellable(b->job));
}

void go_mini2(Bench *b)
{
        go_mini(b);
        restart(b, false);
        bench_updating(b, 7);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        restart(b, true);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_uint_eq(b->job->percent, 60);
        bench_assert_state(b, JOB_UPDATING);
}

void assert_stalled(Bench *b, const char *needs)
{
        bench_assert_state(b, JOB_STALLED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        ck_assert(!upgrade_is_cancellable(b->job) && upgrade_may_retry(b->job));
        assert_has(b->job->message, needs);
        assert_has_not(b->job->message, "Geheim7");
}

void answer(Bench *b, const char *revision)
{
        if (b->identify && b->job->state != JOB_FINISHED)
                bench_ready(b, revision);
}

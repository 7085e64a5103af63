/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Presets for the tests of MiniFOTA: an upgrade led to the points of its course. */

#include "mini-bench.h"

void bench_mini_restart(Bench *b, bool mini)
{
        bench_gone(b);
        b->now += 20 * SECOND;
        b->mini = mini;
        bench_present(b);
}

void bench_go_mini(Bench *b)
{
        bench_go(b);
        bench_mini_restart(b, true);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert(!upgrade_is_cancellable(b->job));
}

void bench_go_mini2(Bench *b)
{
        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, 7);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        bench_mini_restart(b, true);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_uint_eq(b->job->percent, 60);
        bench_assert_state(b, JOB_UPDATING);
}

void bench_assert_stalled(Bench *b, const char *needs)
{
        bench_assert_state(b, JOB_STALLED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        ck_assert(!upgrade_is_cancellable(b->job) && upgrade_may_retry(b->job));
        assert_has(b->job->message, needs);
        assert_has_not(b->job->message, "Geheim7");
}

void bench_answer_identity(Bench *b, const char *revision)
{
        if (b->identify && b->job->state != JOB_FINISHED)
                bench_ready(b, revision);
}

void bench_stall(Bench *b)
{
        bench_pass(b, b->timeouts.stall + SECOND);
        bench_assert_state(b, JOB_STALLED);
}

Bench *bench_new_stalled(unsigned package)
{
        Bench *b = bench_new_mini();

        if (package == 1)
                bench_go_mini(b);
        else
                bench_go_mini2(b);
        bench_stall(b);
        return b;
}

void bench_retry_while_busy(Bench *b, const char *url)
{
        bench_ready(b, MINI_OLD);
        b->port_busy = true;
        bench_retry(b, url);
}

void bench_finish_mini(Bench *b)
{
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
}

void bench_succeed_mini(Bench *b)
{
        bench_finish_mini(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}

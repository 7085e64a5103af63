/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A verdict needs a revision that was read twice alike. Answers may be lost, cut off or refused between: what such a
 * reading lacks decides nothing, and the next reading follows soon. */

#include "mini-bench.h"

#define OLD_BUILD OLD_REVISION "_01.001.01.001"
#define NEW_BUILD NEW_REVISION "_01.001.01.001"

/* After END,0 and the last restart. */
static Bench *bench_new_updated(void)
{
        Bench *b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        b->answers_once = true;
        return b;
}

/* The second answer lacks the build, or the IMEI and then comes again. */
START_TEST(field_is_missing)
{
        g_autoptr(Bench) b = bench_new_updated();

        bench_ready_as(b, NEW_REVISION, NEW_BUILD, BENCH_IMEI);
        ck_assert_uint_eq(b->results, 0);
        if (_i == 0) {
                bench_ready_as(b, NEW_REVISION, "", BENCH_IMEI);
        } else {
                bench_ready_as(b, NEW_REVISION, NEW_BUILD, "");
                ck_assert_uint_eq(b->results, 0);
                bench_tick(b);
                bench_ready_as(b, NEW_REVISION, NEW_BUILD, BENCH_IMEI);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->job->to_build, NEW_BUILD);
}
END_TEST

/* The first answer was cut off: the identity is read again within seconds, not after the time-out of the phase. */
START_TEST(first_is_cut_off)
{
        g_autoptr(Bench) b = bench_new_updated();
        uint64_t since = b->now;

        bench_ready_as(b, "EC200ACNHA", "", BENCH_IMEI);
        bench_ready_as(b, NEW_REVISION, NEW_BUILD, BENCH_IMEI);
        ck_assert_uint_eq(b->results, 0);
        bench_tick(b);
        bench_ready_as(b, NEW_REVISION, NEW_BUILD, BENCH_IMEI);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_le(b->now - since, 2 * SECOND);
}
END_TEST

/* A build that was cut off looks like another firmware. The next readings show the old firmware, and the download goes
 * on: a USB glitch was no restart. */
START_TEST(change_is_not_confirmed)
{
        g_autoptr(Bench) b = bench_new();

        job_set_string(&b->job->from_revision, OLD_REVISION);
        job_set_string(&b->job->from_build, OLD_BUILD);
        bench_begin(b);
        bench_present(b);
        bench_ready_as(b, OLD_REVISION, OLD_BUILD, BENCH_IMEI);
        bench_fota(b, "\"HTTPSTART\"");
        bench_restart(b);
        b->answers_once = true;
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_01", BENCH_IMEI);
        for (unsigned i = 0; i < 3 && b->job->state != JOB_FINISHED; i++) {
                bench_ready_as(b, OLD_REVISION, OLD_BUILD, BENCH_IMEI);
                if (!b->identify)
                        break;
                bench_pass(b, SECOND);
        }
        bench_pass(b, 2 * SECOND);
        ck_assert_uint_eq(b->results, 0);
        b->answers_once = false;
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready_as(b, NEW_REVISION, NEW_BUILD, BENCH_IMEI);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The revision before the upgrade differs from the one that was read when the job was requested: one of the two may be
 * cut off. */
START_TEST(revision_before)
{
        g_autoptr(Bench) b = bench_new();

        job_set_string(&b->job->from_revision, OLD_REVISION);
        bench_begin(b);
        bench_present(b);
        b->answers_once = true;
        bench_ready_as(b, _i == 0 ? "EC200ACN" : "EC200ACNHAR01A03M16", "", BENCH_IMEI);
        ck_assert_uint_eq(b->upgrades_sent, 0);
        ck_assert(b->identify);
        bench_ready_as(b, _i == 0 ? OLD_REVISION : "EC200ACNHAR01A03M16", "", BENCH_IMEI);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        ck_assert_str_eq(b->job->from_revision, _i == 0 ? OLD_REVISION : "EC200ACNHAR01A03M16");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-readings");

        tcase_add_loop_test(t, field_is_missing, 0, 2);
        tcase_add_test(t, first_is_cut_off);
        tcase_add_test(t, change_is_not_confirmed);
        tcase_add_loop_test(t, revision_before, 0, 2);
        return testing_run(t, "upgrade-readings");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A verdict needs a revision that was read twice alike. Answers may be lost, cut off or refused between: the missing
 * parts of such a reading decide nothing, and the next reading follows soon. */

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

/* A build that is garbled looks like another firmware. The next readings show the old firmware, and the download goes
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
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_9", BENCH_IMEI);
        for (unsigned i = 0; i < 3 && b->job->state != JOB_FINISHED; i++) {
                bench_ready_as(b, OLD_REVISION, OLD_BUILD, BENCH_IMEI);
                if (!b->identify)
                        break;
                bench_pass(b, SECOND);
        }
        bench_pass(b, 2 * SECOND);
        for (unsigned i = 0; i < 4; i++) {
                if (b->identify)
                        bench_ready_as(b, OLD_REVISION, OLD_BUILD, BENCH_IMEI);
                bench_pass(b, SECOND);
        }
        ck_assert(!b->identify);
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_9", BENCH_IMEI); /* is to be confirmed, too */
        ck_assert_uint_eq(b->results, 0);
        ck_assert(b->identify);
        for (unsigned i = 0; i < 4; i++) {
                if (b->identify)
                        bench_ready_as(b, OLD_REVISION, OLD_BUILD, BENCH_IMEI);
                bench_pass(b, SECOND);
        }
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

/* The updater answers, and a USB glitch makes the module come back a second time: its revision ends no job. */
START_TEST(updater_answers)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_restart(b);
        bench_ready(b, "UPDATER_V01");
        bench_restart(b);
        bench_ready(b, "UPDATER_V01");
        bench_pass(b, b->timeouts.settle + 10 * SECOND);
        if (b->identify)
                bench_ready(b, "UPDATER_V01");
        ck_assert_uint_eq(b->results, 0);
        if (_i == 0) {
                bench_restart(b);
                bench_ready(b, NEW_REVISION);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
                return;
        }
        for (unsigned i = 0; i < 10 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, "UPDATER_V01");
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
}
END_TEST

/* The updater answers after END, before its restart. 0: to the next daemon; 1: after a USB glitch, which looks like that
 * restart; 2: so for good. */
START_TEST(updater_answers_after_end)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        if (_i == 0)
                bench_resurrect(b);
        else
                bench_restart(b);
        bench_ready(b, "UPDATER_V01");
        ck_assert_uint_eq(b->results, 0);
        if (_i < 2) {
                bench_restart(b);
                bench_ready(b, NEW_REVISION);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
                return;
        }
        bench_pass(b, b->timeouts.settle - SECOND);
        ck_assert(!b->identify);
        bench_tick(b);
        bench_ready(b, "UPDATER_V01");
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
        assert_has(b->job->message, "UPDATER_V01");
        assert_has(b->job->message, "may still be writing its flash");
}
END_TEST

/* The revision stays and only the build distinguishes the firmwares: the build is read twice, too. A reading of an
 * earlier enumeration does not count, and a build that was cut off does not replace the complete one. */
START_TEST(build_alone_changes)
{
        g_autoptr(Bench) b = bench_new();

        job_set_string(&b->job->from_revision, OLD_REVISION);
        job_set_string(&b->job->from_build, OLD_BUILD);
        b->job->options->allow_unchanged = false;
        bench_begin(b);
        bench_present(b);
        bench_ready_as(b, OLD_REVISION, "", BENCH_IMEI);
        ck_assert_str_eq(b->job->from_build, OLD_BUILD); /* AT+QGMR was not answered */
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        b->answers_once = true;
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_01.001.01.002", BENCH_IMEI);
        bench_ready_as(b, OLD_REVISION, "", BENCH_IMEI);
        ck_assert_uint_eq(b->results, 0);
        bench_tick(b);
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_01.0", BENCH_IMEI);
        ck_assert_uint_eq(b->results, 0);
        bench_tick(b);
        bench_ready_as(b, OLD_REVISION, OLD_REVISION "_01.001.01.002", BENCH_IMEI);
        if (!b->results) {
                bench_tick(b);
                bench_ready_as(b, OLD_REVISION, OLD_REVISION "_01.001.01.002", BENCH_IMEI);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->job->to_build, OLD_REVISION "_01.001.01.002");
}
END_TEST

/* After END a MiniFOTA whose fingerprint is not known is judged after `settle`, not after two questions. */
START_TEST(mini_is_judged_when_quiet)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini2(b);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        b->rejects = "AT+";
        b->reject_number = 14; /* SIM busy: no loss of the fingerprint */
        bench_ready(b, "MINI_V01.00");
        for (uint64_t end = b->now + b->timeouts.settle; upgrade_deadline(b->upgrade) < end;) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, "MINI_V01.00");
                ck_assert_uint_eq(b->results, 0);
        }
        b->rejects = NULL;
        bench_mini_restart(b, false);
        bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* READY while the radio is being switched off, as after a suspend: the reset does not overtake it. */
START_TEST(ready_while_it_is_abandoned)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_event(b, UPGRADE_EVENT_RESUMED, NULL);
        ck_assert(b->identify);
        bench_cancel(b);
        ck_assert(b->radio_off);
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        assert_has_not(b->log->str, "AT+CFUN");
        bench_fota(b, "\"HTTPEND\",701");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
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
        tcase_add_loop_test(t, updater_answers, 0, 2);
        tcase_add_loop_test(t, updater_answers_after_end, 0, 3);
        tcase_add_test(t, build_alone_changes);
        tcase_add_test(t, mini_is_judged_when_quiet);
        tcase_add_test(t, ready_while_it_is_abandoned);
        tcase_add_loop_test(t, revision_before, 0, 2);
        return testing_run(t, "upgrade-readings");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The system that answers in a MiniFOTA, where AT+CMGF? does not identify it: firmware without SMS, a locked SIM, an
 * upgrade that other programs began. A Mini system is not taken for the firmware, whatever revision it reports and
 * however often it restarts or stays quiet; and firmware that was identified is not waited for. */

#include "upgrade-bench.h"

static Bench *new_without_sms(void)
{
        Bench *b = bench_new_mini();

        b->no_sms = true;
        bench_prepare(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        ck_assert_uint_eq(b->job->firmware_knows, 0);
        return b;
}

static void restart(Bench *b)
{
        bench_gone(b);
        b->now += 20 * SECOND;
        bench_present(b);
}

/* Time passes, and the running system answers each question for its identity. */
static void pass_answering(Bench *b, const char *revision, uint64_t us)
{
        uint64_t end = b->now + us;

        while (b->job->state != JOB_FINISHED && upgrade_deadline(b->upgrade) <= end) {
                bench_tick(b);
                if (b->identify && b->job->state != JOB_FINISHED)
                        bench_ready(b, revision);
        }
        b->now = MAX(b->now, end);
}

static void assert_not_over(Bench *b)
{
        ck_assert_msg(b->job->state != JOB_FINISHED, "%s: %s", job_error_name(b->job), b->job->message);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
}

/* The system reports the new revision, stays silent, and is not taken for the firmware. */
static void assert_stalls(Bench *b)
{
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, 3 * b->timeouts.stall);
        assert_not_over(b);
        bench_assert_state(b, JOB_STALLED);
}

/* All messages and all restarts, then silence: a power cycle in the new Mini system looks the same. */
START_TEST(without_sms)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        bench_ready(b, MINI_OLD);
        restart(b);
        bench_updating(b, 30);
        restart(b);
        bench_ready(b, MINI_NEW);
        assert_not_over(b);
        bench_updating(b, 70);
        restart(b);
        assert_stalls(b);
}
END_TEST

/* END, a restart, and silence. */
START_TEST(without_sms_and_end)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        restart(b);
        bench_updating(b, 60);
        bench_fota(b, "\"END\",0");
        restart(b);
        bench_ready(b, MINI_NEW);
        assert_not_over(b);
        pass_answering(b, MINI_NEW, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* Only the end is seen: the job waits for a message that a Mini system never prints. */
START_TEST(without_sms_and_seen_late)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        assert_stalls(b);
        bench_urc(b, "+QIND: PB DONE");
        pass_answering(b, MINI_NEW, b->timeouts.stall + b->timeouts.settle);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* All restarts, and no message about .mini_2: they may have been power cuts. */
START_TEST(without_sms_and_half_heard)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        restart(b);
        bench_updating(b, 60);
        restart(b);
        restart(b);
        assert_stalls(b);
}
END_TEST

/* The new Mini system cannot get .mini_2 and restarts for that reason, with any revision. */
START_TEST(without_sms_in_a_loop)
{
        static const char *const names[] = { MINI_OLD, MINI_NEW };
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        restart(b);
        bench_updating(b, 60);
        for (int i = 0; i < 12; i++) {
                restart(b);
                bench_urc(b, "RDY");
                if (i % 2)
                        bench_updating(b, 68);
                bench_port_lost(b);
                bench_ready(b, names[_i]);
                pass_answering(b, names[_i], b->timeouts.settle + 10 * SECOND);
                assert_not_over(b);
        }
        bench_assert_state(b, JOB_STALLED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
}
END_TEST

/* The header matched, then a power cut: the old Mini system goes on for ever (guide 5.1, scenario 3). */
START_TEST(without_sms_in_scenario_3)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        bench_ready(b, MINI_OLD);
        restart(b);
        bench_ready(b, MINI_OLD);
        pass_answering(b, MINI_OLD, 2 * b->timeouts.stall);
        assert_not_over(b);
        bench_assert_state(b, JOB_STALLED);
}
END_TEST

/* Scenario 1 of a module whose Mini systems go unseen: the module prints all messages of its firmware. */
START_TEST(without_sms_falls_back)
{
        g_autoptr(Bench) b = new_without_sms();

        restart(b);
        bench_urc(b, "RDY");
        bench_urc(b, "+QIND: PB DONE");
        bench_ready(b, MINI_OLD);
        pass_answering(b, MINI_OLD, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* The module disconnects for its Mini system while it is being reset, and prints few messages. */
START_TEST(not_reset_but_gone)
{
        g_autoptr(Bench) b = new_without_sms();

        b->holds_answers = true;
        bench_cancel(b);
        ck_assert(b->job->abandon == HOST_CANCELLED);
        bench_gone(b);
        b->holds_answers = false;
        b->now += 20 * SECOND;
        bench_present(b);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        pass_answering(b, MINI_OLD, b->timeouts.settle + 10 * SECOND);
        assert_not_over(b);
        bench_updating(b, 7);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_int_eq(b->job->abandon, 0);
}
END_TEST

START_TEST(reset)
{
        g_autoptr(Bench) b = new_without_sms();

        bench_cancel(b);
        ck_assert(b->reset && b->job->reset);
        restart(b);
        bench_ready(b, MINI_OLD);
        pass_answering(b, MINI_OLD, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* ---- modules that supported SMS before */

static Bench *new_ended(void)
{
        Bench *b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        ck_assert_uint_eq(b->job->firmware_knows, FINGERPRINT_ALL);
        b->mini = true;
        restart(b);
        restart(b);
        bench_updating(b, 60);
        restart(b);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        b->mini = false;
        restart(b);
        return b;
}

/* After the upgrade its SIM is locked, or the new firmware has no SMS. */
START_TEST(refuses_sms_at_the_end)
{
        static const int numbers[] = { -1, 4, 10, 11, 310, 311 };
        g_autoptr(Bench) b = new_ended();

        b->rejects = "AT+CMGF?";
        b->reject_number = numbers[_i];
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* END was lost: a locked SIM is no sign of a Mini system, an unknown command is. */
START_TEST(refuses_sms_and_never_ended)
{
        static const struct {
                int number;
                JobState state;
        } cases[] = { { -1, JOB_STALLED }, { 4, JOB_STALLED }, { 11, JOB_FINISHED }, { 311, JOB_FINISHED } };
        g_autoptr(Bench) b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        restart(b);
        restart(b);
        bench_updating(b, 60);
        restart(b);
        bench_updating(b, 96);
        restart(b);
        b->rejects = "AT+CMGF?";
        b->reject_number = cases[_i].number;
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, 3 * b->timeouts.stall);
        bench_assert_state(b, cases[_i].state);
}
END_TEST

/* ---- the fingerprint */

static Bench *new_with_fingerprint(unsigned mini_knows)
{
        Bench *b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        ck_assert_uint_eq(b->job->firmware_knows, FINGERPRINT_ALL);
        b->mini_knows = mini_knows;
        b->mini = true;
        restart(b);
        return b;
}

/* A Mini system that supports SMS, reports the old revision and prints the firmware's messages, in scenarios 3 and 4
 * (guide 5.1) and where a wrong package makes it restart. */
START_TEST(mini_system_with_sms)
{
        g_autoptr(Bench) b = new_with_fingerprint(FINGERPRINT_SMS);

        if (_i == 1) { /* scenario 4 */
                restart(b);
                bench_updating(b, 60);
                restart(b);
                bench_updating(b, 60);
                bench_port_lost(b);
        }
        for (unsigned i = 0; i < (_i == 2 ? 6 : 1); i++) {
                if (i)
                        restart(b);
                bench_urc(b, "RDY");
                bench_urc(b, "+QIND: SMS DONE");
                bench_urc(b, "+QIND: PB DONE");
                bench_ready(b, MINI_OLD);
                pass_answering(b, MINI_OLD, b->timeouts.settle);
                assert_not_over(b);
        }
        pass_answering(b, MINI_OLD, 3 * b->timeouts.stall);
        assert_not_over(b);
        bench_assert_state(b, JOB_STALLED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
}
END_TEST

/* Scenario 4 in a Mini system that has all commands of the firmware: UPDATING was reported, so the old firmware cannot
 * run. */
START_TEST(old_revision_after_updating)
{
        g_autoptr(Bench) b = new_with_fingerprint(FINGERPRINT_ALL);

        restart(b);
        bench_updating(b, 60);
        restart(b);
        bench_urc(b, "RDY");
        bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, MINI_OLD);
        pass_answering(b, MINI_OLD, 3 * b->timeouts.stall);
        assert_not_over(b);
        bench_assert_state(b, JOB_STALLED);
}
END_TEST

/* END is lost, and firmware that supports neither SMS nor phone book is identified by the rest of its fingerprint. */
START_TEST(firmware_without_sms)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->mini = true;
        b->mini_knows = FINGERPRINT_ALL & ~3u;
        bench_prepare(b, MINI_OLD);
        ck_assert_uint_eq(b->job->firmware_knows, FINGERPRINT_ALL & ~3u);
        b->mini_knows = 0;
        restart(b);
        restart(b);
        bench_updating(b, 60);
        restart(b);
        bench_updating(b, 96);
        bench_resurrect(b);
        b->mini_knows = FINGERPRINT_ALL & ~3u;
        restart(b);
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The firmware refuses all commands until its subsystems are up: 0: its errors name a state; 1: it refuses the
 * commands. */
START_TEST(asked_too_early)
{
        g_autoptr(Bench) b = new_with_fingerprint(0);

        restart(b);
        b->mini = false;
        b->rejects = _i ? "AT" : "AT+C";
        b->reject_number = _i ? -1 : 14;
        bench_ready(b, MINI_OLD);
        assert_not_over(b);
        b->rejects = NULL;
        pass_answering(b, MINI_OLD, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* Other messages identify the firmware: at once. */
START_TEST(refuses_sms_and_is_done)
{
        g_autoptr(Bench) b = new_ended();

        b->rejects = "AT+CMGF?";
        b->reject_number = 4;
        bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* END,0, then the power fails before the module has recorded it in flash: the last step is repeated. */
START_TEST(repeats_after_end)
{
        g_autoptr(Bench) b = new_ended();

        b->mini = true;
        bench_updating(b, 60);
        ck_assert(b->job->reached < JOB_REACHED_ENDED);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_uint_eq(b->job->percent, 96);
        bench_port_lost(b);
        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        bench_pass(b, 2 * b->timeouts.stall);
        assert_not_over(b);
        bench_assert_state(b, JOB_STALLED);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        b->mini = false;
        restart(b);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The Mini system answers after END,0 and reports no revision. */
START_TEST(no_revision_after_end)
{
        g_autoptr(Bench) b = new_ended();

        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        bench_pass(b, 2 * b->timeouts.settle + SECOND);
        assert_not_over(b);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* A message of an older upgrade. */
START_TEST(end_before_anything)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        b->mini = true;
        restart(b);
        bench_fota(b, "\"END\",0");
        ck_assert(b->job->reached < JOB_REACHED_ENDED);
        b->mini = false;
        restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* ---- upgrades that other programs began */

/* Another program began the upgrade right after a boot, whose message comes last: it is no sign of an interruption. */
START_TEST(adopted_right_after_a_boot)
{
        g_autoptr(Bench) b = bench_new_adopted();

        job_set_string(&b->job->from_revision, OLD_REVISION);
        bench_fota(b, "\"HTTPSTART\"");
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        pass_answering(b, OLD_REVISION, 2 * b->timeouts.stall);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "the boot message may have been that of an earlier boot, and it may still upgrade");
}
END_TEST

/* Support of SMS is unknown: a system without SMS counts as a Mini system until END,0. */
START_TEST(adopted_in_a_loop)
{
        g_autoptr(Bench) b = bench_new_adopted();

        b->mini = true;
        bench_updating(b, 30);
        for (int i = 0; i < 8; i++) {
                restart(b);
                bench_updating(b, 64);
                bench_port_lost(b);
                bench_ready(b, i % 2 ? MINI_OLD : MINI_NEW);
                pass_answering(b, i % 2 ? MINI_OLD : MINI_NEW, 2 * b->timeouts.stall);
                assert_not_over(b);
        }
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
}
END_TEST

START_TEST(adopted_without_sms)
{
        g_autoptr(Bench) b = bench_new_adopted();

        b->no_sms = true;
        bench_updating(b, 70);
        bench_fota(b, "\"END\",0");
        restart(b);
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The module that was at that place before may be another one than is found there; a module that has reported its IMEI
 * is identified by it. */
START_TEST(adopted_from_another)
{
        g_autoptr(Bench) b = bench_new_adopted();

        job_set_string(&b->job->imei, "860000000000099");
        job_set_string(&b->job->from_revision, "EC800MCNGAR06A01M04");
        job_set_string(&b->job->from_build, "EC800MCNGAR06A01M04_1");
        bench_ready(b, MINI_OLD);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        ck_assert_str_ne(b->job->imei, "860000000000099");
        ck_assert_str_eq(b->job->from_revision, "");
        ck_assert_str_eq(b->job->from_build, "");
        ck_assert(b->job->confirmed);
        bench_resurrect(b);
        job_set_string(&b->job->imei, "860000000000099");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

START_TEST(adopted_from_itself)
{
        g_autoptr(Bench) b = bench_new_adopted();

        job_set_string(&b->job->imei, BENCH_IMEI);
        job_set_string(&b->job->from_revision, MINI_OLD);
        bench_ready(b, MINI_OLD);
        ck_assert(b->job->confirmed);
        ck_assert_str_eq(b->job->imei, BENCH_IMEI);
        ck_assert_str_eq(b->job->from_revision, MINI_OLD);
}
END_TEST

/* Firmware without SMS was taken for a Mini system, and reported its revision all the time. 0, 1: the revision before is
 * not known, so it may be that of an upgrade that went unseen; 2: it is the same. */
START_TEST(adopted_without_a_sign)
{
        g_autoptr(Bench) b = bench_new_adopted();

        b->no_sms = true;
        if (_i == 2)
                job_set_string(&b->job->from_revision, MINI_OLD);
        if (_i == 1) {
                bench_pass(b, 2 * b->timeouts.stall);
                bench_assert_state(b, JOB_STALLED);
                bench_resurrect(b);
        }
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "never took place");
        if (_i < 2)
                assert_has(b->job->message, "may have taken place unseen");
        else
                assert_has_not(b->job->message, "may have taken place");
        assert_has(b->job->message, MINI_OLD);
        ck_assert_str_eq(b->job->to_revision, MINI_OLD);
}
END_TEST

/* A Mini system that reported its work, in this life of the daemon or before, stays one whatever revision it
 * reports. */
START_TEST(adopted_with_a_sign)
{
        static const char *const words[] = { "\"HTTPSTART\"",   "\"DOWNLOADING\",10", "\"UPDATING\",30",
                                             "\"HTTPEND\",714", "\"START\"",          NULL };
        g_autoptr(Bench) b = bench_new_adopted();

        b->mini = true;
        if (words[_i])
                bench_fota(b, words[_i]);
        else
                restart(b);
        bench_resurrect(b);
        bench_ready(b, MINI_NEW);
        pass_answering(b, MINI_NEW, 2 * b->timeouts.stall);
        assert_not_over(b);
}
END_TEST

/* ---- a retry that never reached the module */

START_TEST(retry_was_not_recorded)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        b->mini = true;
        restart(b);
        bench_pass(b, b->timeouts.stall + SECOND);
        bench_assert_state(b, JOB_STALLED);
        b->fails_at = b->persists + 1;
        bench_retry(b, "http://h/y.mini_1");
        ck_assert_str_eq(b->job->source, "http://user:Geheim7@h/x.mini_1");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_state(b, JOB_STALLED);
        b->fails_at = 0;
        bench_ready(b, MINI_OLD); /* the retry was accepted, and is sent now */
        ck_assert_str_eq(b->job->source, "http://h/y.mini_1");
        ck_assert_uint_eq(b->upgrades_sent, 2);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("who");

        tcase_add_loop_test(t, adopted_without_a_sign, 0, 3);
        tcase_add_loop_test(t, adopted_with_a_sign, 0, 6);
        tcase_add_test(t, without_sms);
        tcase_add_test(t, without_sms_and_end);
        tcase_add_test(t, without_sms_and_seen_late);
        tcase_add_test(t, without_sms_and_half_heard);
        tcase_add_loop_test(t, without_sms_in_a_loop, 0, 2);
        tcase_add_test(t, without_sms_in_scenario_3);
        tcase_add_test(t, without_sms_falls_back);
        tcase_add_test(t, not_reset_but_gone);
        tcase_add_test(t, reset);
        tcase_add_loop_test(t, refuses_sms_at_the_end, 0, 6);
        tcase_add_loop_test(t, refuses_sms_and_never_ended, 0, 4);
        tcase_add_test(t, refuses_sms_and_is_done);
        tcase_add_loop_test(t, mini_system_with_sms, 0, 3);
        tcase_add_test(t, old_revision_after_updating);
        tcase_add_test(t, firmware_without_sms);
        tcase_add_loop_test(t, asked_too_early, 0, 2);
        tcase_add_test(t, repeats_after_end);
        tcase_add_test(t, no_revision_after_end);
        tcase_add_test(t, end_before_anything);
        tcase_add_test(t, adopted_right_after_a_boot);
        tcase_add_test(t, adopted_in_a_loop);
        tcase_add_test(t, adopted_without_sms);
        tcase_add_test(t, adopted_from_another);
        tcase_add_test(t, adopted_from_itself);
        tcase_add_test(t, retry_was_not_recorded);
        return testing_run(t, "upgrade-who");
}

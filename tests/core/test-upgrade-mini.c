/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The course of a MiniFOTA (guide 2.3.1.2) and its ends: the result, the state and the system that are reported; an
 * upgrade that may still finish is never called failed. */

#include "mini-bench.h"

START_TEST(whole)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        assert_has(b->log->str, "send AT+QFOTADL=\"http://user:Geheim7@h/x.mini_1\"|");
        bench_mini_restart(b, true);
        bench_urc(b, "RDY");
        bench_mini_restart(b, false);
        for (int i = 2; i <= 60; i += 2)
                bench_updating(b, i);
        bench_mini_restart(b, true);
        for (int i = 60; i <= 96; i += 4)
                bench_updating(b, i);
        ck_assert_uint_eq(b->job->percent, 96);
        bench_fota(b, "\"END\",0");
        bench_assert_state(b, JOB_VERIFYING);
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 4);
        ck_assert_str_eq(b->job->to_revision, MINI_NEW);
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

/* The record and the bus have each change of what the module reports, once. */
START_TEST(reports_are_recorded_once)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_clear(b);
        bench_fota(b, "\"HTTPEND\",707");
        assert_has(b->log->str, "persist|announce|");
        assert_has(b->disk, "SaidDomain=http\nSaidCode=707\n");
        bench_clear(b);
        bench_fota(b, "\"HTTPEND\",707");
        assert_has_not(b->log->str, "persist|");
        bench_mini_restart(b, false);
        bench_updating(b, 20);
        bench_clear(b);
        bench_updating(b, 20);
        assert_has_not(b->log->str, "persist|");
}
END_TEST

/* The first percent is progress, in each Mini system. */
START_TEST(first_percent)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_fota(b, "\"DOWNLOADING\",40");
        bench_mini_restart(b, true);
        bench_fota(b, "\"HTTPSTART\"");
        bench_pass(b, b->timeouts.stall / 2);
        bench_fota(b, "\"DOWNLOADING\",1");
        bench_pass(b, b->timeouts.stall * 3 / 4);
        ck_assert(!b->job->stalled);
}
END_TEST

/* Any message may be lost; only the firmware's fingerprint, SMS first, identifies it. */
START_TEST(no_message_at_all)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_mini_restart(b, true);
        bench_ready(b, MINI_NEW); /* the new Mini system reports the new revision */
        ck_assert(b->job->state != JOB_FINISHED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The same revision after UPDATING and two restarts, without END, is no success, even if the revision may stay. */
START_TEST(unchanged_without_end)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->job->options->allow_unchanged = true;
        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, 5);
        bench_mini_restart(b, false);
        for (unsigned i = 0; i < 50 && b->job->state != JOB_FINISHED; i++) {
                bench_ready(b, MINI_OLD);
                if (b->job->state != JOB_FINISHED)
                        bench_tick(b);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "unchanged");
}
END_TEST

/* The revision before and after is the same, all restarts were seen and no message was heard: the upgrade may have
 * taken place. */
START_TEST(revision_cannot_tell)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->job->options->allow_unchanged = _i;
        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_mini_restart(b, true);
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "unchanged");
        assert_has(b->job->message, "which the revision cannot tell");
}
END_TEST

/* The settings are restored although END was lost. */
START_TEST(settings_are_put_back_without_end)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_use_uart1(b);
        bench_go_mini2(b);
        bench_mini_restart(b, false);
        bench_urc(b, "+QIND: SMS DONE");
        ck_assert_str_eq(b->urc_port, "usbat");
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->urc_port, "uart1");
}
END_TEST

/* Another product id is the Mini system's, unless all four restarts were seen. */
START_TEST(other_face)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->no_sms = true;
        bench_go(b);
        b->product = 0x6001;
        bench_mini_restart(b, true);
        bench_ready(b, MINI_OLD);
        for (unsigned i = 0; i < 200 && b->job->state != JOB_STALLED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_OLD);
        }
        bench_assert_stalled(b, "http://user:***@h/x.mini_1");
}
END_TEST

/* The daemon sees the end only: a system that answers as the firmware is believed if it stays quiet. */
START_TEST(seen_late)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t since;

        bench_go(b);
        bench_mini_restart(b, false);
        since = b->now;
        bench_ready(b, MINI_NEW);
        ck_assert(b->job->state != JOB_FINISHED);
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_NEW);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->now - since, b->timeouts.settle);
}
END_TEST

/* A Mini system that supports SMS and reports the new revision is no success. */
START_TEST(mini_system_like_the_firmware)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, 60);
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        ck_assert(b->job->state != JOB_FINISHED);
        bench_pass(b, 5 * SECOND);
        bench_updating(b, 64);
        bench_succeed_mini(b);
}
END_TEST

START_TEST(another_revision_than_expected)
{
        g_autoptr(Bench) b = bench_new_mini();
        char *why = NULL;

        ck_assert(options_set_string(b->job->options, "expected-revision", "EC600MCNLER06A10M08", &why));
        bench_go_mini2(b);
        bench_finish_mini(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "revision-mismatch");
}
END_TEST

/* END,0 comes between the answers to the fingerprint. The second Mini system reports the old revision, and cannot be
 * told from the firmware: its restart is awaited. */
START_TEST(end_between_two_answers)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, true);
        b->rejects = "AT+";
        b->reject_number = 14; /* SIM busy */
        for (unsigned i = 0; i < 3; i++) {
                bench_ready(b, MINI_OLD);
                bench_pass(b, 2 * SECOND);
        }
        b->holds_answers = true;
        bench_ready(b, MINI_OLD);
        bench_fota(b, "\"END\",0");
        for (unsigned i = 0; i < FINGERPRINT_ROWS; i++)
                bench_answer(b, AT_RESULT_ERROR, 14, "");
        ck_assert_uint_eq(b->results, 0);
        b->holds_answers = false;
        b->rejects = NULL;
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* After END,0 and the last restart the firmware refuses questions because it is still starting: the questions are
 * repeated once it reports its SMS stack, not after `settle`. 0: the fingerprint; 1: the revision. */
START_TEST(refuses_questions_after_the_end)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t since;

        bench_go_mini2(b);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        b->mini = true; /* the firmware is still starting, and refuses the whole fingerprint */
        if (_i == 0)
                bench_ready(b, MINI_NEW);
        else
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        ck_assert(b->job->state != JOB_FINISHED);
        b->mini = false;
        bench_pass(b, SECOND / 2);
        since = b->now;
        bench_urc(b, "+QIND: SMS DONE");
        bench_answer_identity(b, MINI_NEW);
        while (b->job->state != JOB_FINISHED) {
                bench_tick(b);
                bench_answer_identity(b, MINI_NEW);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_le(b->now - since, 2 * SECOND);
}
END_TEST

/* ---- scenarios 1 and 2 */

START_TEST(falls_back)
{
        static const struct {
                const char *said, *because;
        } words[] = {
                { NULL, "without having said why" },
                { "\"HTTPEND\",711", "HTTP code 711: The module rejected the URL" },
                { "\"END\",507", "so the package does not fit this module" },
                { "\"FTPEND\",611", "so the package could not be downloaded" },
        };
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        if (words[_i].said)
                bench_fota(b, words[_i].said);
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
        assert_has(b->job->message, words[_i].because);
        ck_assert_str_eq(b->job->to_revision, MINI_OLD);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_NORMAL);
}
END_TEST

/* The boot URC comes after the module has reported its revision. */
START_TEST(falls_back_with_late_message)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t since;

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_ready(b, MINI_OLD);
        bench_pass(b, 5 * SECOND);
        since = b->now;
        bench_urc(b, "RDY");
        while (b->job->state != JOB_FINISHED) {
                bench_tick(b);
                bench_answer_identity(b, MINI_OLD);
        }
        ck_assert_uint_le(b->now - since, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* The Mini systems never showed on the bus: one restart, and the old firmware with all its messages. */
START_TEST(falls_back_unseen)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        if (_i)
                bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, MINI_OLD);
        ck_assert(b->job->state != JOB_FINISHED);
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_OLD);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* The module leaves the USB without a restart, and is slow to leave its firmware: the upgrade may still begin. 1: a
 * Mini system answered in between, 2: the boot message came. */
START_TEST(falls_back_without_a_sign)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_mini_restart(b, false);
        if (_i == 1)
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        else
                bench_ready(b, MINI_OLD);
        bench_mini_restart(b, false);
        if (_i == 2)
                bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_OLD);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
        assert_has(b->job->message,
                   _i == 0 ? "no certain sign of it was seen, and the upgrade may still begin" : "likelier");
}
END_TEST

/* ---- before the point of no return */

/* Newer firmware requests the package before it disconnects; after a failure it stays. */
START_TEST(stays_after_a_failure)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",717");
        ck_assert(b->job->state != JOB_FINISHED);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_pass(b, b->timeouts.start + SECOND);
        bench_answer_identity(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "socket-read-failed");
        ck_assert_int_eq(b->job->code, 717);
}
END_TEST

/* The module reported that failure, and disconnected all the same: the message decides nothing. */
START_TEST(disconnects_all_the_same)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",727");
        bench_mini_restart(b, true);
        bench_mini_restart(b, false);
        bench_updating(b, 40);
        bench_mini_restart(b, true);
        bench_updating(b, 80);
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(rejected)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->rejects = "AT+QFOTADL=";
        bench_prepare(b, MINI_OLD);
        bench_answer_identity(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
}
END_TEST

START_TEST(cancelled_in_time)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_clear(b);
        bench_cancel(b);
        assert_has(b->log->str, "send AT+CFUN=1,1|");
        assert_has_not(b->log->str, "AT+CFUN=0");
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* The reset came too late: the module is in its Mini system, and goes on. */
START_TEST(cancelled_too_late)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_cancel(b);
        bench_mini_restart(b, true);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_ready(b, MINI_OLD);
        ck_assert(b->job->state != JOB_FINISHED);
        bench_mini_restart(b, false);
        bench_updating(b, 20);
        bench_mini_restart(b, true);
        bench_succeed_mini(b);
}
END_TEST

START_TEST(disconnects_before_the_reset)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        bench_port_lost(b);
        bench_cancel(b);
        bench_mini_restart(b, true);
        ck_assert_int_eq(b->job->abandon, 0);
        bench_mini_restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* ---- away for good, and other modules */

/* The daemon died before it sent the reset, and the gateway booted; the module has not left its firmware. */
START_TEST(cancelled_before_the_gateway_rebooted)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go(b);
        b->holds_answers = true;
        bench_cancel(b);
        b->holds_answers = b->reset = false;
        b->boot = "boot-2";
        bench_resurrect(b);
        bench_ready(b, MINI_OLD);
        bench_answer_identity(b, MINI_OLD);
        ck_assert_uint_eq(b->results, 0);
        ck_assert(b->reset);
        bench_mini_restart(b, false);
        bench_ready(b, MINI_OLD);
        bench_answer_identity(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

START_TEST(never_returns)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_gone(b);
        bench_pass(b, b->timeouts.restart - SECOND);
        bench_assert_state(b, JOB_RESTARTING);
        bench_pass(b, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

START_TEST(another_module)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, false);
        g_free(b->job->imei);
        b->job->imei = g_strdup("860000000000009");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

/* ---- adopted: found under way, with an unknown beginning */

START_TEST(adopted)
{
        g_autoptr(Bench) b = bench_new_adopted();

        bench_updating(b, 70);
        if (_i == 0)
                bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        if (_i == 1) /* only a quiet period can identify the firmware */
                for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                        bench_tick(b);
                        bench_answer_identity(b, MINI_NEW);
                }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

/* The module was read in its Mini system before the upgrade was found: that was no revision of a firmware. */
START_TEST(adopted_after_the_mini_system_was_read)
{
        static const char *const before[] = { "MINI_V01.00", "EC600MCNLER06A08M0", MINI_OLD };
        g_autoptr(Bench) b = bench_new_adopted();

        job_set_string(&b->job->from_revision, before[_i]);
        bench_save(b);
        bench_resurrect(b);
        ck_assert_str_eq(b->job->from_revision, _i == 2 ? MINI_OLD : "");
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The gateway was rebooted, and the updater answers: its revision is no firmware's, and the upgrade goes on. */
START_TEST(adopted_while_the_updater_answers)
{
        g_autoptr(Bench) b = bench_new_adopted();

        b->mini = true;
        bench_resurrect(b);
        bench_ready(b, "UPDATER_V01");
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(adopted_and_retried)
{
        g_autoptr(Bench) b = bench_new_adopted();

        ck_assert(upgrade_may_retry(b->job));
        bench_retry(b, "http://h/y.mini_1");
        ck_assert(!upgrade_may_retry(b->job));
        bench_mini_restart(b, false);
        bench_updating(b, 20);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

START_TEST(adopted_and_over_unseen)
{
        g_autoptr(Bench) b = bench_new_adopted();

        bench_mini_restart(b, false);
        bench_ready(b, MINI_NEW);
        for (unsigned i = 0; i < 60 && b->job->state != JOB_FINISHED && b->job->state != JOB_STALLED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_NEW);
        }
        ck_assert_int_ne(b->job->result, JOB_RESULT_SUCCESS);
}
END_TEST

/* The job's log has the reason for which a system was taken for the Mini system, and for the firmware. */
START_TEST(reasons)
{
        g_autoptr(Bench) b = bench_new_mini();
        g_autofree char *record = NULL;

        bench_go_mini(b);
        bench_ready(b, MINI_OLD);
        bench_mini_restart(b, false);
        bench_updating(b, 30);
        bench_mini_restart(b, true);
        bench_updating(b, 70);
        bench_succeed_mini(b);
        record = job_to_text(b->job);
        assert_has(record, "=decision judged Mini: AT+CMGF?");
        assert_has(record, " no longer known\n");
        assert_has(record, "=decision judged firmware: AT+CMGF?");
        assert_has(record, " known\n");
}
END_TEST

/* Each message before the module leaves its firmware begins the time-out anew. */
START_TEST(messages_before_it_leaves)
{
        g_autoptr(Bench) b = bench_new_mini();
        const Timeouts *t = &b->timeouts;
        const uint64_t most[] = { MAX(t->download_idle, t->update_idle), t->start, t->update_idle };

        bench_go(b);
        for (unsigned i = 0; i < 4; i++) {
                g_autofree char *message = NULL;

                if (_i == 1)
                        message = g_strdup("\"HTTPEND\",707");
                else
                        message = g_strdup_printf("\"%s\",%u", _i == 0 ? "DOWNLOADING" : "UPDATING", 1 + i);
                bench_fota(b, message);
                bench_pass(b, most[_i] * 3 / 4);
                ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
                ck_assert_uint_eq(b->job->abandon, 0);
        }
        bench_pass(b, most[_i]);
        ck_assert(b->job->result != JOB_RESULT_NONE || b->job->abandon);
}
END_TEST

/* The Mini system was told from the firmware before END, and a restart follows: the module that came back is another
 * system until it answers, and has the time-out of one that is to report its revision. */
START_TEST(silent_after_the_end)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini2(b);
        bench_updating(b, 61);
        bench_stall(b);
        bench_ready(b, MINI_OLD);
        bench_fota(b, "\"END\",0");
        bench_mini_restart(b, false);
        bench_pass(b, 3 * b->timeouts.settle);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("mini");

        tcase_add_test(t, whole);
        tcase_add_test(t, reports_are_recorded_once);
        tcase_add_test(t, first_percent);
        tcase_add_test(t, no_message_at_all);
        tcase_add_test(t, unchanged_without_end);
        tcase_add_loop_test(t, revision_cannot_tell, 0, 2);
        tcase_add_test(t, settings_are_put_back_without_end);
        tcase_add_test(t, other_face);
        tcase_add_test(t, seen_late);
        tcase_add_test(t, mini_system_like_the_firmware);
        tcase_add_test(t, another_revision_than_expected);
        tcase_add_test(t, end_between_two_answers);
        tcase_add_loop_test(t, refuses_questions_after_the_end, 0, 2);
        tcase_add_loop_test(t, falls_back, 0, 4);
        tcase_add_test(t, falls_back_with_late_message);
        tcase_add_loop_test(t, falls_back_unseen, 0, 2);
        tcase_add_loop_test(t, falls_back_without_a_sign, 0, 3);
        tcase_add_test(t, stays_after_a_failure);
        tcase_add_test(t, disconnects_all_the_same);
        tcase_add_test(t, rejected);
        tcase_add_test(t, cancelled_in_time);
        tcase_add_test(t, cancelled_too_late);
        tcase_add_test(t, disconnects_before_the_reset);
        tcase_add_test(t, cancelled_before_the_gateway_rebooted);
        tcase_add_test(t, never_returns);
        tcase_add_test(t, another_module);
        tcase_add_loop_test(t, adopted, 0, 2);
        tcase_add_loop_test(t, adopted_after_the_mini_system_was_read, 0, 3);
        tcase_add_test(t, adopted_while_the_updater_answers);
        tcase_add_test(t, adopted_and_retried);
        tcase_add_test(t, adopted_and_over_unseen);
        tcase_add_test(t, reasons);
        tcase_add_loop_test(t, messages_before_it_leaves, 0, 3);
        tcase_add_test(t, silent_after_the_end);
        return testing_run(t, "upgrade-mini");
}

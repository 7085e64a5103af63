/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An upgrade at a UART, where a restart may go restarts_unseen, probes the module before it concludes or stops
 * anything, and its MiniFOTA has no way back from AT+QFOTADL on. */

#include "mini-bench.h"

static Bench *new_bench(bool mini)
{
        Bench *b = mini ? bench_new_mini() : bench_new();

        job_set_string(&b->job->module, "tty-ttyS1");
        bench_save(b);
        g_clear_pointer(&b->power_control, g_free);
        bench_use_uart1(b);
        b->product = 0;
        return b;
}

START_TEST(whole_run)
{
        g_autoptr(Bench) b = new_bench(false);

        g_free(b->urc_port);
        b->urc_port = g_strdup("usbat");
        bench_update(b);
        ck_assert_str_eq(b->urc_port, "uart1");
        bench_succeed(b);
        ck_assert_str_eq(b->urc_port, "usbat");
}
END_TEST

/* No restart is seen at all. 0: END,0; 1: the last message is UPDATING, 2: HTTPEND,0. */
static void go_unseen(Bench *b, int how)
{
        bench_download(b);
        if (how < 2) {
                bench_fota(b, "\"START\"");
                bench_fota(b, "\"UPDATING\",50");
        }
        if (how < 1)
                bench_fota(b, "\"END\",0");
        bench_clear(b);
        ck_assert(!b->identify);
        bench_tick(b);
        ck_assert_uint_eq(b->results, 0);
        ck_assert(b->identify);
}

START_TEST(restarts_unseen)
{
        g_autoptr(Bench) b = new_bench(false);

        go_unseen(b, _i);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 0);
}
END_TEST

START_TEST(unseen_and_unchanged)
{
        static const char *const names[] = { "unchanged", "update-timeout", "update-timeout" };
        g_autoptr(Bench) b = new_bench(false);

        g_free(b->urc_port);
        b->urc_port = g_strdup("usbat");
        go_unseen(b, _i);
        bench_ready(b, OLD_REVISION);
        for (unsigned i = 0; i < 5 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, names[_i]);
        assert_has_not(b->log->str, "AT+CFUN");
        ck_assert_str_eq(b->urc_port, "usbat");
}
END_TEST

START_TEST(unseen_and_silent)
{
        static const char *const names[] = { "no-response", "update-timeout", "update-timeout" };
        g_autoptr(Bench) b = new_bench(false);

        go_unseen(b, _i);
        for (unsigned i = 0; i < 5 && !b->results; i++)
                bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, names[_i]);
        assert_has_not(b->log->str, "AT+CFUN");
}
END_TEST

/* A module that answers before it prints its boot message prints it after AT+QFOTADL: that is no restart, and the
 * download goes on. 0: HTTPSTART follows, 1: so does DOWNLOADING, 2: so does HTTPEND,0; 3: nothing follows. */
START_TEST(boot_message_is_late)
{
        static const char *const messages[] = { "\"HTTPSTART\"", "\"DOWNLOADING\",10", "\"HTTPEND\",0" };
        g_autoptr(Bench) b = new_bench(false);

        bench_go(b);
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        if (_i < 3) {
                bench_fota(b, messages[_i]);
                bench_ready(b, OLD_REVISION);
                ck_assert(!b->job->disconnected);
                ck_assert_uint_eq(b->results, 0);
                bench_restart(b);
                bench_fota(b, "\"START\"");
                bench_finish(b);
                return;
        }
        for (unsigned i = 0; i < 10 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "may have been that of an earlier boot, and it may still upgrade");
}
END_TEST

/* The module is replaced unseen after END, and its IMEI is not answered at first: the two readings before the end say
 * nothing about the module that answers now. */
START_TEST(replaced_after_the_end)
{
        g_autoptr(Bench) b = new_bench(false);

        b->mutes = "AT+CPIN?";
        bench_prepare(b, OLD_REVISION);
        b->mutes = NULL;
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_fota(b, "\"HTTPEND\",0");
        bench_fota(b, "\"END\",0");
        b->answers_once = true;
        bench_tick(b);
        ck_assert(b->identify);
        bench_ready_as(b, OLD_REVISION, "", "");
        ck_assert_uint_eq(b->results, 0);
        for (unsigned i = 0; i < 2; i++)
                bench_ready_as(b, OLD_REVISION, "", "860000000000019");
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

/* The same, when the readings of the new revision would be enough, and the Mini system was waited for. */
START_TEST(replaced_before_the_verdict)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_prepare(b, MINI_OLD);
        bench_restart(b);
        for (unsigned i = 0; i < 3; i++) {
                bench_ready(b, MINI_NEW);
                bench_pass(b, SECOND);
        }
        bench_pass(b, b->timeouts.settle);
        ck_assert_uint_eq(b->results, 0);
        b->answers_once = true;
        bench_ready_as(b, MINI_NEW, "", "");
        ck_assert_uint_eq(b->results, 0);
        for (unsigned i = 0; i < 2; i++)
                bench_ready_as(b, MINI_NEW, "", "860000000000019");
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

/* A question before AT+QFOTADL is not answered: at a UART the module may have been replaced meanwhile. */
START_TEST(replaced_in_the_checks)
{
        static const char *const questions[] = { "AT+CPIN?", "AT+CPBS?" };
        bool mini = _i / 2, replaced = _i % 2;
        const char *revision = mini ? MINI_OLD : OLD_REVISION;
        g_autoptr(Bench) b = new_bench(mini);

        b->mutes = questions[mini];
        bench_prepare(b, revision);
        b->mutes = NULL;
        ck_assert_uint_eq(b->upgrades_sent, 0);
        ck_assert(b->identify);
        if (replaced) {
                for (unsigned i = 0; i < 2; i++)
                        bench_ready_as(b, revision, "", "860000000000019");
                bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
        } else {
                bench_ready(b, revision);
                ck_assert_uint_eq(b->upgrades_sent, 1);
        }
}
END_TEST

/* A module that never answers one of the questions is upgraded all the same. */
/* The same after the host was suspended. 0, 1: in the checks; 2, 3: in the preparation. */
START_TEST(replaced_in_a_suspend)
{
        bool preparing = _i / 2, replaced = _i % 2;
        g_autoptr(Bench) b = new_bench(false);

        b->holds_questions = !preparing;
        b->holds_answers = preparing;
        bench_prepare(b, OLD_REVISION);
        ck_assert(!b->identify);
        bench_event(b, UPGRADE_EVENT_RESUMED, NULL);
        ck_assert(b->identify);
        bench_answer(b, AT_RESULT_OK, -1, ""); /* to the question before */
        ck_assert_uint_eq(b->upgrades_sent, 0);
        b->holds_questions = b->holds_answers = false;
        if (replaced) {
                for (unsigned i = 0; i < 2; i++)
                        bench_ready_as(b, OLD_REVISION, "", "860000000000019");
                bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
                ck_assert_uint_eq(b->upgrades_sent, 0);
        } else {
                bench_ready(b, OLD_REVISION);
                ck_assert_uint_eq(b->upgrades_sent, 1);
        }
}
END_TEST

START_TEST(question_never_answered)
{
        g_autoptr(Bench) b = new_bench(true);

        b->mutes = "AT+CPBS?";
        bench_prepare(b, MINI_OLD);
        for (unsigned i = 0; i < 5; i++) {
                ck_assert_uint_eq(b->upgrades_sent, 0);
                bench_ready(b, MINI_OLD);
        }
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

/* No message comes after the OK: the module may be writing its flash. A module that does not answer is not reset. 0: it
 * does not answer; 1: it answers with its old revision; 2: it has been upgraded. */
START_TEST(no_message_after_ok)
{
        g_autoptr(Bench) b = new_bench(false);

        bench_go(b);
        bench_clear(b);
        bench_tick(b);
        assert_has_not(b->log->str, "AT+CFUN");
        ck_assert(b->identify);
        if (_i == 0) {
                for (unsigned i = 0; i < 3 && !b->results; i++)
                        bench_tick(b);
                bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
                assert_has_not(b->log->str, "AT+CFUN");
        } else if (_i == 1) {
                bench_ready(b, OLD_REVISION);
                assert_has(b->log->str, "AT+CFUN=0");
        } else {
                bench_ready(b, NEW_REVISION);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        }
}
END_TEST

START_TEST(radio_that_is_not_answered)
{
        g_autoptr(Bench) b = new_bench(false);

        b->mutes = "AT+CFUN=0";
        bench_go(b);
        bench_cancel(b);
        bench_ready(b, OLD_REVISION);
        for (unsigned i = 0; i < 5 && !b->results; i++)
                bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has_not(b->log->str, "AT+CFUN=1,1");
}
END_TEST

/* The module may have restarted restarts_unseen since its radio was switched off: its identity is read before the
 * reset. */
START_TEST(no_reset_without_a_probe)
{
        g_autoptr(Bench) b = new_bench(false);

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, "AT+CFUN=0");
        bench_clear(b);
        bench_tick(b);
        assert_has_not(b->log->str, "AT+CFUN=1,1");
        ck_assert(b->identify);
        bench_ready(b, _i == 0 ? OLD_REVISION : "UPDATER_V01");
        if (_i == 0)
                assert_has(b->log->str, "AT+CFUN=1,1");
        else
                assert_has_not(b->log->str, "AT+CFUN=1,1");
}
END_TEST

/* A boot message that may be that of an earlier boot does not switch the radio on. */
START_TEST(radio_stays_off)
{
        g_autoptr(Bench) b = new_bench(false);

        bench_go(b);
        bench_cancel(b);
        bench_ready(b, OLD_REVISION);
        ck_assert(b->radio_off);
        bench_restart(b);
        b->radio_off = true;
        bench_urc(b, "RDY");
        for (unsigned i = 0; i < 2 && !b->results; i++)
                bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "may have been that of an earlier boot, and it may still upgrade");
        ck_assert(!b->radio_off);
}
END_TEST

/* Our reset is answered, and the boot goes restarts_unseen. */
START_TEST(reset_unseen)
{
        g_autoptr(Bench) b = new_bench(false);

        b->rejects = "AT+CFUN=0";
        bench_go(b);
        bench_cancel(b);
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, "AT+CFUN=1,1");
        bench_tick(b);
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        for (unsigned i = 0; i < 5 && !b->results; i++)
                bench_tick(b);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* ---- MiniFOTA */

static void answer_until_the_end(Bench *b, const char *revision)
{
        for (unsigned i = 0; i < 1000 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, revision);
        }
}

START_TEST(no_way_back)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_begin(b);
        bench_present(b);
        ck_assert(upgrade_is_cancellable(b->job));
        b->holds_answers = true;
        bench_ready(b, MINI_OLD);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        ck_assert(upgrade_is_cancellable(b->job));
        bench_answer(b, AT_RESULT_OK, -1, "+CMGF: 0");
        for (unsigned row = 1; row < FINGERPRINT_ROWS; row++)
                bench_answer(b, AT_RESULT_ERROR, -1, "");
        ck_assert(b->job->sent);
        ck_assert(!upgrade_is_cancellable(b->job));
        if (_i == 0)
                bench_answer(b, AT_RESULT_OK, -1, "");
        else if (_i == 1)
                bench_answer(b, AT_RESULT_TIMEOUT, -1, "");
        else
                bench_resurrect(b);
        ck_assert(b->job->disconnected);
        ck_assert(!upgrade_is_cancellable(b->job));
        b->holds_answers = false;
        bench_pass(b, 10 * b->timeouts.stall);
        bench_assert_state(b, JOB_STALLED); /* silent for ever */
        assert_has_not(b->log->str, "AT+CFUN");
        bench_restart(b);
        bench_ready(b, MINI_NEW);
        answer_until_the_end(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 1);
}
END_TEST

/* The module stays, and answers as before. 0: it accepted AT+QFOTADL; 1: unknown; 2: it accepted, and then refused a
 * round of questions as a Mini system does. */
START_TEST(module_stays)
{
        g_autoptr(Bench) b = new_bench(true);

        if (_i == 1)
                b->mutes = "AT+QFOTADL=\"";
        bench_prepare(b, MINI_OLD);
        b->mini = _i == 2;
        bench_ready(b, MINI_OLD);
        b->mini = false;
        answer_until_the_end(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 1 ? "no-response" : "fell-back");
        if (_i == 1)
                assert_has(b->job->message, "to AT+QFOTADL, and may still begin the upgrade: ");
        else
                assert_has(b->job->message, "no certain sign of it was seen, and the upgrade may still begin");
        assert_has_not(b->log->str, "AT+CFUN");
}
END_TEST

/* The same, after a fotad that died with AT+QFOTADL sent, before it could note an answer. */
START_TEST(module_stays_after_a_crash)
{
        g_autoptr(Bench) b = new_bench(true);

        b->mutes = "AT+QFOTADL=\"";
        bench_prepare(b, MINI_OLD);
        ck_assert(b->job->sent);
        bench_resurrect(b);
        bench_ready(b, MINI_OLD);
        answer_until_the_end(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "to AT+QFOTADL, and may still begin the upgrade: ");
}
END_TEST

/* The firmware goes on for a while after OK: its messages are then no sign of the firmware once the Mini system runs,
 * whose start goes restarts_unseen. */
START_TEST(messages_before_the_restart)
{
        static const char *const revisions[] = { MINI_OLD, MINI_NEW };
        g_autoptr(Bench) b = new_bench(true);

        b->no_sms = true;
        bench_prepare(b, MINI_OLD);
        bench_urc(b, "+QIND: SMS DONE");
        bench_urc(b, "+QIND: PB DONE");
        if (_i == 1)
                bench_updating(b, 60);
        bench_pass(b, 60 * SECOND);
        bench_port_lost(b);
        bench_ready(b, revisions[_i]);
        answer_until_the_end(b, revisions[_i]);
        bench_assert_state(b, JOB_STALLED);
        bench_restart(b);
        bench_urc(b, "+QIND: SMS DONE"); /* after a restart that was seen */
        bench_ready(b, MINI_NEW);
        answer_until_the_end(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The last restart goes unseen: the revision was read from the Mini system, and the answers after it come from the
 * firmware. Even: the Mini system has a revision of its own, odd: that of the old firmware. From 2 on END is lost. */
START_TEST(restart_between_two_answers)
{
        static const char *const revisions[] = { "MINI_V01.00", MINI_OLD };
        g_autoptr(Bench) b = new_bench(true);

        b->answers_once = true;
        bench_prepare(b, MINI_OLD);
        bench_updating(b, 60);
        bench_mini_restart(b, true);
        bench_updating(b, 61);
        bench_stall(b);
        for (unsigned i = 0; i < 3; i++) {
                ck_assert(b->identify);
                bench_ready(b, revisions[_i % 2]);
                bench_tick(b);
        }
        if (_i < 2) {
                bench_fota(b, "\"END\",0");
                bench_pass(b, SECOND);
                bench_assert_state(b, JOB_VERIFYING);
        }
        b->mini = false;
        bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, revisions[_i % 2]);
        ck_assert_uint_eq(b->results, 0);
        bench_answer_identity(b, MINI_NEW);
        answer_until_the_end(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The Mini system still answers after END, and cannot be told from the firmware, nor by its revision: the restart is
 * awaited. */
START_TEST(mini_answers_after_the_end)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_prepare(b, MINI_OLD);
        bench_updating(b, 60);
        b->rejects = "AT+";
        b->reject_number = 14; /* SIM busy */
        bench_mini_restart(b, true);
        bench_updating(b, 61);
        bench_stall(b);
        bench_ready(b, MINI_OLD);
        bench_pass(b, b->timeouts.settle);
        bench_fota(b, "\"END\",0");
        for (unsigned i = 0; i < 3; i++) {
                bench_ready(b, MINI_OLD);
                bench_pass(b, 2 * SECOND);
                ck_assert_uint_eq(b->results, 0);
        }
        b->mini = false;
        b->rejects = NULL;
        answer_until_the_end(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* Both boot messages may be late ones of the boot before AT+QFOTADL: the module has time to leave. 0: it leaves; 1: it
 * stays, and has fallen back; 2: its Mini system was seen in between. */
START_TEST(boot_messages_are_late)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_prepare(b, MINI_OLD);
        for (unsigned i = 0; i < 2; i++) {
                bench_restart(b);
                bench_urc(b, "RDY");
                b->mini = _i == 2 && i == 0;
                bench_ready(b, MINI_OLD);
        }
        if (_i < 2) {
                bench_pass(b, b->timeouts.settle / 2);
                bench_answer_identity(b, MINI_OLD);
                ck_assert_uint_eq(b->results, 0);
        }
        if (_i == 0) {
                bench_mini_restart(b, true);
                bench_updating(b, 7);
                bench_updating(b, 96);
                bench_finish_mini(b);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
                return;
        }
        if (_i == 1)
                answer_until_the_end(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-uart");

        tcase_add_test(t, whole_run);
        tcase_add_loop_test(t, restarts_unseen, 0, 3);
        tcase_add_loop_test(t, unseen_and_unchanged, 0, 3);
        tcase_add_loop_test(t, unseen_and_silent, 0, 3);
        tcase_add_loop_test(t, replaced_in_the_checks, 0, 4);
        tcase_add_test(t, replaced_after_the_end);
        tcase_add_test(t, replaced_before_the_verdict);
        tcase_add_loop_test(t, replaced_in_a_suspend, 0, 4);
        tcase_add_test(t, question_never_answered);
        tcase_add_loop_test(t, boot_message_is_late, 0, 4);
        tcase_add_loop_test(t, no_message_after_ok, 0, 3);
        tcase_add_test(t, radio_that_is_not_answered);
        tcase_add_loop_test(t, no_reset_without_a_probe, 0, 2);
        tcase_add_test(t, radio_stays_off);
        tcase_add_test(t, reset_unseen);
        tcase_add_loop_test(t, no_way_back, 0, 3);
        tcase_add_loop_test(t, module_stays, 0, 3);
        tcase_add_test(t, module_stays_after_a_crash);
        tcase_add_loop_test(t, messages_before_the_restart, 0, 2);
        tcase_add_loop_test(t, restart_between_two_answers, 0, 4);
        tcase_add_test(t, mini_answers_after_the_end);
        tcase_add_loop_test(t, boot_messages_are_late, 0, 3);
        return testing_run(t, "upgrade-uart");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancelling an upgrade in every state: the commands that are sent to the module for it, and the point from which it is
 * too late. */

#include "upgrade-bench.h"

START_TEST(cancel_before_anything)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_cancel(b);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

START_TEST(cancel_before_it_answers)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_cancel(b);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

START_TEST(cancel_while_it_restarts_by_itself)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_gone(b);
        bench_assert_state(b, JOB_RESTARTING);
        bench_cancel(b);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* In the middle of each preparing command: the settings are restored, and AT+QFOTADL is never sent. */
START_TEST(cancel_in_the_preparations)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;
        static const char *const answers[] = {
                "+QURCCFG: \"urcport\",\"uart1\"", "", "+QICSGP: " BENCH_CONTEXT, "", "+QCFG: \"fota/cid\",1", "", ""
        };

        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        bench_begin(b);
        bench_present(b);
        b->holds_answers = true;
        bench_ready(b, OLD_REVISION);
        for (int i = 0; i < _i; i++)
                bench_answer(b, AT_RESULT_OK, -1, answers[i]);
        ck_assert_uint_eq(b->upgrades_sent, 0);
        bench_cancel(b);
        ck_assert(b->identify);
        bench_answer(b, AT_RESULT_OK, -1, _i < 7 ? answers[_i] : ""); /* the command that is under way: too late */
        ck_assert_uint_eq(b->upgrades_sent, 0);
        b->holds_answers = false;
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_uint_eq(b->upgrades_sent, 0);
        if (_i >= 1)
                assert_has(b->log->str, "send AT+QURCCFG=\"urcport\",\"uart1\"|");
        if (_i >= 3)
                assert_has(b->log->str, "send AT+QICSGP=2," BENCH_CONTEXT "|");
        if (_i >= 5)
                assert_has(b->log->str, "send AT+QCFG=\"fota/cid\",1|");
}
END_TEST

/* The module has accepted AT+QFOTADL: without a radio its download must fail. */
START_TEST(cancel_in_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        if (_i >= 1)
                bench_fota(b, "\"HTTPSTART\"");
        if (_i >= 2)
                bench_fota(b, "\"DOWNLOADING\",40");
        bench_clear(b);
        bench_cancel(b);
        ck_assert_str_eq(b->log->str, "persist|send AT+CFUN=0|announce|");
        ck_assert(!upgrade_is_cancellable(b->job));
        ck_assert(b->radio_off);
        bench_fota(b, "\"DOWNLOADING\",41");
        ck_assert_uint_eq(b->results, 0);
        bench_fota(b, "\"HTTPEND\",701");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        ck_assert(!b->radio_off);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_str_eq(b->job->to_revision, OLD_REVISION);
        assert_has_not(b->log->str, "AT+CFUN=1,1");
}
END_TEST

/* 2: the module leaves before the answer to its reset is read. */
START_TEST(cancel_and_the_download_does_not_fail)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        bench_clear(b);
        b->holds_answers = _i == 2;
        bench_tick(b);
        ck_assert_str_eq(b->log->str, _i == 2 ? "persist|send AT+CFUN=1,1|" : "persist|send AT+CFUN=1,1|persist|");
        bench_restart(b);
        b->holds_answers = false;
        if (_i == 0)
                bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        if (_i >= 1) { /* without a boot URC, the updater may be the system that answers */
                ck_assert_uint_eq(b->results, 0);
                bench_tick(b);
                bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

START_TEST(cancel_where_the_radio_cannot_be_switched_off)
{
        g_autoptr(Bench) b = bench_new();

        b->rejects = "AT+CFUN=0";
        bench_go(b);
        bench_clear(b);
        bench_cancel(b);
        ck_assert_str_eq(b->log->str, "persist|send AT+CFUN=0|announce|persist|send AT+CFUN=1,1|persist|");
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

START_TEST(cancel_where_nothing_helps)
{
        g_autoptr(Bench) b = bench_new();

        if (_i == 0)
                b->rejects = "AT+CFUN";
        else
                b->mutes = "AT+CFUN";
        bench_go(b);
        bench_cancel(b);
        if (b->identify)
                bench_ready(b, OLD_REVISION);
        /* "Cancelled" would mean that the old revision is kept. */
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "may still upgrade");
        assert_has(b->job->message, "AT+CFUN=1");
}
END_TEST

/* The package is in the module, and the update has not begun: only a reset can stop it. */
START_TEST(cancel_after_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_clear(b);
        bench_cancel(b);
        ck_assert_str_eq(b->log->str, "persist|send AT+CFUN=1,1|announce|persist|");
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        bench_pass(b, 200 * SECOND);
        if (b->identify)
                bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* The download failed before the radio was off. */
START_TEST(cancel_overtaken_by_the_end_of_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"DOWNLOADING\",99");
        b->holds_answers = true;
        bench_cancel(b);
        bench_fota(b, "\"HTTPEND\",0");
        assert_has(b->log->str, "|send AT+CFUN=1,1|");
        bench_answer(b, AT_RESULT_OK, -1, ""); /* CFUN=0 */
        bench_answer(b, AT_RESULT_OK, -1, ""); /* CFUN=1,1 */
        b->holds_answers = false;
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        bench_pass(b, 200 * SECOND);
        if (b->identify)
                bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* START: there is no way back, the cancel is dropped, and nothing more is sent. */
START_TEST(cancel_overtaken_by_start)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        b->holds_answers = true;
        bench_cancel(b);
        bench_fota(b, "\"START\"");
        ck_assert(b->listening);
        ck_assert_int_eq(b->job->abandon, 0);
        bench_assert_state(b, JOB_UPDATING);
        bench_fota(b, "\"UPDATING\",50");
        bench_fota(b, "\"END\",0");
        b->holds_answers = false;
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(cancel_and_the_new_revision_shows)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_cancel(b);
        bench_restart(b);
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* A USB glitch looks like a restart, and leaves the radio off. */
START_TEST(cancel_and_a_glitch)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        ck_assert(b->radio_off);
        bench_gone(b);
        bench_present(b);
        b->radio_off = true;
        bench_ready(b, OLD_REVISION);
        bench_pass(b, 400 * SECOND);
        ck_assert_uint_eq(b->results, 0); /* without its radio the module may wait for six minutes */
        for (unsigned i = 0; i < 5 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "no message of a restart was seen, and it may still upgrade");
        ck_assert(!b->radio_off);
}
END_TEST

/* The upgrade of another program goes on although it was cancelled, and the revision before is not known. 0: the module
 * restarts; 1: it reports the end of the download, and only the restarts are seen. */
START_TEST(cancel_of_an_unknown_revision)
{
        g_autoptr(Bench) b = bench_new_adopted();

        b->job->method = METHOD_DFOTA;
        b->job->disconnected = false;
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"DOWNLOADING\",10");
        bench_cancel(b);
        if (_i == 1) {
                bench_fota(b, "\"HTTPEND\",0");
                bench_restart(b);
        }
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, NEW_REVISION);
        for (unsigned i = 0; i < 5 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, NEW_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "or its end was not seen");
}
END_TEST

/* The module answers with a revision that is not the firmware's: its updater may be writing flash. */
START_TEST(cancel_while_the_updater_answers)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_port_lost(b);
        bench_cancel(b);
        ck_assert(b->identify);
        bench_clear(b);
        bench_ready(b, "UPDATER_V01");
        assert_has_not(b->log->str, "AT+CFUN");
        ck_assert_int_eq(b->job->abandon, 0);
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* AT+QFOTADL was sent, and its answer is still missing. */
START_TEST(cancel_before_the_ok)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        b->holds_answers = true;
        bench_ready(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_cancel(b);
        b->holds_answers = false;
        bench_answer(b, AT_RESULT_OK, -1, "");
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"HTTPEND\",701");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert(!b->radio_off);
}
END_TEST

START_TEST(not_cancellable)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_gone(b);
        ck_assert(!upgrade_is_cancellable(b->job)); /* the module may be updating */
        bench_present(b);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_fota(b, "\"START\"");
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_fota(b, "\"UPDATING\",50");
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_fota(b, "\"END\",0");
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_restart(b);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_ready(b, NEW_REVISION);
        ck_assert(!upgrade_is_cancellable(b->job));
}
END_TEST

/* A damaged record may have any state: a running update is not cancelled, whatever its state is called. */
START_TEST(not_cancellable_by_the_facts)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        ck_assert(upgrade_is_cancellable(b->job));
        b->job->reached = JOB_REACHED_UPDATING;
        ck_assert(!upgrade_is_cancellable(b->job));
        b->job->reached = JOB_REACHED_ENDED;
        ck_assert(!upgrade_is_cancellable(b->job));
        b->job->reached = JOB_REACHED_ACCEPTED;
        b->job->abandon = HOST_NO_RESPONSE;
        ck_assert(!upgrade_is_cancellable(b->job));
}
END_TEST

/* The periods in which the gateway must stay on: from each of the facts that require it to the end. */
START_TEST(critical_by_the_facts)
{
        g_autoptr(Bench) b = bench_new();
        bool none, *const facts[] = { &none, &b->job->transferred, &b->job->disconnected, &none, &none };
        const JobReached reached[] = { JOB_REACHED_DOWNLOADED, JOB_REACHED_ACCEPTED, JOB_REACHED_ACCEPTED,
                                       JOB_REACHED_UPDATING, JOB_REACHED_ENDED };

        ck_assert(!upgrade_is_critical(b->job) && !upgrade_needs_gateway(b->job));
        bench_go(b);
        ck_assert(!upgrade_is_critical(b->job) && upgrade_needs_gateway(b->job));
        for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
                *facts[i] = true;
                b->job->reached = reached[i];
                ck_assert(upgrade_is_critical(b->job));
                b->job->abandon = HOST_CANCELLED; /* only an update that has not begun to write is given up */
                ck_assert(upgrade_is_critical(b->job) == (i >= 3));
                ck_assert(upgrade_needs_gateway(b->job));
                b->job->abandon = 0;
                b->job->state = JOB_FINISHED;
                ck_assert(!upgrade_is_critical(b->job) && !upgrade_needs_gateway(b->job));
                b->job->state = JOB_DOWNLOADING;
                *facts[i] = false;
                b->job->reached = JOB_REACHED_ACCEPTED;
        }
        b->job->method = METHOD_MINIFOTA;
        ck_assert(!upgrade_is_critical(b->job));
        job_set_string(&b->job->module, "tty-ttyS1"); /* where its restart goes unseen */
        ck_assert(upgrade_is_critical(b->job));
        job_set_string(&b->job->pending, "the record cannot be written");
        ck_assert(!upgrade_is_critical(b->job) && !upgrade_needs_gateway(b->job));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-cancel");

        tcase_add_test(t, cancel_before_anything);
        tcase_add_test(t, cancel_before_it_answers);
        tcase_add_test(t, cancel_while_it_restarts_by_itself);
        tcase_add_loop_test(t, cancel_in_the_preparations, 0, 7);
        tcase_add_loop_test(t, cancel_in_the_download, 0, 3);
        tcase_add_loop_test(t, cancel_and_the_download_does_not_fail, 0, 3);
        tcase_add_test(t, cancel_where_the_radio_cannot_be_switched_off);
        tcase_add_loop_test(t, cancel_where_nothing_helps, 0, 2);
        tcase_add_test(t, cancel_after_the_download);
        tcase_add_test(t, cancel_overtaken_by_the_end_of_the_download);
        tcase_add_test(t, cancel_overtaken_by_start);
        tcase_add_test(t, cancel_and_the_new_revision_shows);
        tcase_add_test(t, cancel_and_a_glitch);
        tcase_add_loop_test(t, cancel_of_an_unknown_revision, 0, 2);
        tcase_add_test(t, cancel_while_the_updater_answers);
        tcase_add_test(t, cancel_before_the_ok);
        tcase_add_test(t, not_cancellable);
        tcase_add_test(t, not_cancellable_by_the_facts);
        tcase_add_test(t, critical_by_the_facts);
        return testing_run(t, "upgrade-cancel");
}

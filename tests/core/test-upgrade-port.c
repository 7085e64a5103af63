/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A port that is lost while the module stays on the bus does no harm: the step that was under way begins anew once the
 * module has reported its identity again, except AT+QFOTADL, and nothing is sent to a module that updates. */

#include "upgrade-bench.h"

static Bench *new_bench(void)
{
        Bench *b = bench_new();
        char *why = NULL;

        bench_use_uart1(b);
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        return b;
}

static void come_to_success(Bench *b)
{
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
        ck_assert_str_eq(b->urc_port, "uart1");
        ck_assert_str_eq(b->fota_cid, "1");
        ck_assert_str_eq(b->context, BENCH_CONTEXT);
}

/* The answer to each command of the preparations is lost; the command itself was carried out, or not. */
START_TEST(in_the_preparations)
{
        static const char *const answers[] = {
                "+QURCCFG: \"urcport\",\"uart1\"", "", "+QICSGP: " BENCH_CONTEXT, "", "+QCFG: \"fota/cid\",1", "", ""
        };
        g_autoptr(Bench) b = new_bench();
        int step = _i / 2;
        bool done = _i % 2;

        bench_begin(b);
        bench_present(b);
        b->holds_answers = true;
        bench_ready(b, OLD_REVISION);
        for (int i = 0; i < step; i++)
                bench_answer(b, AT_RESULT_OK, -1, answers[i]);
        if (step > 1 || (step == 1 && done)) {
                g_free(b->urc_port);
                b->urc_port = g_strdup("usbat");
        }
        if (step > 3 || (step == 3 && done)) {
                g_free(b->context);
                b->context = g_strdup("1,\"cmnet\",\"\",\"\",0");
        }
        if (step > 5 || (step == 5 && done)) {
                g_free(b->fota_cid);
                b->fota_cid = g_strdup("2");
        }
        ck_assert_uint_eq(b->upgrades_sent, 0);
        bench_port_lost(b);
        bench_assert_state(b, JOB_PREPARING);
        ck_assert_uint_eq(b->results, 0);
        b->holds_answers = false;
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        come_to_success(b);
}
END_TEST

/* The answer to AT+QFOTADL is unknown: the job follows the module. */
START_TEST(before_the_ok)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_port_lost(b);
        b->holds_answers = false;
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_ready(b, OLD_REVISION);
        if (_i == 0) {
                bench_fota(b, "\"HTTPSTART\"");
                bench_fota(b, "\"HTTPEND\",714");
                bench_ready(b, OLD_REVISION);
                bench_assert_end(b, JOB_RESULT_FAILED, "dns-failed");
                return;
        }
        for (unsigned i = 0; i < 10 && !b->results; i++) { /* the module never received it */
                if (b->reset) {
                        bench_restart(b);
                        bench_ready(b, OLD_REVISION);
                } else
                        bench_tick(b);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
}
END_TEST

START_TEST(in_the_download)
{
        g_autoptr(Bench) b = bench_new();
        uint64_t deadline;

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"DOWNLOADING\",40");
        bench_pass(b, 5 * SECOND);
        deadline = upgrade_deadline(b->upgrade);
        bench_port_lost(b);
        ck_assert_uint_gt(upgrade_deadline(b->upgrade), deadline); /* it is a sign of life */
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 0);
        bench_fota(b, "\"DOWNLOADING\",80");
        ck_assert_uint_eq(b->job->percent, 40);
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_port_lost(b);
        bench_succeed(b);
}
END_TEST

/* A port that was reopened is probed until the module is heard updating; from then on the port only listens. */
START_TEST(in_the_update)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        ck_assert(b->listening);
        bench_port_lost(b);
        ck_assert(!b->listening);
        bench_fota(b, "\"UPDATING\",60");
        ck_assert(b->listening);
        bench_succeed(b);
}
END_TEST

START_TEST(while_cancelling)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        b->holds_answers = _i == 0;
        bench_cancel(b);
        bench_port_lost(b);
        b->holds_answers = false;
        ck_assert_uint_eq(b->results, 0);
        bench_ready(b, OLD_REVISION);
        bench_fota(b, "\"HTTPEND\",701");
        if (b->identify)
                bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert(!b->radio_off);
}
END_TEST

/* The result is final; the settings have still to be restored. */
START_TEST(while_putting_back)
{
        g_autoptr(Bench) b = new_bench();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",714");
        ck_assert(b->identify);
        b->holds_answers = _i == 1;
        if (_i == 1)
                bench_ready(b, OLD_REVISION);
        bench_port_lost(b);
        b->holds_answers = false;
        ck_assert_uint_eq(b->results, 0);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "dns-failed");
        ck_assert_str_eq(b->urc_port, "uart1");
        ck_assert_str_eq(b->fota_cid, "1");
}
END_TEST

START_TEST(and_never_opened_again)
{
        g_autoptr(Bench) b = new_bench();

        switch (_i) {
        case 0: bench_begin(b), bench_present(b); break;
        case 1: bench_go(b); break;
        case 2: bench_download(b); break;
        case 3: bench_update(b); break;
        case 4: bench_update(b), bench_fota(b, "\"END\",0"); break;
        case 5: bench_go(b), bench_cancel(b); break;
        case 6: bench_go(b), bench_fota(b, "\"HTTPEND\",714"); break;
        default: ck_abort();
        }
        bench_port_lost(b);
        for (unsigned i = 0; i < 10 && !b->results; i++)
                bench_tick(b);
        ck_assert_uint_eq(b->results, 1);
        ck_assert_int_ne(b->job->result, JOB_RESULT_SUCCESS);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-port");

        tcase_add_loop_test(t, in_the_preparations, 0, 14);
        tcase_add_loop_test(t, before_the_ok, 0, 2);
        tcase_add_test(t, in_the_download);
        tcase_add_test(t, in_the_update);
        tcase_add_loop_test(t, while_cancelling, 0, 2);
        tcase_add_loop_test(t, while_putting_back, 0, 2);
        tcase_add_loop_test(t, and_never_opened_again, 0, 7);
        return testing_run(t, "upgrade-port");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Flow control for a package that the host sends (guide 3.3.1.3): set on both sides and confirmed; skipped where the
 * module or the line does not support it; and restored in every case, also on a line where the module cannot be heard
 * under it. */

#include "upgrade-bench.h"

static Bench *with_flow(const char *option, bool uart)
{
        Bench *b = bench_new_file();

        if (uart)
                job_set_string(&b->job->module, "tty-ttyS1");
        b->job->options->flow_control = g_strdup(option);
        return b;
}

static void run_on(Bench *b, const char *how)
{
        g_autofree char *word = g_strdup_printf("transfer %s|", how);

        bench_transfer(b);
        assert_has(b->log->str, word);
        bench_finish_file(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert(!b->host_flow);
}

START_TEST(uart_has_another_command)
{
        g_autoptr(Bench) b = with_flow(NULL, true);

        run_on(b, "hardware");
        assert_has(b->log->str, "send AT+IFC?|persist|send AT+IFC=2,2|flow hardware|send AT+IFC?|");
        assert_has(b->log->str, "send AT+IFC=0,0|");
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

START_TEST(none_touches_nothing)
{
        g_autoptr(Bench) b = with_flow("none", false);

        run_on(b, "paced");
        assert_has_not(b->log->str, "usbifc");
        assert_has_not(b->log->str, "flow ");
}
END_TEST

START_TEST(had_it_already)
{
        g_autoptr(Bench) b = with_flow(NULL, false);

        g_free(b->flow);
        b->flow = g_strdup("2,2");
        run_on(b, "hardware");
        assert_has_not(b->log->str, "usbifc\",");
        ck_assert_str_eq(b->flow, "2,2");
}
END_TEST

/* The obstacles to hardware flow control: a command that is refused, an answer that never comes, a value that does not
 * change. */
static const struct {
        const char *rejects, *mutes;
        bool keeps, uart;
} without[] = {
        { "AT+QCFG=\"usbifc\"", NULL, false, false },
        { "AT+QCFG=\"usbifc\",", NULL, false, false },
        { NULL, NULL, true, false },
        { "AT+IFC?", NULL, false, true },
        { "AT+IFC=2,2", NULL, false, true },
};

START_TEST(auto_falls_back)
{
        g_autoptr(Bench) b = with_flow(_i % 2 ? "auto" : NULL, without[_i].uart);

        b->rejects = without[_i].rejects;
        b->keeps_flow = without[_i].keeps;
        run_on(b, "paced");
        assert_has(b->log->str, "warn no hardware flow control");
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

START_TEST(hardware_insists)
{
        g_autoptr(Bench) b = with_flow("hardware", without[_i].uart);

        b->rejects = without[_i].rejects;
        b->keeps_flow = without[_i].keeps;
        bench_prepare(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        ck_assert_uint_eq(b->upgrades_sent, 0);
        ck_assert_str_eq(b->flow, "0,0");
        ck_assert(!b->host_flow);
}
END_TEST

/* On a line without RTS and CTS the module is mute as soon as it waits for them (0: after its OK, 1: before it): its
 * old setting is restored although it does not answer, and the transfer goes on, paced. */
START_TEST(wires_that_are_missing)
{
        g_autoptr(Bench) b = with_flow(NULL, true);

        bench_use_uart1(b);
        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 0,0");
        if (_i == 0) {
                bench_answer(b, AT_RESULT_OK, -1, "");
                ck_assert(b->host_flow);
        }
        bench_clear(b);
        bench_answer(b, AT_RESULT_TIMEOUT, -1, "");
        ck_assert(!b->host_flow);
        ck_assert_str_eq(b->log->str, _i == 0 ? "flow none|blind AT+IFC=0,0|" : "blind AT+IFC=0,0|");
        b->holds_answers = false;
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, "send AT+QFOTADL=\"FILE:100000\"");
        bench_fota(b, "\"FILESTART\"");
        assert_has(b->log->str, "transfer paced|");
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

/* The module had RTS/CTS before, and our own commands do not reach it under it. */
START_TEST(wire_that_is_missing_here)
{
        g_autoptr(Bench) b = with_flow(NULL, true);

        g_free(b->flow);
        b->flow = g_strdup("2,2");
        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 2,2");
        bench_answer(b, AT_RESULT_TIMEOUT, -1, "");
        ck_assert(!b->host_flow && b->identify);
        b->holds_answers = false;
        bench_ready(b, OLD_REVISION);
        bench_fota(b, "\"FILESTART\"");
        assert_has(b->log->str, "transfer paced|");
        ck_assert_str_eq(b->flow, "2,2");
}
END_TEST

/* The module does not answer then either: the message names the changed setting, and one more attempt is made. */
START_TEST(mute_for_good_by_its_wires)
{
        g_autoptr(Bench) b = with_flow("hardware", true);

        b->mutes = "AT+IFC=2,2";
        bench_prepare(b, OLD_REVISION);
        bench_pass(b, b->timeouts.settle + SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "not put back: AT+QURCCFG=\"urcport\", AT+IFC.");
        ck_assert_ptr_nonnull(strstr(strstr(b->log->str, "blind AT+IFC=0,0|") + 1, "blind AT+IFC=0,0|"));
}
END_TEST

/* Our own port has no RTS/CTS, and returns an error. */
START_TEST(no_flow_control_here)
{
        g_autoptr(Bench) b = with_flow(_i ? "hardware" : NULL, true);

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 0,0");
        bench_answer(b, AT_RESULT_OK, -1, "");
        bench_event(b, UPGRADE_EVENT_NO_FLOW, NULL);
        b->holds_answers = false;
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 2,2");
        if (_i == 0) {
                bench_fota(b, "\"FILESTART\"");
                assert_has(b->log->str, "transfer paced|");
                ck_assert_str_eq(b->flow, "0,0");
                return;
        }
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

START_TEST(port_is_lost_under_flow_control)
{
        g_autoptr(Bench) b = bench_new_file();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"usbat\"");
        bench_answer(b, AT_RESULT_OK, -1, "+QCFG: \"usbifc\",2,2");
        bench_port_lost(b);
        b->holds_answers = false;
        b->rejects = "AT+QCFG=\"usbifc\"";
        bench_ready(b, OLD_REVISION);
        bench_fota(b, "\"FILESTART\"");
        assert_has(b->log->str, "transfer paced|");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-flow");

        tcase_add_test(t, uart_has_another_command);
        tcase_add_test(t, none_touches_nothing);
        tcase_add_test(t, had_it_already);
        tcase_add_loop_test(t, auto_falls_back, 0, G_N_ELEMENTS(without));
        tcase_add_loop_test(t, hardware_insists, 0, G_N_ELEMENTS(without));
        tcase_add_loop_test(t, wires_that_are_missing, 0, 2);
        tcase_add_test(t, wire_that_is_missing_here);
        tcase_add_test(t, mute_for_good_by_its_wires);
        tcase_add_loop_test(t, no_flow_control_here, 0, 2);
        tcase_add_test(t, port_is_lost_under_flow_control);
        return testing_run(t, "upgrade-flow");
}

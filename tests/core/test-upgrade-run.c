/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An upgrade that goes as in the guide: states, order of actions, progress, and its preparations command by command,
 * set and restored. */

#include "mini-bench.h"

static void finish_new(Bench *b)
{
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
}

/* ---- as in the guide */

START_TEST(whole_run)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_fota(b, "\"UPDATING\",100");
        ck_assert_uint_lt(b->job->percent, 100);
        bench_fota(b, "\"END\",0");
        bench_assert_state(b, JOB_VERIFYING); /* END,0 alone is not success */
        ck_assert_uint_eq(b->results, 0);
        finish_new(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 2);
        ck_assert_str_eq(b->job->from_revision, OLD_REVISION);
        ck_assert_str_eq(b->job->to_revision, NEW_REVISION);
        assert_has(b->job->message, NEW_REVISION);
        assert_has_not(b->disk, "Geheim7");
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

static bool has_line(const Bench *b, JobLogKind kind, const char *text)
{
        for (unsigned i = 0; i < job_log_length(b->job->log); i++)
                if (job_log_line(b->job->log, i)->kind == kind && strcmp(job_log_line(b->job->log, i)->text, text) == 0)
                        return true;
        return false;
}

/* The job's log names the restarts, both revisions, and the result with its cause. */
START_TEST(history)
{
        g_autoptr(Bench) b = bench_new();

        b->product = 0x6005;
        job_set_string(&b->job->from_revision, OLD_REVISION); /* as it was read before the job */
        bench_save(b);
        bench_resurrect(b);
        bench_update(b);
        job_log_add(b->job->log, 1, JOB_LOG_AT, "> AT");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, _i ? OLD_REVISION : NEW_REVISION);
        bench_assert_end(b, _i ? JOB_RESULT_FAILED : JOB_RESULT_SUCCESS, _i ? "unchanged" : "");
        ck_assert(has_line(b, JOB_LOG_REVISION, "before the upgrade: " OLD_REVISION));
        ck_assert(has_line(b, JOB_LOG_REVISION, _i ? "now: " OLD_REVISION : "now: " NEW_REVISION));
        ck_assert(has_line(b, JOB_LOG_PROGRESS, "100 %") == !_i);
        ck_assert(has_line(b, JOB_LOG_AT, "> AT") == _i); /* a failure keeps the dialogue */
        ck_assert(has_line(b, JOB_LOG_RESTART, "1: the module came back with product id 6005"));
        ck_assert(has_line(b, JOB_LOG_RESTART, "2: the module came back with product id 6005"));
        ck_assert(has_line(b, JOB_LOG_DECISION,
                           _i ? "failed: unchanged, after the module reported its revision"
                              : "success, after the module reported its revision"));
}
END_TEST

/* A module that leaves the bus after AT+QFOTADL may be restarting into its update; one that leaves before is not. */
START_TEST(leaves_the_bus)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_gone(b);
        ck_assert(!b->job->disconnected);
        bench_present(b);
        bench_ready(b, OLD_REVISION);
        ck_assert(!b->job->disconnected);
        bench_gone(b);
        ck_assert(b->job->disconnected);
        bench_present(b);
        bench_gone(b);
        ck_assert(b->job->disconnected);
}
END_TEST

/* The messages that show that somebody has begun an upgrade, and its method where they show that, too. */
static const struct {
        const char *line;
        bool shows;
        Method method;
} signs[] = {
        { "+QIND: \"FOTA\",\"HTTPSTART\"", true, METHOD_DFOTA },
        { "+QIND: \"FOTA\",\"DOWNLOADING\",5", true, METHOD_DFOTA },
        { "+QIND: \"FOTA\",\"START\"", true, METHOD_DFOTA },
        { "+QIND: \"FOTA\",\"UPDATING\",5", true, METHOD_UNKNOWN },
        { "+QIND: \"FOTA\",\"HTTPEND\",0", false, METHOD_UNKNOWN },
        { "+QIND: \"FOTA\",\"END\",0", false, METHOD_UNKNOWN },
        { "+QIND: SMS DONE", false, METHOD_UNKNOWN },
        { "RDY", false, METHOD_UNKNOWN },
};

START_TEST(messages_of_an_upgrade)
{
        Method method = METHOD_UNKNOWN;

        ck_assert(upgrade_is_under_way(signs[_i].line, &method) == signs[_i].shows);
        if (signs[_i].shows)
                ck_assert_int_eq(method, signs[_i].method);
}
END_TEST

/* Mode 1 "at once": no restart between the download and START. */
START_TEST(without_a_restart_before_start)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"UPDATING\",8");
        bench_fota(b, "\"UPDATING\",91");
        bench_fota(b, "\"END\",0");
        finish_new(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(states_on_the_way)
{
        g_autoptr(Bench) b = bench_new();

        bench_assert_state(b, JOB_QUEUED);
        bench_begin(b);
        bench_assert_state(b, JOB_PREPARING);
        b->holds_answers = true;
        bench_present(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_state(b, JOB_PREPARING);
        b->holds_answers = false;
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"usbat\"");
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"HTTPEND\",0");
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_gone(b);
        bench_assert_state(b, JOB_RESTARTING);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_present(b);
        bench_assert_state(b, JOB_UPDATING);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        bench_assert_state(b, JOB_VERIFYING);
        bench_gone(b);
        bench_assert_state(b, JOB_RESTARTING);
        bench_present(b);
        bench_assert_state(b, JOB_VERIFYING);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(order_of_actions)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        ck_assert_str_eq(b->log->str, "persist|announce|");
        bench_clear(b);
        bench_present(b);
        ck_assert_str_eq(b->log->str, "persist|power on|");
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        ck_assert_str_eq(b->log->str, "persist|announce|send AT+QURCCFG=\"urcport\"|persist|"
                                      "send AT+QFOTADL=\"" BENCH_URL "\",1,100|persist|announce|");
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_clear(b);
        bench_ready(b, NEW_REVISION);
        /* A record that the job has ended is the last look at power/control. */
        ck_assert_str_eq(b->log->str, "identify|power auto|persist|announce|result|release|");
}
END_TEST

/* A percentage that is announced before its record would go back if the record fails. */
START_TEST(news_come_after_the_record)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_clear(b);
        bench_fota(b, "\"UPDATING\",14");
        ck_assert_str_eq(b->log->str, "listen|persist|announce|");
}
END_TEST

START_TEST(progress)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_number(b->job->options, "download-urc-max", 50, &why));
        bench_go(b);
        ck_assert_uint_eq(b->job->percent, 0);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\" DOWNLOADING\",25"); /* half of 50 is half of the download */
        ck_assert_uint_eq(b->job->percent, 25);
        bench_fota(b, "\"DOWNLOADING\",10"); /* late: there is no way back */
        ck_assert_uint_eq(b->job->percent, 25);
        bench_fota(b, "\"DOWNLOADING\",50");
        ck_assert_uint_eq(b->job->percent, 50);
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        for (int i = -1; i <= 110; i++) {
                g_autofree char *rest = g_strdup_printf("\"UPDATING\",%d", i);

                bench_fota(b, rest);
        }
        ck_assert_uint_eq(b->job->percent, 99);
        bench_fota(b, "\"UPDATING\",3"); /* begun again after a power cut */
        ck_assert_uint_eq(b->job->percent, 99);
        bench_fota(b, "\"END\",0");
        ck_assert_uint_eq(b->job->percent, 99);
        finish_new(b);
        ck_assert_uint_eq(b->job->percent, 100);
}
END_TEST

START_TEST(percentages_instead_of_an_index)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_number(b->job->options, "download-urc-max", 50, &why));
        bench_go(b);
        bench_fota(b, "\"DOWNLOADING\",52");
        bench_fota(b, "\"DOWNLOADING\",60");
        ck_assert_uint_eq(b->job->percent, 30);
        bench_resurrect(b);
        bench_fota(b, "\"DOWNLOADING\",40");
        bench_fota(b, "\"DOWNLOADING\",100");
        ck_assert_uint_eq(b->job->percent, 50);
}
END_TEST

/* ---- the preparations, as in the guide's examples */

START_TEST(commands_of_the_guide_s_http_example)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        g_free(b->job->source);
        b->job->source = g_strdup("http://www.example.com:100/EC200ACNHAR01A02M16.bin");
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        ck_assert(options_set_number(b->job->options, "apn-auth", 1, &why));
        ck_assert(options_set_number(b->job->options, "download-urc-max", 50, &why));
        bench_go(b);
        assert_has(b->log->str, "persist|send AT+QICSGP=2,1,\"cmnet\",\"\",\"\",1|");
        assert_has(b->log->str, "|send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",2|");
        assert_has(b->log->str, "|send AT+QIACT=2|");
        assert_has(b->log->str,
                   "|persist|send AT+QFOTADL=\"http://www.example.com:100/EC200ACNHAR01A02M16.bin\",1,50|");
        ck_assert(strstr(b->log->str, "QICSGP") < strstr(b->log->str, "fota/cid"));
        ck_assert(strstr(b->log->str, "\"fota/cid\",2") < strstr(b->log->str, "AT+QIACT=2"));
        ck_assert(strstr(b->log->str, "AT+QIACT=2") < strstr(b->log->str, "AT+QFOTADL"));
}
END_TEST

START_TEST(commands_of_the_guide_s_ftp_example)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        g_free(b->job->source);
        b->job->source = g_strdup("FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin");
        ck_assert(options_set_number(b->job->options, "upgrade-mode", 0, &why));
        ck_assert(options_set_number(b->job->options, "update-urc-max", 20, &why));
        bench_go(b);
        assert_has(b->log->str, "|send AT+QFOTADL=\"FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin\",0,100,20|");
        bench_fota(b, "\"FTPSTART\"");
        bench_fota(b, "\"FTPEND\",0");
        ck_assert(b->job->reached >= JOB_REACHED_DOWNLOADED);
}
END_TEST

START_TEST(apn_with_user_and_password)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_number(b->job->options, "cid", 3, &why));
        ck_assert(options_set_string(b->job->options, "apn", "net", &why));
        ck_assert(options_set_string(b->job->options, "apn-user", "u", &why));
        ck_assert(options_set_string(b->job->options, "apn-password", "Geheim7", &why));
        bench_go(b);
        assert_has(b->log->str, "|send AT+QICSGP=3,1,\"net\",\"u\",\"Geheim7\",1|");
}
END_TEST

START_TEST(active_context_stays)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        b->contexts_active = true;
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        bench_go(b);
        assert_has(b->log->str, "send AT+QIACT?|");
        assert_has_not(b->log->str, "AT+QIACT=2");
        assert_has_not(b->log->str, "AT+QICSGP");
}
END_TEST

START_TEST(settings_are_put_back)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        bench_use_uart1(b);
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        bench_go(b);
        assert_has(b->log->str, "persist|send AT+QURCCFG=\"urcport\",\"usbat\"|");
        ck_assert_str_eq(b->urc_port, "usbat");
        ck_assert_str_eq(b->fota_cid, "2");
        assert_has(b->disk, "UrcPortBefore=uart1");
        assert_has(b->disk, "FotaCidBefore=1");
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        finish_new(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->urc_port, "uart1");
        ck_assert_str_eq(b->fota_cid, "1");
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

/* However the upgrade ends while the module answers. */
START_TEST(settings_are_put_back_after_a_failure)
{
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        bench_use_uart1(b);
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        if (_i == 0) {
                b->rejects = "AT+QFOTADL";
                bench_prepare(b, OLD_REVISION);
        } else if (_i == 1) {
                bench_go(b);
                bench_fota(b, "\"HTTPEND\",714");
        } else if (_i == 2) {
                bench_go(b);
                bench_fota(b, "\"HTTPSTART\"");
                bench_fota(b, "\"END\",505");
        } else {
                bench_go(b);
                bench_cancel(b);
                bench_fota(b, "\"HTTPEND\",701");
        }
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 1);
        ck_assert_str_eq(b->urc_port, "uart1");
        ck_assert_str_eq(b->fota_cid, "1");
        ck_assert_str_eq(b->power_control, "auto");
        ck_assert(!b->radio_off);
}
END_TEST

/* A module that does not report its URC port keeps it; "all" includes the AT port. */
START_TEST(urc_port_that_needs_no_change)
{
        g_autoptr(Bench) b = bench_new();

        if (_i == 0)
                b->rejects = "AT+QURCCFG";
        else {
                g_free(b->urc_port);
                b->urc_port = g_strdup(_i == 1 ? "all" : "usbat");
        }
        bench_go(b);
        assert_has_not(b->log->str, "AT+QURCCFG=\"urcport\",");
        ck_assert_str_eq(b->job->urc_port_before, "");
}
END_TEST

START_TEST(urc_port_that_cannot_be_changed)
{
        g_autoptr(Bench) b = bench_new();

        bench_use_uart1(b);
        b->rejects = "AT+QURCCFG=\"urcport\",";
        bench_go(b);
        ck_assert_str_eq(b->job->urc_port_before, "");
}
END_TEST

/* ---- power/control */

START_TEST(power_control_after_each_enumeration)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        for (unsigned i = 0; i < 4; i++) {
                bench_clear(b);
                if (i == 0)
                        bench_present(b);
                else
                        bench_restart(b);
                assert_has(b->log->str, "power on|");
                ck_assert_str_eq(b->power_control, "on");
                ck_assert_str_eq(b->job->power_control_before, "auto");
        }
        bench_resurrect(b);
        ck_assert_str_eq(b->job->power_control_before, "auto"); /* not a value that fotad wrote itself */
        bench_event(b, UPGRADE_EVENT_PORT_BUSY, "by chat (pid 42)");
        bench_assert_end(b, JOB_RESULT_FAILED, "port-busy");
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

START_TEST(no_power_control)
{
        g_autoptr(Bench) b = bench_new();

        g_clear_pointer(&b->power_control, g_free);
        bench_download(b);
        bench_fota(b, "\"END\",505");
        bench_ready(b, OLD_REVISION);
        assert_has_not(b->log->str, "power");
}
END_TEST

/* ---- a revision counts when it was read twice alike */

/* 0: garbled; 1: half a line; 2: another module's, whose IMEI is not reported. */
static const struct {
        const char *revision, *imei;
} misread[] = { { "EC200ACNHAR09A99M16", BENCH_IMEI },
                { "EC200ACNHAR01A0", BENCH_IMEI },
                { "EC200ACNHAR01A09M16", "" } };

START_TEST(one_reading_decides_nothing)
{
        g_autoptr(Bench) b = bench_new();
        char *why = NULL;

        if (_i == 0)
                ck_assert(options_set_string(b->job->options, "expected-revision", NEW_REVISION, &why));
        b->answers_once = true;
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready_as(b, misread[_i].revision, "", misread[_i].imei);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        ck_assert(b->identify);
        bench_ready(b, NEW_REVISION);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        bench_tick(b);
        ck_assert(b->identify);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->job->to_revision, NEW_REVISION);
}
END_TEST

/* Answers that never agree, or never include the IMEI, end the job after settle, not before, and are repeated once a
 * second. */
START_TEST(answers_never_agree)
{
        g_autoptr(Bench) b = bench_new();
        unsigned asked = 0;
        uint64_t since;

        b->answers_once = true;
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        since = b->now;
        b->identify = true;
        while (b->job->state != JOB_FINISHED) {
                if (b->identify) {
                        ck_assert_uint_lt(++asked, 200);
                        bench_ready_as(b, asked % 2 && _i ? OLD_REVISION : NEW_REVISION, "", _i ? BENCH_IMEI : "");
                } else {
                        bench_tick(b);
                }
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "twice alike");
        ck_assert_uint_ge(b->now - since, b->timeouts.settle);
        ck_assert_uint_le(b->now - since, b->timeouts.settle + 2 * SECOND);
}
END_TEST

/* Without expected-revision, a revision of no known firmware is no success. */
START_TEST(revision_that_does_not_fit)
{
        g_autoptr(Bench) b = _i ? bench_new_mini() : bench_new();
        char *why = NULL;

        if (_i == 2)
                ck_assert(options_set_string(b->job->options, "expected-revision", "MINI_V01.00", &why));
        if (_i) {
                bench_go_mini2(b);
                bench_fota(b, "\"END\",0");
                bench_mini_restart(b, false);
        } else {
                bench_update(b);
                bench_fota(b, "\"END\",0");
                bench_restart(b);
        }
        if (!_i)
                bench_urc(b, "RDY");
        bench_ready(b, "MINI_V01.00");
        if (_i == 2) {
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        } else {
                bench_assert_end(b, JOB_RESULT_FAILED, "revision-mismatch");
                assert_has(b->job->message, "MINI_V01.00");
                assert_has(b->job->message, "expected-revision");
        }
}
END_TEST

/* AT+QFOTADL is sent to no module whose IMEI was not read, even if the job has none. */
START_TEST(imei_is_missing)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_ready_as(b, OLD_REVISION, "", "");
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "IMEI");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

/* A DFOTA needs no question when its firmware has started: the download goes on, with its own time-out. */
START_TEST(firmware_reports_in_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        bench_urc(b, "+QIND: SMS DONE");
        ck_assert(!b->identify);
        bench_pass(b, b->timeouts.download_idle - SECOND);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_uint_eq(b->job->abandon, 0);
}
END_TEST

/* The job's log has the result once, though more events follow until all settings are put back. */
START_TEST(history_has_the_result_once)
{
        g_autoptr(Bench) b = bench_new();
        unsigned lines = 0;

        bench_restore(b);
        ck_assert(b->job->state != JOB_FINISHED);
        bench_urc(b, "+QIND: PB DONE");
        bench_urc(b, "RDY");
        for (unsigned i = 0; i < job_log_length(b->job->log); i++)
                if (job_log_line(b->job->log, i)->kind == JOB_LOG_DECISION)
                        lines += g_str_has_prefix(job_log_line(b->job->log, i)->text, "success");
        ck_assert_uint_eq(lines, 1);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-run");

        tcase_add_test(t, whole_run);
        tcase_add_loop_test(t, history, 0, 2);
        tcase_add_test(t, leaves_the_bus);
        tcase_add_loop_test(t, messages_of_an_upgrade, 0, G_N_ELEMENTS(signs));
        tcase_add_test(t, without_a_restart_before_start);
        tcase_add_test(t, states_on_the_way);
        tcase_add_test(t, order_of_actions);
        tcase_add_test(t, news_come_after_the_record);
        tcase_add_test(t, progress);
        tcase_add_test(t, percentages_instead_of_an_index);
        tcase_add_test(t, commands_of_the_guide_s_http_example);
        tcase_add_test(t, commands_of_the_guide_s_ftp_example);
        tcase_add_test(t, apn_with_user_and_password);
        tcase_add_test(t, active_context_stays);
        tcase_add_test(t, settings_are_put_back);
        tcase_add_loop_test(t, settings_are_put_back_after_a_failure, 0, 4);
        tcase_add_loop_test(t, urc_port_that_needs_no_change, 0, 3);
        tcase_add_test(t, urc_port_that_cannot_be_changed);
        tcase_add_test(t, power_control_after_each_enumeration);
        tcase_add_test(t, no_power_control);
        tcase_add_loop_test(t, one_reading_decides_nothing, 0, G_N_ELEMENTS(misread));
        tcase_add_loop_test(t, answers_never_agree, 0, 2);
        tcase_add_loop_test(t, revision_that_does_not_fit, 0, 3);
        tcase_add_test(t, imei_is_missing);
        tcase_add_test(t, firmware_reports_in_the_download);
        tcase_add_test(t, history_has_the_result_once);
        return testing_run(t, "upgrade-run");
}

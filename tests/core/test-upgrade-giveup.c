/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An upgrade that the module refuses, and one that fails without a message: a module that is silent, gone, replaced,
 * crashed, in its boot loader, or in a loop. */

#include "upgrade-bench.h"

/* ---- refusals */

START_TEST(rejected)
{
        static const char *const commands[] = { "AT+QFOTADL=\"", "AT+QICSGP", "AT+QCFG=\"fota/cid\"", "AT+QIACT=" };
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        b->rejects = commands[_i / 2];
        b->reject_number = _i % 2 ? 50 : -1;
        bench_prepare(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        if (_i % 2)
                assert_has(b->job->message, "+CME ERROR: 50");
        else
                assert_has_not(b->job->message, "CME");
        ck_assert_uint_eq(b->upgrades_sent, _i / 2 == 0);
        ck_assert_str_eq(b->fota_cid, "1");
}
END_TEST

/* HTTPSTART came first: whatever the ERROR answers, the upgrade runs. */
START_TEST(error_after_the_download_began)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "");
        bench_fota(b, "\"HTTPSTART\"");
        bench_answer(b, AT_RESULT_ERROR, 4, "");
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_uint_eq(b->results, 0);
}
END_TEST

START_TEST(no_answer_in_the_preparations)
{
        g_autoptr(Bench) b = bench_new();

        b->mutes = "AT+QURCCFG";
        bench_prepare(b, OLD_REVISION);
        bench_assert_state(b, JOB_PREPARING); /* the module is probed once more, so that its settings can be restored */
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

/* The module may have accepted the command: the job follows it and does not send again. */
START_TEST(no_answer_to_the_upgrade_command)
{
        g_autoptr(Bench) b = bench_new();

        b->mutes = "AT+QFOTADL=\"";
        bench_prepare(b, OLD_REVISION);
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
}
END_TEST

START_TEST(port_is_busy)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_event(b, UPGRADE_EVENT_PORT_BUSY, "and ttyUSB1 is held by chat (pid 42)");
        bench_assert_end(b, JOB_RESULT_FAILED, "port-busy");
        assert_has(b->job->message, "chat (pid 42)");
}
END_TEST

START_TEST(port_is_busy_under_way)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_restart(b);
        bench_event(b, UPGRADE_EVENT_PORT_BUSY, "by chat (pid 42)");
        ck_assert_uint_eq(b->results, 0);
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* ---- silence */

START_TEST(never_present)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_pass(b, 299 * SECOND);
        ck_assert_uint_eq(b->results, 0);
        bench_pass(b, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

START_TEST(never_answers)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        b->at_port = _i != 1;
        b->diag_port = _i == 2;
        if (_i == 2)
                b->at_port = false;
        bench_pass(b, 181 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 2 ? "crashed" : "no-response");
}
END_TEST

/* No message at all: radio off, wait, reset, and the old revision. 0: after no answer to AT+QFOTADL; 1: after OK, when
 * the module may be downloading with its messages off. */
START_TEST(start_timeout)
{
        g_autoptr(Bench) b = bench_new();

        b->mutes = _i == 0 ? "AT+QFOTADL=\"" : NULL;
        bench_go(b);
        b->mutes = NULL;
        bench_clear(b);
        bench_pass(b, _i == 0 ? 59 * SECOND : 419 * SECOND);
        ck_assert_str_eq(b->log->str, "");
        bench_pass(b, 2 * SECOND);
        assert_has(b->log->str, "send AT+CFUN=0|");
        ck_assert_uint_eq(b->results, 0);
        bench_pass(b, 181 * SECOND); /* a module took 180 s to notice in the field */
        assert_has(b->log->str, "send AT+CFUN=1,1|");
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 0 ? "no-response" : "download-timeout");
}
END_TEST

/* A module whose messages cannot be switched on: 0: with 16 MB; 1: with 8 MB. Its download takes longer than start, and
 * then it restarts and runs the new revision. */
START_TEST(upgrade_without_a_message)
{
        g_autoptr(Bench) b = bench_new();

        b->qind = NULL;
        bench_begin(b);
        bench_present(b);
        bench_ready(b, _i == 0 ? OLD_REVISION : "EC200ACNHAR01A01M08");
        bench_clear(b);
        bench_pass(b, _i == 0 ? 400 * SECOND : 890 * SECOND);
        ck_assert_str_eq(b->log->str, "");
        bench_restart(b);
        bench_pass(b, 100 * SECOND);
        bench_restart(b);
        bench_ready(b, _i == 0 ? NEW_REVISION : "EC200ACNHAR01A02M08");
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        assert_has_not(b->log->str, "AT+CFUN");
}
END_TEST

START_TEST(download_timeout)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"DOWNLOADING\",10");
        bench_clear(b);
        bench_pass(b, 419 * SECOND);
        ck_assert_str_eq(b->log->str, "");
        bench_pass(b, 2 * SECOND);
        assert_has(b->log->str, "send AT+CFUN=0|");
        bench_fota(b, "\"HTTPEND\",702");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "download-timeout");
        ck_assert(!b->radio_off);
}
END_TEST

/* Without DOWNLOADING a silent download is normal for longer. 0: the option switched it off; 1: the module's list has
 * no other value; 2: modules of 8 MB print none (guide 6). */
START_TEST(download_without_progress)
{
        g_autoptr(Bench) b = bench_new();
        const char *revision = _i == 2 ? "EC200ACNHAR01A01M08" : OLD_REVISION;
        g_autofree char *why = NULL;

        if (_i == 0)
                ck_assert(options_set_number(b->job->options, "download-urc-max", 0, &why));
        if (_i == 1)
                b->qfotadl = "+QFOTADL: <url>,(0,1),(0)";
        bench_prepare(b, revision);
        bench_fota(b, "\"HTTPSTART\"");
        bench_clear(b);
        bench_pass(b, 899 * SECOND);
        ck_assert_str_eq(b->log->str, "");
        bench_pass(b, 2 * SECOND);
        assert_has(b->log->str, "send AT+CFUN=0|");
        bench_fota(b, "\"HTTPEND\",702");
        bench_ready(b, revision);
        bench_assert_end(b, JOB_RESULT_FAILED, "download-timeout");
}
END_TEST

/* The module's own time-out after six minutes (field facts 2.4 d) comes before ours. */
START_TEST(six_minutes_are_not_too_long)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_pass(b, 360 * SECOND);
        bench_fota(b, "\"HTTPEND\",702");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "timeout");
}
END_TEST

/* HTTPEND,0, and then neither START nor a restart. */
START_TEST(silent_after_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_clear(b);
        bench_pass(b, 899 * SECOND);
        ck_assert_str_eq(b->log->str, "");
        bench_pass(b, 2 * SECOND);
        assert_has_not(b->log->str, "AT+CFUN"); /* the module may be writing its flash silently */
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
}
END_TEST

/* The job was given up because the module was silent, but the module was only slow: an update that may be running is
 * followed, not reset. */
START_TEST(download_timeout_overtaken)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_tick(b);
        assert_has(b->log->str, "send AT+CFUN=0|");
        bench_clear(b);
        bench_fota(b, "\"HTTPEND\",0");
        bench_pass(b, 600 * SECOND);
        assert_has_not(b->log->str, "AT+CFUN");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
}
END_TEST

/* After START the module is never reset. */
/* 0: one glitch of USB while the download is given up, 1: two. Neither proves a restart, so the download may go on. */
START_TEST(download_timeout_and_glitches)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_pass(b, 421 * SECOND);
        for (int i = 0; i <= _i; i++) {
                bench_restart(b);
                bench_ready(b, OLD_REVISION);
        }
        for (unsigned i = 0; i < 5 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "no message of a restart was seen, and it may still upgrade");
}
END_TEST

START_TEST(update_timeout)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_clear(b);
        bench_pass(b, 899 * SECOND);
        ck_assert_uint_eq(b->results, 0);
        bench_pass(b, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
        assert_has_not(b->log->str, "send");
}
END_TEST

START_TEST(lost_in_the_update)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_gone(b);
        bench_pass(b, 299 * SECOND);
        ck_assert_uint_eq(b->results, 0);
        bench_pass(b, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

START_TEST(boot_rom)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_gone(b);
        bench_event(b, UPGRADE_EVENT_BOOT_ROM, NULL);
        ck_assert_uint_eq(b->results, 0);
        if (_i == 0) {
                bench_pass(b, 301 * SECOND);
                bench_assert_end(b, JOB_RESULT_FAILED, "boot-rom");
        } else { /* the boot loader shows for a moment in some boots */
                bench_present(b);
                bench_succeed(b);
        }
}
END_TEST

START_TEST(back_without_an_at_port)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        b->at_port = false;
        b->diag_port = _i == 0;
        for (unsigned i = 0; i < 5 && !b->results; i++)
                bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 0 ? "crashed" : "no-response");
}
END_TEST

/* The messages are lost, and the module came back: it may be writing its flash, or may have done so. 0: it has no AT
 * port, 1: its firmware has crashed, 2: it does not answer; 3: it restarts again and again. */
START_TEST(silent_and_may_upgrade)
{
        static const char *const names[] = { "no-response", "crashed", "no-response", "no-response" };
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_restart(b);
        b->at_port = _i >= 2;
        b->diag_port = _i >= 1;
        for (unsigned i = 0; i < 10 && !b->results; i++)
                _i == 3 ? bench_restart(b) : bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, names[_i]);
        assert_has(b->job->message, " may ");
}
END_TEST

/* USB glitches in a download are no restarts: the firmware goes on, and ends its download. */
START_TEST(glitches_in_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        for (unsigned i = 0; i < 2; i++) {
                bench_restart(b);
                bench_ready(b, OLD_REVISION);
        }
        bench_tick(b); /* the revision is read again, and meanwhile the download ends */
        bench_fota(b, "\"HTTPEND\",0");
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 0);
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_finish(b);
}
END_TEST

/* Readings of another module do not count for the verdict, even if its IMEI is missing in every second one. */
START_TEST(another_module_without_its_imei)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        b->answers_once = true;
        bench_restart(b);
        for (unsigned i = 0; i < 4 && !b->results; i++)
                bench_ready_as(b, NEW_REVISION, "", i % 2 ? "" : "860000000000019");
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

START_TEST(back_and_silent)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        for (unsigned i = 0; i < 5 && !b->results; i++)
                bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        assert_has(b->job->message, "reported success");
}
END_TEST

START_TEST(another_module)
{
        g_autoptr(Bench) b = bench_new();
        g_autoptr(Identity) other = identity_new();
        UpgradeEvent event = { .type = UPGRADE_EVENT_READY, .identity = other };

        bench_use_uart1(b);
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_clear(b);
        g_free(other->imei);
        other->imei = g_strdup("860000000000002");
        g_free(other->revision);
        other->revision = g_strdup(NEW_REVISION);
        event.now = b->now;
        event.realtime = 1;
        event.at_port = true;
        upgrade_handle(b->upgrade, &event);
        bench_event(b, UPGRADE_EVENT_URC, "RDY"); /* has the actions carried out */
        ck_assert_uint_eq(b->results, 0);         /* one answer may be garbled */
        ck_assert(b->identify);
        if (_i == 1) {
                bench_ready(b, NEW_REVISION);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
                return;
        }
        event.now = b->now;
        upgrade_handle(b->upgrade, &event);
        bench_event(b, UPGRADE_EVENT_URC, "RDY");
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
        assert_has_not(b->log->str, "send"); /* our changed setting is not restored on another module */
}
END_TEST

/* A loop shows no progress; an upgrade with many restarts does. */
START_TEST(restarts_without_end)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        if (_i == 0) {
                for (unsigned i = 0; i < 20 && !b->results; i++)
                        bench_restart(b);
                bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
                ck_assert_uint_le(b->job->restarts, 12);
                assert_has(b->job->message, "restarted again and again");
                return;
        }
        for (unsigned i = 0; i < 30; i++) {
                g_autofree char *updating = g_strdup_printf("\"UPDATING\",%u", 50 + i);

                bench_restart(b);
                bench_fota(b, updating);
        }
        bench_succeed(b);
}
END_TEST

/* An upgrade that gets no input from any point on comes to an end, within the sum of the time-outs. */
START_TEST(no_input_from_any_point)
{
        g_autoptr(Bench) b = bench_new();
        uint64_t began;

        switch (_i) {
        case 0: bench_begin(b); break;
        case 1: bench_begin(b), bench_present(b); break;
        case 2: b->holds_answers = true, bench_begin(b), bench_present(b), bench_ready(b, OLD_REVISION); break;
        case 3: bench_go(b); break;
        case 4: bench_go(b), bench_fota(b, "\"HTTPSTART\""); break;
        case 5: bench_download(b); break;
        case 6: bench_download(b), bench_gone(b); break;
        case 7: bench_download(b), bench_restart(b); break;
        case 8: bench_download(b), bench_restart(b), bench_ready(b, OLD_REVISION); break;
        case 9: bench_update(b); break;
        case 10: bench_update(b), bench_restart(b); break;
        case 11: bench_update(b), bench_fota(b, "\"END\",0"); break;
        case 12: bench_update(b), bench_fota(b, "\"END\",0"), bench_restart(b); break;
        case 13: bench_update(b), bench_fota(b, "\"END\",504"), bench_restart(b); break;
        case 14: bench_go(b), bench_restart(b), bench_ready(b, OLD_REVISION); break;
        case 15: bench_go(b), bench_cancel(b); break;
        case 16: b->mutes = "AT+CFUN", bench_go(b), bench_cancel(b); break;
        case 17: bench_go(b), b->holds_answers = true, bench_cancel(b); break;
        case 18: bench_download(b), bench_cancel(b); break;
        case 19: bench_download(b), bench_fota(b, "\"END\",505"); break;
        case 20: bench_update(b), bench_fota(b, "\"END\",0"), bench_gone(b); break;
        case 21: bench_update(b), bench_ready(b, "EC200ABOOT"), bench_ready(b, OLD_REVISION); break;
        default: ck_abort();
        }
        began = b->now;
        for (unsigned i = 0; i < 20 && !b->results; i++)
                bench_tick(b);
        ck_assert_msg(b->results == 1, "case %d never ends", _i);
        ck_assert_uint_le(b->now - began, 3600 * SECOND);
        ck_assert_int_ne(b->job->result, JOB_RESULT_SUCCESS);
}
END_TEST

/* After a suspend of the host a phase's time-out begins anew. The module is asked for its identity in its download, and
 * neither in its update nor off the bus. */
START_TEST(host_was_suspended)
{
        g_autoptr(Bench) b = bench_new();
        uint64_t patience;

        if (_i == 0)
                bench_go(b);
        else
                bench_update(b);
        if (_i == 0)
                bench_fota(b, "\"DOWNLOADING\",5");
        if (_i == 2)
                bench_gone(b);
        b->identify = false;
        patience = _i == 0 ? b->timeouts.download_idle : _i == 1 ? b->timeouts.update_idle : b->timeouts.restart;
        for (unsigned i = 0; i < 3; i++) {
                bench_pass(b, patience - SECOND);
                bench_event(b, UPGRADE_EVENT_RESUMED, NULL);
                ck_assert(b->identify == (_i == 0));
        }
        bench_pass(b, patience - SECOND);
        ck_assert(!b->job->abandon && b->job->result == JOB_RESULT_NONE);
        bench_pass(b, 2 * SECOND);
        ck_assert(b->job->abandon || b->job->result == JOB_RESULT_FAILED);
}
END_TEST

/* The module is absent when fotad starts again. The daemon reports that once more, later: the time-out of the absence
 * has begun. */
START_TEST(absent_at_the_start)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        b->present = false;
        bench_resurrect(b);
        bench_gone(b);
        bench_assert_state(b, JOB_RESTARTING);
        bench_pass(b, b->timeouts.restart / 2);
        bench_gone(b);
        bench_pass(b, b->timeouts.restart / 2 + SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-giveup");

        tcase_add_loop_test(t, rejected, 0, 8);
        tcase_add_test(t, error_after_the_download_began);
        tcase_add_test(t, no_answer_in_the_preparations);
        tcase_add_test(t, no_answer_to_the_upgrade_command);
        tcase_add_test(t, port_is_busy);
        tcase_add_test(t, port_is_busy_under_way);
        tcase_add_test(t, never_present);
        tcase_add_loop_test(t, never_answers, 0, 3);
        tcase_add_loop_test(t, start_timeout, 0, 2);
        tcase_add_loop_test(t, upgrade_without_a_message, 0, 2);
        tcase_add_test(t, download_timeout);
        tcase_add_loop_test(t, download_without_progress, 0, 3);
        tcase_add_test(t, six_minutes_are_not_too_long);
        tcase_add_test(t, silent_after_the_download);
        tcase_add_test(t, download_timeout_overtaken);
        tcase_add_test(t, update_timeout);
        tcase_add_test(t, lost_in_the_update);
        tcase_add_loop_test(t, boot_rom, 0, 2);
        tcase_add_loop_test(t, back_without_an_at_port, 0, 2);
        tcase_add_loop_test(t, silent_and_may_upgrade, 0, 4);
        tcase_add_test(t, glitches_in_the_download);
        tcase_add_loop_test(t, download_timeout_and_glitches, 0, 2);
        tcase_add_test(t, another_module_without_its_imei);
        tcase_add_test(t, back_and_silent);
        tcase_add_loop_test(t, another_module, 0, 2);
        tcase_add_loop_test(t, restarts_without_end, 0, 2);
        tcase_add_loop_test(t, no_input_from_any_point, 0, 22);
        tcase_add_loop_test(t, host_was_suspended, 0, 3);
        tcase_add_test(t, absent_at_the_start);
        return testing_run(t, "upgrade-giveup");
}

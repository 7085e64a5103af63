/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package that the host sends (guide 3.3.1.3): only the package is on the wire during the transfer, the record is on
 * disk before the bytes are sent, and every failure has a clear end. The bench asserts at every step that nothing is
 * sent into a package and that none is sent a second time. */

#include "upgrade-bench.h"

static void go_to_half(Bench *b)
{
        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
}

/* ---- as the guide has it */

START_TEST(whole_run)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_uint_eq(b->job->percent, 50);
        bench_finish_file(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 2);
        ck_assert_str_eq(b->flow, "0,0");
        assert_has(b->log->str, "send AT+QCFG=\"usbifc\"|persist|send AT+QCFG=\"usbifc\",2,2|flow hardware|"
                                "send AT+QCFG=\"usbifc\"|persist|send AT+QFOTADL=\"FILE:100000\",1,100|listen|");
        assert_has(b->log->str, "transfer hardware|");
        assert_has(b->log->str, "|persist|last|");
}
END_TEST

START_TEST(progress_counts_sent_bytes)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_sent(b, BENCH_PACKAGE_SIZE / 10);
        ck_assert_uint_eq(b->job->percent, 5);
        bench_fota(b, "\"DOWNLOADING\",8"); /* the module is behind */
        ck_assert_uint_eq(b->job->percent, 5);
        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
        ck_assert_uint_eq(b->job->percent, 25);
        ck_assert(upgrade_is_cancellable(b->job));
}
END_TEST

/* ---- failures */

/* The module notices the failure, reports it, and answers again: the revision is read, and all settings are
 * restored. */
static void end_with(Bench *b, JobResult result, const char *name)
{
        ck_assert(!b->transfer_runs);
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, result, name);
        ck_assert_str_eq(b->flow, "0,0");
        ck_assert(!b->host_flow);
        ck_assert_uint_eq(b->transfers, 1);
        ck_assert_str_eq(b->job->to_revision, OLD_REVISION);
}

START_TEST(refused_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_fota(b, "\"FILEEND\",500");
        end_with(b, JOB_RESULT_FAILED, "download-failed");
        ck_assert_int_eq(b->job->domain, CODE_DOMAIN_FILE);
}
END_TEST

START_TEST(refused_at_the_end)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_fota(b, "\"FILEEND\",500");
        end_with(b, JOB_RESULT_FAILED, "download-failed");
}
END_TEST

/* The package is too long for the module: the bytes that the module took decide, not those that remain. */
START_TEST(enough_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_fota(b, "\"FILEEND\",0");
        ck_assert(!b->transfer_runs);
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
}
END_TEST

START_TEST(check_fails)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_fota(b, "\"FILEEND\",0");
        bench_fota(b, "\"END\",505");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        ck_assert_int_eq(b->job->domain, CODE_DOMAIN_UPDATE);
        ck_assert_int_eq(b->job->code, 505);
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

START_TEST(stalls)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_pass(b, b->timeouts.download_idle + SECOND);
        ck_assert(!b->transfer_runs);
        ck_assert(b->listening); /* no AT command before the module must have noticed */
        bench_fota(b, "\"FILEEND\",500");
        end_with(b, JOB_RESULT_FAILED, "download-timeout");
}
END_TEST

START_TEST(stalls_silently)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_pass(b, b->timeouts.download_idle + SECOND);
        ck_assert(b->listening);
        bench_pass(b, b->timeouts.command);
        end_with(b, JOB_RESULT_FAILED, "download-timeout");
}
END_TEST

/* The module sends no message and does not answer. */
START_TEST(mute_for_good)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_pass(b, b->timeouts.download_idle + b->timeouts.command + b->timeouts.settle + 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
        ck_assert_uint_eq(b->transfers, 1);
}
END_TEST

START_TEST(never_begins)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_go(b);
        bench_pass(b, b->timeouts.start + SECOND);
        ck_assert(b->listening);
        bench_fota(b, "\"FILESTART\""); /* too late: a job that was given up is not begun */
        ck_assert_uint_eq(b->transfers, 0);
        bench_fota(b, "\"FILEEND\",500");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "no-response");
}
END_TEST

START_TEST(package_cannot_be_read)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        b->transfer_runs = false; /* the transfer has stopped by itself */
        bench_event(b, UPGRADE_EVENT_NOT_SENT, "Input/output error");
        bench_pass(b, b->timeouts.command);
        end_with(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

/* Before any setting of the module is changed, and before a package is announced to it. */
START_TEST(package_was_changed)
{
        g_autoptr(Bench) b = bench_new_file();

        b->package_fault = "No such file or directory";
        bench_prepare(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION); /* the revision is read once more at the end */
        bench_assert_end(b, JOB_RESULT_FAILED, "source-unreachable");
        assert_has(b->job->message, "No such file or directory");
        ck_assert_uint_eq(b->upgrades_sent, 0);
        assert_has_not(b->log->str, "send ");
}
END_TEST

/* All bytes were sent, and nothing came back: the module may be writing its flash. The job waits, and does not reset
 * it. */
START_TEST(silent_after_the_last_byte)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_pass(b, b->timeouts.download_idle + SECOND);
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_pass(b, b->timeouts.update_idle);
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
        assert_has_not(b->log->str, "AT+CFUN");
}
END_TEST

/* ---- cancelled */

START_TEST(cancelled_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_cancel(b);
        ck_assert(!b->transfer_runs && b->listening);
        ck_assert(!upgrade_is_cancellable(b->job));
        if (_i == 0)
                bench_fota(b, "\"FILEEND\",500");
        else
                bench_pass(b, b->timeouts.command);
        end_with(b, JOB_RESULT_CANCELLED, "cancelled");
        assert_has_not(b->log->str, "AT+CFUN");
}
END_TEST

/* The module has the whole package: it is reset, as after any download. */
START_TEST(cancelled_when_it_has_enough)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_cancel(b);
        bench_fota(b, "\"FILEEND\",0");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        ck_assert(b->reset);
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        bench_pass(b, b->timeouts.settle); /* an update that had begun all the same would show */
        if (b->job->state != JOB_FINISHED)
                bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

/* The module may begin at once: the message does not promise that the update will not happen. */
START_TEST(too_late_for_a_cancel)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_clear(b);
        bench_event(b, UPGRADE_EVENT_ALL_BUT_LAST, NULL);
        ck_assert(!upgrade_is_cancellable(b->job));
        ck_assert_str_eq(b->log->str, "persist|last|announce|");
}
END_TEST

START_TEST(cancelled_before_filestart)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_go(b);
        bench_cancel(b);
        bench_fota(b, "\"FILESTART\"");
        ck_assert_uint_eq(b->transfers, 0);
        bench_fota(b, "\"FILEEND\",500");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* ---- the port, the module, the daemon */

START_TEST(port_is_lost_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_port_lost(b);
        ck_assert(b->listening);
        if (_i == 0)
                bench_fota(b, "\"FILEEND\",500");
        else
                bench_pass(b, b->timeouts.command);
        if (_i == 2) { /* and again, while its identity is being read */
                bench_port_lost(b);
                ck_assert(!b->listening);
                b->identify = true; /* as the port does after it was reopened */
        }
        end_with(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

START_TEST(port_is_lost_after_the_last_byte)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_port_lost(b);
        ck_assert(b->listening);
        bench_finish_file(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(port_is_lost_before_the_answer)
{
        g_autoptr(Bench) b = bench_new_file();

        b->mutes = NULL;
        bench_begin(b);
        bench_present(b);
        b->rejects = NULL;
        b->holds_answers = true;
        bench_ready(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"usbat\"");
        bench_answer(b, AT_RESULT_OK, -1, "+QCFG: \"usbifc\",2,2");
        bench_answer(b, AT_RESULT_OK, -1, "+QCFG: \"usbifc\",2,2");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_port_lost(b);
        ck_assert(b->listening); /* any byte that is written may be taken for the package */
        b->holds_answers = false;
        bench_pass(b, b->timeouts.command);
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

/* The module restarts: its part of the package is lost. */
START_TEST(module_disconnects_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_port_lost(b);
        bench_gone(b);
        bench_present(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        ck_assert_str_eq(b->flow, "0,0");
}
END_TEST

START_TEST(daemon_dies_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        if (_i == 0)
                go_to_half(b);
        else
                bench_go(b); /* the module waits, and nothing was sent */
        bench_resurrect(b);
        ck_assert(b->listening);
        bench_fota(b, "\"FILESTART\"");
        bench_fota(b, "\"FILEEND\",500");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        ck_assert_str_eq(b->flow, "0,0");
        ck_assert_uint_le(b->transfers, 1);
}
END_TEST

/* Messages that were sent while the daemon was away are not repeated. */
START_TEST(daemon_dies_and_misses_all)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_resurrect(b);
        bench_pass(b, b->timeouts.command);
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

START_TEST(daemon_dies_after_the_last_byte)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_transfer(b);
        bench_resurrect(b);
        ck_assert(b->listening);
        if (_i == 0) {
                bench_finish_file(b);
                bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        } else if (_i == 1) {
                bench_fota(b, "\"FILEEND\",500");
                end_with(b, JOB_RESULT_FAILED, "download-failed");
        } else {
                bench_pass(b, b->timeouts.command); /* FILEEND,0 was printed before */
                ck_assert(b->identify);
                bench_ready(b, OLD_REVISION);
                bench_assert_state(b, JOB_DOWNLOADING);
                bench_restart(b);
                bench_fota(b, "\"START\"");
                bench_succeed(b);
        }
}
END_TEST

START_TEST(daemon_dies_while_cancelling)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_cancel(b);
        bench_resurrect(b);
        ck_assert(b->listening);
        bench_fota(b, "\"FILEEND\",500");
        end_with(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* The gateway and the module lost their power together. */
START_TEST(power_fails_in_the_middle)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        b->boot = "boot-2";
        bench_resurrect(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

/* Each write in turn fails because the disk is full: an upgrade that was begun ends with a result, and the last bytes
 * are never sent before the record that says so (asserted by the bench). */
START_TEST(disk_is_full)
{
        for (int at = 1; at < 30; at++) {
                g_autoptr(Bench) b = bench_new_file();

                b->fails_at = at;
                b->fails_on = _i == 1;
                bench_begin(b);
                bench_present(b);
                if (b->job->state != JOB_FINISHED)
                        bench_ready(b, OLD_REVISION);
                if (b->job->sent && b->job->state != JOB_FINISHED)
                        bench_fota(b, "\"FILESTART\"");
                if (b->transfer_runs)
                        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
                if (b->transfer_runs)
                        bench_event(b, UPGRADE_EVENT_ALL_BUT_LAST, NULL);
                if (b->transfer_runs && strstr(b->log->str, "last|")) {
                        bench_sent(b, BENCH_PACKAGE_SIZE);
                        bench_finish_file(b);
                        ck_assert_int_eq(b->job->result, JOB_RESULT_SUCCESS);
                        continue;
                }
                ck_assert(!b->transfer_runs);
                if (b->job->state != JOB_FINISHED)
                        bench_pass(b, b->timeouts.command);
                for (int i = 0; i < 2 && b->job->state != JOB_FINISHED; i++)
                        bench_ready(b, OLD_REVISION);
                bench_assert_end(b, JOB_RESULT_FAILED, "insufficient-space");
                ck_assert_msg(strstr(b->job->message, "state directory of the gateway"), "%s", b->job->message);
                ck_assert(!b->host_flow);
                if (!b->job->sent)
                        ck_assert_str_eq(b->flow, "0,0");
        }
}
END_TEST

/* The record of the result cannot be written: the settings are restored all the same. */
START_TEST(disk_is_full_at_the_end)
{
        g_autoptr(Bench) b = bench_new_file();

        bench_use_uart1(b);
        go_to_half(b);
        b->fails_at = b->persists + 1;
        bench_fota(b, "\"FILEEND\",500");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "download-failed");
        ck_assert_str_eq(b->flow, "0,0");
        ck_assert_str_eq(b->urc_port, "uart1");
        assert_has_not(b->job->message, "not put back");
}
END_TEST

/* The new daemon cannot write, and stays silent all the same while the module may wait for the package. */
START_TEST(disk_is_full_on_resume)
{
        g_autoptr(Bench) b = bench_new_file();

        if (_i == 0)
                go_to_half(b);
        else
                bench_transfer(b);
        b->fails_at = 1;
        b->fails_on = true;
        b->persists = 0;
        bench_resurrect(b);
        ck_assert(b->listening);
}
END_TEST

START_TEST(restarts_for_ever_when_it_is_over)
{
        g_autoptr(Bench) b = bench_new_file();

        go_to_half(b);
        bench_fota(b, "\"FILEEND\",500");
        for (int i = 0; i < 20 && b->job->state != JOB_FINISHED; i++)
                bench_restart(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "download-failed");
        assert_has(b->job->message, "not put back: AT+QCFG=\"usbifc\".");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-file");

        tcase_add_test(t, whole_run);
        tcase_add_test(t, progress_counts_sent_bytes);
        tcase_add_test(t, disk_is_full_at_the_end);
        tcase_add_loop_test(t, disk_is_full_on_resume, 0, 2);
        tcase_add_test(t, restarts_for_ever_when_it_is_over);
        tcase_add_test(t, refused_in_the_middle);
        tcase_add_test(t, refused_at_the_end);
        tcase_add_test(t, enough_in_the_middle);
        tcase_add_test(t, check_fails);
        tcase_add_test(t, stalls);
        tcase_add_test(t, stalls_silently);
        tcase_add_test(t, mute_for_good);
        tcase_add_test(t, never_begins);
        tcase_add_test(t, package_cannot_be_read);
        tcase_add_test(t, package_was_changed);
        tcase_add_test(t, silent_after_the_last_byte);
        tcase_add_loop_test(t, cancelled_in_the_middle, 0, 2);
        tcase_add_test(t, cancelled_when_it_has_enough);
        tcase_add_test(t, too_late_for_a_cancel);
        tcase_add_test(t, cancelled_before_filestart);
        tcase_add_loop_test(t, port_is_lost_in_the_middle, 0, 3);
        tcase_add_test(t, port_is_lost_after_the_last_byte);
        tcase_add_test(t, port_is_lost_before_the_answer);
        tcase_add_test(t, module_disconnects_in_the_middle);
        tcase_add_loop_test(t, daemon_dies_in_the_middle, 0, 2);
        tcase_add_test(t, daemon_dies_and_misses_all);
        tcase_add_loop_test(t, daemon_dies_after_the_last_byte, 0, 3);
        tcase_add_test(t, daemon_dies_while_cancelling);
        tcase_add_test(t, power_fails_in_the_middle);
        tcase_add_loop_test(t, disk_is_full, 0, 2);
        return testing_run(t, "upgrade-file");
}

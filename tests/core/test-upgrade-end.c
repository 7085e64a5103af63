/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every way in which the module may report the end of its upgrade, or fail to: all codes of the guide's tables, URCs
 * that are lost, repeated or late, and the result that the revision then proves. */

#include "codes.h"
#include "upgrade-bench.h"

static void finish_new(Bench *b)
{
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
}

/* ---- the ends */

START_TEST(every_code_of_a_failed_download)
{
        for (size_t i = 0; i < code_table_size; i++) {
                const Code *code = &code_table[i];
                g_autoptr(Bench) b = NULL;
                g_autofree char *rest = NULL, *number = g_strdup_printf("%d", code->number);

                if (code->domain != CODE_DOMAIN_FTP && code->domain != CODE_DOMAIN_HTTP)
                        continue;
                b = bench_new();
                rest = g_strdup_printf("\"%s\",%d", code->domain == CODE_DOMAIN_FTP ? "FTPEND" : "HTTPEND",
                                       code->number);
                bench_go(b);
                bench_fota(b, "\"HTTPSTART\"");
                bench_fota(b, rest);
                bench_ready(b, OLD_REVISION);
                bench_assert_end(b, JOB_RESULT_FAILED, code->name);
                ck_assert_int_eq(b->job->domain, code->domain);
                ck_assert_int_eq(b->job->code, code->number);
                assert_has(b->job->message, number);
                ck_assert_str_eq(b->job->to_revision, OLD_REVISION);
        }
}
END_TEST

START_TEST(every_code_of_a_failed_update)
{
        for (size_t i = 0; i < code_table_size; i++)
                for (int in_updater = 0; in_updater < 2; in_updater++) {
                        const Code *code = &code_table[i];
                        g_autoptr(Bench) b = NULL;
                        g_autofree char *rest = g_strdup_printf("\"END\",%d", code->number);

                        if (code->domain != CODE_DOMAIN_UPDATE)
                                continue;
                        b = bench_new();
                        if (in_updater)
                                bench_update(b);
                        else
                                bench_download(b);
                        bench_fota(b, rest);
                        if (in_updater) { /* nothing answers in the updater: the job waits for the restart */
                                bench_assert_state(b, JOB_VERIFYING);
                                ck_assert_uint_eq(b->results, 0);
                                ck_assert(!b->identify);
                                bench_restart(b);
                        } else
                                ck_assert(b->identify);
                        bench_ready(b, OLD_REVISION);
                        bench_assert_end(b, JOB_RESULT_FAILED, code->name);
                        ck_assert_str_eq(b->job->to_revision, OLD_REVISION);
                        ck_assert_uint_eq(b->job->restarts, in_updater ? 2 : 0);
                }
}
END_TEST

START_TEST(unlisted_code)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"DOWNLOAD\",12"); /* without a protocol: that of the URL */
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "unlisted");
        ck_assert_int_eq(b->job->domain, CODE_DOMAIN_HTTP);
        ck_assert_int_eq(b->job->code, 12);
}
END_TEST

/* END without START: the package failed its check in the running firmware, and no restart is coming. */
START_TEST(package_check_failed)
{
        g_autoptr(Bench) b = bench_new();
        uint64_t before;

        bench_download(b);
        before = b->now;
        bench_fota(b, "\"END\",505");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "package-check-failed");
        ck_assert_uint_le(b->now - before, SECOND);
        ck_assert_uint_eq(b->job->restarts, 0);
}
END_TEST

/* The same if the module does not answer any more. */
START_TEST(package_check_failed_and_silent)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_fota(b, "\"END\",507");
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "version-mismatch");
}
END_TEST

START_TEST(updater_failed_and_never_restarts)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",504");
        bench_tick(b);
        ck_assert(b->identify); /* its restart may have been missed */
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "update-failed");
}
END_TEST

START_TEST(updater_failed_and_left_for_good)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",504");
        bench_gone(b);
        ck_assert_uint_eq(b->results, 0);
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
        assert_has(b->job->message, "after it had reported update code 504 (usual");
}
END_TEST

/* ---- messages that are lost */

START_TEST(start_is_missing)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_restart(b);
        bench_fota(b, "\"UPDATING\",7");
        bench_assert_state(b, JOB_UPDATING);
        ck_assert(b->listening);
        bench_fota(b, "\"END\",0");
        finish_new(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The URCs of a whole phase may be missing. The revision decides. */
START_TEST(end_is_lost)
{
        /* The old revision proves something only if the firmware, not the updater, has reported it. */
        static const char *const words[][2] = { { "update-timeout", "interrupted" },
                                                { "unchanged", "unchanged" } };

        for (int updating = 0; updating < 2; updating++)
                for (int same = 0; same < 3; same++) {
                        g_autoptr(Bench) b = bench_new();

                        if (updating)
                                bench_update(b);
                        else
                                bench_download(b);
                        bench_restart(b);
                        if (same == 2)
                                bench_urc(b, "RDY");
                        bench_ready(b, same ? OLD_REVISION : NEW_REVISION);
                        if (same) {
                                ck_assert_uint_eq(b->results, 0); /* the update may still be about to begin */
                                bench_tick(b);
                                if (b->identify)
                                        bench_ready(b, OLD_REVISION);
                        }
                        bench_assert_end(b, same ? JOB_RESULT_FAILED : JOB_RESULT_SUCCESS,
                                         same ? words[updating][same - 1] : "");
                        if (strcmp(job_error_name(b->job), "unchanged") == 0)
                                assert_has(b->job->message, "and never reported an end");
                }
}
END_TEST

START_TEST(all_urcs_are_lost)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_restart(b);
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The module disconnected in the middle of the download and runs the old firmware again. */
START_TEST(interrupted)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"DOWNLOADING\",40");
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 0);
        bench_tick(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

/* Power fails while the module's settings are restored: they are restored after it has come back, and the result is
 * unchanged. */
START_TEST(disconnects_during_the_restore)
{
        g_autoptr(Bench) b = bench_new();

        bench_restore(b);
        bench_port_lost(b);
        bench_gone(b);
        b->holds_answers = false;
        if (_i == 0) {
                bench_present(b);
                bench_ready(b, NEW_REVISION);
                ck_assert_str_eq(b->urc_port, "uart1");
        } else {
                bench_pass(b, b->timeouts.restart + b->timeouts.settle + SECOND);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The boot URC comes after the module has reported its revision: the module is then not waited for as an updater. */
START_TEST(boot_urc_comes_late)
{
        g_autoptr(Bench) b = bench_new();
        uint64_t since;

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        b->now += 5 * SECOND;
        since = b->now;
        bench_urc(b, "RDY");
        bench_tick(b);
        ck_assert_uint_eq(b->now - since, b->timeouts.settle);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
}
END_TEST

START_TEST(end_is_printed_twice)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_fota(b, "\"START\""); /* field facts 2.5 */
        bench_succeed(b);
}
END_TEST

START_TEST(late_urcs_after_end)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"UPDATING\",3");
        bench_fota(b, "\"HTTPEND\",701");
        bench_fota(b, "\"END\",504");
        bench_assert_state(b, JOB_VERIFYING);
        finish_new(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* END,0, and the restart goes unseen: once its time has passed, the module is probed. */
START_TEST(end_without_a_restart)
{
        g_autoptr(Bench) b = bench_new();

        if (_i == 0)
                bench_update(b);
        else
                bench_download(b); /* START and UPDATING are lost or switched off: the port was never left to the module
                                      alone */
        bench_fota(b, "\"END\",0");
        ck_assert(!b->identify);
        bench_tick(b);
        ck_assert_uint_eq(b->results, 0);
        ck_assert(b->identify);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(urcs_before_the_command_do_not_count)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"END\",0");
        bench_assert_state(b, JOB_PREPARING);
        ck_assert(b->job->reached < JOB_REACHED_UPDATING);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

START_TEST(end_zero_with_the_old_revision)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "unchanged");
        assert_has(b->job->message, "though it reported success");
}
END_TEST

START_TEST(allow_unchanged)
{
        g_autoptr(Bench) b = bench_new();

        options_set_boolean(b->job->options, "allow-unchanged", true);
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(expected_revision)
{
        static const char *const ends[] = { "", "revision-mismatch", "unchanged" };
        g_autoptr(Bench) b = bench_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_string(b->job->options, "expected-revision", NEW_REVISION, &why));
        options_set_boolean(b->job->options, "allow-unchanged", true);
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, _i == 0 ? NEW_REVISION : _i == 1 ? "EC200ACNHAR01A03M16" : OLD_REVISION);
        bench_assert_end(b, _i == 0 ? JOB_RESULT_SUCCESS : JOB_RESULT_FAILED, ends[_i]);
        if (_i == 1)
                assert_has(b->job->message, NEW_REVISION);
}
END_TEST

START_TEST(long_waits_between_signs_of_life)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        b->now += 59 * SECOND;
        bench_fota(b, "\"HTTPSTART\"");
        for (unsigned i = 1; i <= 5; i++) { /* each just within download-idle */
                g_autofree char *rest = g_strdup_printf("\"DOWNLOADING\",%u", i * 20);

                bench_pass(b, 419 * SECOND);
                bench_fota(b, rest);
        }
        bench_fota(b, "\"HTTPEND\",0");
        bench_pass(b, 110 * SECOND);
        bench_gone(b);
        bench_pass(b, 299 * SECOND);
        bench_present(b);
        bench_pass(b, 899 * SECOND);
        bench_fota(b, "\"START\"");
        for (unsigned i = 1; i <= 5; i++) {
                bench_pass(b, 899 * SECOND);
                bench_fota(b, i == 3 ? "\"RESTORE\",1%" : "\"UPDATING\",5");
        }
        bench_fota(b, "\"END\",0");
        bench_pass(b, 100 * SECOND);
        bench_gone(b);
        bench_pass(b, 299 * SECOND);
        bench_present(b);
        bench_pass(b, 179 * SECOND);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-end");

        tcase_add_test(t, every_code_of_a_failed_download);
        tcase_add_test(t, every_code_of_a_failed_update);
        tcase_add_test(t, unlisted_code);
        tcase_add_test(t, package_check_failed);
        tcase_add_test(t, package_check_failed_and_silent);
        tcase_add_test(t, updater_failed_and_never_restarts);
        tcase_add_test(t, updater_failed_and_left_for_good);
        tcase_add_test(t, start_is_missing);
        tcase_add_test(t, end_is_lost);
        tcase_add_test(t, all_urcs_are_lost);
        tcase_add_test(t, interrupted);
        tcase_add_test(t, boot_urc_comes_late);
        tcase_add_loop_test(t, disconnects_during_the_restore, 0, 2);
        tcase_add_test(t, end_is_printed_twice);
        tcase_add_test(t, late_urcs_after_end);
        tcase_add_loop_test(t, end_without_a_restart, 0, 2);
        tcase_add_test(t, urcs_before_the_command_do_not_count);
        tcase_add_test(t, end_zero_with_the_old_revision);
        tcase_add_test(t, allow_unchanged);
        tcase_add_loop_test(t, expected_revision, 0, 3);
        tcase_add_test(t, long_waits_between_signs_of_life);
        return testing_run(t, "upgrade-end");
}

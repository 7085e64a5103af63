/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon may die after any action, and again after any action of its successor, while the module goes on; and the
 * disk may refuse any write. AT+QFOTADL is never sent twice, the percentage never decreases, and the verdict is that of
 * the module. */

#include "upgrade-bench.h"

typedef enum StepType { BEGIN, COME, GO, URC, NORMAL, MINI, END_OF_STEPS } StepType;

typedef struct Step {
        StepType type;
        const char *text; /* text of a URC, or the revision that the firmware or the Mini system answers with */
} Step;

static const Step whole_run[] = {
        { BEGIN, NULL },
        { COME, NULL },
        { NORMAL, OLD_REVISION },
        { URC, "\"HTTPSTART\"" },
        { URC, "\"DOWNLOADING\",50" },
        { URC, "\"DOWNLOADING\",100" },
        { URC, "\"HTTPEND\",0" },
        { GO, NULL },
        { COME, NULL },
        { URC, "\"START\"" },
        { URC, "\"UPDATING\",50" },
        { URC, "\"UPDATING\",100" },
        { URC, "\"END\",0" },
        { GO, NULL },
        { COME, NULL },
        { NORMAL, NEW_REVISION },
        { END_OF_STEPS, NULL },
};

static const Step failing_run[] = {
        { BEGIN, NULL },          { COME, NULL }, { NORMAL, OLD_REVISION }, { URC, "\"HTTPSTART\"" },
        { URC, "\"HTTPEND\",0" }, { GO, NULL },   { COME, NULL },           { URC, "\"START\"" },
        { URC, "\"END\",504" },   { GO, NULL },   { COME, NULL },           { NORMAL, OLD_REVISION },
        { END_OF_STEPS, NULL },
};

static const Step mini_run[] = {
        { BEGIN, NULL },
        { COME, NULL },
        { NORMAL, MINI_OLD },
        { GO, NULL },
        { COME, NULL },
        { MINI, MINI_OLD },
        { GO, NULL },
        { COME, NULL },
        { URC, "\"UPDATING\",7" },
        { URC, "\"UPDATING\",60" },
        { GO, NULL },
        { COME, NULL },
        { MINI, MINI_NEW },
        { URC, "\"UPDATING\",60" },
        { URC, "\"UPDATING\",96" },
        { URC, "\"END\",0" },
        { GO, NULL },
        { COME, NULL },
        { NORMAL, MINI_NEW },
        { END_OF_STEPS, NULL },
};

static const Step fallen_run[] = {
        { BEGIN, NULL }, { COME, NULL },       { NORMAL, MINI_OLD },       { GO, NULL },
        { COME, NULL },  { MINI, MINI_OLD },   { URC, "\"HTTPEND\",711" }, { GO, NULL },
        { COME, NULL },  { NORMAL, MINI_OLD }, { END_OF_STEPS, NULL },
};

static const struct {
        const Step *steps;
        bool mini, success;
} runs[] = {
        { whole_run, false, true },
        { failing_run, false, false },
        { mini_run, true, true },
        { fallen_run, true, false },
};

static Bench *new_bench(unsigned r)
{
        Bench *b = bench_new();

        if (runs[r].mini) {
                bench_make_mini(b);
                bench_use_uart1(b);
                return b;
        }
        bench_use_uart1(b);
        bench_use_context(b);
        return b;
}

/* The module's steps, which happen whether or not a daemon runs. */
static void take_step(Bench *b, const Step *step, const char **revision)
{
        bool watched = !b->crashed;

        switch (step->type) {
        case BEGIN: bench_begin(b); return;
        case COME:
                if (watched)
                        bench_present(b);
                else {
                        b->device++;
                        b->present = b->at_port = true;
                        b->context_active = false;
                        g_free(b->power_control);
                        b->power_control = g_strdup("auto");
                }
                return;
        case GO:
                *revision = NULL;
                if (watched)
                        bench_gone(b);
                b->present = b->at_port = false;
                return;
        case URC:
                if (g_str_has_prefix(step->text, "\"START"))
                        *revision = NULL; /* the module answers nothing from now on */
                bench_fota(b, step->text);
                return;
        case MINI:
        case NORMAL:
                b->mini = step->type == MINI;
                *revision = step->text;
                if (watched && !b->listening && b->job->state != JOB_FINISHED)
                        bench_ready(b, step->text);
                return;
        case END_OF_STEPS: return;
        }
}

/* A new daemon: a module whose port answers is asked for its identity. */
static void restart_daemon(Bench *b, const char *revision)
{
        while (b->crashed) {
                bench_resurrect(b);
                if (!b->crashed && revision && b->present && !b->listening && b->job->state != JOB_FINISHED)
                        bench_ready(b, revision);
        }
}

/* The answers that the module still has to give when its steps are over. */
static void bring_to_an_end(Bench *b, const char *revision)
{
        for (unsigned i = 0; i < 100 && b->job->state != JOB_FINISHED; i++) {
                if (b->crashed)
                        restart_daemon(b, revision);
                else if (b->identify && revision)
                        bench_ready(b, revision);
                else if (b->reset) {
                        bench_restart(b);
                        if (!b->crashed)
                                bench_ready(b, revision ?: OLD_REVISION);
                } else
                        bench_tick(b);
        }
        if (b->crashed)
                restart_daemon(b, revision);
}

/* Runs the steps. The daemon dies after the first number of actions, its successor after the second, and both miss that
 * many of the module's steps. Returns the number of actions of the first daemon. */
static int run(Bench *b, unsigned r, int crash_at, int crash_again, int missed)
{
        const Step *steps = runs[r].steps;
        const char *revision = NULL;
        int actions = 0;

        b->crash_at = crash_at ?: 1000000;
        b->crash_again = crash_again;
        for (unsigned i = 0; steps[i].type != END_OF_STEPS; i++) {
                /* A module that never received the command is unchanged. */
                if (!b->upgrades_sent && steps[i].type != BEGIN && i > 2)
                        break;
                take_step(b, &steps[i], &revision);
                actions = MAX(actions, b->actions);
                if (!b->crashed)
                        continue;
                if (b->upgrades_sent)
                        for (int n = missed; n > 0 && steps[i + 1].type != END_OF_STEPS; n--)
                                take_step(b, &steps[++i], &revision);
                restart_daemon(b, revision);
        }
        bring_to_an_end(b, revision);
        return actions;
}

static int count_actions(unsigned r)
{
        g_autoptr(Bench) b = new_bench(r);
        int n = run(b, r, 0, 0, 0);

        ck_assert_int_gt(n, 25);
        return n;
}

static void check_run(unsigned r, int crash_at, int crash_again, int missed)
{
        g_autoptr(Bench) b = new_bench(r);
        g_autofree char *where = g_strdup_printf("dead after %d and %d actions, %d steps missed", crash_at, crash_again,
                                                 missed);

        run(b, r, crash_at, crash_again, missed);
        ck_assert_msg(b->job->state == JOB_FINISHED, "%s: the job is %s", where, job_state_to_string(b->job->state));
        ck_assert_msg(b->upgrades_sent <= 1, "%s", where);
        if (!b->upgrades_sent) { /* the daemon died between the disk and the wire: it cannot know, and does not send
                                    again */
                ck_assert_msg(b->job->result == JOB_RESULT_FAILED, "%s", where);
                return;
        }
        if (runs[r].success)
                ck_assert_msg(b->job->result == JOB_RESULT_SUCCESS, "%s: %s", where, b->job->message);
        else if (runs[r].mini)
                ck_assert_msg(strcmp(job_error_name(b->job), "fell-back") == 0, "%s: %s", where, b->job->message);
        else
                ck_assert_msg(strcmp(job_error_name(b->job), "update-failed") == 0 ||
                                      strcmp(job_error_name(b->job), "unchanged") == 0 || /* the code was missed */
                                      strcmp(job_error_name(b->job), "update-timeout") == 0 || /* and so was the boot */
                                      strcmp(job_error_name(b->job), "interrupted") == 0,
                              "%s: %s", where, b->job->message);
        ck_assert_msg(strcmp(b->urc_port, "uart1") == 0 && strcmp(b->fota_cid, "1") == 0 &&
                              strcmp(b->context, BENCH_CONTEXT) == 0 && !b->context_active,
                      "%s: the settings are not put back", where);
        assert_has_not(b->disk, "Geheim7");
}

START_TEST(nothing_goes_wrong)
{
        for (unsigned r = 0; r < G_N_ELEMENTS(runs); r++)
                check_run(r, 0, 0, 0);
}
END_TEST

START_TEST(dead_after_any_action)
{
        int n = count_actions((unsigned)_i);

        for (int crash = 1; crash <= n; crash++)
                for (int missed = 0; missed < 19; missed++)
                        check_run((unsigned)_i, crash, 0, missed);
}
END_TEST

START_TEST(dead_twice)
{
        int n = count_actions((unsigned)_i);

        for (int crash = 1; crash <= n; crash++)
                for (int again = 1; again <= 20; again++)
                        for (int missed = 0; missed < 3; missed++)
                                check_run((unsigned)_i, crash, again, missed);
}
END_TEST

/* The daemon dies between the command and its answer: the successor follows the upgrade, and accepts a cancel. */
START_TEST(dead_before_the_ok)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_state(b, JOB_PREPARING);
        b->holds_answers = false;
        bench_resurrect(b);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_ready(b, OLD_REVISION);
        bench_cancel(b);
        bench_fota(b, "\"HTTPEND\",701");
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* The module reports its end before it has answered the new daemon: the settings are restored all the same. */
START_TEST(download_fails_before_it_answers)
{
        g_autoptr(Bench) b = bench_new();

        bench_use_uart1(b);
        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_resurrect(b);
        bench_fota(b, "\"HTTPEND\",711");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "url-error");
        ck_assert_str_eq(b->urc_port, "uart1");
}
END_TEST

/* The gateway was rebooted: device numbers begin anew, and the module may or may not have lost its power too. */
START_TEST(gateway_rebooted)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        b->boot = "boot-2";
        b->device = 3;
        if (_i == 0) {
                bench_resurrect(b);
                bench_fota(b, "\"UPDATING\",60");
                bench_fota(b, "\"END\",0");
                bench_restart(b);
        } else {
                bench_fota(b, "\"END\",0");
                bench_resurrect(b);
        }
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* The gateway alone was rebooted, and the module goes on with its download, without a message. */
START_TEST(gateway_rebooted_in_the_download)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        b->boot = "boot-2";
        bench_resurrect(b);
        bench_ready(b, OLD_REVISION);
        for (unsigned i = 0; i < 10 && !b->results; i++) {
                bench_tick(b);
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "interrupted");
        assert_has(b->job->message, "no message of a restart was seen, and it may still upgrade");
}
END_TEST

/* The same, after a cancel whose command was not answered: the download is still to be given up. */
START_TEST(gateway_rebooted_after_a_cancel)
{
        g_autoptr(Bench) b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        b->holds_answers = true;
        bench_cancel(b);
        b->holds_answers = false;
        b->boot = "boot-2";
        bench_resurrect(b);
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 0);
        assert_has(b->log->str, "send AT+CFUN=");
}
END_TEST

static void reboot(Bench *b)
{
        b->boot = "boot-2";
        b->device = 3;
        b->present = false;
        bench_resurrect(b);
        bench_gone(b);
        bench_assert_state(b, JOB_RESTARTING);
}

/* The module is seen later than the daemon starts: that is no restart of the module, however often the daemon
 * restarts. */
START_TEST(module_comes_after_reboot)
{
        g_autoptr(Bench) b = bench_new();

        if (_i == 0)
                bench_update(b);
        else
                bench_go(b);
        ck_assert_uint_eq(b->job->restarts, _i == 0 ? 1 : 0);
        reboot(b);
        bench_resurrect(b);
        bench_gone(b);
        bench_present(b);
        bench_assert_state(b, _i == 0 ? JOB_UPDATING : JOB_VERIFYING);
        ck_assert_uint_eq(b->job->restarts, _i == 0 ? 1 : 0);
        bench_fota(b, "\"UPDATING\",60");
        bench_succeed(b);
        ck_assert_uint_eq(b->job->restarts, _i == 0 ? 2 : 1);
}
END_TEST

/* No command was sent yet: the job begins anew. */
START_TEST(module_comes_after_reboot_before_all)
{
        g_autoptr(Bench) b = bench_new();

        bench_begin(b);
        bench_present(b);
        reboot(b);
        bench_present(b);
        bench_assert_state(b, JOB_PREPARING);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        ck_assert_uint_eq(b->job->restarts, 0);
}
END_TEST

/* Without a boot id, the device number alone still shows a restart. */
START_TEST(no_boot_id)
{
        g_autoptr(Bench) b = bench_new();

        b->boot = "";
        bench_update(b);
        ck_assert_uint_eq(b->job->restarts, 1);
        bench_resurrect(b);
        ck_assert_uint_eq(b->job->restarts, 1);
        b->device++;
        bench_resurrect(b);
        ck_assert_uint_eq(b->job->restarts, 2);
        /* The boot id is now available: it may be another boot. */
        b->boot = "boot-1";
        b->device++;
        bench_resurrect(b);
        ck_assert_uint_eq(b->job->restarts, 2);
}
END_TEST

/* The module had disconnected before. */
START_TEST(module_comes_back_after_reboot)
{
        g_autoptr(Bench) b = bench_new();

        bench_download(b);
        bench_gone(b);
        reboot(b);
        bench_present(b);
        ck_assert_uint_eq(b->job->restarts, 1);
}
END_TEST

/* The cancel is in the record: the next daemon carries it out. */
START_TEST(dead_while_cancelling)
{
        for (int crash = 1; crash < 12; crash++) {
                g_autoptr(Bench) b = bench_new();
                bool cancelled;

                bench_go(b);
                bench_fota(b, "\"HTTPSTART\"");
                b->actions = 0;
                b->crash_at = crash;
                bench_cancel(b);
                if (!b->crashed)
                        bench_fota(b, "\"HTTPEND\",701");
                if (!b->crashed && b->identify)
                        bench_ready(b, OLD_REVISION);
                cancelled = strstr(b->disk, "Abandon=cancelled") != NULL;
                restart_daemon(b, OLD_REVISION);
                for (unsigned i = 0; i < 20 && b->job->state != JOB_FINISHED; i++)
                        if (b->radio_off && !b->identify)
                                bench_fota(b, "\"HTTPEND\",701");
                        else
                                bring_to_an_end(b, OLD_REVISION);
                ck_assert_msg(b->job->result == (cancelled ? JOB_RESULT_CANCELLED : JOB_RESULT_FAILED), "%d: %s", crash,
                              b->job->message);
                ck_assert_msg(!b->radio_off, "%d: the radio stays off", crash);
        }
}
END_TEST

/* ---- the disk */

static int count_persists(unsigned r)
{
        g_autoptr(Bench) b = new_bench(r);

        run(b, r, 0, 0, 0);
        return b->persists;
}

/* No upgrade is begun that could not be recorded; one that was begun is followed to its real end. */
START_TEST(disk_refuses_any_write)
{
        unsigned r = _i & 2; /* whole_run, mini_run */
        int n = count_persists(r);

        for (int k = 1; k <= n; k++) {
                g_autoptr(Bench) b = new_bench(r);

                b->fails_at = k;
                b->fails_on = _i & 1;
                run(b, r, 0, 0, 0);
                ck_assert_msg(b->job->state == JOB_FINISHED && b->results == 1, "write %d: %s", k, b->log->str);
                if (b->upgrades_sent)
                        ck_assert_msg(b->job->result == JOB_RESULT_SUCCESS, "write %d of %d: %s", k, n,
                                      b->job->message);
                else
                        ck_assert_msg(strcmp(job_error_name(b->job), "insufficient-space") == 0, "write %d: %s", k,
                                      b->job->message);
        }
}
END_TEST

/* AT+QFOTADL was sent and its answer is missing when the next write fails: the module has the command all the same. */
START_TEST(disk_refuses_between_command_and_answer)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        b->fails_at = b->persists + 1;
        bench_fota(b, "\"HTTPSTART\"");
        ck_assert_msg(b->job->state != JOB_FINISHED, "%s", b->job->message);
        ck_assert(b->job->sent);
        bench_answer(b, AT_RESULT_OK, -1, "");
        bench_fota(b, "\"HTTPEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
}
END_TEST

/* The failure that the module reported is not replaced by the disk's error. */
START_TEST(disk_refuses_the_result)
{
        g_autoptr(Bench) b = bench_new();

        if (_i == 0) {
                bench_download(b);
        } else {
                bench_go(b);
                bench_fota(b, "\"HTTPSTART\"");
        }
        b->fails_at = b->persists + 1;
        b->fails_on = true;
        bench_fota(b, _i == 0 ? "\"END\",505" : "\"HTTPEND\",714");
        for (unsigned i = 0; i < 5 && b->job->state != JOB_FINISHED; i++)
                if (b->identify)
                        bench_ready(b, OLD_REVISION);
                else
                        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 0 ? "package-check-failed" : "dns-failed");
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

/* The record says that the job runs, and can be neither replaced nor removed: the job ends only once that is
 * possible. */
START_TEST(disk_cannot_record_the_end)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = _i == 0;
        bench_prepare(b, OLD_REVISION);
        b->fails_at = b->persists + 1;
        b->fails_on = b->read_only = true;
        if (_i == 0) {
                bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
                bench_ready(b, OLD_REVISION);
        } else {
                bench_fota(b, "\"HTTPSTART\"");
                bench_fota(b, "\"HTTPEND\",714");
                bench_ready(b, OLD_REVISION);
        }
        while (!g_queue_is_empty(&b->pending))
                bench_answer(b, AT_RESULT_OK, -1, "");
        for (unsigned i = 0; i < 5; i++) {
                ck_assert_msg(b->job->state != JOB_FINISHED && b->results == 0, "%s", b->log->str);
                assert_has(b->job->pending, "is pending");
                ck_assert(!upgrade_is_cancellable(b->job) && !upgrade_is_critical(b->job));
                ck_assert_str_eq(b->power_control, "auto");
                if (i == 2)
                        bench_gone(b);
                else if (i == 3)
                        bench_present(b);
                else
                        bench_tick(b);
        }
        b->fails_at = 0;
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, _i == 0 ? "insufficient-space" : "dns-failed");
        ck_assert_uint_eq(b->upgrades_sent, (unsigned)_i);
        assert_has(b->disk, "State=finished");
        bench_resurrect(b);
        ck_assert_int_eq(b->job->state, JOB_FINISHED);
}
END_TEST

/* The percentage of a success whose end is pending is in no record: the next daemon would report less. */
START_TEST(pending_success_is_not_complete)
{
        g_autoptr(Bench) b = bench_new();

        bench_update(b);
        bench_fota(b, "\"END\",0");
        b->fails_at = b->persists + 1;
        b->fails_on = b->read_only = true;
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        assert_has(b->job->pending, "is pending");
        ck_assert_uint_lt(job_percent_shown(b->job), 100);
        b->fails_at = 0;
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->percent, 100);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-resume");

        tcase_add_test(t, nothing_goes_wrong);
        tcase_add_loop_test(t, dead_after_any_action, 0, G_N_ELEMENTS(runs));
        tcase_add_loop_test(t, dead_twice, 0, G_N_ELEMENTS(runs));
        tcase_add_test(t, dead_before_the_ok);
        tcase_add_test(t, download_fails_before_it_answers);
        tcase_add_loop_test(t, gateway_rebooted, 0, 2);
        tcase_add_test(t, gateway_rebooted_in_the_download);
        tcase_add_test(t, gateway_rebooted_after_a_cancel);
        tcase_add_loop_test(t, module_comes_after_reboot, 0, 2);
        tcase_add_test(t, module_comes_after_reboot_before_all);
        tcase_add_test(t, module_comes_back_after_reboot);
        tcase_add_test(t, no_boot_id);
        tcase_add_test(t, dead_while_cancelling);
        tcase_add_loop_test(t, disk_refuses_any_write, 0, 4);
        tcase_add_test(t, disk_refuses_between_command_and_answer);
        tcase_add_loop_test(t, disk_refuses_the_result, 0, 2);
        tcase_add_loop_test(t, disk_cannot_record_the_end, 0, 2);
        tcase_add_test(t, pending_success_is_not_complete);
        return testing_run(t, "upgrade-resume");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shows that the daemon may die after any action, and again after any action of its successor, while the module goes on
 * without it; and that the disk may refuse any write. AT+QFOTADL is never sent twice, the percentage never goes back,
 * and the verdict is that of the module. */

#include "upgrade-bench.h"

typedef enum StepType { BEGIN, COME, GO, URC, NORMAL, END_OF_STEPS } StepType;

typedef struct Step {
        StepType type;
        const char *text; /* of a URC, or the revision of the firmware that now runs and answers */
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
        { BEGIN, NULL },
        { COME, NULL },
        { NORMAL, OLD_REVISION },
        { URC, "\"HTTPSTART\"" },
        { URC, "\"HTTPEND\",0" },
        { GO, NULL },
        { COME, NULL },
        { URC, "\"START\"" },
        { URC, "\"END\",504" },
        { GO, NULL },
        { COME, NULL },
        { NORMAL, OLD_REVISION },
        { END_OF_STEPS, NULL },
};

static Bench *new_bench(void)
{
        Bench *b = bench_new();
        char *why = NULL;

        g_free(b->urc_port);
        b->urc_port = g_strdup("uart1");
        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        g_free(b->disk);
        b->disk = job_to_text(b->job);
        return b;
}

/* What the module does, whether anybody watches or not. */
static void take_step(Bench *b, const Step *step, const char **revision)
{
        bool watched = !b->crashed;

        switch (step->type) {
        case BEGIN:
                bench_begin(b);
                return;
        case COME:
                if (watched)
                        bench_present(b);
                else {
                        b->device++;
                        b->present = b->at_port = true;
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
                        *revision = NULL; /* it answers nothing from now on */
                bench_fota(b, step->text);
                return;
        case NORMAL:
                *revision = step->text;
                if (watched && b->job->state != JOB_FINISHED)
                        bench_ready(b, step->text);
                return;
        case END_OF_STEPS:
                return;
        }
}

/* A new daemon: the port of a module that answers is asked who it is. */
static void restart_daemon(Bench *b, const char *revision)
{
        while (b->crashed) {
                bench_resurrect(b);
                if (!b->crashed && revision && b->present && b->job->state != JOB_FINISHED)
                        bench_ready(b, revision);
        }
}

/* What the module still has to answer when its steps are over. */
static void bring_to_an_end(Bench *b, const char *revision)
{
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
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

/* Runs the steps; the daemon dies after so many actions, its successor after so many of its own, and both miss as many
 * steps of the module's. Returns the number of actions the first one got to do. */
static int run(Bench *b, const Step *steps, int crash_at, int crash_again, int missed)
{
        const char *revision = NULL;
        int actions = 0;

        b->crash_at = crash_at ?: 1000000;
        b->crash_again = crash_again;
        for (unsigned i = 0; steps[i].type != END_OF_STEPS; i++) {
                /* A module that never got the command stays as it is. */
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

static int count_actions(const Step *steps)
{
        g_autoptr(Bench) b = new_bench();
        int n = run(b, steps, 0, 0, 0);

        ck_assert_int_gt(n, 30);
        return n;
}

static void check_run(const Step *steps, int crash_at, int crash_again, int missed, bool success)
{
        g_autoptr(Bench) b = new_bench();
        g_autofree char *where = g_strdup_printf("dead after %d and %d actions, %d steps missed", crash_at, crash_again,
                                                 missed);

        run(b, steps, crash_at, crash_again, missed);
        ck_assert_msg(b->job->state == JOB_FINISHED, "%s: it is %s", where, job_state_to_string(b->job->state));
        ck_assert_msg(b->upgrades_sent <= 1, "%s", where);
        if (!b->upgrades_sent) { /* died between the disk and the wire: it cannot know, and does not send again */
                ck_assert_msg(b->job->result == JOB_RESULT_FAILED, "%s", where);
                return;
        }
        if (success)
                ck_assert_msg(b->job->result == JOB_RESULT_SUCCESS, "%s: %s", where, b->job->message);
        else
                ck_assert_msg(strcmp(job_error_name(b->job), "update-failed") == 0 ||
                                      strcmp(job_error_name(b->job), "unchanged") == 0 || /* nobody heard the code */
                                      strcmp(job_error_name(b->job), "update-timeout") == 0 || /* nor saw it boot */
                                      strcmp(job_error_name(b->job), "interrupted") == 0,
                              "%s: %s", where, b->job->message);
        ck_assert_msg(strcmp(b->urc_port, "uart1") == 0 && strcmp(b->fota_cid, "1") == 0,
                      "%s: the settings are not put back", where);
        assert_has_not(b->disk, "Geheim7");
}

START_TEST(nothing_goes_wrong)
{
        check_run(whole_run, 0, 0, 0, true);
        check_run(failing_run, 0, 0, 0, false);
}
END_TEST

START_TEST(dead_after_any_action)
{
        const Step *steps = _i == 0 ? whole_run : failing_run;
        int n = count_actions(steps);

        for (int crash = 1; crash <= n; crash++)
                for (int missed = 0; missed < 16; missed++)
                        check_run(steps, crash, 0, missed, _i == 0);
}
END_TEST

START_TEST(dead_twice)
{
        int n = count_actions(whole_run);

        for (int crash = 1; crash <= n; crash++)
                for (int again = 1; again <= 20; again++)
                        for (int missed = 0; missed < 3; missed++)
                                check_run(whole_run, crash, again, missed, true);
}
END_TEST

/* Dead between the command and its answer: the successor follows, and obeys a cancel. */
START_TEST(dead_before_the_ok)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_begin(b);
        bench_present(b);
        bench_ready(b, OLD_REVISION);
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

/* The cancel is on the disk: the next daemon carries it through. */
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

static int count_persists(void)
{
        g_autoptr(Bench) b = new_bench();

        run(b, whole_run, 0, 0, 0);
        return b->persists;
}

/* Nothing is begun that could not be remembered; what was begun is followed to its true end. */
START_TEST(disk_refuses_any_write)
{
        int n = count_persists();

        for (int k = 1; k <= n; k++) {
                g_autoptr(Bench) b = new_bench();

                b->fails_at = k;
                b->fails_on = _i;
                run(b, whole_run, 0, 0, 0);
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

/* AT+QFOTADL is on the wire and its answer not there yet when the next write fails: the module has it nevertheless. */
START_TEST(disk_refuses_between_command_and_answer)
{
        g_autoptr(Bench) b = bench_new();

        b->holds_answers = true;
        bench_begin(b);
        bench_present(b);
        bench_ready(b, OLD_REVISION);
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
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* What the module said of its failure is not replaced by what the disk says. */
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

int main(void)
{
        TCase *t = tcase_create("upgrade-resume");

        tcase_add_test(t, nothing_goes_wrong);
        tcase_add_loop_test(t, dead_after_any_action, 0, 2);
        tcase_add_test(t, dead_twice);
        tcase_add_test(t, dead_before_the_ok);
        tcase_add_loop_test(t, gateway_rebooted, 0, 2);
        tcase_add_test(t, dead_while_cancelling);
        tcase_add_loop_test(t, disk_refuses_any_write, 0, 2);
        tcase_add_test(t, disk_refuses_between_command_and_answer);
        tcase_add_loop_test(t, disk_refuses_the_result, 0, 2);
        return testing_run(t, "upgrade-resume");
}

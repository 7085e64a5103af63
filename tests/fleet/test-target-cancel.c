/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core of fotad-hawkbit: cancellations. */

#include <check.h>

#include "target-bench.h"

#define CONFIRMED "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\""
#define REJECTED  "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"rejected\""
#define CLOSING   "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\""

START_TEST(test_cancel)
{
        Bench *b = bench_new_started();

        b->cancels = true;
        run_on(b);
        assert_log(b, "cancel\n");
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\",\"result\":{"
                      "\"finished\":\"success\"}");
        assert_not_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\"");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

/* 0: too late; 1: fotad refuses. */
START_TEST(test_cancel_rejected)
{
        Bench *b = bench_new_started();

        b->cancels = true;
        if (_i == 0)
                b->job.cancellable = false;
        else
                b->refusal = "org.fotad1.Error.NotCancellable";
        run_on(b);
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"rejected\"");
        end_job(b, "success");
        assert_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\",\"result\":{"
                      "\"finished\":\"success\"}");
        bench_free(b);
}
END_TEST

/* The server does not take the verdict, and withdraws the cancellation: the end of the upgrade is told. The module was
 * too late for the cancellation (0), or fotad refused it (1). */
START_TEST(test_cancel_withdrawn)
{
        Bench *b = bench_new_started();

        b->cancels = true;
        b->verdict_status = 500;
        if (_i == 0)
                b->job.cancellable = false;
        else
                b->refusal = "org.fotad1.Error.NotCancellable";
        run_on(b);
        assert_log(b, REJECTED);
        b->cancels = false;
        b->now += 2 * INTERVAL * SECOND;
        run(b);
        forget_log(b);
        end_job(b, "success");
        b->now += 2 * INTERVAL * SECOND;
        run(b);
        assert_log(b, CLOSING);
        assert_not_log(b, REJECTED);
        bench_free(b);
}
END_TEST

/* hawkBit answers a verdict with 405 if it has one already, because its first answer was lost. The end of the upgrade
 * is told at once, after a rejection (0) and after a confirmation (1), which then closes nothing. */
START_TEST(test_cancel_not_allowed)
{
        Bench *b = bench_new_started();

        b->cancels = true;
        b->verdict_status = 405;
        b->job.cancellable = _i == 1;
        run_on(b);
        assert_log(b, _i ? CONFIRMED : REJECTED);
        if (_i == 0)
                end_job(b, "success");
        assert_log(b, CLOSING);
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

/* Cancel has no answer: fotad may have obeyed (0) or not (1), which the jobs tell that are listed afterwards. */
START_TEST(test_cancel_no_answer)
{
        Bench *b = bench_new_started();

        b->cancels = true;
        b->refusal = "org.freedesktop.DBus.Error.NoReply";
        b->unlists = true;
        run_on(b);
        assert_log(b, "cancel\n");
        assert_not_log(b, "POST /cancelAction");
        b->refusal = NULL;
        b->unlisted = b->unlists = false;
        forget_log(b);
        if (_i == 0)
                finish_job(b, "cancelled");
        run(b);
        if (_i == 0)
                assert_not_log(b, "cancel\n");
        else
                assert_log(b, "cancel\n");
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\"");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

/* The upgrade has succeeded, and the server was told. */
START_TEST(test_cancel_after_the_end)
{
        Bench *b = bench_new_started();

        end_job(b, "success");
        ck_assert_ptr_null(b->deployment);
        b->cancels = true;
        run_on(b);
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"rejected\"");
        bench_free(b);
}
END_TEST

/* The cancellation comes while fotad cannot start the upgrade. */
START_TEST(test_cancel_first)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->refusal = "org.fotad1.Error.Busy";
        run(b);
        b->refusal = NULL;
        b->cancels = true;
        run_on(b);
        run_on(b);
        ck_assert_uint_eq(b->started, 0);
        assert_log(b, "\"execution\":\"closed\"");
        bench_free(b);
}
END_TEST

/* The state is lost, and fotad's jobs are not listed yet when the cancellation comes. */
static Bench *bench_new_lost(void)
{
        Bench *b = bench_new_started();

        lose_state(b);
        b->cancels = true;
        b->unlisted = true;
        return b;
}

static void assert_undecided(Bench *b)
{
        run(b);
        run_on(b);
        assert_log(b, "GET /cancelAction/7 ");
        assert_not_log(b, "/feedback");
}

START_TEST(test_cancel_lost)
{
        Bench *b = bench_new_lost();

        assert_undecided(b);
        b->unlisted = false;
        run(b);
        assert_log(b, "cancel\n");
        assert_log(b, CONFIRMED);
        ck_assert_str_eq(b->job.result, "cancelled");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

/* The job cannot be cancelled any more (0), or has ended (1). */
START_TEST(test_cancel_lost_late)
{
        Bench *b = bench_new_lost();

        b->job.cancellable = false;
        if (_i == 1)
                finish_job(b, "success");
        assert_undecided(b);
        b->unlisted = false;
        run(b);
        assert_log(b, REJECTED);
        if (_i == 0)
                finish_job(b, "success");
        run(b);
        assert_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\",\"result\":{"
                      "\"finished\":\"success\"}");
        assert_not_log(b, CONFIRMED);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* fotad has no job for the deployment: that is known once the jobs are listed and the module is. */
START_TEST(test_cancel_lost_job)
{
        Bench *b = bench_new_lost();

        b->has_job = false;
        assert_undecided(b);
        b->unlisted = false;
        b->without_module = true;
        run(b);
        assert_not_log(b, "/feedback");
        b->without_module = false;
        run(b);
        assert_log(b, CONFIRMED);
        assert_not_log(b, "cancel\n");
        bench_free(b);
}
END_TEST

/* The job runs for another module, which was the target before. */
START_TEST(test_cancel_other_module)
{
        Bench *b = bench_new_lost();

        b->job.imei = "2";
        b->unlisted = false;
        assert_undecided(b);
        assert_not_log(b, "cancel\n");
        b->job.result = "failed";
        run(b);
        assert_log(b, CONFIRMED);
        bench_free(b);
}
END_TEST

/* StartUpgrade has no answer yet. Then there is a job (0), a refusal (1), or no answer at all, and fotad lists its jobs
 * anew: with one for the deployment (2), or without (3). */
START_TEST(test_cancel_unanswered)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->answers_late = true;
        run(b);
        assert_log(b, "start");
        b->cancels = true;
        assert_undecided(b);
        b->refusal = _i == 0 ? NULL : _i == 1 ? "org.fotad1.Error.Busy" : "org.freedesktop.DBus.Error.NoReply";
        b->unlisted = _i >= 2;
        answer_start(b);
        run(b);
        if (_i >= 2) {
                assert_undecided(b);
                b->unlisted = false;
                b->refusal = NULL;
                b->has_job = _i == 2;
                b->job.request_id = REQUEST;
                run(b);
        }
        assert_log(b, CONFIRMED);
        if (_i == 0 || _i == 2)
                ck_assert_str_eq(b->job.result, "cancelled");
        else
                assert_not_log(b, "cancel\n");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

int main(void)
{
        const Case cases[] = {
                { "cancel", test_cancel, 1 },
                { "cancel-rejected", test_cancel_rejected, 2 },
                { "cancel-withdrawn", test_cancel_withdrawn, 2 },
                { "cancel-not-allowed", test_cancel_not_allowed, 2 },
                { "cancel-no-answer", test_cancel_no_answer, 2 },
                { "cancel-after-the-end", test_cancel_after_the_end, 1 },
                { "cancel-first", test_cancel_first, 1 },
                { "cancel-lost", test_cancel_lost, 1 },
                { "cancel-lost-late", test_cancel_lost_late, 2 },
                { "cancel-lost-job", test_cancel_lost_job, 1 },
                { "cancel-other-module", test_cancel_other_module, 1 },
                { "cancel-unanswered", test_cancel_unanswered, 4 },
        };

        return run_cases("target-cancel", cases, G_N_ELEMENTS(cases));
}

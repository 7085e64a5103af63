/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core of fotad-hawkbit: which deployments a target takes up, what it asks fotad for, and how an upgrade ends. */

#include <check.h>
#include <string.h>

#include "target-bench.h"

/* ---- offers */

START_TEST(test_order)
{
        Bench *b = bench_new(UPGRADE_BY_URL);
        const char *write, *start;

        run(b);
        write = strstr(b->log->str, "write\n");
        start = strstr(b->log->str, "start http://fw/" OLD ".bin " REQUEST "\n");
        ck_assert_msg(write && start && write < start, "%s", b->log->str);
        end_job(b, "success");
        assert_log(b,
                   "\"closed\",\"result\":{\"finished\":\"success\"},\"details\":[\"the module reports revision " NEW);
        assert_stage(b, "closed");
        ck_assert_ptr_null(strstr(b->disk, "http://fw")); /* which may contain a password */
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* Another server counts its actions from 1, too: the end of the earlier deployment is not told for the new one. */
START_TEST(test_action_of_another_server)
{
        Bench *b = bench_new_started();

        end_job(b, "success");
        ck_assert_ptr_null(b->deployment);
        forget_log(b);
        b->deployment = "{\"id\":\"7\",\"deployment\":{\"download\":\"forced\",\"update\":\"forced\",\"chunks\":["
                        "{\"part\":\"modem\",\"version\":\"EC200AEUHAR01A09M16\"}]}}";
        run_on(b);
        assert_log(b, "\"failure\"},\"details\":[\"the id of this deployment was that of an earlier one");
        ck_assert_ptr_null(strstr(b->log->str, "success"));
        bench_free(b);
}
END_TEST

/* Two servers, targets or actions never share a request id. */
START_TEST(test_request_id)
{
        static const char *const of[][3] = { { SERVER, "target", "7" },
                                             { "https://s/OTHER", "target", "7" },
                                             { "https://t/DEFAULT", "target", "7" },
                                             { SERVER, "target2", "7" },
                                             { SERVER, "target", "9223372036854775807" } };
        g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(of); i++) {
                TargetSettings settings = { .server = of[i][0], .gateway = "g", .interval = SECOND };
                Record *record = record_new(of[i][0], of[i][1], "1");
                Target *t;
                const char *id;

                g_free(record->action);
                record->action = g_strdup(of[i][2]);
                record->stage = STAGE_ACCEPTED;
                t = target_new(record, &settings, 0, 0);
                id = target_request_id(t);
                ck_assert(*id && strlen(id) <= 64);
                for (const char *p = id; *p; p++)
                        ck_assert(g_ascii_isprint(*p));
                ck_assert_msg(g_hash_table_add(ids, g_strdup(id)), "%s is not the only one", id);
                target_free(t);
        }
}
END_TEST

START_TEST(test_file)
{
        Bench *b = bench_new(UPGRADE_BY_FILE);

        run(b);
        assert_log(b, "write\ndownload\nstart " OLD ".bin " REQUEST "\n");
        bench_free(b);
}
END_TEST

/* A deployment replaces another one during its download. The end of that download is none of the new one, which begins
 * afterwards; 0: the file is complete, 1: it is refused, 2: there was a failure. */
START_TEST(test_file_replaced)
{
        Bench *b = bench_new_downloading(UPGRADE_BY_FILE);

        forget_log(b);
        b->action = "8";
        b->deployment =
                "{\"id\":\"8\",\"deployment\":{\"download\":\"forced\",\"update\":\"forced\",\"chunks\":[" BY_FILE
                "]}}";
        run_on(b);
        assert_log(b, "GET /deploymentBase/8 ");
        assert_not_log(b, "download\n"); /* to the same file */
        b->downloads_late = false;
        target_downloaded(b->t, "7", (TargetDownload)_i, "a reason", 4000, b->now, b->dice);
        run(b);
        assert_log(b, "download\nstart ");
        assert_not_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* fotad could not be asked: the file is compared again before it is. */
START_TEST(test_file_again)
{
        Bench *b = bench_new(UPGRADE_BY_FILE);

        b->refusal = "org.fotad1.Error.Busy";
        run(b);
        b->refusal = NULL;
        forget_log(b);
        run_on(b);
        assert_log(b, "download\nstart ");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* A file is of use to DFOTA only. */
START_TEST(test_file_mini)
{
        Bench *b = bench_new(UPGRADE_BY_FILE);

        b->module.method = "minifota";
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"the module takes no package from the host");
        assert_not_log(b, "start");
        bench_free(b);
}
END_TEST

START_TEST(test_waits)
{
        Bench *b = bench_new(DEPLOYMENT("skip", BY_URL));

        run(b);
        run_on(b);
        assert_not_log(b, "start");
        b->deployment = DEPLOYMENT("attempt", BY_URL);
        b->module.present = false;
        run_on(b);
        assert_not_log(b, "start");
        b->module.present = true;
        run_on(b);
        assert_log(b, "start");
        bench_free(b);
}
END_TEST

/* The module goes while the server is asked for the deployment, and comes back. */
START_TEST(test_module_goes)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->loses_module = true;
        run(b);
        assert_log(b, "GET /deploymentBase/7 ");
        assert_not_log(b, "start");
        assert_not_log(b, "\"closed\"");
        b->loses_module = b->without_module = false;
        run_on(b);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* A module that a job of another client holds is not at the revision for good: when it is offered first (0), and after
 * an attempt to start (1). */
START_TEST(test_held)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->refusal = "org.fotad1.Error.Busy";
        b->module.job = "/other";
        if (_i == 0)
                b->module.revision = NEW;
        run(b);
        b->module.revision = NEW;
        run_on(b);
        run_on(b);
        assert_not_log(b, "\"closed\"");
        b->module.job = "/";
        b->refusal = NULL;
        run_on(b);
        assert_log(b, "\"success\"},\"details\":[\"the module already reports revision " NEW ": nothing was done");
        ck_assert_uint_eq(b->started, 0);
        bench_free(b);
}
END_TEST

/* When the server says that the upgrade, or the download for it, is to be skipped yet, or that the maintenance window
 * is closed, nothing is done until it says otherwise. */
static const struct {
        const char *download, *update, *window;
        bool begins;
} offers[] = {
        { "forced", "forced", "", true },
        { "attempt", "attempt", "", true },
        { "forced", "attempt", ",\"maintenanceWindow\":\"available\"", true },
        { "forced", "skip", ",\"maintenanceWindow\":\"unavailable\"", false },
        { "forced", "forced", ",\"maintenanceWindow\":\"unavailable\"", false },
        { "attempt", "skip", "", false }, /* as an action that is of type "download only" */
        { "skip", "skip", "", false },
        { "skip", "forced", "", false },
};

static char *offer(unsigned i, bool file)
{
        return g_strdup_printf(
                "{\"id\":\"7\",\"deployment\":{\"download\":\"%s\",\"update\":\"%s\"%s,\"chunks\":[%s]}}",
                offers[i].download, offers[i].update, offers[i].window, file ? BY_FILE : BY_URL);
}

START_TEST(test_offers)
{
        g_autofree char *deployment = offer((unsigned)_i / 2, _i % 2), *open = offer(0, _i % 2);
        Bench *b = bench_new(deployment);

        run(b);
        run_on(b);
        ck_assert_uint_eq(b->started, offers[_i / 2].begins);
        if (!offers[_i / 2].begins) {
                assert_not_log(b, "download\n");
                assert_not_log(b, "\"closed\"");
                ck_assert(!b->disk || strstr(b->disk, "stage=none"));
                b->deployment = open;
                run_on(b);
                ck_assert_uint_eq(b->started, 1);
        }
        bench_free(b);
}
END_TEST

/* The maintenance window closes while the artifact is being fetched: the upgrade begins when it opens again. */
START_TEST(test_window_closes)
{
        g_autofree char *open = offer(2, true), *closed = offer(3, true);
        Bench *b = bench_new_downloading(open);

        b->deployment = closed;
        run_on(b);
        end_download(b);
        run_on(b);
        ck_assert_uint_eq(b->started, 0);
        b->deployment = open;
        run_on(b);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* The server takes its offer back while the artifact is being fetched. */
START_TEST(test_offer_withdrawn)
{
        Bench *b = bench_new_downloading(UPGRADE_BY_FILE);

        b->deployment = NULL;
        run_on(b);
        end_download(b);
        ck_assert_uint_eq(b->started, 0);
        bench_free(b);
}
END_TEST

/* A source with a password: the server gave it, but its log of feedback is for more eyes. 0: the upgrade succeeds; 1:
 * it fails; 2: fotad refuses it; 3: the source is wrong. */
START_TEST(test_password)
{
        static const char fits[] = DEPLOYMENT(
                "forced", CHUNK(",\"metadata\":[{\"key\":\"source\",\"value\":\"ftp://u:s3cret@fw/x.bin\"}]"));
        static const char wrong[] = DEPLOYMENT(
                "forced", CHUNK(",\"metadata\":[{\"key\":\"source\",\"value\":\"ftp://u:s3cret@fw/%{imei}\"}]"));
        Bench *b = bench_new(_i < 3 ? fits : wrong);

        if (_i == 2)
                b->refusal = "org.fotad1.Error.InvalidSource";
        run(b);
        if (_i < 2) {
                assert_log(b, "start ftp://u:s3cret@fw/x.bin ");
                end_job(b, _i ? "failed" : "success");
        }
        assert_log(b, "\"closed\"");
        ck_assert_ptr_null(strstr(b->disk, "s3cret"));
        for (const char *at = b->log->str; (at = strstr(at, "s3cret")); at++)
                ck_assert_msg(g_str_has_prefix(at - strlen("start ftp://u:"), "start "), "%s", b->log->str);
        bench_free(b);
}
END_TEST

/* Nothing is done without a version, and with more than one module. */
static const char *const unfit[][2] = {
        { DEPLOYMENT("forced", ""), "0 software modules" },
        { DEPLOYMENT("forced", BY_URL "," BY_URL), "2 software modules" },
        { DEPLOYMENT("forced", "{\"part\":\"os\",\"version\":\"1\"}"), "has the type os" },
        { DEPLOYMENT("forced", "{\"part\":\"modem\",\"version\":\"\"}"), "has no version" },
        { DEPLOYMENT("forced", "{\"part\":\"modem\",\"metadata\":[{\"key\":\"source\",\"value\":\"http://fw/x\"}]}"),
          "has no version" },
        { DEPLOYMENT("forced", CHUNK("")), "neither the metadata source nor an artifact " OLD ".bin" },
        { DEPLOYMENT("forced", CHUNK(",\"metadata\":[{\"key\":\"source\",\"value\":\"http://fw/%{imei}\"}]")),
          "has a placeholder that is neither" },
};

START_TEST(test_unfit)
{
        Bench *b = bench_new(unfit[_i][0]);

        run(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"failure\"}");
        assert_log(b, unfit[_i][1]);
        assert_not_log(b, "start");
        bench_free(b);
}
END_TEST

/* ---- refusals of fotad */

START_TEST(test_refused)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->refusal = "org.fotad1.Error.InvalidSource";
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad refuses the upgrade: because\"");
        bench_free(b);
}
END_TEST

static const char *const passing[] = { "org.fotad1.Error.Busy", "org.fotad1.Error.ModuleNotReady",
                                       "org.fotad1.Error.NoSuchModule", "org.freedesktop.DBus.Error.NoReply" };

START_TEST(test_busy)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->refusal = passing[_i];
        run(b);
        run_on(b);
        assert_not_log(b, "\"closed\"");
        b->refusal = NULL;
        run_on(b);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* fotad has lost the job: that is no success. */
START_TEST(test_job_lost)
{
        Bench *b = bench_new_started();

        b->has_job = false;
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad has no job for this deployment any more");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* A job with the request id that is of an earlier deployment (0), of another module (1) or to another revision (2): its
 * end is not this deployment's. */
static void make_foreign(Bench *b, int how)
{
        if (how == 1)
                b->job.imei = "2";
        if (how == 2)
                b->job.expected_revision = OLD;
}

START_TEST(test_job_of_another)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->has_job = true;
        b->job.request_id = REQUEST;
        b->job.result = _i == 0 ? "success" : "failed";
        b->job.to_revision = NEW;
        make_foreign(b, _i);
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad has a job with the request id");
        assert_not_log(b, "start");
        bench_free(b);
}
END_TEST

/* The same after the upgrade has begun, for another module (0) or to another revision (1). */
START_TEST(test_job_is_another)
{
        Bench *b = bench_new_started();

        finish_job(b, "success");
        make_foreign(b, _i + 1);
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad has no job for this deployment any more");
        assert_not_log(b, "\"finished\":\"success\"");
        bench_free(b);
}
END_TEST

/* The module has the revision, and the job has ended, but without its Result yet: that is no success. */
START_TEST(test_no_result)
{
        Bench *b = bench_new_started();

        b->module.revision = NEW;
        b->job.state = "finished";
        b->job.percent = 100;
        b->job.to_revision = NEW;
        run(b);
        restart(b);
        run(b);
        assert_not_log(b, "\"closed\"");
        end_job(b, "failed");
        assert_not_log(b, "\"finished\":\"success\"");
        assert_log(b, "\"finished\":\"failure\"");
        bench_free(b);
}
END_TEST

START_TEST(test_other_revision)
{
        Bench *b = bench_new_started();

        b->job.result = "success";
        b->job.to_revision = "EC200AEUHAR01A09M16";
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad reports success, but the revision EC200AEUHAR01A09M16 instead "
                      "of " NEW);
        bench_free(b);
}
END_TEST

int main(void)
{
        const Case cases[] = {
                { "order", test_order, 1 },
                { "action-of-another-server", test_action_of_another_server, 1 },
                { "request-id", test_request_id, 1 },
                { "file", test_file, 1 },
                { "file-replaced", test_file_replaced, 3 },
                { "file-again", test_file_again, 1 },
                { "file-mini", test_file_mini, 1 },
                { "waits", test_waits, 1 },
                { "module-goes", test_module_goes, 1 },
                { "held", test_held, 2 },
                { "offers", test_offers, 2 * G_N_ELEMENTS(offers) },
                { "window-closes", test_window_closes, 1 },
                { "offer-withdrawn", test_offer_withdrawn, 1 },
                { "password", test_password, 4 },
                { "unfit", test_unfit, G_N_ELEMENTS(unfit) },
                { "refused", test_refused, 1 },
                { "busy", test_busy, G_N_ELEMENTS(passing) },
                { "job-lost", test_job_lost, 1 },
                { "job-of-another", test_job_of_another, 3 },
                { "job-is-another", test_job_is_another, 2 },
                { "no-result", test_no_result, 1 },
                { "other-revision", test_other_revision, 1 },
        };

        return run_cases("target", cases, G_N_ELEMENTS(cases));
}

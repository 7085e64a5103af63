/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <string.h>

#include "target-bench.h"

static const Job *find_job(void *userdata, const char *request_id)
{
        Bench *b = userdata;

        return b->has_job && !b->unlisted && strcmp(b->job.request_id, request_id) == 0 ? &b->job : NULL;
}

Facts facts_of(Bench *b)
{
        b->seen = b->module;
        return (Facts){ .module = b->without_module ? NULL : &b->seen,
                        .listed = !b->unlisted,
                        .version = "0.1.0",
                        .date = b->now + YEARS - b->set_back,
                        .find_job = find_job,
                        .userdata = b };
}

void expire(Bench *b)
{
        b->seen = (Module){ 0 };
}

Record *new_record(void)
{
        return record_new(SERVER, "target", "1");
}

Bench *bench_new(const char *deployment)
{
        Bench *b = g_new0(Bench, 1);

        b->settings = (TargetSettings){ .server = SERVER, .gateway = "g", .interval = INTERVAL * SECOND };
        b->now = 1000 * SECOND;
        b->dice = TARGET_DICE / 2;
        b->deployment = deployment;
        b->action = "7";
        b->module = (Module){ .path = "/m",
                              .present = true,
                              .id = "usb-1-1",
                              .imei = "1",
                              .model = "EC200A",
                              .revision = OLD,
                              .method = "dfota",
                              .flash = 16,
                              .job = "/" };
        b->job = (Job){ .path = "/j",
                        .request_id = "",
                        .imei = "1",
                        .expected_revision = NEW,
                        .state = "queued",
                        .cancellable = true,
                        .result = "",
                        .to_revision = "",
                        .domain = "",
                        .name = "",
                        .message = "" };
        b->log = g_string_new(NULL);
        b->t = target_new(new_record(), &b->settings, b->now, 0);
        return b;
}

Bench *bench_new_started(void)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        run(b);
        ck_assert_uint_eq(b->started, 1);
        return b;
}

Bench *bench_new_downloading(const char *deployment)
{
        Bench *b = bench_new(deployment);

        b->downloads_late = true;
        run(b);
        assert_log(b, "download\n");
        return b;
}

void bench_free(Bench *b)
{
        target_free(b->t);
        g_free(b->disk);
        g_free(b->request_id);
        g_string_free(b->log, TRUE);
        g_free(b);
}

void restart(Bench *b)
{
        g_autofree char *why = NULL;
        Record *record = b->disk ? record_read(b->disk, &why) : new_record();

        ck_assert_msg(record != NULL, "%s", why);
        target_free(b->t);
        b->t = target_new(record, &b->settings, b->now, 0);
}

void lose_state(Bench *b)
{
        g_clear_pointer(&b->disk, g_free);
        restart(b);
        forget_log(b);
}

void finish_job(Bench *b, const char *result)
{
        b->job.state = "finished";
        b->job.result = (char *)result;
        b->job.cancellable = false;
        b->module.job = "/";
        if (strcmp(result, "success") == 0)
                b->job.to_revision = b->module.revision = NEW;
}

static char *poll_of(const Bench *b)
{
        const char *resource = b->cancels ? "cancelAction" : "deploymentBase";
        g_autofree char *link = g_strdup_printf("\"%s\":{\"href\":\"http://s/%s/%s?c=-1\"}", resource, resource,
                                                b->action);

        return g_strdup_printf("{\"config\":{\"polling\":{\"sleep\":\"00:05:00\"}},\"_links\":{%s}}",
                               b->deployment || b->cancels ? link : "");
}

static void serve(Bench *b, const TargetAction *a)
{
        g_autofree char *poll = NULL;
        const char *body = "";
        Facts facts;
        unsigned status = 200;

        if (b->loses_module)
                b->without_module = true;
        facts = facts_of(b);
        if (strcmp(a->path, "") == 0) {
                body = poll = poll_of(b);
        } else if (strpbrk(a->path, "0123456789") && !strstr(a->path, b->action)) {
                status = strstr(a->path, "/feedback") ? 410 : 404;
        } else if (strcmp(a->path, "/configData") == 0) {
                status = b->attributes_status ?: 200;
        } else if (b->news_status && !strstr(a->path, "/feedback")) {
                status = b->news_status;
        } else if (g_str_has_prefix(a->path, "/deploymentBase/") && g_str_has_suffix(a->path, "/feedback")) {
                if (strstr(a->body, "\"closed\"")) {
                        status = b->closing_status ?: 200;
                        if (status == 200)
                                b->deployment = NULL;
                }
        } else if (g_str_has_prefix(a->path, "/deploymentBase/")) {
                status = b->deployment ? 200 : 404;
                body = b->deployment ?: "";
        } else if (strcmp(a->path, "/cancelAction/7") == 0) {
                body = "{\"id\":\"7\",\"cancelAction\":{\"stopId\":\"7\"}}";
        } else if (strcmp(a->path, "/cancelAction/7/feedback") == 0) {
                status = b->verdict_status ?: 200;
                if (status == 200) {
                        b->cancels = false;
                        if (strstr(a->body, "\"closed\""))
                                b->deployment = NULL;
                }
        }
        if (b->unreachable)
                status = 0;
        target_answered(b->t, &facts, status, status ? body : NULL, status == 503 || status == 429 ? b->retry_after : 0,
                        b->now, b->dice);
        expire(b);
}

void answer_start(Bench *b)
{
        Facts facts;

        if (!b->refusal && !b->has_job) {
                b->has_job = true;
                b->started++;
                b->request_id = g_strdup(target_request_id(b->t));
                b->job.request_id = b->request_id;
                b->module.job = b->job.path;
        }
        facts = facts_of(b);
        target_started(b->t, &facts, b->refusal, b->refusal ? "because" : NULL);
        expire(b);
}

static void begin_job(Bench *b)
{
        const Record *on_disk = target_record(b->t);

        ck_assert_msg(b->disk && strstr(b->disk, "stage=accepted\n"), "not on disk before fotad is asked");
        g_string_append_printf(b->log, "start %s %s\n", on_disk->source, target_request_id(b->t));
        if (!b->answers_late)
                answer_start(b);
}

static void write_record(Bench *b)
{
        const Kill *kill = NULL;

        b->writes++;
        for (size_t i = 0; i < G_N_ELEMENTS(b->kills); i++)
                if (b->kills[i].write == b->writes)
                        kill = &b->kills[i];
        if (!b->disk_refuses && (!kill || kill->replaced)) {
                g_free(b->disk);
                b->disk = record_write(target_record(b->t));
        }
        if (kill)
                restart(b);
        else
                target_written(b->t, !b->disk_refuses, b->now);
}

bool step(Bench *b, uint64_t *ret_until)
{
        Facts facts = facts_of(b);
        TargetAction a = target_next(b->t, &facts, b->now);

        expire(b);
        switch (a.kind) {
        case TARGET_WAIT: *ret_until = a.until; return false;
        case TARGET_WRITE:
                g_string_append(b->log, "write\n");
                write_record(b);
                break;
        case TARGET_START: begin_job(b); break;
        case TARGET_CANCEL:
                ck_assert_str_eq(a.path, b->job.path);
                g_string_append(b->log, "cancel\n");
                if (!b->refusal)
                        finish_job(b, "cancelled");
                b->unlisted = b->unlists;
                target_cancelled(b->t, b->refusal);
                break;
        case TARGET_REQUEST:
                g_string_append_printf(b->log, "%s %s %s\n", a.method, a.path, a.body ?: "");
                serve(b, &a);
                break;
        case TARGET_DOWNLOAD:
                g_string_append(b->log, "download\n");
                if (!b->downloads_late)
                        target_downloaded(b->t, b->action, TARGET_FILE_READY, NULL, 0, b->now, b->dice);
                break;
        }
        g_free(a.path);
        g_free(a.body);
        return true;
}

uint64_t run(Bench *b)
{
        uint64_t until = 0;

        for (unsigned i = 0; step(b, &until); i++)
                ck_assert_msg(i < 100, "it does not come to rest: %s", b->log->str);
        return until;
}

void run_on(Bench *b)
{
        uint64_t until = run(b);

        ck_assert_uint_gt(until, b->now);
        ck_assert_uint_ne(until, UINT64_MAX);
        b->now = until;
        run(b);
}

void end_job(Bench *b, const char *result)
{
        finish_job(b, result);
        run(b);
}

void end_download(Bench *b)
{
        target_downloaded(b->t, "7", TARGET_FILE_READY, NULL, 0, b->now, b->dice);
        run(b);
}

void forget_log(Bench *b)
{
        g_string_truncate(b->log, 0);
}

void assert_log(Bench *b, const char *part)
{
        ck_assert_msg(strstr(b->log->str, part) != NULL, "not '%s' in: %s", part, b->log->str);
}

void assert_not_log(Bench *b, const char *part)
{
        ck_assert_msg(strstr(b->log->str, part) == NULL, "'%s' in: %s", part, b->log->str);
}

void assert_stage(Bench *b, const char *stage)
{
        g_autofree char *line = g_strdup_printf("stage=%s\n", stage);

        ck_assert_msg(b->disk && strstr(b->disk, line), "not %s in: %s", line, b->disk);
}

int run_cases(const char *name, const Case *cases, size_t count)
{
        Suite *suite = suite_create(name);
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < count; i++) {
                TCase *tcase = tcase_create(cases[i].name);

                tcase_add_loop_test(tcase, cases[i].function, 0, (int)cases[i].count);
                suite_add_tcase(suite, tcase);
        }
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

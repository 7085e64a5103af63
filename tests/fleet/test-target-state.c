/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core of fotad-hawkbit: the state file of a target, kills of the process, and that no upgrade is started twice. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "target-bench.h"

/* ---- never twice */

/* The process is killed behind the action with that number, and again behind the next one. */
START_TEST(test_killed)
{
        for (unsigned end = 0; end < 2; end++) {
                Bench *b = bench_new(_i % 2 ? UPGRADE_BY_FILE : UPGRADE_BY_URL);
                unsigned left = (unsigned)_i / 2;
                uint64_t until;

                for (unsigned kills = 0; kills < 2; kills++) {
                        for (unsigned i = 0; i < left && step(b, &until); i++)
                                if (i == 11 && b->has_job && end)
                                        finish_job(b, "success");
                        restart(b);
                        left = 1;
                }
                run(b);
                ck_assert_uint_eq(b->started, 1);
                if (!*b->job.result)
                        finish_job(b, "success");
                run(b);
                ck_assert_msg(b->deployment == NULL, "not closed: %s", b->log->str);
                assert_log(b, "\"finished\":\"success\"");
                assert_not_log(b, "\"finished\":\"failure\"");
                ck_assert_uint_eq(b->started, 1);
                bench_free(b);
        }
}
END_TEST

/* An upgrade whose bridge is killed at those writes. Returns the number of writes. */
static unsigned upgrade_killed(const Kill first, const Kill second, bool file, const char *result)
{
        Bench *b = bench_new(file ? UPGRADE_BY_FILE : UPGRADE_BY_URL);
        unsigned writes;

        b->kills[0] = first;
        b->kills[1] = second;
        run(b);
        b->job.state = "updating";
        b->job.percent = 30;
        run(b);
        end_job(b, result);
        ck_assert_msg(b->deployment == NULL, "not closed after kills at the writes %u and %u: %s", first.write,
                      second.write, b->log->str);
        assert_stage(b, "closed");
        ck_assert_uint_eq(b->started, 1);
        assert_log(b, strcmp(result, "success") == 0 ? "\"finished\":\"success\"" : "\"finished\":\"failure\"");
        assert_not_log(b, strcmp(result, "success") == 0 ? "\"finished\":\"failure\"" : "\"finished\":\"success\"");
        writes = b->writes;
        bench_free(b);
        return writes;
}

/* The process is killed at each write of the state file, before and after the file is replaced, and the next one again
 * at each later write. */
START_TEST(test_killed_at_write)
{
        static const char *const results[] = { "success", "failed" };
        unsigned last = upgrade_killed((Kill){ 0 }, (Kill){ 0 }, _i & 1, results[_i >> 1]);

        ck_assert_uint_ge(last, 5); /* attributes, accepted, started, progress, ended, closed */
        for (unsigned k = 1; k <= last; k++)
                for (unsigned replaced = 0; replaced < 4; replaced++) {
                        Kill first = { k, replaced & 1 };
                        unsigned end = upgrade_killed(first, (Kill){ 0 }, _i & 1, results[_i >> 1]);

                        for (unsigned l = k + 1; l <= end; l++)
                                upgrade_killed(first, (Kill){ l, replaced & 2 }, _i & 1, results[_i >> 1]);
                }
}
END_TEST

/* A failed upgrade is not tried again, although the server goes on to offer it, and does not take its end. */
START_TEST(test_no_retry)
{
        Bench *b = bench_new_started();

        b->closing_status = 500;
        finish_job(b, "failed");
        for (unsigned i = 0; i < 50; i++) {
                run_on(b);
                if (i % 10 == 0)
                        restart(b);
        }
        b->closing_status = 410;
        for (unsigned i = 0; i < 50; i++)
                run_on(b);
        ck_assert_ptr_nonnull(b->deployment);
        ck_assert_uint_eq(b->started, 1);
        ck_assert_ptr_null(strstr(strstr(b->log->str, "start ") + 1, "start "));
        bench_free(b);
}
END_TEST

/* The disk refuses: fotad is not asked before it takes the record. */
START_TEST(test_disk_refuses)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->disk_refuses = true;
        run(b);
        run_on(b);
        assert_not_log(b, "start");
        b->disk_refuses = false;
        run_on(b);
        for (unsigned i = 0; i < 4 && !b->started; i++)
                run_on(b);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* The upgrade could begin at last when the server cannot be reached any more: its offer may not hold. */
START_TEST(test_offer_is_old)
{
        Bench *b = bench_new(UPGRADE_BY_URL);
        uint64_t until;

        while (!strstr(b->log->str, "GET /deploymentBase/7"))
                ck_assert(step(b, &until));
        b->disk_refuses = true;
        run(b);
        b->unreachable = true;
        b->now += 2 * INTERVAL * SECOND;
        b->disk_refuses = false;
        for (unsigned i = 0; i < 4; i++)
                run_on(b);
        ck_assert_uint_eq(b->started, 0);
        b->unreachable = false;
        for (unsigned i = 0; i < 4 && !b->started; i++)
                run_on(b);
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* A server that has forgotten what it was told, as one that was restored from a copy. fotad has the job (0), or has
 * removed it (1). */
START_TEST(test_offered_again)
{
        Bench *b = bench_new_started();

        end_job(b, "failed");
        ck_assert_ptr_null(b->deployment);
        b->deployment = UPGRADE_BY_URL;
        b->has_job = _i == 0;
        forget_log(b);
        run_on(b);
        ck_assert_ptr_null(b->deployment);
        assert_log(b, "\"finished\":\"failure\"");
        assert_not_log(b, "start");
        bench_free(b);
}
END_TEST

/* The same after a success, which is told again only if the module still has the revision: it has (0), or the server
 * was set up anew, and the module has another revision (1). A job of another client may change it (2). */
START_TEST(test_success_offered_again)
{
        Bench *b = bench_new_started();

        end_job(b, "success");
        b->deployment = UPGRADE_BY_URL;
        b->module.present = b->has_job = false;
        forget_log(b);
        run_on(b);
        b->module.present = true;
        b->module.revision = "";
        run_on(b);
        b->module.revision = _i == 1 ? OLD : NEW;
        b->unlisted = true;
        run_on(b);
        if (_i == 2) {
                b->unlisted = false;
                b->module.job = "/other";
                run_on(b);
        }
        assert_not_log(b, "\"closed\"");
        b->unlisted = false;
        b->module.job = "/";
        run_on(b);
        assert_log(
                b,
                _i == 1 ? "\"finished\":\"failure\"},\"details\":[\"the id of this deployment was that of an earlier "
                          "one, which succeeded, but the module reports revision " OLD " instead of " NEW
                        : "\"finished\":\"success\"");
        assert_not_log(b, _i == 1 ? "\"finished\":\"success\"" : "\"finished\":\"failure\"");
        assert_stage(b, "closed");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* ---- the state directory */

#define RECORD_LINES 17 /* [target], and each value */

typedef struct Directory {
        char *path, *file;
} Directory;

/* With one state file, of a deployment that has ended at SERVER. */
static Directory directory_new(void)
{
        Directory d = { .path = g_dir_make_tmp("target-XXXXXX", NULL) };
        Record *record = new_record();

        ck_assert_ptr_nonnull(d.path);
        d.file = g_build_filename(d.path, "target.target", NULL);
        g_free(record->action);
        record->action = g_strdup("7");
        record->stage = STAGE_ENDED;
        record->success = true;
        ck_assert(store_write(d.path, record));
        record_free(record);
        return d;
}

/* Removes the file, which has that suffix now, and the directory, in which nothing else is left. */
static void directory_free(Directory *d, const char *suffix)
{
        g_autofree char *file = g_strconcat(d->file, suffix, NULL);

        ck_assert_int_eq(g_unlink(file), 0);
        ck_assert_int_eq(g_rmdir(d->path), 0);
        g_free(d->path);
        g_free(d->file);
}

/* The number of records that the directory has for that server. */
static unsigned count_records(const Directory *d, const char *server)
{
        g_autoptr(GPtrArray) records = store_read(d->path, server);

        ck_assert_ptr_nonnull(records);
        for (unsigned i = 0; i < records->len; i++)
                record_free(g_ptr_array_index(records, i));
        return records->len;
}

START_TEST(test_store)
{
        Directory d = directory_new();

        ck_assert_uint_eq(count_records(&d, SERVER), 1);
        directory_free(&d, "");
}
END_TEST

static const char *const other_servers[] = { "https://s/OTHER", "https://t/DEFAULT" };

START_TEST(test_store_other)
{
        Directory d = directory_new();

        ck_assert_uint_eq(count_records(&d, other_servers[_i]), 0);
        ck_assert_uint_eq(count_records(&d, SERVER), 0); /* of the next process */
        directory_free(&d, ".other");
}
END_TEST

/* Whatever is left of a file that was cut: it is set aside. The last character is a newline. */
START_TEST(test_store_broken)
{
        g_autofree char *text = NULL;
        Directory d = directory_new();
        size_t length;

        ck_assert(g_file_get_contents(d.file, &text, &length, NULL));
        for (size_t i = 0; i + 1 < length; i++) {
                g_autofree char *broken = g_strconcat(d.file, ".broken", NULL), *kept = NULL;

                ck_assert(g_file_set_contents(d.file, text, (gssize)i, NULL));
                ck_assert_msg(count_records(&d, SERVER) == 0, "a file of %zu bytes is read", i);
                ck_assert(g_file_get_contents(broken, &kept, NULL, NULL));
                ck_assert_uint_eq(strlen(kept), i);
        }
        directory_free(&d, ".broken");
}
END_TEST

/* A file that lacks any line is none, such as one that names no server. */
START_TEST(test_store_line_missing)
{
        g_autofree char *text = NULL;
        Directory d = directory_new();
        g_auto(GStrv) lines = NULL;

        ck_assert(g_file_get_contents(d.file, &text, NULL, NULL));
        lines = g_strsplit(g_strchomp(text), "\n", -1);
        ck_assert_uint_eq(g_strv_length(lines), RECORD_LINES);
        for (char **line = lines; *line; line++) {
                g_autofree char *taken = *line, *less = NULL;

                *line = g_strdup("");
                less = g_strjoinv("\n", lines);
                ck_assert(g_file_set_contents(d.file, less, -1, NULL));
                ck_assert_msg(count_records(&d, SERVER) == 0, "a file without %s is read", taken);
                g_free(*line);
                *line = g_steal_pointer(&taken);
        }
        directory_free(&d, ".broken");
}
END_TEST

/* After its loss: the server offers the deployment again, whose job runs (0), or has failed (1). */
START_TEST(test_state_lost)
{
        Bench *b = bench_new_started();

        b->module.present = false;
        if (_i == 0)
                b->deployment = DEPLOYMENT("skip", CHUNK(""));
        else
                finish_job(b, "failed");
        lose_state(b);
        run(b);
        if (_i == 0) {
                assert_not_log(b, "\"closed\"");
                end_job(b, "failed");
        }
        assert_log(b, "\"finished\":\"failure\"},\"details\":[\"failed ");
        assert_not_log(b, "start");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* After its loss: the job of the deployment that is offered again has succeeded. Nothing is told before the module is
 * back, whose revision then says whether the job is of this deployment (0), or of an earlier one with its id (1). */
START_TEST(test_state_lost_success)
{
        Bench *b = bench_new_started();

        finish_job(b, "success");
        b->module.present = false;
        lose_state(b);
        run(b);
        run_on(b);
        b->module.present = true;
        b->module.revision = "";
        run_on(b);
        assert_not_log(b, "\"closed\"");
        b->module.revision = _i == 0 ? NEW : OLD;
        run(b);
        assert_log(b, _i == 0 ? "\"finished\":\"success\"},\"details\":[\"the module reports revision " NEW
                              : "\"finished\":\"failure\"},\"details\":[\"fotad has a job with the request id");
        assert_not_log(b, _i == 0 ? "\"finished\":\"failure\"" : "\"finished\":\"success\"");
        assert_not_log(b, "start");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

int main(void)
{
        const Case cases[] = {
                { "killed", test_killed, 40 },
                { "killed-at-write", test_killed_at_write, 4 },
                { "no-retry", test_no_retry, 1 },
                { "disk-refuses", test_disk_refuses, 1 },
                { "offer-is-old", test_offer_is_old, 1 },
                { "offered-again", test_offered_again, 2 },
                { "success-offered-again", test_success_offered_again, 3 },
                { "store", test_store, 1 },
                { "store-other", test_store_other, G_N_ELEMENTS(other_servers) },
                { "store-broken", test_store_broken, 1 },
                { "store-line-missing", test_store_line_missing, 1 },
                { "state-lost", test_state_lost, 2 },
                { "state-lost-success", test_state_lost_success, 2 },
        };

        return run_cases("target-state", cases, G_N_ELEMENTS(cases));
}

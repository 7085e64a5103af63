/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core of fotad-hawkbit: one target between a server and a fotad that are a few lines each. Nothing waits: the time
 * is a number. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/ddi.h"
#include "core/target.h"
#include "log.h"
#include "store.h"

#define SECOND   ((uint64_t)G_USEC_PER_SEC)
#define OLD      "EC200AEUHAR01A02M16"
#define NEW      "EC200AEUHAR01A03M16"
#define INTERVAL 300
#define YEARS    (1700000000 * SECOND) /* from 1970 to the time 0 of the target's clock */
#define SERVER   "https://s/DEFAULT"
#define REQUEST  "hawkbit-7-6de0abeddd09f0f8f244b99815fc0386" /* of action 7 of that server's target */
#define DEPLOYMENT(update, chunks)                                                                                     \
        "{\"id\":\"7\",\"deployment\":{\"download\":\"forced\",\"update\":\"" update "\",\"chunks\":[" chunks "]}}"
#define CHUNK(more) "{\"part\":\"modem\",\"version\":\"" NEW "\"" more "}"
#define BY_URL      CHUNK(",\"metadata\":[{\"key\":\"source\",\"value\":\"http://fw/%{revision}.bin\"}]")
#define BY_FILE                                                                                                        \
        CHUNK(",\"artifacts\":[{\"filename\":\"" OLD ".bin\",\"size\":9,\"hashes\":{\"sha256\":\"ab\"},"               \
              "\"_links\":{\"download\":{\"href\":\"https://s/a\"}}}]")

/* The process is killed at the write of the state file with that number, counted from 1; 0: at none. */
typedef struct Kill {
        unsigned write;
        bool replaced; /* the file */
} Kill;

typedef struct Bench {
        Target *t;
        TargetSettings settings;
        uint64_t now, set_back;
        unsigned dice;
        char *disk; /* the state file */
        bool disk_refuses;
        unsigned writes; /* of the state file */
        Kill kills[2];
        /* the server */
        const char *deployment; /* NULL: it offers none */
        const char *action;     /* its id */
        bool cancels;
        unsigned closing_status, attributes_status, retry_after; /* 0: 200 */
        bool unreachable;
        /* fotad */
        Module module, seen; /* seen: as the target has it during a call */
        Job job;
        bool has_job;
        char *request_id; /* of the job */
        unsigned started; /* jobs */
        const char *refusal;
        bool unlisted, without_module; /* fotad's jobs are not listed; fotad does not know the module */
        bool unlists;                  /* the jobs, when it is asked to cancel */
        bool loses_module;             /* while the server is asked */
        bool answers_late;             /* the case answers StartUpgrade */
        bool downloads_late;           /* the case ends downloads */
        GString *log;                  /* of all that the target did */
} Bench;

static const Job *find_job(void *userdata, const char *request_id)
{
        Bench *b = userdata;

        return b->has_job && !b->unlisted && strcmp(b->job.request_id, request_id) == 0 ? &b->job : NULL;
}

/* Until expire(). */
static Facts facts_of(Bench *b)
{
        b->seen = b->module;
        return (Facts){ .module = b->without_module ? NULL : &b->seen,
                        .listed = !b->unlisted,
                        .version = "0.1.0",
                        .date = b->now + YEARS - b->set_back,
                        .find_job = find_job,
                        .userdata = b };
}

/* A target that uses the module after the call crashes. */
static void expire(Bench *b)
{
        b->seen = (Module){ 0 };
}

static Record *new_record(void)
{
        return record_new(SERVER, "target", "1");
}

static Bench *bench_new(const char *deployment)
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

static void bench_free(Bench *b)
{
        target_free(b->t);
        g_free(b->disk);
        g_free(b->request_id);
        g_string_free(b->log, TRUE);
        g_free(b);
}

/* The process is killed, and another one is started with what is on disk. */
static void restart(Bench *b)
{
        g_autofree char *why = NULL;
        Record *record = b->disk ? record_read(b->disk, &why) : new_record();

        ck_assert_msg(record != NULL, "%s", why);
        target_free(b->t);
        b->t = target_new(record, &b->settings, b->now, 0);
}

/* The state directory is lost, or its file is broken. */
static void lose_state(Bench *b)
{
        g_clear_pointer(&b->disk, g_free);
        restart(b);
        g_string_truncate(b->log, 0);
}

static void finish_job(Bench *b, const char *result)
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
                b->cancels = false;
                if (strstr(a->body, "\"closed\""))
                        b->deployment = NULL;
        }
        if (b->unreachable)
                status = 0;
        target_answered(b->t, &facts, status, status ? body : NULL, status == 503 || status == 429 ? b->retry_after : 0,
                        b->now, b->dice);
        expire(b);
}

/* fotad answers StartUpgrade. */
static void answer_start(Bench *b)
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

/* Carries out one action. Returns false if the target waits, with the time until which it waits. */
static bool step(Bench *b, uint64_t *ret_until)
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

/* Until the target waits. Returns the time until which it does. */
static uint64_t run(Bench *b)
{
        uint64_t until = 0;

        for (unsigned i = 0; step(b, &until); i++)
                ck_assert_msg(i < 100, "it does not come to rest: %s", b->log->str);
        return until;
}

/* run(), and on to the next time that it waits for. */
static void run_on(Bench *b)
{
        uint64_t until = run(b);

        ck_assert_uint_gt(until, b->now);
        ck_assert_uint_ne(until, UINT64_MAX);
        b->now = until;
        run(b);
}

static void assert_log(Bench *b, const char *part)
{
        ck_assert_msg(strstr(b->log->str, part) != NULL, "not '%s' in: %s", part, b->log->str);
}

static void assert_not_log(Bench *b, const char *part)
{
        ck_assert_msg(strstr(b->log->str, part) == NULL, "'%s' in: %s", part, b->log->str);
}

/* ---- a deployment */

START_TEST(test_order)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));
        const char *write, *start;

        run(b);
        write = strstr(b->log->str, "write\n");
        start = strstr(b->log->str, "start http://fw/" OLD ".bin " REQUEST "\n");
        ck_assert_msg(write && start && write < start, "%s", b->log->str);
        finish_job(b, "success");
        run(b);
        assert_log(b,
                   "\"closed\",\"result\":{\"finished\":\"success\"},\"details\":[\"the module reports revision " NEW);
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        ck_assert_ptr_null(strstr(b->disk, "http://fw")); /* which may contain a password */
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* Another server counts its actions from 1, too: the end of the earlier deployment is not told for the new one. */
START_TEST(test_action_of_another_server)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        finish_job(b, "success");
        run(b);
        ck_assert_ptr_null(b->deployment);
        g_string_truncate(b->log, 0);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_FILE));

        run(b);
        assert_log(b, "write\ndownload\nstart " OLD ".bin " REQUEST "\n");
        bench_free(b);
}
END_TEST

/* A deployment replaces another one during its download. The end of that download is none of the new one, which begins
 * afterwards; 0: the file is complete, 1: it is refused, 2: there was a failure. */
START_TEST(test_file_replaced)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_FILE));

        b->downloads_late = true;
        run(b);
        assert_log(b, "download");
        g_string_truncate(b->log, 0);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_FILE));

        b->refusal = "org.fotad1.Error.Busy";
        run(b);
        b->refusal = NULL;
        g_string_truncate(b->log, 0);
        run_on(b);
        assert_log(b, "download\nstart ");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* A file is of use to DFOTA only. */
START_TEST(test_file_mini)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_FILE));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(open);

        b->downloads_late = true;
        run(b);
        assert_log(b, "download\n");
        b->deployment = closed;
        run_on(b);
        target_downloaded(b->t, "7", TARGET_FILE_READY, NULL, 0, b->now, b->dice);
        run(b);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_FILE));

        b->downloads_late = true;
        run(b);
        assert_log(b, "download\n");
        b->deployment = NULL;
        run_on(b);
        target_downloaded(b->t, "7", TARGET_FILE_READY, NULL, 0, b->now, b->dice);
        run(b);
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
                finish_job(b, _i ? "failed" : "success");
                run(b);
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

/* ---- never twice */

/* The process is killed behind the action with that number, and again behind the next one. */
START_TEST(test_killed)
{
        for (unsigned end = 0; end < 2; end++) {
                Bench *b = bench_new(_i % 2 ? DEPLOYMENT("forced", BY_FILE) : DEPLOYMENT("forced", BY_URL));
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
        Bench *b = bench_new(file ? DEPLOYMENT("forced", BY_FILE) : DEPLOYMENT("forced", BY_URL));
        unsigned writes;

        b->kills[0] = first;
        b->kills[1] = second;
        run(b);
        b->job.state = "updating";
        b->job.percent = 30;
        run(b);
        finish_job(b, result);
        run(b);
        ck_assert_msg(b->deployment == NULL, "not closed after kills at the writes %u and %u: %s", first.write,
                      second.write, b->log->str);
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        finish_job(b, "failed");
        run(b);
        ck_assert_ptr_null(b->deployment);
        b->deployment = DEPLOYMENT("forced", BY_URL);
        b->has_job = _i == 0;
        g_string_truncate(b->log, 0);
        run_on(b);
        ck_assert_ptr_null(b->deployment);
        assert_log(b, "\"finished\":\"failure\"");
        assert_not_log(b, "start");
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

/* After its loss: the server offers the deployment again, whose job runs (0), has failed (1), or has succeeded (2). */
START_TEST(test_state_lost)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        ck_assert_uint_eq(b->started, 1);
        b->module.present = false;
        if (_i == 0)
                b->deployment = DEPLOYMENT("skip", CHUNK(""));
        if (_i > 0)
                finish_job(b, _i == 1 ? "failed" : "success");
        lose_state(b);
        run(b);
        if (_i == 0) {
                assert_not_log(b, "\"closed\"");
                finish_job(b, "failed");
                run(b);
        }
        assert_log(b, _i == 2 ? "\"finished\":\"success\"},\"details\":[\"the module reports revision"
                              : "\"finished\":\"failure\"},\"details\":[\"failed ");
        assert_not_log(b, "start");
        ck_assert_uint_eq(b->started, 1);
        bench_free(b);
}
END_TEST

/* ---- refusals of fotad */

START_TEST(test_refused)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->module.revision = NEW;
        b->job.state = "finished";
        b->job.percent = 100;
        b->job.to_revision = NEW;
        run(b);
        restart(b);
        run(b);
        assert_not_log(b, "\"closed\"");
        finish_job(b, "failed");
        run(b);
        assert_not_log(b, "\"finished\":\"success\"");
        assert_log(b, "\"finished\":\"failure\"");
        bench_free(b);
}
END_TEST

START_TEST(test_other_revision)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->job.result = "success";
        b->job.to_revision = "EC200AEUHAR01A09M16";
        run(b);
        assert_log(b, "\"failure\"},\"details\":[\"fotad reports success, but the revision EC200AEUHAR01A09M16 instead "
                      "of " NEW);
        bench_free(b);
}
END_TEST

/* ---- feedback */

START_TEST(test_progress)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->job.state = "downloading";
        for (b->job.percent = 0; b->job.percent < 60; b->job.percent++)
                run(b);
        assert_log(b, "[\"downloading, 0 %\"]");
        assert_log(b, "[\"downloading, 25 %\"]");
        assert_log(b, "[\"downloading, 50 %\"]");
        assert_not_log(b, "[\"downloading, 24 %\"]");
        restart(b);
        g_string_truncate(b->log, 0);
        run(b);
        assert_not_log(b, "proceeding"); /* what was told is on the disk */
        b->job.state = "stalled";
        b->job.message = "wait <now> & here";
        run(b);
        assert_log(b, "[\"stalled, 60 %: wait (now) + here\"]");
        g_string_truncate(b->log, 0);
        for (unsigned i = 0; i < 86400 / INTERVAL - 1; i++) {
                run_on(b);
                if (i % 100 == 0)
                        restart(b);
        }
        assert_not_log(b, "stalled");
        run_on(b);
        run_on(b);
        assert_log(b, "stalled");
        assert_not_log(b, "\"closed\"");
        g_string_truncate(b->log, 0);
        restart(b);
        run(b);
        assert_not_log(b, "stalled");
        bench_free(b);
}
END_TEST

/* The clock is set back by years, as on a gateway whose clock has no battery: the module is not silent for years. */
START_TEST(test_clock_set_back)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->job.state = "stalled";
        run(b);
        assert_log(b, "[\"stalled, 0 %: ");
        g_string_truncate(b->log, 0);
        b->set_back = YEARS;
        run(b);
        assert_log(b, "[\"stalled, 0 %: ");
        g_string_truncate(b->log, 0);
        run_on(b);
        assert_not_log(b, "stalled");
        bench_free(b);
}
END_TEST

static const unsigned settling[] = { 200, 404, 410 };

START_TEST(test_closing_settled)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        b->closing_status = settling[_i];
        run(b);
        finish_job(b, "success");
        run(b);
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        bench_free(b);
}
END_TEST

static const unsigned unsettling[] = { 400, 401, 403, 409, 429, 500, 503 };

START_TEST(test_closing_kept)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        b->closing_status = unsettling[_i];
        run(b);
        finish_job(b, "success");
        run(b);
        run_on(b);
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=ended"));
        restart(b);
        g_string_truncate(b->log, 0);
        b->closing_status = 0;
        run(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"success\"}");
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        bench_free(b);
}
END_TEST

/* The end is on the disk before the server can be reached, and outlives the process and fotad's job. */
START_TEST(test_closing_outlives)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->unreachable = true;
        finish_job(b, "success");
        run(b);
        restart(b);
        b->has_job = b->unreachable = false;
        run(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"success\"}");
        assert_not_log(b, "\"finished\":\"failure\"");
        bench_free(b);
}
END_TEST

/* A text that the server refuses does not keep the result from it. */
START_TEST(test_closing_bare)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        b->closing_status = 400;
        run(b);
        finish_job(b, "success");
        run(b);
        g_string_truncate(b->log, 0);
        run_on(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"success\"}}}");
        bench_free(b);
}
END_TEST

/* ---- cancellation */

START_TEST(test_cancel)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->cancels = true;
        run_on(b);
        assert_log(b, "cancel\n");
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\",\"result\":{"
                      "\"finished\":\"success\"}");
        assert_not_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\"");
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        bench_free(b);
}
END_TEST

/* 0: too late; 1: fotad refuses. */
START_TEST(test_cancel_rejected)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->cancels = true;
        if (_i == 0)
                b->job.cancellable = false;
        else
                b->refusal = "org.fotad1.Error.NotCancellable";
        run_on(b);
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"rejected\"");
        finish_job(b, "success");
        run(b);
        assert_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\",\"result\":{"
                      "\"finished\":\"success\"}");
        bench_free(b);
}
END_TEST

/* Cancel has no answer: fotad may have obeyed (0) or not (1), which the jobs tell that are listed afterwards. */
START_TEST(test_cancel_no_answer)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->cancels = true;
        b->refusal = "org.freedesktop.DBus.Error.NoReply";
        b->unlists = true;
        run_on(b);
        assert_log(b, "cancel\n");
        assert_not_log(b, "POST /cancelAction");
        b->refusal = NULL;
        b->unlisted = b->unlists = false;
        g_string_truncate(b->log, 0);
        if (_i == 0)
                finish_job(b, "cancelled");
        run(b);
        if (_i == 0)
                assert_not_log(b, "cancel\n");
        else
                assert_log(b, "cancel\n");
        assert_log(b, "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\"");
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        bench_free(b);
}
END_TEST

/* The upgrade has succeeded, and the server was told. */
START_TEST(test_cancel_after_the_end)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        finish_job(b, "success");
        run(b);
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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

#define CONFIRMED "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"closed\""
#define REJECTED  "POST /cancelAction/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"rejected\""

/* The state is lost, and fotad's jobs are not listed yet when the cancellation comes. */
static Bench *bench_new_lost(void)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
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
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
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
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

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
        ck_assert_ptr_nonnull(strstr(b->disk, "stage=closed"));
        bench_free(b);
}
END_TEST

/* ---- times */

/* The first poll is anywhere in the interval, each other one 20 % around it. */
START_TEST(test_jitter)
{
        static const unsigned dice[] = { 0, TARGET_DICE / 2, TARGET_DICE }, after[] = { 240, 300, 360 };
        Bench *b = bench_new(NULL);
        Target *first = target_new(record_new(SERVER, "x", "2"), &b->settings, b->now, dice[_i]);
        Facts facts = facts_of(b);
        TargetAction a = target_next(first, &facts, b->now);

        ck_assert_int_eq(a.kind, _i == 0 ? TARGET_REQUEST : TARGET_WAIT);
        if (_i > 0)
                ck_assert_uint_eq(a.until, b->now + INTERVAL * SECOND * dice[_i] / TARGET_DICE);
        g_free(a.path);
        target_free(first);
        b->dice = dice[_i];
        ck_assert_uint_eq(run(b), b->now + after[_i] * SECOND);
        bench_free(b);
}
END_TEST

START_TEST(test_back_off)
{
        Bench *b = bench_new(NULL);
        uint64_t expected = 5;

        b->unreachable = true;
        for (unsigned i = 0; i < 20; i++) {
                uint64_t until = run(b);

                ck_assert_uint_eq(until - b->now, expected * SECOND);
                expected = MIN(900, expected * 2);
                b->now = until;
        }
        b->unreachable = false;
        ck_assert_uint_eq(run(b), b->now + INTERVAL * SECOND);
        bench_free(b);
}
END_TEST

START_TEST(test_retry_after)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->closing_status = 503;
        b->retry_after = 4000;
        finish_job(b, "success");
        ck_assert_uint_eq(run(b), b->now + 4000 * SECOND);
        bench_free(b);
}
END_TEST

/* The server refuses the attributes again and again: the end of an upgrade is told at once. */
START_TEST(test_attributes_refused)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        b->attributes_status = 400;
        run(b);
        for (unsigned i = 0; i < 20; i++)
                run_on(b);
        ck_assert_uint_eq(b->started, 1);
        finish_job(b, "success");
        run(b);
        assert_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* The server refuses the end: attributes that change are told at once, and the attempts of each kind come later and
 * later. */
START_TEST(test_closing_refused)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->closing_status = 500;
        finish_job(b, "failed");
        for (unsigned i = 0; i < 20; i++)
                run_on(b);
        b->module.revision = "other";
        g_string_truncate(b->log, 0);
        run(b);
        assert_log(b, "PUT /configData ");
        assert_not_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* The module was the only way to the server: its return is the time for the next attempt. */
START_TEST(test_way_is_back)
{
        Bench *b = bench_new(DEPLOYMENT("forced", BY_URL));

        run(b);
        b->unreachable = true;
        b->job.state = "downloading";
        for (unsigned i = 0; i < 10; i++)
                run_on(b);
        ck_assert_uint_gt(run(b), b->now + 60 * SECOND);
        b->unreachable = false;
        finish_job(b, "success");
        ck_assert_uint_le(run(b), b->now + SECOND);
        b->now += SECOND;
        run(b);
        assert_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* ---- attributes */

START_TEST(test_attributes)
{
        Bench *b = bench_new(NULL);

        run(b);
        assert_log(b,
                   "PUT /configData {\"mode\":\"merge\",\"data\":{\"model\":\"EC200A\",\"revision\":\"" OLD
                   "\",\"imei\":\"1\",\"flash\":\"16\",\"method\":\"dfota\",\"gateway\":\"g\",\"fotad\":\"0.1.0\"}}\n");
        restart(b);
        g_string_truncate(b->log, 0);
        run(b);
        assert_log(b, "GET ");
        assert_not_log(b, "PUT");
        b->module.revision = NEW;
        run(b);
        assert_log(b, "\"revision\":\"" NEW "\"");
        bench_free(b);
}
END_TEST

/* ---- JSON */

static const char *const broken[] = { "",
                                      "x",
                                      "[]",
                                      "{",
                                      "null",
                                      "{\"_links\":[]}",
                                      "{\"config\":{\"polling\":7}}",
                                      "{\"_links\":{\"deploymentBase\":{\"href\":\"http://s/deploymentBase/../7x\"}}}",
                                      "{\"_links\":{\"cancelAction\":{\"href\":9}}}" };

START_TEST(test_broken)
{
        g_autoptr(DdiPoll) poll = ddi_read_poll(broken[_i]);
        g_autoptr(DdiDeployment) deployment = ddi_read_deployment(broken[_i]);
        g_autofree char *stop = ddi_read_cancel(broken[_i]);

        if (poll) {
                ck_assert_uint_eq(poll->interval, 0);
                ck_assert_ptr_null(poll->deployment);
                ck_assert_ptr_null(poll->cancel);
        }
        ck_assert_ptr_null(deployment);
        ck_assert_ptr_null(stop);
}
END_TEST

START_TEST(test_text)
{
        g_autofree char *clean = ddi_text("<new> & \n\xff"), *many = g_strnfill(2000, 'x'), *cut = ddi_text(many);

        ck_assert_str_eq(clean, "(new) +  \xef\xbf\xbd");
        ck_assert_uint_eq(strlen(cut), 500);
}
END_TEST

/* Texts that would be a second line, a colour of the terminal, or text in the other direction. */
static const char *const dirty[] = { "a\nb",
                                     "a\rb",
                                     "a\x1b"
                                     "b",
                                     "a\x7f"
                                     "b",
                                     "a\xc2\x85"
                                     "b",
                                     "a\xe2\x80\xa8"
                                     "b",
                                     "a\xe2\x80\xae"
                                     "b",
                                     "a\tb" };

START_TEST(test_clean)
{
        g_autofree char *text = clean_text(dirty[_i], 100), *told = ddi_text(dirty[_i]);
        const char *attributes[] = { "model", dirty[_i], NULL };
        g_autofree char *told_as_well = ddi_attributes(attributes);

        ck_assert_str_eq(text, "a b");
        ck_assert_str_eq(told, "a b");
        ck_assert_ptr_nonnull(strstr(told_as_well, "\"model\":\"a b\""));
}
END_TEST

/* Lines of the log: whatever a text holds, it stays in its line, and the line has an end. */
START_TEST(test_log)
{
        g_autofree char *many = g_strnfill(5000, 'x'), *path = g_build_filename(g_get_tmp_dir(), "log-XXXXXX", NULL);
        g_autofree char *text = NULL;
        int fd = g_mkstemp(path), own = dup(2);

        ck_assert(fd >= 0 && own >= 0);
        ck_assert_int_ge(dup2(fd, 2), 0);
        log_error("%s: %s", "target", dirty[_i]);
        log_error("%s", many);
        ck_assert_int_ge(dup2(own, 2), 0);
        close(own);
        close(fd);
        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        ck_assert_int_eq(g_unlink(path), 0);
        ck_assert_msg(g_str_has_prefix(text, SD_ERR "target: a b\n" SD_ERR "x"), "%s", text);
        ck_assert_uint_lt(strlen(text), 2100);
}
END_TEST

/* hawkBit takes 128 characters of UTF-16. */
START_TEST(test_long_attribute)
{
        static const struct {
                const char *character;
                unsigned left;
        } values[] = { { "x", 128 }, { "\xc3\xa4", 128 }, { "\xf0\x9f\x98\x80", 64 } };
        g_autoptr(GString) value = g_string_new(NULL), cut = g_string_new("\"gateway\":\"");
        g_autofree char *told = NULL;

        for (unsigned i = 0; i < 200; i++)
                g_string_append(value, values[_i].character);
        for (unsigned i = 0; i < values[_i].left; i++)
                g_string_append(cut, values[_i].character);
        g_string_append_c(cut, '"');
        told = ddi_attributes((const char *[]){ "gateway", value->str, NULL });
        ck_assert_msg(strstr(told, cut->str) != NULL, "%s", told);
}
END_TEST

/* A text of the server as it is in the state file, and back. */
START_TEST(test_record_text)
{
        g_autoptr(Record) record = new_record();
        g_autoptr(Record) back = NULL;
        g_autofree char *text = NULL, *why = NULL;

        g_free(record->details);
        record->details = g_strdup(dirty[_i]);
        text = record_write(record);
        back = record_read(text, &why);
        ck_assert_msg(back != NULL, "%s", why);
        ck_assert_str_eq(back->details, dirty[_i]);
}
END_TEST

/* Half a character of UTF-16, as JSON may hold it, would make a state file that cannot be read. */
START_TEST(test_half_character)
{
        Bench *b = bench_new(DEPLOYMENT("forced", "{\"part\":\"modem\",\"version\":\"\\ud800x\"}"));
        g_autofree char *why = NULL;
        g_autoptr(Record) record = NULL;

        run(b);
        assert_not_log(b, "start");
        ck_assert_ptr_nonnull(b->disk);
        record = record_read(b->disk, &why);
        ck_assert_msg(record != NULL, "%s: %s", why, b->disk);
        bench_free(b);
}
END_TEST

int main(void)
{
        const struct {
                const char *name;
                const TTest *function;
                size_t count;
        } cases[] = {
                { "order", test_order, 1 },
                { "action-of-another-server", test_action_of_another_server, 1 },
                { "request-id", test_request_id, 1 },
                { "file", test_file, 1 },
                { "file-replaced", test_file_replaced, 3 },
                { "file-again", test_file_again, 1 },
                { "file-mini", test_file_mini, 1 },
                { "waits", test_waits, 1 },
                { "offers", test_offers, 2 * G_N_ELEMENTS(offers) },
                { "window-closes", test_window_closes, 1 },
                { "offer-withdrawn", test_offer_withdrawn, 1 },
                { "password", test_password, 4 },
                { "module-goes", test_module_goes, 1 },
                { "held", test_held, 2 },
                { "unfit", test_unfit, G_N_ELEMENTS(unfit) },
                { "killed", test_killed, 40 },
                { "killed-at-write", test_killed_at_write, 4 },
                { "no-retry", test_no_retry, 1 },
                { "disk-refuses", test_disk_refuses, 1 },
                { "offer-is-old", test_offer_is_old, 1 },
                { "offered-again", test_offered_again, 2 },
                { "store", test_store, 1 },
                { "store-other", test_store_other, G_N_ELEMENTS(other_servers) },
                { "store-broken", test_store_broken, 1 },
                { "store-line-missing", test_store_line_missing, 1 },
                { "state-lost", test_state_lost, 3 },
                { "refused", test_refused, 1 },
                { "busy", test_busy, G_N_ELEMENTS(passing) },
                { "job-lost", test_job_lost, 1 },
                { "job-of-another", test_job_of_another, 3 },
                { "job-is-another", test_job_is_another, 2 },
                { "no-result", test_no_result, 1 },
                { "other-revision", test_other_revision, 1 },
                { "progress", test_progress, 1 },
                { "clock-set-back", test_clock_set_back, 1 },
                { "closing-settled", test_closing_settled, G_N_ELEMENTS(settling) },
                { "closing-kept", test_closing_kept, G_N_ELEMENTS(unsettling) },
                { "closing-outlives", test_closing_outlives, 1 },
                { "closing-bare", test_closing_bare, 1 },
                { "cancel", test_cancel, 1 },
                { "cancel-rejected", test_cancel_rejected, 2 },
                { "cancel-no-answer", test_cancel_no_answer, 2 },
                { "cancel-after-the-end", test_cancel_after_the_end, 1 },
                { "cancel-first", test_cancel_first, 1 },
                { "cancel-lost", test_cancel_lost, 1 },
                { "cancel-lost-late", test_cancel_lost_late, 2 },
                { "cancel-lost-job", test_cancel_lost_job, 1 },
                { "cancel-other-module", test_cancel_other_module, 1 },
                { "cancel-unanswered", test_cancel_unanswered, 4 },
                { "jitter", test_jitter, 3 },
                { "back-off", test_back_off, 1 },
                { "retry-after", test_retry_after, 1 },
                { "attributes-refused", test_attributes_refused, 1 },
                { "closing-refused", test_closing_refused, 1 },
                { "way-is-back", test_way_is_back, 1 },
                { "attributes", test_attributes, 1 },
                { "broken", test_broken, G_N_ELEMENTS(broken) },
                { "text", test_text, 1 },
                { "clean", test_clean, G_N_ELEMENTS(dirty) },
                { "log", test_log, G_N_ELEMENTS(dirty) },
                { "long-attribute", test_long_attribute, 3 },
                { "record-text", test_record_text, G_N_ELEMENTS(dirty) },
                { "half-character", test_half_character, 1 },
        };
        Suite *suite = suite_create("target");
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
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

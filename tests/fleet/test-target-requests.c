/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The core of fotad-hawkbit: feedback, attributes, the times of requests, and the texts of both sides. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/ddi.h"
#include "log.h"
#include "target-bench.h"

#define POLL "GET  \n"

/* ---- feedback */

START_TEST(test_progress)
{
        Bench *b = bench_new_started();

        b->job.state = "downloading";
        for (b->job.percent = 0; b->job.percent < 60; b->job.percent++)
                run(b);
        assert_log(b, "[\"downloading, 0 %\"]");
        assert_log(b, "[\"downloading, 25 %\"]");
        assert_log(b, "[\"downloading, 50 %\"]");
        assert_not_log(b, "[\"downloading, 24 %\"]");
        restart(b);
        forget_log(b);
        run(b);
        assert_not_log(b, "proceeding"); /* what was told is on the disk */
        b->job.state = "stalled";
        b->job.message = "wait <now> & here";
        run(b);
        assert_log(b, "[\"stalled, 60 %: wait (now) + here\"]");
        forget_log(b);
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
        forget_log(b);
        restart(b);
        run(b);
        assert_not_log(b, "stalled");
        bench_free(b);
}
END_TEST

/* The clock is set back by years, as on a gateway whose clock has no battery: the module is not silent for years. */
START_TEST(test_clock_set_back)
{
        Bench *b = bench_new_started();

        b->job.state = "stalled";
        run(b);
        assert_log(b, "[\"stalled, 0 %: ");
        forget_log(b);
        b->set_back = YEARS;
        run(b);
        assert_log(b, "[\"stalled, 0 %: ");
        forget_log(b);
        run_on(b);
        assert_not_log(b, "stalled");
        bench_free(b);
}
END_TEST

static const unsigned settling[] = { 200, 404, 410 };

START_TEST(test_closing_settled)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->closing_status = settling[_i];
        run(b);
        end_job(b, "success");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

static const unsigned unsettling[] = { 400, 401, 403, 409, 429, 500, 503 };

START_TEST(test_closing_kept)
{
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->closing_status = unsettling[_i];
        run(b);
        end_job(b, "success");
        run_on(b);
        assert_stage(b, "ended");
        restart(b);
        forget_log(b);
        b->closing_status = 0;
        run(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"success\"}");
        assert_stage(b, "closed");
        bench_free(b);
}
END_TEST

/* The end is on the disk before the server can be reached, and outlives the process and fotad's job. */
START_TEST(test_closing_outlives)
{
        Bench *b = bench_new_started();

        b->unreachable = true;
        end_job(b, "success");
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
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->closing_status = 400;
        run(b);
        end_job(b, "success");
        forget_log(b);
        run_on(b);
        assert_log(b, "\"closed\",\"result\":{\"finished\":\"success\"}}}");
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
        Bench *b = bench_new_started();

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
        Bench *b = bench_new(UPGRADE_BY_URL);

        b->attributes_status = 400;
        run(b);
        for (unsigned i = 0; i < 20; i++)
                run_on(b);
        ck_assert_uint_eq(b->started, 1);
        end_job(b, "success");
        assert_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* The server refuses the end: attributes that change are told at once, and the attempts of each kind come later and
 * later. */
START_TEST(test_closing_refused)
{
        Bench *b = bench_new_started();

        b->closing_status = 500;
        finish_job(b, "failed");
        for (unsigned i = 0; i < 20; i++)
                run_on(b);
        b->module.revision = "other";
        forget_log(b);
        run(b);
        assert_log(b, "PUT /configData ");
        assert_not_log(b, "\"closed\"");
        bench_free(b);
}
END_TEST

/* A deployment (0) or a cancellation (1) cannot be read: the target goes on to poll, and the attempts end when the
 * server withdraws it. */
START_TEST(test_news_withdrawn)
{
        Bench *b = bench_new(_i == 0 ? UPGRADE_BY_URL : NULL);
        const char *attempt = _i == 0 ? "GET /deploymentBase/7 " : "GET /cancelAction/7 ";
        uint64_t poll = b->now + INTERVAL * SECOND;

        b->cancels = _i == 1;
        b->news_status = 500;
        run(b);
        forget_log(b);
        while (b->now < poll)
                run_on(b);
        assert_log(b, attempt);
        assert_log(b, POLL);
        b->deployment = NULL;
        b->cancels = false;
        b->now += 2 * INTERVAL * SECOND; /* both the poll and an attempt are due */
        forget_log(b);
        run(b);
        for (unsigned i = 0; i < 10; i++)
                run_on(b);
        assert_log(b, POLL);
        assert_not_log(b, attempt);
        bench_free(b);
}
END_TEST

/* The attempts to read a deployment come later and later, although the polls between them succeed. A cancellation that
 * comes then is read at once. */
START_TEST(test_news_back_off)
{
        Bench *b = bench_new(UPGRADE_BY_URL);
        uint64_t last;

        b->news_status = 500;
        for (unsigned i = 0; i < 20; i++)
                run_on(b);
        for (forget_log(b); !strstr(b->log->str, "GET /deploymentBase/7 ");)
                run_on(b);
        last = b->now;
        for (forget_log(b); !strstr(b->log->str, "GET /deploymentBase/7 ");)
                run_on(b);
        ck_assert_uint_ge(b->now - last, 900 * SECOND);
        assert_log(b, POLL);
        b->cancels = true;
        for (forget_log(b); !strstr(b->log->str, POLL);)
                run_on(b);
        assert_log(b, "GET /cancelAction/7 ");
        bench_free(b);
}
END_TEST

/* The progress of an upgrade is told while the next deployment (0), or a cancellation (1), cannot be read. */
START_TEST(test_news_progress)
{
        Bench *b = bench_new_started();

        b->news_status = 500;
        if (_i == 0)
                b->action = "8";
        else
                b->cancels = true;
        run_on(b);
        assert_log(b, _i == 0 ? "GET /deploymentBase/8 " : "GET /cancelAction/7 ");
        forget_log(b);
        b->job.state = "updating";
        b->job.percent = 30;
        run(b);
        assert_log(b, "POST /deploymentBase/7/feedback {\"id\":\"7\",\"status\":{\"execution\":\"proceeding\"");
        assert_log(b, "[\"updating, 30 %\"]");
        bench_free(b);
}
END_TEST

/* The module was the only way to the server: its return is the time for the next attempt. */
START_TEST(test_way_is_back)
{
        Bench *b = bench_new_started();

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
        forget_log(b);
        run(b);
        assert_log(b, "GET ");
        assert_not_log(b, "PUT");
        b->module.revision = NEW;
        run(b);
        assert_log(b, "\"revision\":\"" NEW "\"");
        bench_free(b);
}
END_TEST

/* ---- texts */

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
        const Case cases[] = {
                { "progress", test_progress, 1 },
                { "clock-set-back", test_clock_set_back, 1 },
                { "closing-settled", test_closing_settled, G_N_ELEMENTS(settling) },
                { "closing-kept", test_closing_kept, G_N_ELEMENTS(unsettling) },
                { "closing-outlives", test_closing_outlives, 1 },
                { "closing-bare", test_closing_bare, 1 },
                { "jitter", test_jitter, 3 },
                { "back-off", test_back_off, 1 },
                { "retry-after", test_retry_after, 1 },
                { "attributes-refused", test_attributes_refused, 1 },
                { "closing-refused", test_closing_refused, 1 },
                { "news-withdrawn", test_news_withdrawn, 2 },
                { "news-back-off", test_news_back_off, 1 },
                { "news-progress", test_news_progress, 2 },
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

        return run_cases("target-requests", cases, G_N_ELEMENTS(cases));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history of a job is bounded, keeps its first and its last lines, and hides the end of each IMEI. It is the last
 * group of the record: daemons that know no such group read the record as before, and damage to it costs lines, never
 * the job. */

#include "core/job/job.h"
#include "testing.h"

#define START 1764499213000000 /* µs */

static JobLog *filled(unsigned lines)
{
        JobLog *log = job_log_new();

        for (unsigned i = 1; i <= lines; i++)
                job_log_printf(log, START + i, JOB_LOG_NOTE, "line %u", i);
        return log;
}

static void assert_line(const JobLog *log, unsigned i, const char *kind, const char *text)
{
        const JobLogLine *line = job_log_line(log, i);

        ck_assert_str_eq(line->text, text);
        ck_assert_str_eq(job_log_kind_to_string(line->kind), kind);
}

START_TEST(test_bound)
{
        g_autoptr(JobLog) log = filled(1000);
        unsigned length = job_log_length(log);

        ck_assert_uint_eq(length, 300);
        assert_line(log, 0, "note", "line 1");
        assert_line(log, 39, "note", "line 40");
        assert_line(log, 40, "dropped", "701 lines were dropped here");
        assert_line(log, 41, "note", "line 742");
        assert_line(log, length - 1, "note", "line 1000");
}
END_TEST

/* A record has 64 KiB at most: long lines are fewer. */
START_TEST(test_bytes)
{
        g_autoptr(JobLog) log = job_log_new();
        g_autoptr(GString) record = g_string_new("");
        g_autofree char *long_text = g_strnfill(5000, 'x');

        for (unsigned i = 0; i < 500; i++)
                job_log_printf(log, START, JOB_LOG_RESULT, "%u %s", i, long_text);
        job_log_append(log, record);
        ck_assert_uint_le(record->len, 48 * 1024);
        ck_assert_uint_ge(job_log_length(log), 20);
        ck_assert_uint_eq(strlen(job_log_line(log, 0)->text), 1000);
        assert_has(job_log_line(log, job_log_length(log) - 1)->text, "499 x");
}
END_TEST

static const struct {
        const char *given, *kept;
} texts[] = {
        { "IMEI 867710050000024, and 8677100500000249", "IMEI 86771005*******, and 86771005********" },
        { "12345678901234, 12345678901234567", "12345678901234, 12345678901234567" },
        { " two\nlines\t", "two lines" },
        { "\xff\x1b[31m", "\xef\xbf\xbd [31m" },
        { "a=b [Log]", "a=b [Log]" },
};

START_TEST(test_text)
{
        g_autoptr(JobLog) log = job_log_new();

        job_log_add(log, START, JOB_LOG_NOTE, texts[_i].given);
        assert_line(log, 0, "note", texts[_i].kept);
}
END_TEST

static const struct {
        JobLogKind kind;
        const char *begin;
        size_t most;
} cuts[] = {
        { JOB_LOG_AT, "", 200 },       { JOB_LOG_AT, "x", 200 },       { JOB_LOG_MESSAGE, "", 200 },
        { JOB_LOG_WARNING, "", 1000 }, { JOB_LOG_WARNING, "x", 1000 }, { JOB_LOG_RESULT, "", 1000 },
};

/* A text is cut between two characters; sentences have more room than lines of the module. */
START_TEST(test_cut)
{
        g_autoptr(JobLog) log = job_log_new();
        g_autoptr(GString) text = g_string_new(cuts[_i].begin);

        for (unsigned i = 0; i < 600; i++)
                g_string_append(text, "é");
        job_log_add(log, START, cuts[_i].kind, text->str);
        ck_assert(g_utf8_validate(job_log_line(log, 0)->text, -1, NULL));
        ck_assert_uint_le(strlen(job_log_line(log, 0)->text), cuts[_i].most);
        ck_assert_uint_ge(strlen(job_log_line(log, 0)->text), cuts[_i].most - 1);
        ck_assert(g_str_has_suffix(job_log_line(log, 0)->text, "é..."));
}
END_TEST

START_TEST(test_repeated)
{
        g_autoptr(JobLog) log = job_log_new();

        job_log_add(log, START, JOB_LOG_DECISION, "judged Mini");
        job_log_add(log, START, JOB_LOG_AT, "> AT");
        job_log_add(log, START + 1, JOB_LOG_DECISION, "judged Mini");
        ck_assert_uint_eq(job_log_length(log), 2);
        job_log_add(log, START + 2, JOB_LOG_NOTE, "judged Mini");
        ck_assert_uint_eq(job_log_length(log), 3);
        ck_assert_uint_eq(job_log_total(log), 3);
        job_log_add(NULL, START, JOB_LOG_NOTE, "the job has ended");
}
END_TEST

static unsigned count(const JobLog *log, JobLogKind kind)
{
        unsigned n = 0;

        for (unsigned i = 0; i < job_log_length(log); i++)
                n += job_log_line(log, i)->kind == kind;
        return n;
}

/* Of the AT dialogue the last lines are kept, and for good only if they lead to a failure. */
START_TEST(test_dialogue)
{
        g_autoptr(JobLog) log = filled(2);

        for (unsigned i = 0; i < 100; i++)
                job_log_printf(log, START, JOB_LOG_AT, "< %u lines", i);
        ck_assert_uint_eq(count(log, JOB_LOG_AT), 40);
        assert_line(log, 2, "at", "< 60 lines");
        if (_i)
                job_log_keep_dialogue(log);
        job_log_add(log, START, JOB_LOG_DECISION, "failed");
        for (unsigned i = 0; i < 20; i++)
                job_log_printf(log, START, JOB_LOG_AT, "> %u lines", i);
        ck_assert_uint_eq(count(log, JOB_LOG_AT), _i ? 60 : 40);
        job_log_drop_dialogue(log);
        ck_assert_uint_eq(count(log, JOB_LOG_AT), _i ? 40 : 0);
}
END_TEST

/* The percentages of the module leave room for the rest of the dialogue. */
START_TEST(test_counts)
{
        g_autoptr(JobLog) log = job_log_new();

        job_log_add(log, START, JOB_LOG_AT, "> AT+QFOTADL=***");
        for (unsigned i = 0; i <= 100; i++) {
                job_log_printf(log, START + i, JOB_LOG_AT, "< +QIND: \"FOTA\",\"UPDATING\",%u", i);
                job_log_printf(log, START + i, JOB_LOG_PROGRESS, "%u %%", i / 50);
        }
        ck_assert_uint_eq(count(log, JOB_LOG_AT), 2);
        assert_line(log, 0, "at", "> AT+QFOTADL=***");
        assert_line(log, job_log_length(log) - 2, "at", "< +QIND: \"FOTA\",\"UPDATING\",100");
        job_log_add(log, START, JOB_LOG_AT, "< +QIND: \"FOTA\",\"END\",0");
        job_log_add(log, START, JOB_LOG_AT, "< 12");
        job_log_add(log, START, JOB_LOG_AT, "< twelve");
        ck_assert_uint_eq(count(log, JOB_LOG_AT), 5);
}
END_TEST

/* The same if a log begins with them. */
START_TEST(test_counts_alone)
{
        g_autoptr(JobLog) log = job_log_new();

        for (unsigned i = 1; i <= 3; i++)
                job_log_printf(log, START + i, JOB_LOG_AT, "< +QIND: \"FOTA\",\"UPDATING\",%u", i);
        ck_assert_uint_eq(job_log_length(log), 1);
        assert_line(log, 0, "at", "< +QIND: \"FOTA\",\"UPDATING\",3");
        job_log_add(log, START, JOB_LOG_AT, "12");
        job_log_add(log, START, JOB_LOG_AT, "13"); /* digits alone */
        ck_assert_uint_eq(job_log_length(log), 2);
}
END_TEST

static Job *job_with_log(unsigned lines)
{
        Job *job = job_new("1", "usb-1-1");

        job->created = START;
        job->method = METHOD_DFOTA;
        job_set_string(&job->source, "http://host/up.bin");
        job_log_free(job->log);
        job->log = filled(lines);
        return job;
}

START_TEST(test_record)
{
        g_autoptr(Job) job = job_with_log(1000), again = NULL;
        g_autofree char *text = job_to_text(job), *why = NULL;
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autofree char *source = NULL;

        /* As a daemon reads it that knows no log. */
        ck_assert(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
        source = g_key_file_get_string(file, "Job", "Source", NULL);
        ck_assert_str_eq(source, "http://host/up.bin");

        again = job_from_text(text, "1", &why);
        ck_assert_msg(again != NULL, "%s", why);
        ck_assert_uint_eq(job_log_length(again->log), 300);
        for (unsigned i = 0; i < 300; i++) {
                ck_assert_str_eq(job_log_line(again->log, i)->text, job_log_line(job->log, i)->text);
                ck_assert_uint_eq(job_log_line(again->log, i)->at, job_log_line(job->log, i)->at);
                ck_assert_uint_eq(job_log_line(again->log, i)->kind, job_log_line(job->log, i)->kind);
        }
        job_log_add(again->log, START, JOB_LOG_NOTE, "one more");
        assert_line(again->log, 40, "dropped", "702 lines were dropped here");
}
END_TEST

/* The record of an earlier daemon, and the record of a job that has ended, whose log stays on the disk. */
START_TEST(test_no_log)
{
        g_autoptr(Job) job = job_with_log(_i ? 3 : 0), again = NULL;
        g_autofree char *text = NULL, *why = NULL;

        if (_i) {
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_CANCELLED, NULL);
                job->state = JOB_FINISHED;
                job->finished = START;
        }
        text = job_to_text(job);
        ck_assert_int_eq(job_log_of_record(text) != NULL, _i);
        again = job_from_text(text, "1", &why);
        ck_assert_msg(again != NULL, "%s", why);
        ck_assert_int_eq(again->log == NULL, _i);
}
END_TEST

static const struct {
        const char *group;
        unsigned lines;
} groups[] = {
        { "[Log]\n", 0 },
        { "[Log]", 0 },
        { "[Log]\n1=note a\n", 1 },
        { "[Log]\n1=note a\n1=note b", 2 },
        { "[Log]\n0=note a\n", 1 },
        { "[Log]\n=note a\n1 note a\n1=note\nnoise\n\n-1=note a\n99999999999999999999=note a\n2=note b\n", 1 },
        { "[Log]\n1=of-a-newer-daemon a\n", 1 },
        { "[Log]\n1=dropped a\n1=dropped b\n", 2 },
        { "[Log]\n[Job]\nSent=true\n1=note a\n", 1 },
};

/* Lines that cannot be read are left out, and the job is read all the same. */
START_TEST(test_damage)
{
        g_autoptr(Job) job = job_with_log(0), again = NULL;
        g_autofree char *record = job_to_text(job), *text = g_strconcat(record, "\n", groups[_i].group, NULL);
        g_autofree char *why = NULL;

        again = job_from_text(text, "1", &why);
        ck_assert_msg(again != NULL, "%s", why);
        ck_assert(!again->sent);
        ck_assert_uint_eq(job_log_length(again->log), groups[_i].lines);
        for (unsigned i = 0; i < 400; i++)
                job_log_printf(again->log, START, JOB_LOG_NOTE, "%u", i);
        ck_assert_uint_le(job_log_length(again->log), 301);
        assert_line(again->log, job_log_length(again->log) - 1, "note", "399");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("job-log");

        tcase_add_test(t, test_bound);
        tcase_add_test(t, test_bytes);
        tcase_add_loop_test(t, test_text, 0, G_N_ELEMENTS(texts));
        tcase_add_loop_test(t, test_cut, 0, G_N_ELEMENTS(cuts));
        tcase_add_test(t, test_repeated);
        tcase_add_loop_test(t, test_dialogue, 0, 2);
        tcase_add_test(t, test_counts);
        tcase_add_test(t, test_counts_alone);
        tcase_add_test(t, test_record);
        tcase_add_loop_test(t, test_no_log, 0, 2);
        tcase_add_loop_test(t, test_damage, 0, G_N_ELEMENTS(groups));
        return testing_run(t, "job-log");
}

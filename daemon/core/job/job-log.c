/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history of a job, bounded, and its text form: the last group of the job's record. Knows no upgrade and no clock.
 */

#include <stdarg.h>
#include <string.h>

#include "core/job/job-log.h"
#include "mask.h"

#define GROUP "[Log]\n"

#define LINES_MAX     300
#define LINES_FIRST   40          /* are never dropped */
#define BYTES_MAX     (32 * 1024) /* of all texts: a record has 64 KiB at most */
#define LINE_OVERHEAD 32          /* of a line in the record: time, kind, separators */
#define TEXT_MAX      200         /* bytes of a line */
#define TEXT_MAX_LONG 1000        /* of requests, decisions and results */
#define DIALOGUE_MAX  40          /* lines of the AT dialogue before they are kept for good */

struct JobLog {
        GPtrArray *lines; /* JobLogLine */
        size_t bytes;
        unsigned total, passing;
        guint64 dropped;
};

static const char *const kind_names[] = {
        [JOB_LOG_REQUEST] = "request",   [JOB_LOG_PHASE] = "phase",     [JOB_LOG_PROGRESS] = "progress",
        [JOB_LOG_RESTART] = "restart",   [JOB_LOG_MESSAGE] = "message", [JOB_LOG_CODE] = "code",
        [JOB_LOG_REVISION] = "revision", [JOB_LOG_SETTING] = "setting", [JOB_LOG_DECISION] = "decision",
        [JOB_LOG_RESULT] = "result",     [JOB_LOG_AT] = "at",           [JOB_LOG_NOTE] = "note",
        [JOB_LOG_WARNING] = "warning",   [JOB_LOG_ERROR] = "error",     [JOB_LOG_DROPPED] = "dropped",
};
G_STATIC_ASSERT(G_N_ELEMENTS(kind_names) == _JOB_LOG_KIND_MAX);

const char *job_log_kind_to_string(JobLogKind kind)
{
        return kind_names[kind];
}

JobLog *job_log_new(void)
{
        JobLog *log = g_new0(JobLog, 1);

        log->lines = g_ptr_array_new_with_free_func(g_free);
        return log;
}

void job_log_free(JobLog *log)
{
        if (!log)
                return;
        g_ptr_array_unref(log->lines);
        g_free(log);
}

unsigned job_log_length(const JobLog *log)
{
        return log->lines->len;
}

unsigned job_log_total(const JobLog *log)
{
        return log ? log->total : 0;
}

static JobLogLine *line_at(const JobLog *log, unsigned i)
{
        return g_ptr_array_index(log->lines, i);
}

const JobLogLine *job_log_line(const JobLog *log, unsigned i)
{
        return line_at(log, i);
}

/* ---- texts */

/* Valid UTF-8 of at most that many bytes on one line, without leading and trailing blanks. */
static char *clean(const char *text, size_t most)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        size_t length = strlen(valid);

        if (length > most) {
                length = most - strlen("...");
                while (((unsigned char)valid[length] & 0xc0) == 0x80) /* in the middle of a character */
                        length--;
                memcpy(valid + length, "...", strlen("...") + 1);
        }
        for (char *p = valid; *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = ' ';
        return mask_imeis(g_strstrip(valid));
}

/* ---- lines */

static size_t size_of(const JobLogLine *line)
{
        return strlen(line->text) + LINE_OVERHEAD;
}

static void remove_line(JobLog *log, unsigned i)
{
        const JobLogLine *line = line_at(log, i);

        log->bytes -= size_of(line);
        log->passing -= line->passing;
        g_ptr_array_remove_index(log->lines, i);
}

static JobLogLine *new_line(uint64_t at, JobLogKind kind, bool passing, const char *text)
{
        size_t size = strlen(text) + 1;
        JobLogLine *line = g_malloc(offsetof(JobLogLine, text) + size);

        line->at = at;
        line->kind = kind;
        line->passing = passing;
        memcpy(line->text, text, size);
        return line;
}

static void insert_line(JobLog *log, int i, JobLogLine *line)
{
        log->bytes += size_of(line);
        log->passing += line->passing;
        g_ptr_array_insert(log->lines, i, line);
}

/* Drops the oldest line behind the first ones, where a line with the number of lines that were dropped stands. Returns
 * false if there is none. */
static bool drop_one(JobLog *log)
{
        g_autofree char *text = NULL;
        unsigned i = 0;
        uint64_t at;

        while (i < log->lines->len && line_at(log, i)->kind != JOB_LOG_DROPPED)
                i++;
        if (i == log->lines->len) { /* the line becomes the mark */
                i = MIN(LINES_FIRST, log->lines->len / 2);
                log->dropped = 0;
        } else if (i + 2 >= log->lines->len) {
                return false;
        } else {
                remove_line(log, i);
        }
        at = line_at(log, i)->at;
        remove_line(log, i);
        text = g_strdup_printf("%" G_GUINT64_FORMAT " lines were dropped here", ++log->dropped);
        insert_line(log, (int)i, new_line(at, JOB_LOG_DROPPED, false, text));
        return true;
}

static void append(JobLog *log, uint64_t at, JobLogKind kind, bool passing, const char *text)
{
        insert_line(log, -1, new_line(at, kind, passing, text));
        while ((log->lines->len > LINES_MAX || (log->bytes > BYTES_MAX && log->lines->len > LINES_FIRST)) &&
               drop_one(log))
                ;
}

static void drop_passing(JobLog *log, unsigned most)
{
        for (unsigned i = 0; log->passing > most && i < log->lines->len;)
                if (line_at(log, i)->passing)
                        remove_line(log, i);
                else
                        i++;
}

static const JobLogLine *last_of_story(const JobLog *log)
{
        unsigned i = log->lines->len;

        while (i > 0 && line_at(log, i - 1)->kind == JOB_LOG_AT)
                i--;
        return i > 0 ? line_at(log, i - 1) : NULL;
}

/* Returns true if the texts differ in the number at their end alone. */
static bool only_counts(const char *a, const char *b)
{
        size_t length = strlen(a);

        while (length > 0 && g_ascii_isdigit(a[length - 1]))
                length--;
        return a[length] && strncmp(a, b, length) == 0 && strlen(b + length) > 0 &&
               strspn(b + length, "0123456789") == strlen(b + length);
}

/* A module that reports one percentage after the other must not displace the rest of the dialogue. */
static void replace_count(JobLog *log, const char *text)
{
        unsigned i = log->lines->len;

        while (i > 0 && line_at(log, i - 1)->kind == JOB_LOG_PROGRESS)
                i--;
        if (i > 0 && line_at(log, i - 1)->passing && only_counts(line_at(log, i - 1)->text, text))
                remove_line(log, i - 1);
}

static size_t most_of(JobLogKind kind)
{
        return kind == JOB_LOG_REQUEST || kind == JOB_LOG_DECISION || kind == JOB_LOG_RESULT ? TEXT_MAX_LONG : TEXT_MAX;
}

void job_log_add(JobLog *log, uint64_t at, JobLogKind kind, const char *text)
{
        const JobLogLine *last = log ? last_of_story(log) : NULL;
        g_autofree char *cleaned = NULL;

        if (!log)
                return;
        cleaned = clean(text, most_of(kind));
        if (kind != JOB_LOG_AT && last && last->kind == kind && strcmp(last->text, cleaned) == 0)
                return;
        if (kind == JOB_LOG_AT)
                replace_count(log, cleaned);
        log->total++;
        append(log, at, kind, kind == JOB_LOG_AT, cleaned);
        drop_passing(log, DIALOGUE_MAX);
}

void job_log_printf(JobLog *log, uint64_t at, JobLogKind kind, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list args;

        if (!log)
                return;
        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        job_log_add(log, at, kind, text);
}

void job_log_keep_dialogue(JobLog *log)
{
        if (!log)
                return;
        for (unsigned i = 0; i < log->lines->len; i++)
                line_at(log, i)->passing = false;
        log->passing = 0;
}

void job_log_drop_dialogue(JobLog *log)
{
        if (log)
                drop_passing(log, 0);
}

/* ---- the group of the record: TIME=KIND TEXT */

void job_log_append(const JobLog *log, GString *record)
{
        if (log->lines->len == 0)
                return;
        g_string_append(record, "\n" GROUP);
        for (unsigned i = 0; i < log->lines->len; i++) {
                const JobLogLine *line = line_at(log, i);
                char at[24];

                g_snprintf(at, sizeof(at), "%" G_GUINT64_FORMAT "=", line->at);
                g_string_append(record, at);
                g_string_append(record, kind_names[line->kind]);
                g_string_append_c(record, ' ');
                g_string_append(record, line->text);
                g_string_append_c(record, '\n');
        }
}

/* Line ends in the values of a key file are escaped, so this is the only place where the group can begin. */
const char *job_log_of_record(const char *record)
{
        const char *group = strstr(record, "\n" GROUP);

        return group ? group + 1 : NULL;
}

/* Reads one line, which it changes. */
static void read_line(JobLog *log, char *line)
{
        char *word = strchr(line, '='), *text = word ? strchr(word, ' ') : NULL;
        g_autofree char *cleaned = NULL;
        guint64 at;
        JobLogKind kind = 0;

        if (!text)
                return;
        *word++ = *text++ = 0;
        if (!g_ascii_string_to_unsigned(line, 10, 0, G_MAXINT64, &at, NULL))
                return;
        while (kind < _JOB_LOG_KIND_MAX && strcmp(kind_names[kind], word) != 0)
                kind++;
        if (kind == _JOB_LOG_KIND_MAX) /* of a newer daemon */
                kind = JOB_LOG_NOTE;
        if (kind == JOB_LOG_DROPPED)
                log->dropped = g_ascii_strtoull(text, NULL, 10);
        cleaned = clean(text, TEXT_MAX_LONG);
        append(log, at, kind, false, cleaned);
}

JobLog *job_log_from_text(const char *group)
{
        JobLog *log = job_log_new();
        g_auto(GStrv) lines = g_strsplit(group, "\n", -1);

        for (char **line = *lines ? lines + 1 : lines; *line; line++)
                read_line(log, *line);
        return log;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The history of a job, bounded, and its text form: the last group of the job's record. Knows no upgrade and no clock.
 */

#include <stdarg.h>
#include <string.h>

#include "core/job/job-log.h"
#include "core/job/key-file.h"
#include "mask.h"

#define GROUP "[Log]\n"

#define LINES_MAX     300
#define LINES_FIRST   40          /* are never dropped */
#define BYTES_MAX     (32 * 1024) /* of all texts: a record has 64 KiB at most */
#define LINE_OVERHEAD 32          /* of a line in the record: time, kind, separators */
#define TEXT_MAX      200         /* bytes of a line that the module wrote or read */
#define TEXT_MAX_LONG 1000        /* of the other lines, which have sentences */
#define DIALOGUE_MAX  40          /* lines of the AT dialogue before they are kept for good */

#define STEP          512         /* bytes by which the room for the lines grows */

/* A log has some hundred lines, and there is one for each running job: the lines stand one behind the other. */
struct JobLog {
        char *lines;     /* JobLogLine */
        size_t end, room; /* of lines, bytes */
        unsigned length; /* number of lines */
        size_t bytes;
        unsigned total, passing;
        guint64 dropped;
        JobLogFunc func; /* of job_log_listen(), NULL none */
        void *userdata;
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
        return g_new0(JobLog, 1);
}

void job_log_free(JobLog *log)
{
        if (!log)
                return;
        g_free(log->lines);
        g_free(log);
}

unsigned job_log_length(const JobLog *log)
{
        return log->length;
}

unsigned job_log_total(const JobLog *log)
{
        return log ? log->total : 0;
}

/* The line that begins at that byte. */
static JobLogLine *line_at(const JobLog *log, size_t at)
{
        return (JobLogLine *)(void *)(log->lines + at);
}

/* NULL at the end. */
static JobLogLine *line_from(const JobLog *log, size_t at)
{
        return at < log->end ? line_at(log, at) : NULL;
}

static size_t place_of(const JobLog *log, const JobLogLine *line)
{
        return (size_t)((const char *)line - log->lines);
}

const JobLogLine *job_log_next(const JobLog *log, const JobLogLine *line)
{
        return line_from(log, line ? place_of(log, line) + line->size : 0);
}

const JobLogLine *job_log_line(const JobLog *log, unsigned i)
{
        const JobLogLine *line = job_log_next(log, NULL);

        while (i-- > 0)
                line = job_log_next(log, line);
        return line;
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

static void remove_line(JobLog *log, const JobLogLine *line)
{
        size_t at = place_of(log, line), size = line->size;

        log->bytes -= size_of(line);
        log->passing -= line->passing;
        log->length--;
        log->end -= size;
        memmove(log->lines + at, log->lines + at + size, log->end - at);
}

static void insert_line(JobLog *log, size_t at, JobLogLine head, const char *text)
{
        size_t size = offsetof(JobLogLine, text) + strlen(text) + 1;
        JobLogLine *line;

        size += -size % sizeof(head.at); /* the next one is aligned */
        if (log->end + size > log->room) {
                log->room = (log->end + size + STEP - 1) / STEP * STEP;
                log->lines = g_realloc(log->lines, log->room);
        }
        memmove(log->lines + at + size, log->lines + at, log->end - at);
        log->end += size;
        log->length++;
        line = line_at(log, at);
        *line = head;
        line->size = (uint16_t)size;
        memcpy(line->text, text, strlen(text) + 1);
        log->bytes += size_of(line);
        log->passing += line->passing;
}

/* Drops the oldest line behind the first ones, where a line with the number of lines that were dropped stands. Returns
 * false if there is none. */
static bool drop_one(JobLog *log)
{
        const JobLogLine *line = job_log_next(log, NULL);
        g_autofree char *text = NULL;
        unsigned i = 0;
        size_t place;
        uint64_t at;

        while (line && line->kind != JOB_LOG_DROPPED) {
                line = job_log_next(log, line);
                i++;
        }
        if (!line) { /* the line becomes the mark */
                line = job_log_line(log, MIN(LINES_FIRST, log->length / 2));
                log->dropped = 0;
        } else if (i + 2 >= log->length) {
                return false;
        } else {
                remove_line(log, line); /* the one behind it takes its place */
        }
        if (!line)
                return false;
        at = line->at;
        place = place_of(log, line);
        remove_line(log, line);
        text = g_strdup_printf("%" G_GUINT64_FORMAT " lines were dropped here", ++log->dropped);
        insert_line(log, place, (JobLogLine){ .at = at, .kind = JOB_LOG_DROPPED }, text);
        return true;
}

static void append(JobLog *log, uint64_t at, JobLogKind kind, bool passing, const char *text)
{
        insert_line(log, log->end, (JobLogLine){ .at = at, .kind = (uint8_t)kind, .passing = passing }, text);
        while ((log->length > LINES_MAX || (log->bytes > BYTES_MAX && log->length > LINES_FIRST)) && drop_one(log))
                ;
}

static void drop_passing(JobLog *log, unsigned most)
{
        for (const JobLogLine *line = job_log_next(log, NULL); log->passing > most && line;)
                if (line->passing) {
                        size_t place = place_of(log, line);

                        remove_line(log, line);
                        line = line_from(log, place);
                } else {
                        line = job_log_next(log, line);
                }
}

/* The last line that is not of that kind; NULL if there is none. */
static const JobLogLine *last_but(const JobLog *log, JobLogKind kind)
{
        const JobLogLine *last = NULL;

        for (const JobLogLine *line = NULL; (line = job_log_next(log, line));)
                if (line->kind != kind)
                        last = line;
        return last;
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
        const JobLogLine *last = last_but(log, JOB_LOG_PROGRESS);

        if (last && last->passing && only_counts(last->text, text))
                remove_line(log, last);
}

static size_t most_of(JobLogKind kind)
{
        return kind == JOB_LOG_AT || kind == JOB_LOG_MESSAGE ? TEXT_MAX : TEXT_MAX_LONG;
}

void job_log_add(JobLog *log, uint64_t at, JobLogKind kind, const char *text)
{
        const JobLogLine *last = log ? last_but(log, JOB_LOG_AT) : NULL;
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
        if (log->func)
                log->func(log->userdata, kind, cleaned);
}

void job_log_listen(JobLog *log, JobLogFunc func, void *userdata)
{
        log->func = func;
        log->userdata = userdata;
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
        for (const JobLogLine *line = NULL; (line = job_log_next(log, line));)
                line_at(log, place_of(log, line))->passing = false;
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
        if (log->length == 0)
                return;
        g_string_append(record, "\n" GROUP);
        for (const JobLogLine *line = NULL; (line = job_log_next(log, line));) {
                key_file_append_digits(record, line->at);
                g_string_append_c(record, '=');
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

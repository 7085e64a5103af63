/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The history of one job: lines with a time and a kind. The first lines and the last ones are kept; of the lines
 * between them the oldest are dropped when the log is full. Texts are made safe to show: IMEIs are shortened, control
 * characters are replaced, long texts are cut. Passwords and the values in the query of a URL must not be passed in. */
typedef struct JobLog JobLog;

/* The words of the kinds stand in records and on the bus: never rename one. */
typedef enum JobLogKind {
        JOB_LOG_REQUEST,  /* a call: its content, and the caller */
        JOB_LOG_PHASE,    /* the phase that begins, and the cause after a comma */
        JOB_LOG_PROGRESS, /* the percentage of the whole job */
        JOB_LOG_RESTART,  /* the module came back */
        JOB_LOG_MESSAGE,  /* a message of the module about the upgrade */
        JOB_LOG_CODE,     /* a code that the module named */
        JOB_LOG_REVISION, /* a revision that the module reported */
        JOB_LOG_SETTING,  /* a setting of the module was changed or put back */
        JOB_LOG_DECISION, /* a decision, with its reason */
        JOB_LOG_RESULT,   /* the end */
        JOB_LOG_AT,       /* a line of the AT dialogue: > sent, < received */
        JOB_LOG_NOTE,     /* other lines of the journal, by their priority */
        JOB_LOG_WARNING,
        JOB_LOG_ERROR,
        JOB_LOG_DROPPED, /* lines were dropped here */
        _JOB_LOG_KIND_MAX
} JobLogKind;

typedef struct JobLogLine {
        uint64_t at;   /* µs since the epoch */
        uint16_t size; /* of this structure, bytes */
        uint8_t kind;  /* JobLogKind */
        bool passing;  /* of the AT dialogue, and dropped when enough newer lines have come */
        char text[];
} JobLogLine;

const char *job_log_kind_to_string(JobLogKind kind);

JobLog *job_log_new(void);
void job_log_free(JobLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobLog, job_log_free)

/* Appends a line, unless the last line (the AT dialogue aside) was the same. Takes NULL for the log of a job that has
 * ended, which stays as it is. Of JOB_LOG_AT only the last lines are kept, until job_log_keep_dialogue(), and of lines
 * that differ in the number at their end alone the last one. */
void job_log_add(JobLog *log, uint64_t at, JobLogKind kind, const char *text);
void job_log_printf(JobLog *log, uint64_t at, JobLogKind kind, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* func is called with the kind and the text of each line that is appended from now on; NULL: no more. It must not use
 * the log. One function at a time. */
typedef void (*JobLogFunc)(void *userdata, JobLogKind kind, const char *text);
void job_log_listen(JobLog *log, JobLogFunc func, void *userdata);

/* Keeps the last lines of the AT dialogue for good: they lead to a failure. */
void job_log_keep_dialogue(JobLog *log);
/* Drops them: the upgrade was successful. */
void job_log_drop_dialogue(JobLog *log);

/* The lines, oldest first, valid until the log is changed. job_log_next() returns the line behind that one, and the
 * first one for NULL; NULL at the end. */
unsigned job_log_length(const JobLog *log);
const JobLogLine *job_log_next(const JobLog *log, const JobLogLine *line);
const JobLogLine *job_log_line(const JobLog *log, unsigned i);
/* The number of lines that were ever appended. */
unsigned job_log_total(const JobLog *log);

/* The log is the last group of a record. job_log_append() appends that group to the text of a record without it;
 * job_log_of_record() finds the group in the text of a record, NULL if there is none; job_log_from_text() reads the
 * group, and leaves out lines that it cannot read. */
void job_log_append(const JobLog *log, GString *record);
const char *job_log_of_record(const char *record);
JobLog *job_log_from_text(const char *group);

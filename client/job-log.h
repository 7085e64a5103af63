/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "ctl.h"
#include "props.h"

typedef struct LogLine {
        uint64_t time; /* µs since the epoch */
        char *kind;
        char *text;
} LogLine;

/* Reads the log of the job with that object path: an array of LogLine, which the caller frees. Returns an exit status
 * and has printed the failure. */
int job_log_read(Ctl *ctl, const char *path, GPtrArray **ret);

/* The word for a kind of line in the user's language, the kind itself if it is not known. */
const char *job_log_kind(const char *kind);
/* The text of a line of that job's log in the user's language, cleaned by text_clean(), which the caller frees. What the
 * module said, and was told, stays as it is. */
char *job_log_text(const Props *job, const LogLine *line);

/* Local time with milliseconds, which the caller frees. */
char *job_log_time(uint64_t time);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "ctl.h"

typedef struct LogLine {
        uint64_t time; /* µs since the epoch */
        char *kind;
        char *text;
} LogLine;

/* Reads the log of the job with that object path: an array of LogLine, which the caller frees. Returns an exit status
 * and has printed the failure. */
int job_log_read(Ctl *ctl, const char *path, GPtrArray **ret);

/* Local time with milliseconds, which the caller frees. */
char *job_log_time(uint64_t time);

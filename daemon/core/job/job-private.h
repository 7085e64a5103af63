/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"

/* For the files of the record alone: the words of its enums, and its strings. */

#define JOB_PERCENT_MAX 99 /* without success */

extern const char *const job_state_names[_JOB_STATE_MAX];
extern const char *const job_result_names[_JOB_RESULT_MAX];
extern const char *const job_system_names[_JOB_SYSTEM_MAX];
extern const char *const job_stall_names[_JOB_STALL_MAX];
extern const char *const job_origin_names[_JOB_ORIGIN_MAX];

typedef struct JobString {
        const char *key; /* in the record's text */
        size_t offset;   /* of the char * in Job */
} JobString;

extern const JobString job_strings[]; /* the last has no key */

char **job_string_at(const Job *job, const JobString *string);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What fotad says on the bus about a module and a job, as far as a target needs it. Texts are never NULL. */
typedef struct Module {
        char *path;
        bool present;
        char *id, *imei, *model, *revision, *method;
        unsigned flash; /* MiB, 0 unknown */
        char *job;      /* the path of the job that holds the module, "/" if none */
} Module;

typedef struct Job {
        char *path;
        char *request_id, *imei, *expected_revision;
        char *state;
        unsigned percent;
        bool cancellable;
        char *result; /* "" while the job runs */
        char *to_revision;
        char *domain, *name, *message;
        int code;
} Job;

/* fotad as it is at the time of a call, which is as long as the pointers hold. */
typedef struct Facts {
        const Module *module; /* of the target; NULL: fotad does not know it */
        bool listed;          /* find_job() finds every job that fotad has */
        const char *version;  /* fotad's; NULL: not known */
        uint64_t date;        /* µs since 1970 */
        /* The job with that request id; NULL if fotad has none. */
        const Job *(*find_job)(void *userdata, const char *request_id);
        void *userdata; /* of find_job() */
} Facts;

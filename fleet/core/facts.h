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
} Module;

typedef struct Job {
        char *path;
        char *request_id, *imei;
        char *state;
        unsigned percent;
        bool cancellable;
        char *result; /* "" while the job runs */
        char *to_revision;
        char *domain, *name, *message;
        int code;
} Job;

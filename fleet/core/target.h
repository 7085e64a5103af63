/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/facts.h"
#include "core/record.h"

/* One target of the server, which is one module of fotad. The caller carries out what target_next() says,
 * and tells the results with the facts of that time. Times are µs of a clock that does not go back; dice is a random
 * number from 0 to TARGET_DICE. */
typedef struct Target Target;

#define TARGET_DICE 1000

/* What is the same for all targets of a gateway. */
typedef struct TargetSettings {
        const char *server;  /* its URL, with the tenant */
        const char *gateway; /* its name, an attribute */
        uint64_t interval;   /* between polls, until the server says it */
} TargetSettings;

typedef enum TargetActionKind {
        TARGET_WAIT,   /* until the time is target_next()'s until, or a fact changes */
        TARGET_WRITE,  /* target_record() to the disk; then target_written() */
        TARGET_START,  /* StartUpgrade with the record's source, revision and target_request_id(), for the module of the
                        * record's IMEI; then target_started() */
        TARGET_CANCEL, /* Cancel of the job at path; then target_cancelled() */
        TARGET_REQUEST,  /* method, path and body to the server; then target_answered() */
        TARGET_DOWNLOAD, /* the record's artifact to a file; then target_downloaded() */
} TargetActionKind;

typedef struct TargetAction {
        TargetActionKind kind;
        uint64_t until;     /* UINT64_MAX: no time is waited for */
        const char *method; /* GET, PUT or POST */
        char *path;         /* below that of the target, "" for itself; or of a job; the caller frees it */
        char *body;         /* JSON; NULL none; the caller frees it */
} TargetAction;

/* The record, which is of the settings' server, is the target's from now on. settings must live as long as the target.
 */
Target *target_new(Record *record, const TargetSettings *settings, uint64_t now, unsigned dice);
void target_free(Target *target);

const Record *target_record(const Target *target);
/* The option request-id of the record's deployment; "" if there is none. */
const char *target_request_id(const Target *target);

TargetAction target_next(Target *target, const Facts *facts, uint64_t now);

/* ---- results of actions */

void target_written(Target *target, bool written, uint64_t now);
/* error: NULL, or the name of the error, and its message. */
void target_started(Target *target, const Facts *facts, const char *error, const char *message);
void target_cancelled(Target *target, const char *error);
/* status: of HTTP, 0 if there was no answer. retry_after: seconds, 0 if it was not said. */
void target_answered(Target *target, const Facts *facts, unsigned status, const char *body, unsigned retry_after,
                     uint64_t now, unsigned dice);
/* action: of the record when the download began. why: a sentence, unless the file is complete and right; another
 * attempt does not help with TARGET_FILE_REFUSED. */
typedef enum TargetDownload { TARGET_FILE_READY, TARGET_FILE_LATER, TARGET_FILE_REFUSED } TargetDownload;
void target_downloaded(Target *target, const char *action, TargetDownload result, const char *why, unsigned retry_after,
                       uint64_t now, unsigned dice);

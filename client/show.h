/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "objects.h"
#include "text.h"

/* Prints all that is known of one object as text. The second argument, which may be NULL, is the job's module or the
 * module's job. */
void show_job(const Object *job, const Object *module);
void show_module(const Object *module, const Object *job);

/* Writes one object as a JSON object: its path, then its properties with their names on the bus. */
void write_object(Json *json, const char *key, const Object *object);

/* Prints one line of JSON for an event: {"event": ..., "job": {...}, "time": ...}. key is "job" or "module". */
void print_event(const char *event, const char *key, const Object *object);

/* The job's state as a word in the user's language. A state that fotactl does not know is returned as it is. */
const char *state_word(const Props *job);

/* The system that runs on the module, in the same way. */
const char *system_word(const Props *module);

/* The job's result as a word in the user's language; "" if it has none yet. */
const char *result_word(const Props *job);

/* The colour for the job's result, or for its state if there is no result. */
TextColour job_colour(const Props *job);

/* "downloading, 45 %", which the caller frees. */
char *job_progress(const Props *job);

/* "http/714 (dns-failed)", which the caller frees; "" if the job has no error. */
char *job_error(const Props *job);

/* "A -> B", or the revision that is known, which the caller frees. */
char *job_revisions(const Props *job);

/* "waits until 14:32 at most", which the caller frees; "" if the job waits without a limit. */
char *job_deadline(const Props *job);

/* Seconds from the job's acceptance to its end, or to now; -1 if the clock was set back. */
int job_seconds(const Props *job);

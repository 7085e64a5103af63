/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "objects.h"
#include "text.h"

/* One object in full, for people. */
void show_job(const Object *job, const Object *module);
void show_module(const Object *module, const Object *job);

/* One object as a JSON object: its path, then its properties as the bus names them. */
void write_object(Json *json, const char *key, const Object *object);

/* A line of JSON for what has happened to an object: {"event": ..., "job": {...}}; key is job or module. */
void print_event(const char *event, const char *key, const Object *object);

/* A word for a job's state; one that is not known here is passed through. */
const char *state_word(const Props *job);

/* The same for a job's result; "" if it has none yet. */
const char *result_word(const Props *job);

/* How a person is to take the state, or the result if there is one. */
TextColour job_colour(const Props *job);

/* "downloading, 45 %" */
char *job_progress(const Props *job);

/* "http/714 (dns-failed)"; "" if the job has no error. */
char *job_error(const Props *job);

/* "A -> B" or what of it is known. */
char *job_revisions(const Props *job);

/* Since the job was accepted until it finished, or now; -1 if a clock was wrong. */
int job_seconds(const Props *job);

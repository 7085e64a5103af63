/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "props.h"

/* How a job's course is shown to people: a bar on a terminal, a line a change elsewhere. */
typedef struct Progress Progress;

Progress *progress_new(void);
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* Whether progress_tick() is worth calling once a second. */
bool progress_is_live(const Progress *progress);

/* The job as it is now. */
void progress_update(Progress *progress, const Props *job);

/* Draws the bar anew for the time that has gone by. */
void progress_tick(Progress *progress, const Props *job);

/* A sentence of its own above the bar. Cleans. */
void progress_note(Progress *progress, const char *note);

/* Takes the bar away, for what is printed next. */
void progress_clear(Progress *progress);

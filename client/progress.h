/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "props.h"

/* Prints the progress of a job: a bar on a terminal, a line for each change elsewhere. */
typedef struct Progress Progress;

Progress *progress_new(void);
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* True if there is a bar, which progress_tick() should draw anew once a second. */
bool progress_is_live(const Progress *progress);

/* Prints the job's present state and, if it is new, its message. */
void progress_update(Progress *progress, const Props *job);

/* Draws the bar again to update the elapsed time. Does nothing without a terminal. */
void progress_tick(Progress *progress, const Props *job);

/* Prints a sentence above the bar, after text_clean(). */
void progress_note(Progress *progress, const char *note);

/* Removes the bar, so that something else can be printed. */
void progress_clear(Progress *progress);

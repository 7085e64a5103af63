/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dialogue of a recording (doc/recordings.md), for those who play it.
 */
#pragma once

#include "core/record/recording.h"

const RecordingEvent *recorded_event(const Recording *recording, unsigned index);
/* OK, ERROR, +CME ERROR: ... */
bool recorded_is_final(const char *line);
/* True if fotad sent the recorded command there: URLs and credentials are others. */
bool recorded_is_same(const char *sent, const char *recorded);
/* True if the command of that event was answered. */
bool recorded_is_answered(const Recording *recording, unsigned index);
/* The event of that command which is nearest to the event `at`; -1 none. Those in another enumeration, in which another
 * system may run, come last. answered: only those that were. */
int recorded_find(const Recording *recording, const char *command, unsigned at, bool answered);

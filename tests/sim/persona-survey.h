/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A survey of a real module (doc/recordings.md) as a persona: its settings, and its answers to what the simulator does
 * not know.
 */
#pragma once

#include <glib.h>

struct persona_survey {
        GPtrArray *settings;  /* key, value, key, value ... */
        GHashTable *answers;  /* command -> its lines of information, with \n between them */
        GHashTable *refusals; /* command -> number of +CME ERROR as a pointer, 4 if it gave none */
};

/* NULL if the file is no survey. */
struct persona_survey *persona_survey_read(const char *file, GError **error);
void persona_survey_free(struct persona_survey *survey);

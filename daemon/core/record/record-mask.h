/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Replaces in recordings what tells one module, one SIM or one person from all others, each by a stand-in of the same
 * form, the same wherever it occurs again in the recording (doc/recordings.md, "What is replaced"). Keeps the originals
 * in memory until it is freed. */
typedef struct RecordMask RecordMask;

RecordMask *record_mask_new(void);
/* Takes NULL. Wipes the originals. */
void record_mask_free(RecordMask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordMask, record_mask_free)

/* Replaces that text from now on wherever it stands, and gives it its stand-in now. Shorter than 3 bytes, or a number
 * of fewer than 4 digits, it is not replaced; NULL is ignored. */
void record_mask_add(RecordMask *mask, const char *secret);

/* The text was written with another mask, and has its stand-ins: this mask gives none of them to other originals. */
void record_mask_skip(RecordMask *mask, const char *text);

/* A line of the AT dialogue, without its end; the lines are to be given in their order. The caller frees the result. */
char *record_mask_sent(RecordMask *mask, const char *line);
char *record_mask_received(RecordMask *mask, const char *line);

/* The port is opened, closed or gone: no line that follows is the text of a short message before. */
void record_mask_end_message(RecordMask *mask);

/* Any other text: a sentence, a string of a USB descriptor. The caller frees the result. */
char *record_mask_text(RecordMask *mask, const char *text);
/* A serial number: replaced unless it is one that all modules of a kind have. The caller frees the result. */
char *record_mask_serial(RecordMask *mask, const char *serial);

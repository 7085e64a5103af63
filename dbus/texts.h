/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Templates of the sentences that fotad sends to its clients: English, with %s and %d for their parts, %% for a percent
 * sign. A part may be a sentence of the table again. The table is made from the daemon's sources ("make update-texts"),
 * and ends with NULL. */
extern const char *const texts[];

/* Returns the sentence in another language, which the caller frees. translate() returns a text of the table or of
 * codes.h in that language, or the text itself, by the same pointer, if there is no translation. Parts that no template
 * matches, such as names and numbers, stay as they are. */
char *texts_translate(const char *sentence, const char *(*translate)(const char *text));

/* Returns a text that was put together of translated parts without the blanks that a language does not have there, which
 * the caller frees: beside a wide mark of punctuation, between two wide characters, and before a comma. */
char *texts_without_gaps(const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "props.h"

/* The job's Message in the user's language, which the caller frees. On the bus it is English, built from the texts of
 * dbus/codes.c with a detail between them, or from those of dbus/texts.c. */
char *message_words(const Props *job);
/* The same of a text that begins with a message of that job, as a line of its log does. */
char *message_words_of(const Props *job, const char *message);

/* Any other sentence of fotad in the user's language, cleaned by text_clean(). The caller frees it. */
char *sentence_words(const char *sentence);

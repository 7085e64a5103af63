/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* True if every %{...} in the text is known; else *ret_why is what is wrong, which the caller frees. */
bool placeholder_check(const char *text, char **ret_why);

/* True if the text has the placeholder of that name: "model" or "revision". */
bool placeholder_has(const char *text, const char *name);

/* The text with the values in place of the placeholders, which the caller frees. NULL, and *ret_why, which the caller
 * frees, if a value is not known or has characters that are not allowed. */
char *placeholder_fill(const char *text, const char *model, const char *revision, char **ret_why);

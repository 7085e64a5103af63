/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Whether every %{...} in the text is known; *ret_why says what would be right, the caller frees it. */
bool placeholder_check(const char *text, char **ret_why);

/* Whether the text depends on that one: "model" or "revision". */
bool placeholder_has(const char *text, const char *name);

/* The text, filled. NULL, and *ret_why, if a value is not known or could be more than a part of a name. */
char *placeholder_fill(const char *text, const char *model, const char *revision, char **ret_why);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Reads a regular file of at most that many bytes, following links. 0, or -errno and *ret_why, which names the file:
 * -EINVAL if it is no regular file, -EFBIG if it is larger. *ret_text has a NUL after its bytes, and may have others
 * among them; the caller frees it. */
int read_file(const char *path, size_t most, char **ret_text, size_t *ret_length, char **ret_why);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* The largest text that fotactl reads. */
#define INPUT_MAX (64 * 1024)

/* The text of a regular file, with a NUL behind its *ret_length bytes; the caller frees it. NULL, and *ret_why, which
 * names the file, if it is another kind of file, is too large or cannot be read. */
char *input_read_file(const char *path, size_t *ret_length, char **ret_why);

/* The first line, without its end, of a file of any kind, such as a pipe, for which it waits. "" for an empty file. The
 * caller frees it. NULL, and *ret_why, if it is too long or cannot be read. */
char *input_read_line(int fd, char **ret_why);

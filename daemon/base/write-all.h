/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Writes all of the bytes, however many calls that takes; the descriptor must block. 0 or -errno, with which some of
 * them may have been written. */
int write_all(int fd, const void *bytes, size_t size);

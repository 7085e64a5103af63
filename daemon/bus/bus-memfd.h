/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A file in memory that has the text, is open at its beginning, and cannot be changed by anybody. Its descriptor, which
 * the caller closes, or -errno. */
int bus_memfd_new(const char *name, const char *text);

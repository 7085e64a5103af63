/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/record.h"

/* The state directory: one file for each target, beside a package that is being fetched for it. All functions wait for
 * the disk. */

/* All records of that server (its URL, with the tenant), as their files have them. Other files are set aside, which is
 * logged: those of another server as NAME.other, those that cannot be read as NAME.broken. NULL, logged, if the
 * directory cannot be read. */
GPtrArray *store_read(const char *directory, const char *server);

/* Returns when the disk has the record; false, logged, if it refuses it, and then the file is as before. */
bool store_write(const char *directory, const Record *record);

/* The path of a target's package; the caller frees it. */
char *store_package_path(const char *directory, const Record *record);

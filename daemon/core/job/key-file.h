/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* Appends to the text of a key file, in the form that g_key_file_to_data() gives it. A GKeyFile would leave a copy of
 * each value, passwords as well, in freed memory, and records are written dozens of times in an upgrade. A record that
 * outgrows the memory that the text began with (8 KiB) is moved, and may then leave a copy in freed memory, too. */
void key_file_append_group(GString *text, const char *group);
void key_file_append_string(GString *text, const char *key, const char *value);
void key_file_append_number(GString *text, const char *key, int64_t number);
void key_file_append_boolean(GString *text, const char *key, bool value);

/* Appends the decimal digits alone. printf() takes ten times as long, and a record has hundreds of numbers. */
void key_file_append_digits(GString *text, uint64_t number);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "text.h"

/* A table with headings. If the terminal is too narrow, the spare columns are left out; if that is not enough, each row
 * is printed as a block of "Heading  value" lines with all columns. */
typedef struct Table Table;

/* Creates a table with these headings, which are printed in capitals. */
Table *table_new(const char *heading, ...) G_GNUC_NULL_TERMINATED;
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Adds a row: one cell for each heading; NULL and "" are printed as "-". */
void table_add(Table *table, const char *const *cells);

/* Marks a column as spare. Those marked first are left out first. */
void table_spare(Table *table, const char *heading);

/* The last column may be wrapped: it is text. It then has no colour. */
void table_wrap(Table *table);

/* Sets the colour of the last cell of the row added last. */
void table_colour(Table *table, TextColour colour);

/* Adds a sentence below the row added last. */
void table_note(Table *table, const char *note);

void table_print(const Table *table);

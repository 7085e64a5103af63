/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "text.h"

/* Rows under headings. On a terminal too narrow for them the spare columns are left out; if that does not do, one block
 * of "Heading  value" a row, with all of them. */
typedef struct Table Table;

/* The headings are shown in capitals. */
Table *table_new(const char *heading, ...) G_GNUC_NULL_TERMINATED;
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* As many cells as there are headings; NULL and "" become "-". */
void table_add(Table *table, const char *const *cells);

/* The heading's column can be spared. Those told first are left out first. */
void table_spare(Table *table, const char *heading);

/* Of the last cell of the row added last. */
void table_colour(Table *table, TextColour colour);

/* A sentence beneath the row added last. */
void table_note(Table *table, const char *note);

void table_print(const Table *table);

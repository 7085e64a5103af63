/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Rows under headings; on a terminal too narrow for them, one block of "Heading  value" a row. */
typedef struct Table Table;

Table *table_new(const char *heading, ...) G_GNUC_NULL_TERMINATED;
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* As many cells as there are headings; NULL and "" become "-". */
void table_add(Table *table, const char *const *cells);

/* A sentence beneath the row added last. */
void table_note(Table *table, const char *note);

void table_print(const Table *table);

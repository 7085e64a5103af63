/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables for people. It knows widths, not what stands in the cells; every cell is cleaned on the way in. */

#include "config.h"

#include "table.h"
#include "text.h"

typedef struct Row {
        GStrv cells;
        char *note;
} Row;

struct Table {
        GPtrArray *headings;
        GPtrArray *rows;
};

enum { GAP = 2 };

static void row_free(gpointer data)
{
        Row *row = data;

        g_strfreev(row->cells);
        g_free(row->note);
        g_free(row);
}

Table *table_new(const char *heading, ...)
{
        Table *table = g_new0(Table, 1);
        va_list ap;

        table->headings = g_ptr_array_new_with_free_func(g_free);
        table->rows = g_ptr_array_new_with_free_func(row_free);
        va_start(ap, heading);
        for (; heading; heading = va_arg(ap, const char *))
                g_ptr_array_add(table->headings, g_strdup(heading));
        va_end(ap);
        return table;
}

void table_free(Table *table)
{
        if (!table)
                return;
        g_ptr_array_unref(table->headings);
        g_ptr_array_unref(table->rows);
        g_free(table);
}

void table_add(Table *table, const char *const *cells)
{
        Row *row = g_new0(Row, 1);

        row->cells = g_new0(char *, table->headings->len + 1);
        for (guint i = 0; i < table->headings->len; i++)
                row->cells[i] = text_clean(cells[i] && *cells[i] ? cells[i] : "-");
        g_ptr_array_add(table->rows, row);
}

void table_note(Table *table, const char *note)
{
        Row *row = g_ptr_array_index(table->rows, table->rows->len - 1);

        g_free(row->note);
        row->note = g_strdup(note);
}

/* Columns of each column, and of all together. */
static int measure(const Table *table, int *ret_columns)
{
        int total = -GAP;

        for (guint i = 0; i < table->headings->len; i++) {
                ret_columns[i] = text_columns(g_ptr_array_index(table->headings, i));
                for (guint k = 0; k < table->rows->len; k++) {
                        const Row *row = g_ptr_array_index(table->rows, k);
                        ret_columns[i] = MAX(ret_columns[i], text_columns(row->cells[i]));
                }
                total += ret_columns[i] + GAP;
        }
        return total;
}

static void print_cells(char *const *cells, guint n, const int *columns, TextColour colour)
{
        g_autoptr(GString) line = g_string_new(NULL);

        for (guint i = 0; i < n; i++) {
                g_string_append(line, cells[i]);
                if (i + 1 < n)
                        g_string_append_printf(line, "%*s", columns[i] - text_columns(cells[i]) + GAP, "");
        }
        g_print("%s%s%s\n", text_colour(colour), line->str, text_colour(TEXT_PLAIN));
}

static void print_note(const char *note)
{
        if (!note || !*note)
                return;
        g_print("  %s!%s ", text_colour(TEXT_WARN), text_colour(TEXT_PLAIN));
        text_wrap(note, 4);
}

static void print_blocks(const Table *table)
{
        int indent = 0;

        for (guint i = 0; i < table->headings->len; i++)
                indent = MAX(indent, text_columns(g_ptr_array_index(table->headings, i)) + GAP);
        for (guint k = 0; k < table->rows->len; k++) {
                const Row *row = g_ptr_array_index(table->rows, k);
                if (k > 0)
                        g_print("\n");
                for (guint i = 0; i < table->headings->len; i++)
                        text_field_at(g_ptr_array_index(table->headings, i), row->cells[i], indent);
                print_note(row->note);
        }
}

void table_print(const Table *table)
{
        g_autofree int *columns = g_new0(int, table->headings->len);
        int total = measure(table, columns), width = text_width();

        if (width > 0 && total > width) {
                print_blocks(table);
                return;
        }
        print_cells((char *const *)table->headings->pdata, table->headings->len, columns, TEXT_BOLD);
        for (guint k = 0; k < table->rows->len; k++) {
                const Row *row = g_ptr_array_index(table->rows, k);
                print_cells(row->cells, table->headings->len, columns, TEXT_PLAIN);
                print_note(row->note);
        }
}

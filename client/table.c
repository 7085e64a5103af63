/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints tables. Knows widths, not the meaning of cells; every cell is cleaned (text_clean()) when it is added. */

#include "config.h"

#include "table.h"
#include "text.h"

typedef struct Row {
        GStrv cells;
        TextColour colour; /* colour of the last cell */
        char *note;
} Row;

struct Table {
        GPtrArray *headings;
        GPtrArray *spare; /* headings */
        GPtrArray *rows;
        bool wraps; /* the last column */
};

enum { GAP = 2, ROOM = 24 /* minimum width of a wrapped column */ };

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
        table->spare = g_ptr_array_new_with_free_func(g_free);
        table->rows = g_ptr_array_new_with_free_func(row_free);
        va_start(ap, heading);
        for (; heading; heading = va_arg(ap, const char *))
                g_ptr_array_add(table->headings, g_utf8_strup(heading, -1));
        va_end(ap);
        return table;
}

void table_free(Table *table)
{
        if (!table)
                return;
        g_ptr_array_unref(table->headings);
        g_ptr_array_unref(table->spare);
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

void table_spare(Table *table, const char *heading)
{
        g_ptr_array_add(table->spare, g_utf8_strup(heading, -1));
}

void table_wrap(Table *table)
{
        table->wraps = true;
}

void table_colour(Table *table, TextColour colour)
{
        ((Row *)g_ptr_array_index(table->rows, table->rows->len - 1))->colour = colour;
}

void table_note(Table *table, const char *note)
{
        Row *row = g_ptr_array_index(table->rows, table->rows->len - 1);

        g_free(row->note);
        row->note = g_strdup(note);
}

static int measure_column(const Table *table, guint i)
{
        int columns = text_columns(g_ptr_array_index(table->headings, i));

        for (guint k = 0; k < table->rows->len; k++) {
                const Row *row = g_ptr_array_index(table->rows, k);
                columns = MAX(columns, text_columns(row->cells[i]));
        }
        return columns;
}

/* Computes the width of each column, 0 for those that are left out. false if the columns do not fit. */
static bool arrange(const Table *table, int *ret_columns)
{
        int total = -GAP, width = text_width();
        guint i;

        for (i = 0; i < table->headings->len; i++) {
                ret_columns[i] = measure_column(table, i);
                total += ret_columns[i] + GAP;
        }
        for (guint k = 0; k < table->spare->len && width > 0 && total > width; k++) {
                const char *heading = g_ptr_array_index(table->spare, k);

                if (!g_ptr_array_find_with_equal_func(table->headings, heading, g_str_equal, &i))
                        g_assert_not_reached();
                total -= ret_columns[i] + GAP;
                ret_columns[i] = 0;
        }
        i = table->headings->len - 1;
        if (table->wraps && width > 0 && total > width && width - (total - ret_columns[i]) >= ROOM)
                return true;
        return width == 0 || total <= width;
}

/* The last cell of a table that wraps it. */
static void wrap_last(char *const *cells, guint n, const int *columns)
{
        int indent = 0;

        for (guint i = 0; i + 1 < n; i++)
                indent += columns[i] > 0 ? columns[i] + GAP : 0;
        text_wrap(cells[n - 1], indent);
}

/* base is the colour of all cells but the last, which has the colour last. */
static void print_cells(const Table *table, char *const *cells, const int *columns, TextColour base, TextColour last)
{
        guint n = table->headings->len;

        g_print("%s", text_colour(base));
        for (guint i = 0; i + 1 < n; i++)
                if (columns[i] > 0)
                        g_print("%s%*s", cells[i], columns[i] - text_columns(cells[i]) + GAP, "");
        if (table->wraps && base == TEXT_NONE) {
                wrap_last(cells, n, columns);
                return;
        }
        g_print("%s%s%s%s\n", text_colour(last), cells[n - 1], text_colour_end(last), text_colour_end(base));
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
                        text_field_at(g_ptr_array_index(table->headings, i), row->cells[i], indent,
                                      i + 1 < table->headings->len ? TEXT_NONE : row->colour);
                print_note(row->note);
        }
}

void table_print(const Table *table)
{
        g_autofree int *columns = g_new0(int, table->headings->len);

        if (!arrange(table, columns)) {
                print_blocks(table);
                return;
        }
        print_cells(table, (char *const *)table->headings->pdata, columns, TEXT_BOLD, TEXT_NONE);
        for (guint k = 0; k < table->rows->len; k++) {
                const Row *row = g_ptr_array_index(table->rows, k);
                print_cells(table, row->cells, columns, TEXT_NONE, row->colour);
                print_note(row->note);
        }
}

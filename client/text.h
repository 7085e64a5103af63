/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>

/* Makes a string from outside safe for a terminal: valid UTF-8, one line, no control and no format characters. The
 * caller frees it. */
char *text_clean(const char *s);

/* The number of columns that a clean string takes on a terminal. */
int text_columns(const char *s);

/* True if stdout is a terminal on which a line can be redrawn. */
bool text_is_terminal(void);

/* The width of the terminal at stdout in columns; 0, for no limit, if there is none. */
int text_width(void);

typedef enum TextColour { TEXT_NONE, TEXT_PLAIN, TEXT_GOOD, TEXT_BAD, TEXT_WARN, TEXT_BOLD } TextColour;

/* The escape sequence of the colour; "" if stdout is no terminal or NO_COLOR is set (no-color.org). TEXT_PLAIN ends a
 * colour; TEXT_NONE is "" and needs no end. */
const char *text_colour(TextColour colour);
const char *text_colour_end(TextColour colour);

/* Prints the text after text_clean(), wrapped at the terminal's width with that indentation. The cursor must be in
 * column indent already. */
void text_wrap(const char *s, int indent);

enum { FIELD_INDENT = 15 };

/* Prints a line, wrapped at the terminal's width. */
void text_say(TextColour colour, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Prints "Label    value" after text_clean(), with the value wrapped into its own column, or below the label if a
 * terminal has no room beside it. Prints nothing if the value is "". */
void text_field(const char *label, const char *value);
/* The same with the value in column indent and in that colour. */
void text_field_at(const char *label, const char *value, int indent, TextColour colour);

/* "head: detail", with the punctuation of the user's language. The caller frees it. */
char *text_pair(const char *head, const char *detail);

/* "3:07" or "1:03:07", which the caller frees. */
char *text_duration(int seconds);

/* Local time of usec (µs since the epoch), "" for 0, which the caller frees. */
char *text_time(unsigned long long usec);
/* Local time of day as in "14:32"; with the date if it is more than half a day away; "" for 0. The caller frees it. */
char *text_clock(unsigned long long usec);
/* As text_time(); on a terminal also how long ago that is. */
char *text_when(unsigned long long usec);

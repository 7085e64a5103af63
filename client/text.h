/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>

/* Whatever comes from outside, fit for a terminal: valid UTF-8, one line, no control and no format characters. */
char *text_clean(const char *s);

/* The columns a clean string takes on a terminal. */
int text_columns(const char *s);

/* Whether stdout is a terminal that can redraw a line. */
bool text_is_terminal(void);

/* Columns of the terminal at stdout; 0, without limit, if there is none. */
int text_width(void);

typedef enum TextColour { TEXT_NONE, TEXT_PLAIN, TEXT_GOOD, TEXT_BAD, TEXT_WARN, TEXT_BOLD } TextColour;

/* The escape sequence, or "" where colour is not wanted: off a terminal, and with NO_COLOR in the environment
 * (no-color.org). TEXT_PLAIN ends the others; TEXT_NONE needs no end. */
const char *text_colour(TextColour colour);
const char *text_colour_end(TextColour colour);

/* Words from column indent on, broken at the width. The cursor stands at that column already. Cleans. */
void text_wrap(const char *s, int indent);

enum { FIELD_INDENT = 15 };

/* A line, broken likewise. */
void text_say(TextColour colour, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "Label    value", the value wrapped beneath itself, or, on a terminal with no room beside it, beneath the label;
 * nothing if the value is "". Cleans. */
void text_field(const char *label, const char *value);
/* The value from column indent on. */
void text_field_at(const char *label, const char *value, int indent, TextColour colour);

/* 3:07, 1:03:07 */
char *text_duration(int seconds);

/* Local time, "" for 0. */
char *text_time(unsigned long long usec);
/* The same, and for a person at a terminal how long ago that is. */
char *text_when(unsigned long long usec);

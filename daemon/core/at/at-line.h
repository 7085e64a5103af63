/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line that is kept, in bytes. The longest with a meaning is an echoed AT+QFOTADL of some 280. */
#define AT_LINE_MAX 1024

/* Zeros are an empty line. */
typedef struct AtLine {
        char *buffer; /* as long as the longest line needed */
        size_t size, length;
        bool overlong; /* the present line is too long to mean anything: it is skipped */
} AtLine;

/* Takes one byte. Returns the line that it ends, without its end and its trailing blanks, valid until the next call;
 * NULL if it ends none. Empty and over-long lines are never returned. */
const char *at_line_push(AtLine *line, uint8_t byte);

/* Drops an unfinished line, and frees the buffer. */
void at_line_reset(AtLine *line);

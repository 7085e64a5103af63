/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Splits bytes into lines, a byte at a time in a bounded buffer, so that the boundaries of reads do not matter. Does
 * not interpret lines. NULs and control characters, which modules emit while they boot, are dropped. */

#include <glib.h>

#include "core/at/at-line.h"

#define SIZE_MIN 64 /* of the buffer; few lines are longer */

void at_line_reset(AtLine *line)
{
        g_free(line->buffer);
        *line = (AtLine){ 0 };
}

static const char *at_line_end(AtLine *line)
{
        size_t n = line->length;
        bool overlong = line->overlong;

        line->length = 0;
        line->overlong = false;
        if (overlong || n == 0)
                return NULL;
        while (n > 0 && line->buffer[n - 1] == ' ')
                n--;
        line->buffer[n] = 0;
        return line->buffer;
}

const char *at_line_push(AtLine *line, uint8_t byte)
{
        if (byte == '\r' || byte == '\n')
                return at_line_end(line);
        if (byte < ' ' || byte == 0x7f)
                return NULL;
        if (line->length == 0 && byte == ' ')
                return NULL;
        if (line->length >= AT_LINE_MAX) {
                line->overlong = true;
                return NULL;
        }
        if (line->length + 1 >= line->size) {
                line->size = line->size ? 2 * line->size : SIZE_MIN;
                line->buffer = g_realloc(line->buffer, line->size);
        }
        line->buffer[line->length++] = (char)byte;
        return NULL;
}

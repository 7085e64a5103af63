/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Splits bytes into lines, a byte at a time in a bounded buffer, so that the boundaries of reads do not matter. Does
 * not interpret lines. NULs and control characters, which modules emit while they boot, are dropped. */

#include "core/at/at-line.h"

void at_line_reset(AtLine *line)
{
        line->length = 0;
        line->overlong = false;
}

static const char *at_line_end(AtLine *line)
{
        size_t n = line->length;
        bool overlong = line->overlong;

        at_line_reset(line);
        if (overlong)
                return NULL;
        while (n > 0 && line->buffer[n - 1] == ' ')
                n--;
        line->buffer[n] = 0;
        return n > 0 ? line->buffer : NULL;
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
        line->buffer[line->length++] = (char)byte;
        return NULL;
}

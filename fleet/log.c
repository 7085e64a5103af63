/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes lines for the journal, whose texts may come from the server. */

#include "config.h"

#include <stdio.h>

#include "core/clean.h"
#include "log.h"

#define LENGTH_MAX 2000 /* characters */

void log_line(const char *priority, const char *format, ...)
{
        g_autofree char *text = NULL, *line = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        line = clean_text(text, LENGTH_MAX);
        fprintf(stderr, "%s%s\n", priority, line);
}

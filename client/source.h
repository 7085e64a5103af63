/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* The source of a package: a URL, or a file of the caller's, open for reading. */
typedef struct Source {
        char *url;  /* NULL if the source is a file */
        char *name; /* the file's name without folders */
        int fd;     /* -1 if the source is a URL */
} Source;

#define SOURCE_NULL                                                                                                    \
        {                                                                                                              \
                NULL, NULL, -1                                                                                         \
        }

void source_clear(Source *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Source, source_clear)

/* Reads SOURCE as given in arg, or from stdin if arg is "-", and opens the file if it is no URL. Returns an exit status
 * and has printed the failure. The caller clears *ret. */
int source_open(Ctl *ctl, const char *arg, Source *ret);

/* The same for a verb that takes a URL only: *ret is the text, which the caller frees. Opens nothing; the daemon judges
 * the URL. */
int source_read(Ctl *ctl, const char *arg, char **ret);

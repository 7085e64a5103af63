/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* Where the package is: an URL, or a file of the caller's, open for reading. */
typedef struct Source {
        char *url;  /* NULL for a file */
        char *name; /* the file's, without folders */
        int fd;     /* -1 for an URL */
} Source;

#define SOURCE_NULL                                                                                                    \
        {                                                                                                              \
                NULL, NULL, -1                                                                                         \
        }

void source_clear(Source *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Source, source_clear)

/* arg is SOURCE as given, "-" reads it from stdin. These return an exit status, the failure reported. */
int source_open(Ctl *ctl, const char *arg, Source *ret);

/* The same for a source that must be a string the daemon judges: nothing is opened. */
int source_read(Ctl *ctl, const char *arg, char **ret);

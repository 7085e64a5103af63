/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A socket as the journal or a service manager has it: whatever comes is taken at once, so that nobody who writes to it
 * waits, and kept. */
typedef struct Datagrams Datagrams;

Datagrams *datagrams_new(const char *path);
void datagrams_free(Datagrams *datagrams);

/* Waits for one that has that text, at or after the from'th; its number. */
unsigned datagrams_await(Datagrams *datagrams, unsigned from, const char *text);

/* Copies of all that have come, which the caller frees. */
GPtrArray *datagrams_get(Datagrams *datagrams);

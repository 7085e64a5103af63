/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A socket like that of the journal or a service manager: every datagram is received at once, so that no sender waits,
 * and kept. */
typedef struct Datagrams Datagrams;

Datagrams *datagrams_new(const char *path);
void datagrams_free(Datagrams *datagrams);

/* Waits for a datagram with that text, at or after number from; returns its number. */
unsigned datagrams_await(Datagrams *datagrams, unsigned from, const char *text);

/* Copies of all datagrams so far, which the caller frees. */
GPtrArray *datagrams_get(Datagrams *datagrams);

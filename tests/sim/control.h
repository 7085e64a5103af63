/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control socket: one command per line, one answer per line, "ok[ value]" or "error text".
 */
#pragma once

#include "bench.h"

typedef struct Control Control;

/* Listens at `path`, which is removed before and afterwards. "quit" calls `quit`. */
Control *control_new(const char *path, Bench *bench, void (*quit)(void *user), void *user, GError **error);
void control_free(Control *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Control, control_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A process named "squatter" that has the tty open, perhaps for itself alone; with NULL, it has none. */
pid_t squat(const char *tty, bool exclusive);
/* Kills it. */
void evict(pid_t pid);
/* A pty stays exclusive after its last close, which no serial port does. */
void end_exclusive(const char *tty);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A process named "squatter" that has the tty open, exclusively if so requested; with NULL, it has none open. */
pid_t squat(const char *tty, bool exclusive);
/* Kills the process. */
void evict(pid_t pid);
/* A pty stays exclusive after its last close, which no serial port does. */
void end_exclusive(const char *tty);

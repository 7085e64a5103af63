/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* The socket of fotad-source-check, as fotad-source-check.socket has it, without systemd: each connection becomes stdin
 * and stdout of a new process, which runs under the restrictions of fotad-source-check@.service. */
void source_checks_serve(World *world);

/* The same with a command of the shell in the place of fotad-source-check; and with a socket at which nothing listens
 * any more. */
void source_checks_serve_by(World *world, const char *command);
void source_checks_leave(World *world);

/* The pid of the process for the last connection, which has been started. */
pid_t source_checks_last(World *world);

/* stderr of all processes so far; the caller frees it. */
char *source_checks_log(World *world);

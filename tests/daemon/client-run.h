/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "world.h"

/* The password of the world's FTP server; no run may ever print it. */
#define SECRET "s3cret-Pa55"

/* A run of fotactl, in the test's own environment. */
typedef struct ClientRun {
        World *w;
        pid_t pid;
        int out;       /* stdout, or the terminal */
        GString *text; /* stdout */
        char *error;   /* stderr, after client_finish() */
        bool json;
} ClientRun;

/* A person's terminal and environment. */
typedef struct ClientTerminal {
        int columns;          /* 0: no terminal, a pipe */
        const char *term;     /* NULL: xterm */
        const char *no_color; /* NULL: not in the environment */
        const char *language; /* of po/LINGUAS; NULL: English */
} ClientTerminal;

/* Starts fotactl. command: its arguments, for a shell; input: its standard input, NULL for none; terminal: on one of 80
 * columns. */
ClientRun *client_begin(World *world, const char *command, const char *input, bool terminal);
ClientRun *client_begin_at(World *world, const char *command, const ClientTerminal *terminal);

/* Waits until that text was printed on stdout. */
void client_await(ClientRun *run, const char *part);

/* Waits for the end, with that exit status, or by signal -status; the output must hold no password. */
void client_finish(ClientRun *run, int status);
void client_free(ClientRun *run);

/* Runs the command to its end; out and err are parts that its output must have. */
void client_assert(World *world, const char *command, const char *input, int status, const char *out, const char *err);

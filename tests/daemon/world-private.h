/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* Shared by world.c (files, processes, modules, servers) and world-bus.c (the daemon on the bus). */

#define TIMEOUT (120 * G_USEC_PER_SEC) /* far longer than any test needs: ModemManager needs half a minute for a
                                           modem */

/* Calls of one connection that the bus lets wait for replies: more than the daemon keeps. */
#define REPLIES_MAX 10000

typedef struct Signal {
        char *path, *member, *text; /* text: the arguments */
        unsigned percent;
} Signal;

struct World {
        char *directory;
        GPtrArray *environment; /* of the daemon */
        GPtrArray *processes;   /* pids, killed at the end */
        pid_t daemon, sim, bus_daemon;
        uid_t user; /* of the daemon */
        bool by_hand;
        unsigned replies_max; /* a limit of the bus */
        char *program;
        char *preload; /* the library that makes a program see the mocked /sys and /dev */
        int control;
        sd_bus *bus;
        GPtrArray *signals;
        char *error, *error_message;
        unsigned http_port, https_port, ftp_port;
};

/* stdout is written to out, stderr to err. */
pid_t world_spawn(World *world, char *const *argv, char *const *environment, const char *out, const char *err);
/* Waits for the end of the process; returns the exit status, or the signal, negative. */
int world_reap(World *world, pid_t pid);

/* Polls a condition that has no event to wait for: a file that another process writes, a socket that it opens. */
void world_await(World *world, bool (*ready)(World *world, const void *data), const void *data, const char *what);

/* A port of loopback that is free now; waits until a server listens at it. */
unsigned world_free_port(void);
void world_await_server(World *world, unsigned port);

/* data: a file and a text, const char *[2]. */
bool world_file_has(World *world, const void *data);

/* A program of the build; the caller frees it. */
char *world_program(const char *name);
/* The directory of the mocked /sys and /dev. */
const char *world_testbed(World *world);
/* The libraries that make a program see them, as in LD_PRELOAD. */
const char *world_preload(World *world);

/* The group and the user of udev's rules, for modsim --owners; NULL: all processes run as the same user. */
char *world_owners(World *world);
/* Starts the daemon, or the program in its place. */
pid_t world_launch(World *world);
/* The daemon has ended, and its status was not read yet. */
bool world_daemon_is_dead(World *world);

/* The record of all signals, over all the buses. */
GPtrArray *world_new_signals(void);
void world_drain(World *world);
bool world_name_is_owned(World *world, const void *data);
bool world_name_is_free(World *world, const void *data);

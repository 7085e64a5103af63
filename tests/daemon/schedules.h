/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "datagrams.h"
#include "world.h"

/* A world with a folder of schedules, and a socket in place of systemd's. */
typedef struct Schedules {
        World *w;
        char *directory;
        Datagrams *systemd; /* fotactl's messages to systemd */
} Schedules;

/* The first module has reported its revision, unless there is no daemon. */
Schedules *schedules_new(const WorldSettings *settings);
void schedules_free(Schedules *schedules);

/* A path in the folder, which the caller frees. */
char *schedules_write_file(Schedules *schedules, const char *name, const char *text, int mode);

/* Writes the schedule "night": source= with the given text, which may go on in [upgrade] and in later groups; it
 * expects NEW_REVISION. */
void schedules_write(Schedules *schedules, const char *source, const char *more);

/* A credential that systemd passes to every later run. */
void schedules_write_credential(Schedules *schedules, const char *name, const char *text);

/* "schedule" with the folder and that command, for client_begin(). The caller frees it. */
char *schedules_command(Schedules *schedules, const char *verb);

/* Runs the command to its end, as client_assert(). */
void schedules_assert(Schedules *schedules, const char *verb, int status, const char *out, const char *err);

/* Asserts that the last message to systemd, from number from on, has that text. No message to systemd holds a
 * password. */
void schedules_assert_told(Schedules *schedules, unsigned from, const char *status);
unsigned schedules_count_told(Schedules *schedules);

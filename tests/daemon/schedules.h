/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "datagrams.h"
#include "world.h"

/* A world with a folder of schedules, where systemd would be as well. */
typedef struct Schedules {
        World *w;
        char *directory;
        Datagrams *systemd; /* what fotactl tells it */
} Schedules;

/* The first module is known, unless there is no daemon. */
Schedules *schedules_new(const WorldSettings *settings);
void schedules_free(Schedules *schedules);

/* In the folder; its path, which the caller frees. */
char *schedules_write_file(Schedules *schedules, const char *name, const char *text, int mode);

/* The schedule "night": source= and what follows in [upgrade] and behind; it expects NEW_REVISION. */
void schedules_write(Schedules *schedules, const char *source, const char *more);

/* A credential that systemd hands to every run from now on. */
void schedules_write_credential(Schedules *schedules, const char *name, const char *text);

/* "schedule" with the folder and that, for client_begin(). The caller frees it. */
char *schedules_command(Schedules *schedules, const char *verb);

/* Runs it to its end, as client_assert(). */
void schedules_assert(Schedules *schedules, const char *verb, int status, const char *out, const char *err);

/* The last message to systemd, from the from'th on, has that in it. No message to systemd holds a password. */
void schedules_assert_told(Schedules *schedules, unsigned from, const char *status);
unsigned schedules_count_told(Schedules *schedules);

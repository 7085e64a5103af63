/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bench: modules and decoys plugged into one test bed, their commands and their actions.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Bench Bench;
typedef struct Unit Unit;

/* `log`: file of the truth log, NULL for none. */
Bench *bench_new(const char *log, GError **error);
/* "GID:UID": the group that udev gives the ttys to, and the user that gets power/control and uevent of modules. Must be
 * called before anything is added. */
bool bench_serve_owners(Bench *bench, const char *owners, GError **error);
/* Disconnects everything, and removes the test bed. */
void bench_free(Bench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

const char *bench_log_path(Bench *bench);
/* Called after every event of every unit. */
void bench_on_event(Bench *bench, void (*fn)(void *user), void *user);

/* The directory of a host's claims on places, which need not exist. Must be called before the first module is added. */
void bench_follow_claims(Bench *bench, const char *directory);

/* "1-1=ec200a,key=value": a module named 1-1, at that port path; "tty:ttyS1=...": one at a serial port. */
bool bench_add_module(Bench *bench, const char *text, bool real_time, GError **error);
/* "1-3=ftdi" or "1-3=boot-rom". */
bool bench_add_decoy(Bench *bench, const char *text, GError **error);
/* By the name under which it was added, even after a move. */
Unit *bench_find(Bench *bench, const char *name);

bool unit_attach(Unit *unit, GError **error);
void unit_detach(Unit *unit);
/* The adapter between the host and a module at a serial port; the module is unaffected. */
bool unit_adapter(Unit *unit, bool there, GError **error);
bool unit_move(Unit *unit, const char *path, GError **error);
/* These, and holds, are for modules only. */
bool unit_power_cut(Unit *unit, GError **error);
bool unit_say(Unit *unit, const char *text, GError **error);
bool unit_set(Unit *unit, const char *key, const char *value, GError **error);
bool unit_hold(Unit *unit, const char *point, GError **error);
bool unit_release(Unit *unit, const char *point, GError **error);
/* NULL: not held, or not at that point. */
const char *unit_held(Unit *unit, const char *point);

/* Prints raw bytes at the AT port, with C escapes. */
void unit_bytes(Unit *unit, const char *escaped);
/* A setting or a truth; NULL if there is none of that name. */
char *unit_get(Unit *unit, const char *key);
/* The number of times that `event` has happened since the start. */
unsigned unit_count(Unit *unit, const char *event);

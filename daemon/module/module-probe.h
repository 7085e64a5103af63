/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"
#include "core/quectel/identity.h"
#include "module/module-context.h"

/* Reads the identity of one module. */
typedef struct Probe Probe;

typedef struct ProbeObserver {
        /* A command is to be sent. probe_take_answer() is expected, or probe_drop(). */
        void (*ask)(void *userdata, const char *command);
        /* probe_identity() is known now. */
        void (*known)(void *userdata);
        /* The same, right after known(), if the module itself was asked: its own answer. */
        void (*answered)(void *userdata, const Identity *identity);
        /* The module answers, and reports no revision: it is not ready, or it is a Mini system, maybe for days. */
        void (*nameless)(void *userdata);
        /* A module without a job has reported no revision several times, and shows the signs of a Mini system. */
        void (*adoptable)(void *userdata);
        /* The identity was wanted, and was not read in time. */
        void (*gave_up)(void *userdata);
} ProbeObserver;

/* Borrows context and observer. */
Probe *probe_new(const ModuleContext *context, const ProbeObserver *observer, void *userdata);
/* Takes NULL. */
void probe_free(Probe *probe);

/* The identity that was read last; each string "" if none was. Belongs to the probe. */
const Identity *probe_identity(const Probe *probe);
/* Returns true if it was read since the module came. */
bool probe_is_known(const Probe *probe);
/* Returns true if the identity is to be read within [timeouts] settle, which has not passed. */
bool probe_is_wanted(const Probe *probe);
/* Returns true if the module answered without a revision since the port was opened, or since it restarted. */
bool probe_is_nameless(const Probe *probe);

/* Takes an identity that another program read; known() follows. */
void probe_take_identity(Probe *probe, Identity *identity);

/* The identity is to be read within [timeouts] settle, or, while a job holds the module, at any time: known() or
 * gave_up() follows, unless probe_unwant() is called. */
void probe_want(Probe *probe);
/* The identity is not wanted any more; gave_up() does not follow. */
void probe_unwant(Probe *probe);
/* The time is over: gave_up() follows, if the identity was wanted. A module that has reported none since it came is
 * still asked. */
void probe_give_up(Probe *probe);

/* The module has left: its identity has to be read anew when a module comes. probe_identity() keeps the last one. */
void probe_forget(Probe *probe);
/* The module is new here or has restarted: its identity is forgotten, and is logged when it is read, even if it is the
 * same. */
void probe_begin_anew(Probe *probe);

/* Starts the dialogue, if it is not under way: probe_advance() asks. */
void probe_start(Probe *probe);
/* Drops the dialogue: nothing is asked before probe_start(). */
void probe_drop(Probe *probe);
/* The port answers: questions from before will not be answered. */
void probe_port_answers(Probe *probe);
/* If the module reports no revision, it is asked again after the shortest interval, which then grows each time. */
void probe_hurry(Probe *probe);
/* The same, and its answers without a revision are counted from 0. */
void probe_count_anew(Probe *probe);

/* Asks the next question, or takes the result of the dialogue. Only while the port is open. Returns true if something
 * was done. */
bool probe_advance(Probe *probe);
/* The answer to the command of ask(). */
void probe_take_answer(Probe *probe, AtResult result, int error, const char *information);
/* The time at which probe_advance() wants to be called while the port is open, in µs of clock_now(); UINT64_MAX for
 * never. */
uint64_t probe_deadline(const Probe *probe);
/* The time at which probe_give_up() is due if no job holds the module; UINT64_MAX for never. */
uint64_t probe_wanted_until(const Probe *probe);

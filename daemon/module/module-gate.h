/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "module/module-context.h"

/* The purpose that a module needs its AT port for. */
typedef enum ModuleNeed {
        MODULE_NEED_NONE,
        MODULE_NEED_IDENTITY,
        MODULE_NEED_JOB,
        MODULE_NEED_UNDER_WAY, /* a job whose AT+QFOTADL went out before the daemon started: the module's lines are to
                                  be heard at once */
} ModuleNeed;

/* Permission to open the AT port, as far as ModemManager is concerned. */
typedef enum ModuleGate {
        MODULE_GATE_PENDING,   /* not now: ModemManager is being asked, or is to be asked again */
        MODULE_GATE_JOBS_ONLY, /* not now: ModemManager is asked when a job needs the port */
        MODULE_GATE_REFUSED,   /* not for a job either: ModemManager does not let fotad ask for it */
        MODULE_GATE_OPEN,
} ModuleGate;

/* Holds ModemManager's permission to open the AT port of one module on USB. */
typedef struct Gate Gate;

typedef struct GateObserver {
        /* The need has changed. gate_set() is expected, at once or later; not for MODULE_NEED_NONE. */
        void (*needed)(void *userdata, ModuleNeed need);
} GateObserver;

/* The new gate is MODULE_GATE_PENDING. Borrows context and observer. */
Gate *gate_new(const ModuleContext *context, const GateObserver *observer, void *userdata);
/* Takes NULL. */
void gate_free(Gate *gate);

/* Reports the need if it has changed: the job's, if a job holds the module; otherwise that of an identity, if the port
 * is wanted. Returns true if the gate is open after that. */
bool gate_pass(Gate *gate, bool wanted);

/* Sets the permission. why: the reason, as in "is still looking at it"; NULL if the gate is open, or the
 * reason is not known yet, which is not logged. Returns false if the gate is MODULE_GATE_PENDING for that reason
 * already. */
bool gate_set(Gate *gate, ModuleGate state, const char *why);

ModuleGate gate_state(const Gate *gate);
/* The reason for which the gate is not open; NULL if none was given. Belongs to the gate. */
const char *gate_why(const Gate *gate);

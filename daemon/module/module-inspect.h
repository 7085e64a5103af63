/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/rules/inspect.h"
#include "module/module-context.h"

/* Asks one module, without a job, for the facts that an upgrade depends on. */
typedef struct Inspector Inspector;

typedef struct InspectorObserver {
        /* A command is to be sent. inspector_answer() is expected, or inspector_end(). */
        void (*ask)(void *userdata, const char *command);
        /* The inspection is over: the known facts, which the callee owns (NULL none), and the reason why not everything
         * could be asked (NULL: it could). */
        void (*over)(void *userdata, Inspection *taken, const char *failure);
} InspectorObserver;

/* Borrows context and observer. */
Inspector *inspector_new(const ModuleContext *context, const InspectorObserver *observer, void *userdata);
/* Takes NULL. */
void inspector_free(Inspector *inspector);

/* Begins an inspection for that method: over() follows, always, and only from inspector_advance(). Not while
 * inspector_is_busy(). The module has [timeouts] command to answer at all. */
void inspector_begin(Inspector *inspector, Method method);
/* Begins a survey: over() follows likewise, without facts. The questions of core/record/survey are asked as soon as the
 * port answers, also of a module that tells no identity. */
void inspector_begin_survey(Inspector *inspector);
/* Between inspector_begin() or inspector_begin_survey() and over(). */
bool inspector_is_busy(const Inspector *inspector);
/* Returns true from inspector_begin() until all is known or the inspection ends early. */
bool inspector_needs_port(const Inspector *inspector);

/* The rest does nothing where there is no inspection. */

/* The port answers. From here on each command has a time-out of its own. */
void inspector_port_answers(Inspector *inspector);
/* The identity of the module is known: the questions of an inspection can begin. */
void inspector_identity_known(Inspector *inspector);
/* The answer to the command of ask(); error as AtEvent has it. */
void inspector_answer(Inspector *inspector, AtResult result, int error, const char *information);
/* Ends the inspection; failure is the reason, NULL if all was asked. */
void inspector_end(Inspector *inspector, const char *failure);

/* Asks the next question, if can_ask, or reports the end. Returns true if something was done. */
bool inspector_advance(Inspector *inspector, bool can_ask);
/* The time at which inspector_advance() wants to be called, in µs of clock_now(); UINT64_MAX for never. */
uint64_t inspector_deadline(const Inspector *inspector);

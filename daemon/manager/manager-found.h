/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/module.h"

typedef struct Manager Manager;

/* Makes a job for an upgrade that is under way on the module and that no job knows of, and begins it. Does nothing if
 * another job may be about this upgrade, or one was given up for it, or an adopted one has failed and there is no new
 * sign of an upgrade since. method: as the sign shows it: METHOD_DFOTA by a message about the download or START,
 * METHOD_UNKNOWN by UPDATING, METHOD_MINIFOTA if the module only reports no revision. */
void manager_adopt(Manager *m, Module *module, Method method);

/* An adopted job has ended: for [timeouts] settle no other upgrade is adopted at its place, unless the module begins to
 * write its flash. */
void manager_note_adopted_end(Manager *m, const Job *job);

/* The module has reported its revision: an upgrade that shows after this is a new one. */
void manager_note_revision(Manager *m, Module *module);

/* The module is about to leave: notes for its job if another present module has the same IMEI. */
void manager_note_shared_imei(Manager *m, const Module *module);

/* Returns true if the module of a job, which left its place, may be this one: the IMEI, which is certain to be one
 * module's, was read here, no other present module has it, and this module came after the other one had left. */
bool manager_is_moved(Manager *m, const Job *job, const Module *module);

/* The job's module has been away from its place for [timeouts] restart. If it is at another place, the job goes on
 * there, and the function returns true. Before AT+QFOTADL no job does so. */
bool manager_follow_moved(Manager *m, Module *place);

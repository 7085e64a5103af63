/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/module.h"

typedef struct Manager Manager;

/* Makes a job for an upgrade that is under way on the module and that no job knows of, and begins it. Does nothing if
 * another job may be about this upgrade, or one was given up for it, or an adopted one has failed and there is no new
 * sign of an upgrade since. method: as the sign shows it: METHOD_DFOTA by a message about the download or START,
 * METHOD_UNKNOWN by UPDATING, METHOD_MINIFOTA if the module only reports no revision. */
void manager_adopt(Manager *m, Module *module, Method method);

/* The module has reported its revision: an upgrade that shows after this is a new one. */
void manager_note_revision(Manager *m, Module *module);

/* If the module, whose identity was just read, is the one that a job misses at another place, the job goes on with it.
 */
void manager_follow_moved(Manager *m, Module *module);

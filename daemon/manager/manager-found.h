/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/module.h"

typedef struct Manager Manager;

/* Makes a job for an upgrade that is under way on the module and that no job knows of, and begins it. Does nothing if
 * another job may be about this upgrade, or one was given up for it. method: as far as known. */
void manager_adopt(Manager *m, Module *module, Method method);

/* If the module, whose identity was just read, is the one that a job misses at another place, the job goes on with it.
 */
void manager_follow_moved(Manager *m, Module *module);

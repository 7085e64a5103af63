/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/job/job.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;

/* All modules, present and absent. Borrowed: the array changes with the next news. */
const GPtrArray *manager_modules(const Manager *manager);

/* The module that a caller names: by Id, IMEI, tty (with or without /dev/) or object path, or by "", which is the only
 * one that is present, or the only one at all. Borrowed. NULL and a refusal if no module has that name, or more than
 * one has. */
Module *manager_find_module(Manager *manager, const char *name, Refusal *ret_refusal);

/* The rest is for the manager*.c files. */

/* The module with this Id, NULL if there is none. Borrowed. */
Module *manager_module_by_id(Manager *m, const char *id);

/* The module at a job's place. Borrowed. Never NULL while the job runs, NULL after that if the module was removed. */
Module *manager_module_of(Manager *m, const Job *job);

/* As manager_module_by_id(), but makes the module if there is none. Removes the oldest absent modules first if there
 * are too many; the observer hears of each. Borrowed, and kept until it is removed. */
Module *manager_module_at(Manager *m, const char *id);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "core/rules/inspect.h"
#include "core/job/options.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;
typedef struct Check Check;

/* Receives RuleVerdicts, which are valid during the call only. */
typedef void (*ManagerCheckFunc)(void *userdata, const GPtrArray *verdicts);

/* Checks everything that should hold before an upgrade: asks the module and, if the options say so, the package's
 * server. Changes nothing. source: a URL, or a file's name (rules_source_is_file()); copied. Takes the options.
 *
 * true: calls func once, perhaps before this function returns, and then destroy(userdata). If the module is removed
 * from the list, or the check is dropped, only destroy(userdata) is called. One check of a module at a time. false:
 * refused, and userdata stays the caller's. */
bool manager_check(Manager *manager, Module *module, const char *source, Options *options, ManagerCheckFunc func,
                   void *userdata, GDestroyNotify destroy, Refusal *ret_refusal);

/* Drops the check with that userdata, if it is under way: its caller gets no answer. */
void manager_drop_check(Manager *manager, const void *userdata);

/* The rest is for manager.c. */

void manager_check_free(Check *check);

/* The module has answered, or failed to: the observer's inspected(). Takes the inspection. */
void manager_module_inspected(Manager *m, Module *module, Inspection *inspection, const char *failure);

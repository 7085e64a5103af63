/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "core/job/options.h"
#include "core/rules/rule.h"
#include "module/module.h"
#include "base/refusal.h"

typedef struct Manager Manager;

/* Notes how ModemManager behaves, which is a fact for each later judgement. */
void manager_set_modem_manager(Manager *manager, ModemManagerPresence presence);

/* The rest is for the manager*.c files. */

/* The facts that the rules judge by, and the texts that they point to. Start with { 0 }. */
typedef struct ManagerFacts {
        RuleFacts facts;
        ModuleProblem problem;
        char *power_control;
} ManagerFacts;

/* Frees the texts. */
void manager_facts_clear(ManagerFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ManagerFacts, manager_facts_clear)

/* Gathers the facts that are known without asking the module or a server. *ret borrows source, options and the module:
 * it is valid until control returns to the event loop. */
void manager_gather(ManagerFacts *ret, Manager *m, Module *module, const char *source, const Options *options);

/* true if all rules hold that can refuse a call. Else sets the refusal to the first that does not and returns false. */
bool manager_refuse_broken(const RuleFacts *facts, Refusal *ret_refusal);

/* Gathers the facts, as manager_gather() does, and judges by them whether an upgrade may begin. source: a URL, or the
 * name of a package on the host; file: which of the two. package_size: bytes, 0 not known. Sets *ret in any case. */
bool manager_judge_request(ManagerFacts *ret, Manager *m, Module *module, const char *source, bool file,
                           uint64_t package_size, const Options *options, Refusal *ret_refusal);

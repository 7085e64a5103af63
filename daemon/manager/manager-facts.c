/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The facts about a module and a request that core/rules judges by and that are known without asking anything, and the
 * refusal of a call that breaks a rule. Neither the rules nor the consequences of their verdicts are in this file. */

#include "core/rules/rules.h"
#include "manager/manager-facts.h"
#include "manager/manager-state.h"
#include "manager/manager-uart.h"
#include "names.h"

void manager_set_modem_manager(Manager *m, ModemManagerPresence presence)
{
        m->modem_manager = presence;
}

void manager_facts_clear(ManagerFacts *f)
{
        module_problem_clear(&f->problem);
        g_clear_pointer(&f->power_control, g_free);
}

void manager_gather(ManagerFacts *ret, Manager *m, Module *module, const char *source, const Options *options)
{
        if (module_is_uart(module))
                manager_look_at_uarts(m); /* udev may not have reported a change of its node */
        ret->power_control = module_power_control(module);
        module_describe_problem(module, &ret->problem);
        ret->facts = (RuleFacts){
                .module = module_id(module),
                .uart = module_is_uart(module),
                .ready = module_is_ready(module),
                .problem = ret->problem.finding,
                .problem_remedy = ret->problem.remedy,
                .problem_is_of_port = ret->problem.of_port,
                .port = module_port(module),
                .identity = module_identity(module),
                .job = module_taken_by(module),
                .power_control = ret->power_control,
                .modem_manager = m->modem_manager,
                .left_alone = module_is_left_alone(module),
                .source = source,
                .options = options,
        };
}

bool manager_refuse_broken(const RuleFacts *facts, Refusal *ret_refusal)
{
        g_autoptr(RuleVerdict) broken = rules_find_broken(facts, RULE_STAGE_CALL);
        g_autofree char *sentence = broken ? rule_sentence(broken) : NULL;

        switch (broken ? broken->refusal : RULE_REFUSAL_NONE) {
        case RULE_REFUSAL_NONE: return true;
        case RULE_REFUSAL_BUSY: return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s", sentence);
        case RULE_REFUSAL_NOT_READY:
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", facts->module,
                                   sentence);
        case RULE_REFUSAL_UNSUPPORTED: return refusal_set(ret_refusal, FOTAD_ERROR_UNSUPPORTED, "%s", sentence);
        case RULE_REFUSAL_OPTION: return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION, "%s", sentence);
        case RULE_REFUSAL_SOURCE: return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE, "source: %s", sentence);
        }
        return true;
}

bool manager_judge_request(ManagerFacts *ret, Manager *m, Module *module, const char *source, bool file,
                           uint64_t package_size, const Options *options, Refusal *ret_refusal)
{
        manager_gather(ret, m, module, source, options);
        ret->facts.file = file;
        ret->facts.package_size = package_size;
        if (ret->facts.ready)
                ret->facts.problem = ""; /* it may be from an earlier use of the port; the job tries the port again */
        return manager_refuse_broken(&ret->facts, ret_refusal);
}

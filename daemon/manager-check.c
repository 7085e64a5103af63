/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks: gathers what core/rules judges by, from the module and, where that is asked for, from the package's server,
 * and hands the verdicts on. Changes nothing. The same facts, without asking anybody, decide about a call that begins
 * an upgrade. */

#include <string.h>

#include "core/source.h"
#include "log.h"
#include "manager-check.h"
#include "manager-modules.h"
#include "manager-private.h"
#include "names.h"

#define CHECKS_MAX 64

struct Check {
        Manager *manager;
        char *module; /* its Id, and the key in Manager: the module may be removed meanwhile */
        char *source;
        Options *options;
        ManagerCheckFunc func;
        void *userdata;
        GDestroyNotify destroy;

        bool inspecting;
        Inspection *inspection;
        char *not_inspected;
        SourceCheck *asks, *asks_mini_2;
        ServerAnswer *server, *server_mini_2;
};

void manager_check_free(Check *c)
{
        source_check_free(c->asks);
        source_check_free(c->asks_mini_2);
        server_answer_free(c->server);
        server_answer_free(c->server_mini_2);
        inspection_free(c->inspection);
        g_free(c->not_inspected);
        explicit_bzero(c->source, strlen(c->source));
        g_free(c->source);
        options_free(c->options);
        g_free(c->module);
        if (c->destroy)
                c->destroy(c->userdata);
        g_free(c);
}

/* ---- the facts */

void manager_gather(ManagerFacts *ret, Manager *m, Module *module, const char *source, const Options *options)
{
        bool of_port;

        if (module_is_uart(module))
                manager_look_at_uarts(m); /* nobody may have told */
        ret->power_control = module_power_control(module);
        module_describe_problem(module, &ret->problem, &ret->problem_remedy, &of_port);
        ret->facts = (RuleFacts){
                .module = module_id(module),
                .uart = module_is_uart(module),
                .ready = module_is_ready(module),
                .problem = ret->problem,
                .problem_remedy = ret->problem_remedy,
                .problem_is_of_port = of_port,
                .port = module_port(module),
                .identity = module_identity(module),
                .job = module_job(module) ? module_job(module)->id : NULL,
                .power_control = ret->power_control,
                .modem_manager = m->modem_manager,
                .left_alone = module_is_left_alone(module),
                .source = source,
                .options = options,
        };
}

void manager_facts_clear(ManagerFacts *f)
{
        g_clear_pointer(&f->problem, g_free);
        g_clear_pointer(&f->problem_remedy, g_free);
        g_clear_pointer(&f->power_control, g_free);
}

void manager_set_modem_manager(Manager *m, ModemManagerPresence presence)
{
        m->modem_manager = presence;
}

/* ---- refusals */

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

/* ---- a check */

static void answer(Check *c, Module *module)
{
        g_auto(ManagerFacts) f = { 0 };
        g_autoptr(GPtrArray) verdicts = NULL;

        manager_gather(&f, c->manager, module, c->source, c->options);
        f.facts.file = rules_source_is_file(c->source);
        f.facts.inspection = c->inspection;
        f.facts.not_inspected = c->not_inspected;
        f.facts.server = c->server;
        f.facts.server_mini_2 = c->server_mini_2;
        f.facts.package_size = c->server ? c->server->size : 0;
        if (!*f.problem && c->not_inspected && !f.facts.job && !f.facts.left_alone) {
                f.facts.problem = c->not_inspected;
                f.facts.problem_remedy = "probe it, and if that does not help cycle its power";
        }
        verdicts = rules_judge(&f.facts);
        c->func(c->userdata, verdicts);
}

/* Ends the check, and frees it, once no question is left to wait for. */
static void look_for_end(Check *c)
{
        Manager *m = c->manager;
        Module *module = manager_module_by_id(m, c->module);

        if (c->inspecting || c->asks || c->asks_mini_2)
                return;
        if (module)
                answer(c, module);
        manager_drop_uarts_soon(m); /* the module may have been kept for this check only */
        g_hash_table_remove(m->checks, c->module);
}

void manager_module_inspected(Manager *m, Module *module, Inspection *taken, const char *failure)
{
        g_autoptr(Inspection) inspection = taken;
        Check *c = g_hash_table_lookup(m->checks, module_id(module));

        if (!c || !c->inspecting)
                return;
        c->inspecting = false;
        c->inspection = g_steal_pointer(&inspection);
        c->not_inspected = g_strdup(failure);
        look_for_end(c);
}

static void on_server(void *userdata, ServerAnswer *answer)
{
        Check *c = userdata;

        c->server = answer;
        g_clear_pointer(&c->asks, source_check_free);
        look_for_end(c);
}

static void on_server_mini_2(void *userdata, ServerAnswer *answer)
{
        Check *c = userdata;

        c->server_mini_2 = answer;
        g_clear_pointer(&c->asks_mini_2, source_check_free);
        look_for_end(c);
}

/* Only a URL that a module may be given. */
static void ask_server(Check *c, const Module *module, Method method)
{
        uint64_t timeout = c->manager->config->timeouts.source;
        g_autofree char *why = NULL, *second = NULL;

        if (!c->options->check_source || rules_source_is_file(c->source) ||
            !source_check(c->source, method, module_flash_size(module), c->options->allow_https, &why))
                return;
        c->asks = source_check_new(c->manager->event, c->source, timeout, on_server, c);
        if (method != METHOD_MINIFOTA)
                return;
        second = source_second_package(c->source);
        c->asks_mini_2 = source_check_new(c->manager->event, second, timeout, on_server_mini_2, c);
        explicit_bzero(second, strlen(second));
}

bool manager_check(Manager *m, Module *module, const char *source, Options *taken, ManagerCheckFunc func,
                   void *userdata, GDestroyNotify destroy, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_auto(ManagerFacts) f = { 0 };
        Method method;
        Check *c;

        if (g_hash_table_contains(m->checks, module_id(module)))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is being checked already: wait for that answer",
                                   module_id(module));
        if (g_hash_table_size(m->checks) >= CHECKS_MAX)
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY,
                                   "too many modules are being checked: try again later");
        manager_gather(&f, m, module, source, options);
        method = rule_method(&f.facts);
        c = g_new0(Check, 1);
        c->manager = m;
        c->module = g_strdup(module_id(module));
        c->source = g_strdup(source);
        c->options = g_steal_pointer(&options);
        c->func = func;
        c->userdata = userdata;
        c->destroy = destroy;
        g_hash_table_insert(m->checks, c->module, c);
        ask_server(c, module, method);
        if (module_job(module)) {
                c->not_inspected = g_strdup_printf("job %s holds the module", module_job(module)->id);
        } else if (!*module_port(module)) {
                c->not_inspected = g_strdup("the module has no AT port");
        } else {
                c->inspecting = true;
                module_inspect(module, method);
                return true; /* which may have ended it */
        }
        look_for_end(c);
        return true;
}

void manager_drop_all_checks(Manager *m)
{
        g_hash_table_remove_all(m->checks);
}

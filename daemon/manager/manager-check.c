/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks: asks the module and, if the options say so, the package's server, adds their answers to the facts that are
 * known without asking, and passes on the verdicts of core/rules. Changes nothing. */

#include <string.h>

#include "core/rules/rules.h"
#include "core/job/source.h"
#include "base/log.h"
#include "manager/manager-check.h"
#include "manager/manager-facts.h"
#include "manager/manager-modules.h"
#include "manager/manager-state.h"
#include "manager/manager-survey.h"
#include "manager/manager-uart.h"
#include "names.h"
#include "store/source-check.h"

#define CHECKS_MAX 64 /* at a time */

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

static void answer(Check *c, Module *module)
{
        g_auto(ManagerFacts) f = { 0 };
        g_autoptr(GPtrArray) verdicts = NULL;

        manager_gather(&f, c->manager, module, c->source, c->options);
        f.facts.file = rules_source_is_file(c->source);
        f.facts.no_source = !*c->source;
        f.facts.inspection = c->inspection;
        f.facts.not_inspected = c->not_inspected;
        f.facts.server = c->server;
        f.facts.server_mini_2 = c->server_mini_2;
        f.facts.package_size = c->server ? c->server->size : 0;
        if (!*f.problem.finding && c->not_inspected && !f.facts.job && !f.facts.left_alone) {
                f.facts.problem = c->not_inspected;
                f.facts.problem_remedy = "keep it powered, for it may be upgrading, and probe it again in some minutes";
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

/* Asks for the package, and for the second one of a MiniFOTA, if the URL is one that a module may be given. */
static void ask_server(Check *c, const Module *module, Method method)
{
        const Config *config = c->manager->config;
        g_autofree char *why = NULL, *second = NULL;

        if (!c->options->check_source || rules_source_is_file(c->source) ||
            !source_check(c->source, method, module_flash_size(module), c->options->allow_https, &why))
                return;
        c->asks = source_check_new(c->manager->event, config->source_check, c->source, config->timeouts.source,
                                   on_server, c);
        if (method != METHOD_MINIFOTA)
                return;
        second = source_second_package(c->source);
        c->asks_mini_2 = source_check_new(c->manager->event, config->source_check, second, config->timeouts.source,
                                          on_server_mini_2, c);
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
        if (!manager_refuse_surveyed(m, module, ret_refusal))
                return false;
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
        if (module_is_taken(module)) {
                c->not_inspected = g_strdup_printf("job %s holds the module", module_taken_by(module));
        } else if (!*module_port(module)) {
                c->not_inspected = g_strdup("the module has no AT port");
        } else {
                c->inspecting = true;
                module_inspect(module, method);
                return true; /* the check may have ended already */
        }
        look_for_end(c);
        return true;
}

static gboolean has_userdata(void *key, void *check, void *userdata)
{
        (void)key;
        return ((const Check *)check)->userdata == userdata;
}

void manager_drop_check(Manager *m, const void *userdata)
{
        g_hash_table_foreach_remove(m->checks, has_userdata, (void *)userdata);
}

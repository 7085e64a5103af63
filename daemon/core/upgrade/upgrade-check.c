/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The checks before the module is set up: the server of the package, and the module's answers by core/rules/rules.
 * Advice is logged; only a rule without which no upgrade is possible ends the job. Nothing here changes the module. */

#include <string.h>

#include "core/rules/rules-dialogue.h"
#include "core/rules/rules.h"
#include "core/job/source.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-check.h"

static void ask_next(Upgrade *u);

static void ask_module(Upgrade *u)
{
        inspect_free(u->inspect);
        u->inspect = inspect_new(inspect_questions_for_job(u->job->method, u->package_size > 0));
        ask_next(u);
}

static void ask_server(Upgrade *u, Step step, const char *url)
{
        UpgradeAction *action;

        upgrade_push(u, UPGRADE_ACTION_CHECK_SOURCE, url);
        action = g_queue_peek_tail(&u->actions);
        action->secret = true;
        action->timeout = u->timeouts->source;
        u->step = step;
        upgrade_reset_deadline(u);
}

void check_server(Upgrade *u, const UpgradeEvent *event)
{
        bool second = u->step == STEP_ASK_SERVER_MINI_2;
        g_autofree char *detail = NULL, *url = NULL;

        if (!check_asks_server(u))
                return;
        u->step = STEP_NONE;
        if (event->text) {
                detail = g_strdup_printf("(%s%s)", second ? ".mini_2: " : "", event->text);
                upgrade_fail(u, HOST_SOURCE_UNREACHABLE, detail);
        } else if (u->job->method == METHOD_MINIFOTA && !second) {
                url = source_second_package(u->job->source);
                ask_server(u, STEP_ASK_SERVER_MINI_2, url);
                explicit_bzero(url, strlen(url));
        } else {
                if (!second && event->size)
                        u->package_size = event->size;
                ask_module(u);
        }
}

static void facts_of(Upgrade *u, Identity *identity, RuleFacts *ret)
{
        const Job *job = u->job;

        *identity = (Identity){ .model = job->model, .revision = job->from_revision, .imei = job->imei };
        *ret = (RuleFacts){ .module = job_place(job),
                            .uart = job_is_uart(job),
                            .ready = true,
                            .problem = "",
                            .port = "",
                            .identity = identity,
                            .method = job->method,
                            .source = job->source,
                            .file = job->from_host,
                            .options = job->options,
                            .package_size = u->package_size,
                            .inspection = inspect_inspection(u->inspect) };
}

char *check_sim_problem(Upgrade *u)
{
        g_autoptr(GPtrArray) advice = NULL;
        Identity identity;
        RuleFacts facts;

        if (!u->inspect)
                return NULL;
        facts_of(u, &identity, &facts);
        advice = rules_find_advice(&facts, RULE_STAGE_DIALOGUE);
        for (unsigned i = 0; i < advice->len; i++) {
                const RuleVerdict *v = g_ptr_array_index(advice, i);

                if (strcmp(v->id, "sim") == 0)
                        return rule_sentence(v);
        }
        return NULL;
}

/* The module would answer ERROR to an option that AT+QFOTADL=? does not list. */
static bool refuse_unlisted(Upgrade *u, const RuleFacts *facts)
{
        g_autofree char *unlisted = rules_unlisted(facts->options, facts->inspection), *message = NULL;

        if (!unlisted)
                return false;
        message = g_strdup_printf("%s: %s.", unlisted, RULES_UNLISTED_REMEDY);
        *message = g_ascii_toupper(*message);
        upgrade_fail_saying(u, HOST_REJECTED, message); /* the code's text speaks of an ERROR of the module */
        return true;
}

static void judge(Upgrade *u)
{
        Identity identity;
        RuleFacts facts;
        g_autoptr(GPtrArray) advice = NULL;
        g_autoptr(RuleVerdict) broken = NULL;
        g_autofree char *detail = NULL;

        facts_of(u, &identity, &facts);
        advice = rules_find_advice(&facts, RULE_STAGE_DIALOGUE);
        for (unsigned i = 0; i < advice->len; i++) {
                const RuleVerdict *v = g_ptr_array_index(advice, i);
                g_autofree char *sentence = rule_sentence(v), *text = g_strconcat(v->id, ": ", sentence, NULL);

                upgrade_push(u, UPGRADE_ACTION_WARN, text);
        }
        broken = rules_find_broken(&facts, RULE_STAGE_DIALOGUE);
        if (broken && strcmp(broken->id, "space") == 0) {
                detail = g_strdup_printf("(%s)", broken->finding);
                upgrade_fail(u, HOST_INSUFFICIENT_SPACE, detail);
                return;
        }
        if (broken) {
                g_autofree char *sentence = rule_sentence(broken), *message = g_strconcat(sentence, ".", NULL);

                *message = g_ascii_toupper(*message);
                upgrade_fail_saying(u, HOST_REJECTED, message);
                return;
        }
        if (!refuse_unlisted(u, &facts))
                upgrade_next(u, NEXT_PREPARE);
}

static void ask_next(Upgrade *u)
{
        const char *command = inspect_next(u->inspect);

        if (command)
                upgrade_send(u, STEP_INSPECT, command, false, u->timeouts->command);
        else
                judge(u);
}

void check_answer(Upgrade *u, const UpgradeEvent *event)
{
        inspect_answer(u->inspect, event->result, event->error, event->text);
        ask_next(u);
}

void check_begin(Upgrade *u)
{
        u->package_size = u->job->package_size;
        if (u->job->options->check_source || u->job->from_host)
                ask_server(u, STEP_ASK_SERVER, u->job->source);
        else
                ask_module(u);
}

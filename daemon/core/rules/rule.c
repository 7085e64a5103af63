/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A rule's facts and its verdict: setting, reading and freeing them. Knows no particular rule. */

#include <stdarg.h>
#include <string.h>

#include "core/rules/rule.h"

static bool verdict(RuleVerdict *v, bool holds, RuleRefusal refusal, char *finding, const char *remedy)
{
        v->holds = holds;
        v->refusal = holds ? RULE_REFUSAL_NONE : refusal;
        g_free(v->finding);
        v->finding = finding;
        g_free(v->remedy);
        v->remedy = g_strdup(holds ? "" : remedy);
        return holds;
}

void rule_holds(RuleVerdict *v, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        verdict(v, true, RULE_REFUSAL_NONE, g_strdup_vprintf(format, args), "");
        va_end(args);
}

void rule_broken(RuleVerdict *v, RuleRefusal refusal, const char *remedy, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        verdict(v, false, refusal, g_strdup_vprintf(format, args), remedy);
        va_end(args);
}

char *rule_sentence(const RuleVerdict *v)
{
        return *v->remedy ? g_strconcat(v->finding, ": ", v->remedy, NULL) : g_strdup(v->finding);
}

void rule_verdict_free(RuleVerdict *v)
{
        if (!v)
                return;
        g_free(v->finding);
        g_free(v->remedy);
        g_free(v);
}

ServerAnswer *server_answer_new(bool good, const char *finding, const char *remedy, uint64_t size)
{
        ServerAnswer *a = g_new0(ServerAnswer, 1);

        a->good = good;
        a->finding = g_strdup(finding);
        a->remedy = g_strdup(remedy);
        a->size = size;
        return a;
}

ServerAnswer *server_answer_new_unasked(const char *finding, const char *remedy)
{
        ServerAnswer *a = server_answer_new(false, finding, remedy, 0);

        a->unasked = true;
        return a;
}

void server_answer_free(ServerAnswer *a)
{
        if (!a)
                return;
        g_free(a->finding);
        g_free(a->remedy);
        g_free(a);
}

Method rule_own_method(const RuleFacts *f)
{
        return identity_method(f->identity->model, f->identity->revision);
}

Method rule_wanted_method(const RuleFacts *f)
{
        Method wanted = METHOD_UNKNOWN;

        if (f->options->method && strcmp(f->options->method, "auto") != 0)
                method_from_string(f->options->method, &wanted);
        return wanted;
}

Method rule_method(const RuleFacts *f)
{
        Method own = f->method != METHOD_UNKNOWN ? f->method : rule_own_method(f);

        return own != METHOD_UNKNOWN ? own : rule_wanted_method(f);
}

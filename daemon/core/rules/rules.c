/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of rules that are checked before an upgrade. Each has an id that never changes, and a function that turns
 * facts into a verdict. The rules whose facts the module is asked for are in rules-dialogue.c. This file does not know
 * where facts come from, nor the consequences of a broken rule. */

#include <string.h>

#include "core/job/job.h"
#include "core/rules/rules-dialogue.h"
#include "core/rules/rules.h"
#include "core/job/source.h"
#include "url.h"

/* Splits a sentence of the form "finding: remedy"; the remedy may be missing. */
static void broken_sentence(RuleVerdict *v, RuleRefusal refusal, const char *sentence)
{
        const char *colon = g_strrstr(sentence, ": ");
        g_autofree char *finding = colon ? g_strndup(sentence, colon - sentence) : g_strdup(sentence);

        rule_broken(v, refusal, colon ? colon + 2 : "", "%s", finding);
}

/* A package's name has no slash; a text with a slash is a URL, good or bad. */
bool rules_source_is_file(const char *source)
{
        return *source && !strchr(source, '/');
}

/* ---- the rules */

static void judge_module(const RuleFacts *f, RuleVerdict *v)
{
        if (f->job) /* the module may be off the bus during an upgrade */
                rule_holds(v, "%s, held by job %s", f->module, f->job);
        else if (*f->problem && !f->problem_is_of_port)
                rule_broken(v, RULE_REFUSAL_NOT_READY, f->problem_remedy, "%s", f->problem);
        else if (!f->ready)
                rule_holds(v, "not asked: %s has no AT port", f->module);
        else
                rule_holds(v, "%s: %s, revision %s, IMEI %s", f->module,
                           *f->identity->model ? f->identity->model : "a module", f->identity->revision,
                           *f->identity->imei ? f->identity->imei : "not told");
}

static void judge_port(const RuleFacts *f, RuleVerdict *v)
{
        if (f->job)
                rule_holds(v, "job %s has it", f->job);
        else if (*f->problem && f->problem_is_of_port)
                rule_broken(v, RULE_REFUSAL_NOT_READY, f->problem_remedy, "%s", f->problem);
        else if (!*f->port)
                rule_holds(v, "not asked: %s", *f->problem ? f->problem : "the module is not ready");
        else
                rule_holds(v, "%s is free", f->port);
}

static void judge_job(const RuleFacts *f, RuleVerdict *v)
{
        if (f->job)
                rule_broken(v, RULE_REFUSAL_BUSY, "wait for its end, or cancel it if that can still be",
                            "%s is held by job %s", f->module, f->job);
        else
                rule_holds(v, "no job holds the module");
}

static void judge_method(const RuleFacts *f, RuleVerdict *v)
{
        Method own = rule_own_method(f), wanted = rule_wanted_method(f);
        const char *revision = f->identity->revision;

        if (f->method != METHOD_UNKNOWN)
                rule_holds(v, "%s", method_to_string(f->method));
        else if (!*revision && own == METHOD_UNKNOWN && wanted == METHOD_UNKNOWN)
                rule_broken(v, RULE_REFUSAL_UNSUPPORTED, "make the module answer first",
                            "the module has told no revision, which tells how it is upgraded (guide 4)");
        else if (own == METHOD_UNKNOWN && wanted == METHOD_UNKNOWN)
                rule_broken(v, RULE_REFUSAL_UNSUPPORTED, "ask the vendor, then give the option method",
                            "the revision %s does not tell the flash size and so not how this module is upgraded "
                            "(guide 4)",
                            revision);
        else if (own != METHOD_UNKNOWN && wanted != METHOD_UNKNOWN && own != wanted)
                rule_broken(v, RULE_REFUSAL_OPTION, "leave the option out",
                            "method: a module with revision %s is upgraded by %s (guide 4)", revision,
                            method_to_string(own));
        else if (own == METHOD_UNKNOWN)
                rule_holds(v, "%s, as the option method says; the revision %s does not tell (guide 4)",
                           method_to_string(wanted), *revision ? revision : "is not known and");
        else
                rule_holds(v, "%s, with %u MB of flash (guide 4)", method_to_string(own),
                           identity_flash_size(revision));
}

static void judge_options(const RuleFacts *f, RuleVerdict *v)
{
        g_autofree char *why = NULL, *sentence = NULL;
        const char *key;
        const Options *o = f->options;
        const char *url_only = o->cid >= 0 ? "cid" : o->apn ? "apn" : o->check_source ? "check-source" : NULL;
        bool flow_control = o->flow_control && strcmp(o->flow_control, "auto") != 0;

        const char *file_only = flow_control            ? "flow-control"
                                : o->sha256             ? "sha256"
                                : o->pace_bytes >= 0    ? "pace-bytes"
                                : o->pace_interval >= 0 ? "pace-interval"
                                                        : NULL;

        if (!f->file && file_only) {
                rule_broken(v, RULE_REFUSAL_OPTION, "leave it out",
                            "%s goes with a package on the host, not with a URL", file_only);
        } else if (f->file && url_only) {
                rule_broken(v, RULE_REFUSAL_OPTION, "leave it out",
                            "%s goes with a URL, not with a package on the host", url_only);
        } else if (f->file && flow_control && strcmp(o->flow_control, "protocol") == 0) {
                rule_broken(v, RULE_REFUSAL_UNSUPPORTED,
                            "take auto, hardware or none: none sends slowly and needs no flow control",
                            "the frames of the protocol download mode (guide 3.3.1.4) are not public, the vendor gives "
                            "them on request");
        } else if (!options_check(f->options, rule_method(f), &key, &why)) {
                sentence = g_strdup_printf("%s %s", key, why);
                broken_sentence(v, RULE_REFUSAL_OPTION, sentence);
        } else {
                rule_holds(v, "they go with the method and with each other");
        }
}

static bool is_of_minifota(const char *name)
{
        const char *dot = strrchr(name, '.');

        return dot && (g_ascii_strcasecmp(dot, ".mini_1") == 0 || g_ascii_strcasecmp(dot, ".mini_2") == 0);
}

/* Judges a package by its name; its contents are not read. */
static void judge_file(const RuleFacts *f, RuleVerdict *v)
{
        static const char publish[] = "publish both packages over HTTP and give the URL of the .mini_1";

        if (rule_method(f) == METHOD_MINIFOTA)
                rule_broken(v, RULE_REFUSAL_SOURCE, publish,
                            "MiniFOTA takes no package from the host (guide 3.3.1.3, note 2)");
        else if (!job_is_package_name(f->source))
                rule_broken(v, RULE_REFUSAL_SOURCE,
                            "give a file's name: 1 to 255 bytes of printable UTF-8, no slash, neither . nor ..",
                            "the package's name is none");
        else if (is_of_minifota(f->source))
                rule_broken(v, RULE_REFUSAL_SOURCE, "take the package that was made for this module",
                            "packages of MiniFOTA cannot be sent from the host (guide 3.3.1.3, note 2)");
        else
                rule_holds(v, "a package on the host (guide 3.3.1.3)");
}

/* The same rules for a retry (guide 5.2), for which the flash size and the method are known, but no module is present.
 */
static void judge_source(const RuleFacts *f, RuleVerdict *v)
{
        Method method = rule_method(f);
        g_autofree char *why = NULL, *shown = NULL;

        if (f->file) {
                judge_file(f, v);
                return;
        }
        if (!source_check(f->source, method, identity_flash_size(f->identity->revision), f->options->allow_https,
                          &why)) {
                broken_sentence(v, RULE_REFUSAL_SOURCE, why);
                return;
        }
        shown = url_redact(f->source);
        rule_holds(v, "%s", shown);
}

/* Guide 3.3.1.3, note 1. A job turns autosuspend off and puts it back afterwards, so there is no remedy. */
static void judge_autosuspend(const RuleFacts *f, RuleVerdict *v)
{
        if (!f->power_control)
                rule_holds(v, "the module is not on USB, or its kernel has no power/control");
        else if (strcmp(f->power_control, "on") == 0)
                rule_holds(v, "power/control is on: the kernel does not suspend the module");
        else
                rule_holds(v,
                           "power/control is %s: fotad sets it to on while a job runs, for a suspended module loses "
                           "its URCs (guide 3.3.1.3, note 1)",
                           f->power_control);
}

static void judge_revision(const RuleFacts *f, RuleVerdict *v)
{
        const char *expected = f->options->expected_revision, *revision = f->identity->revision;

        if (!*revision)
                rule_holds(v, "the module has told no revision yet");
        else if (strcmp(expected, revision) == 0 || strcmp(expected, f->identity->build ?: "") == 0)
                rule_broken(v, RULE_REFUSAL_NONE, "leave the module as it is, for it needs no upgrade",
                            "the module runs %s already, which is the expected revision", expected);
        else
                rule_holds(v, "%s is expected, and %s runs", expected, revision);
}

static void judge_modem_manager(const RuleFacts *f, RuleVerdict *v)
{
        switch (f->modem_manager) {
        case MODEM_MANAGER_NONE: rule_holds(v, "ModemManager is not running"); return;
        case MODEM_MANAGER_YIELDS:
                rule_holds(v, "ModemManager is running: it lets go of the module, and of its connection, while a job "
                              "holds it");
                return;
        case MODEM_MANAGER_REFUSES:
                rule_broken(v, RULE_REFUSAL_NONE,
                            "install fotad's bus policy and polkit rule, or systemctl stop ModemManager for the time "
                            "of the upgrade",
                            "ModemManager is running, and may not be asked to let go of the module");
                return;
        }
}

static void judge_answer(const ServerAnswer *answer, RuleVerdict *v)
{
        if (!answer)
                rule_broken(v, RULE_REFUSAL_SOURCE, "give a URL that can be asked for",
                            "the server was not asked, for the source or the module is not right");
        else if (answer->good)
                rule_holds(v, "%s", answer->finding);
        else
                rule_broken(v, answer->unasked ? RULE_REFUSAL_NONE : RULE_REFUSAL_SOURCE, answer->remedy, "%s",
                            answer->finding);
        if (answer && answer->unasked)
                v->must = false; /* a job goes on without the answer */
}

static void judge_server(const RuleFacts *f, RuleVerdict *v)
{
        judge_answer(f->server, v);
}

static void judge_server_mini_2(const RuleFacts *f, RuleVerdict *v)
{
        judge_answer(f->server_mini_2, v);
}

/* ---- the table */

static bool has_source(const RuleFacts *f)
{
        return !f->no_source;
}

static bool expects_revision(const RuleFacts *f)
{
        return f->options->expected_revision;
}

static bool asks_server(const RuleFacts *f)
{
        return f->options->check_source && !f->file && !f->no_source;
}

static bool asks_for_mini_2(const RuleFacts *f)
{
        return asks_server(f) && rule_method(f) == METHOD_MINIFOTA;
}

#define MUST   true
#define SHOULD false

/* Ids stay as they are; new rules go where they belong in the order. Those of the stage CALL that must hold are tested
 * in this order by a call that begins an upgrade, and the first that does not refuses it. */
static const struct {
        const char *id;
        RuleStage stage;
        bool must;
        void (*judge)(const RuleFacts *facts, RuleVerdict *verdict);
        bool (*applies)(const RuleFacts *facts); /* NULL always */
} rules[] = {
        /* no job holds the module */
        { "job", RULE_STAGE_CALL, MUST, judge_job, NULL },
        /* the module is on the bus, runs its firmware, and its identity was read */
        { "module", RULE_STAGE_CALL, MUST, judge_module, NULL },
        /* the module has an AT port that no other program holds */
        { "port", RULE_STAGE_CALL, MUST, judge_port, NULL },
        /* the method of the upgrade is known, and is the requested method (guide 4) */
        { "method", RULE_STAGE_CALL, MUST, judge_method, NULL },
        /* the options go with the method and with each other (guide 3.3.1) */
        { "options", RULE_STAGE_CALL, MUST, judge_options, NULL },
        /* the guide's rules for a URL (guide 3.3.1, 4.1), or a package on the host where the method takes one. Not if
         * the module is checked alone */
        { "source", RULE_STAGE_CALL, MUST, judge_source, has_source },
        /* AT+QFOTADL exists and takes the options (guide 3.3.1). A job goes on if that is unknown; a refused
         * AT+QFOTADL=? gives advice only */
        { "qfotadl", RULE_STAGE_CHECK, MUST, judge_qfotadl, NULL },
        /* the SIM is ready. In a check of a URL this and the next are conditions; a job only warns of them, because a
         * module may find its network until it downloads */
        { "sim", RULE_STAGE_DIALOGUE, SHOULD, judge_sim, NULL },
        /* the module is registered */
        { "registration", RULE_STAGE_DIALOGUE, SHOULD, judge_registration, NULL },
        /* the signal is good enough for a download */
        { "signal", RULE_STAGE_DIALOGUE, SHOULD, judge_signal, NULL },
        /* the host's own data does not use the download's context (guide 3.3.1.1, field facts 2.3) */
        { "pdp-context", RULE_STAGE_DIALOGUE, SHOULD, judge_pdp_context, NULL },
        /* the package fits into the module's file system; DFOTA, if its size is known */
        { "space", RULE_STAGE_DIALOGUE, MUST, judge_space, NULL },
        /* URCs come to the AT port; otherwise a job sets that */
        { "urc-port", RULE_STAGE_DIALOGUE, SHOULD, judge_urc_port, NULL },
        /* the kernel does not suspend the module; otherwise a job sets that (guide 3.3.1.3, note 1) */
        { "autosuspend", RULE_STAGE_CALL, SHOULD, judge_autosuspend, NULL },
        /* ModemManager does not use the port */
        { "modem-manager", RULE_STAGE_CALL, SHOULD, judge_modem_manager, NULL },
        /* the module does not run the expected revision already. With expected-revision only */
        { "revision", RULE_STAGE_CALL, SHOULD, judge_revision, expects_revision },
        /* the server has the package; MiniFOTA: the .mini_1. With check-source only */
        { "server", RULE_STAGE_SERVER, MUST, judge_server, asks_server },
        /* the server has the .mini_2 beside it (guide 4.1, note 1). With check-source and MiniFOTA only */
        { "server-mini-2", RULE_STAGE_SERVER, MUST, judge_server_mini_2, asks_for_mini_2 },
};

const char *rules_id(unsigned i)
{
        return i < G_N_ELEMENTS(rules) ? rules[i].id : NULL;
}

static RuleVerdict *judge(size_t i, const RuleFacts *f)
{
        RuleVerdict *v = g_new0(RuleVerdict, 1);

        v->id = rules[i].id;
        v->stage = rules[i].stage;
        v->must = rules[i].must;
        rules[i].judge(f, v);
        return v;
}

static bool applies(size_t i, const RuleFacts *f)
{
        return !rules[i].applies || rules[i].applies(f);
}

GPtrArray *rules_judge(const RuleFacts *f)
{
        GPtrArray *verdicts = g_ptr_array_new_with_free_func((GDestroyNotify)rule_verdict_free);

        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
                if (applies(i, f))
                        g_ptr_array_add(verdicts, judge(i, f));
        return verdicts;
}

RuleVerdict *rules_find_broken(const RuleFacts *f, RuleStage stage)
{
        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
                g_autoptr(RuleVerdict) v = NULL;

                if (rules[i].stage != stage || !rules[i].must || !applies(i, f))
                        continue;
                v = judge(i, f);
                if (!v->holds)
                        return g_steal_pointer(&v);
        }
        return NULL;
}

GPtrArray *rules_find_advice(const RuleFacts *f, RuleStage stage)
{
        GPtrArray *advice = g_ptr_array_new_with_free_func((GDestroyNotify)rule_verdict_free);

        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
                g_autoptr(RuleVerdict) v = NULL;

                if (rules[i].stage != stage || rules[i].must || !applies(i, f))
                        continue;
                v = judge(i, f);
                if (!v->holds)
                        g_ptr_array_add(advice, g_steal_pointer(&v));
        }
        return advice;
}

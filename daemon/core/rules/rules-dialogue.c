/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules whose facts the module is asked for. A rule without an answer is reported as unknown, and counts as kept
 * unless no upgrade is possible without it. */

#include <string.h>

#include "core/rules/rules-dialogue.h"

#define UNLOCK "unlock it and turn its PIN off, for after each restart the module would want it again"

#define SIGNAL_LEAST 10 /* of AT+CSQ's 31: -93 dBm, below which downloads break off */

static InspectAnswer answer_of(const RuleFacts *f, InspectQuestion question)
{
        return f->inspection ? f->inspection->answers[question] : INSPECT_NOT_ASKED;
}

static bool is_answered(const RuleFacts *f, InspectQuestion question)
{
        return answer_of(f, question) == INSPECT_ANSWERED;
}

/* The reason for a missing answer. */
static char *why_not(const RuleFacts *f, InspectQuestion question)
{
        const char *command = inspect_command(question);

        switch (answer_of(f, question)) {
        case INSPECT_ANSWERED: return g_strdup("");
        case INSPECT_NOT_ASKED:
                if (f->inspection)
                        return g_strdup("not asked, for the module had stopped answering");
                return g_strdup_printf("not asked: %s", f->not_inspected ?: "the module cannot be asked now");
        case INSPECT_REFUSED:
                if (f->inspection->errors[question] >= 0)
                        return g_strdup_printf("not known: the module answers +CME ERROR: %d to %s",
                                               f->inspection->errors[question], command);
                return g_strdup_printf("not known: the module answers ERROR to %s", command);
        case INSPECT_UNCLEAR: return g_strdup_printf("not known: the module's answer to %s cannot be read", command);
        case INSPECT_SILENT: return g_strdup_printf("not known: the module did not answer %s", command);
        }
        return g_strdup("");
}

static void unknown(const RuleFacts *f, InspectQuestion question, RuleVerdict *v)
{
        g_autofree char *why = why_not(f, question);

        rule_holds(v, "%s", why);
}

/* A package on the host needs no network; without one the module cannot fetch any other. Returns false if the verdict
 * is known thereby. */
static bool needs_network(const RuleFacts *f, RuleVerdict *v)
{
        if (f->file)
                rule_holds(v, "a package on the host needs no network");
        else if (!f->no_source)
                v->must = true;
        return !f->file;
}

char *rules_unlisted(const Options *o, const Inspection *n)
{
        const struct {
                const char *key;
                int64_t value;
                const InspectList *list;
        } asked[] = {
                { "upgrade-mode", o->upgrade_mode, &n->upgrade_modes },
                { "download-urc-max", o->download_urc_max, &n->download_urc_maxima },
                { "update-urc-max", o->update_urc_max, &n->update_urc_maxima },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
                g_autofree char *range = inspect_list_text(asked[i].list);

                if (asked[i].value >= 0 && asked[i].list->n > 0 &&
                    !inspect_list_has(asked[i].list, (unsigned)asked[i].value))
                        return g_strdup_printf("the module's AT+QFOTADL=? lists %s for %s, not %d (guide 3.3.1)", range,
                                               asked[i].key, (int)asked[i].value);
        }
        return NULL;
}

/* Guide 3.3.1. A bare OK is support enough (field facts 2.3). */
void judge_qfotadl(const RuleFacts *f, RuleVerdict *v)
{
        g_autofree char *why = why_not(f, INSPECT_QFOTADL), *unlisted = NULL;

        switch (answer_of(f, INSPECT_QFOTADL)) {
        case INSPECT_NOT_ASKED:
                if (f->left_alone) { /* a job will ask before it sends AT+QFOTADL */
                        rule_holds(v, "%s", why);
                        return;
                }
                /* fall through */
        case INSPECT_SILENT:
                rule_broken(v, RULE_REFUSAL_NOT_READY, "check again when the module can be asked", "%s", why);
                return;
        case INSPECT_REFUSED:
        case INSPECT_UNCLEAR:
                v->must = false; /* an upgrade sends AT+QFOTADL all the same */
                rule_broken(v, RULE_REFUSAL_NONE, "ask the vendor if this model and revision upgrade this way",
                            "the module may have no AT+QFOTADL, for it does not list its values (AT+QFOTADL=?, guide "
                            "3.3.1)");
                return;
        case INSPECT_ANSWERED: break;
        }
        unlisted = rules_unlisted(f->options, f->inspection);
        if (unlisted)
                rule_broken(v, RULE_REFUSAL_OPTION, RULES_UNLISTED_REMEDY, "%s", unlisted);
        else
                rule_holds(v, f->inspection->upgrade_modes.n ? "the module lists AT+QFOTADL and what is asked of it"
                                                             : "the module has AT+QFOTADL; it lists no values");
}

void judge_sim(const RuleFacts *f, RuleVerdict *v)
{
        /* 27.007: 10 no SIM, 11 PIN and 12 PUK required, 13 and 14 failure and busy, 15 wrong */
        int error = f->inspection ? f->inspection->errors[INSPECT_SIM] : -1;

        if (!needs_network(f, v))
                return;
        if (answer_of(f, INSPECT_SIM) == INSPECT_REFUSED && (error == 10 || error == 13 || error == 15))
                rule_broken(v, RULE_REFUSAL_NONE, "insert a SIM that works, and restart the module",
                            "there is no SIM, or it cannot be read (+CME ERROR: %d to AT+CPIN?)", error);
        else if (answer_of(f, INSPECT_SIM) == INSPECT_REFUSED && (error == 11 || error == 12))
                rule_broken(v, RULE_REFUSAL_NONE, UNLOCK, "the SIM wants SIM %s (+CME ERROR: %d to AT+CPIN?)",
                            error == 11 ? "PIN" : "PUK", error);
        else if (!is_answered(f, INSPECT_SIM))
                unknown(f, INSPECT_SIM, v);
        else if (strcmp(f->inspection->sim, "READY") == 0)
                rule_holds(v, "READY");
        else if (strstr(f->inspection->sim, "PIN") || strstr(f->inspection->sim, "PUK"))
                rule_broken(v, RULE_REFUSAL_NONE, UNLOCK, "the SIM wants %s", f->inspection->sim);
        else
                rule_broken(v, RULE_REFUSAL_NONE, "insert a SIM that works, and restart the module",
                            "the module says %s of it", f->inspection->sim);
}

static const char *registration_text(unsigned state)
{
        static const char *const texts[] = { "not registered, and not searching", "registered at home",
                                             "not registered, searching",         "registration denied",
                                             "not known to the module",           "registered, roaming" };

        return state < G_N_ELEMENTS(texts) ? texts[state] : "not registered for data";
}

void judge_registration(const RuleFacts *f, RuleVerdict *v)
{
        const Inspection *n = f->inspection;
        bool eps = is_answered(f, INSPECT_EPS_REGISTRATION), cs = is_answered(f, INSPECT_REGISTRATION);

        if (!needs_network(f, v))
                return;
        if (eps && inspect_is_registered(n->eps_registration))
                rule_holds(v, "%s (AT+CEREG?)", registration_text(n->eps_registration));
        else if (cs && inspect_is_registered(n->registration))
                rule_holds(v, "%s (AT+CREG?)", registration_text(n->registration));
        else if (eps || cs)
                rule_broken(v, RULE_REFUSAL_NONE, "check the antenna, the SIM and its contract, and AT+CFUN?",
                            "%s (%s)", registration_text(eps ? n->eps_registration : n->registration),
                            eps ? "AT+CEREG?" : "AT+CREG?");
        else
                unknown(f, INSPECT_EPS_REGISTRATION, v);
}

void judge_signal(const RuleFacts *f, RuleVerdict *v)
{
        unsigned rssi;

        if (f->file) {
                rule_holds(v, "a package on the host needs no network");
                return;
        }
        if (!is_answered(f, INSPECT_SIGNAL)) {
                unknown(f, INSPECT_SIGNAL, v);
                return;
        }
        rssi = f->inspection->rssi;
        if (rssi > 31)
                rule_broken(v, RULE_REFUSAL_NONE, "check the antenna, and that the radio is on (AT+CFUN?)",
                            "the module knows of no signal (AT+CSQ: %u)", rssi);
        else if (rssi < SIGNAL_LEAST)
                rule_broken(v, RULE_REFUSAL_NONE, "improve the antenna or its place",
                            "%d dBm (AT+CSQ: %u): a download may break off", (int)rssi * 2 - 113, rssi);
        else
                rule_holds(v, "%d dBm (AT+CSQ: %u)", (int)rssi * 2 - 113, rssi);
}

/* The host's own data over the same context makes the download fail on some modules (field facts 2.3). */
void judge_pdp_context(const RuleFacts *f, RuleVerdict *v)
{
        const Inspection *n = f->inspection;
        bool given = f->options->cid >= 0;
        unsigned cid = given ? (unsigned)f->options->cid : n ? n->fota_cid : 0;
        const char *state = "";

        if (rule_method(f) == METHOD_MINIFOTA) {
                rule_holds(v, "MiniFOTA takes none (guide 3.3.1.1, note 2)");
                return;
        }
        if (f->file) {
                rule_holds(v, "a package on the host needs none");
                return;
        }
        if (!given && !is_answered(f, INSPECT_FOTA_CID)) {
                unknown(f, INSPECT_FOTA_CID, v);
                return;
        }
        if (is_answered(f, INSPECT_HOST_DATA) && n->host_cid != 0 && n->host_cid == cid) {
                rule_broken(v, RULE_REFUSAL_NONE, "give another context with the option cid (and apn)",
                            "the download and the host's own data both use context %u (AT+QNETDEVCTL?)", cid);
                return;
        }
        if (is_answered(f, INSPECT_CONTEXTS) && cid < 32)
                state = n->contexts & 1u << cid ? ", active" : ", not active yet";
        if (!is_answered(f, INSPECT_HOST_DATA))
                rule_holds(v, "context %u%s; whether the host's own data uses it is not known", cid, state);
        else if (n->host_cid)
                rule_holds(v, "context %u%s; the host's own data uses context %u", cid, state, n->host_cid);
        else
                rule_holds(v, "context %u%s; the host's own data uses none", cid, state);
}

void judge_space(const RuleFacts *f, RuleVerdict *v)
{
        uint64_t size = f->package_size;

        if (rule_method(f) == METHOD_MINIFOTA) {
                rule_holds(v, "MiniFOTA does not keep its packages in the module's file system");
                return;
        }
        if (!is_answered(f, INSPECT_SPACE)) {
                unknown(f, INSPECT_SPACE, v);
                return;
        }
        if (size == 0)
                rule_holds(v, "%" G_GUINT64_FORMAT " bytes are free in UFS; the package's size is not known",
                           f->inspection->ufs_free);
        else if (size > f->inspection->ufs_free)
                rule_broken(v, RULE_REFUSAL_UNSUPPORTED, "delete files there (AT+QFLST, AT+QFDEL)",
                            "%" G_GUINT64_FORMAT " bytes are free in UFS, and the package has %" G_GUINT64_FORMAT,
                            f->inspection->ufs_free, size);
        else
                rule_holds(v, "%" G_GUINT64_FORMAT " bytes are free in UFS for a package of %" G_GUINT64_FORMAT,
                           f->inspection->ufs_free, size);
}

/* A job sets the port and puts it back, so there is no remedy. */
void judge_urc_port(const RuleFacts *f, RuleVerdict *v)
{
        const char *port, *ours = f->uart ? "uart1" : "usbat";

        if (!is_answered(f, INSPECT_URC_PORT)) {
                unknown(f, INSPECT_URC_PORT, v);
                return;
        }
        port = f->inspection->urc_port;
        if (strcmp(port, ours) == 0 || strcmp(port, "all") == 0)
                rule_holds(v, "%s", port);
        else
                rule_holds(v, "%s: fotad sets it to its own port while a job runs, and puts it back", port);
}

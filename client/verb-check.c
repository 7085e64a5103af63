/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl check: prints the results of the checks before an upgrade, without starting one. The daemon makes the checks;
 * this file only prints them. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "json.h"
#include "message.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "source.h"
#include "text.h"

static char *module;
static gboolean verbose;

static const GOptionEntry entries[] = {
        { "module", 'm', 0, G_OPTION_ARG_STRING, &module, N_("The module; needed if there are several"), N_("MODULE") },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, N_("Also print the rules that hold"), NULL },
        { NULL },
};

static int new_call(Ctl *ctl, const Source *source, sd_bus_message **ret)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status, r;

        status = bus_new_call(ctl, FOTAD_PATH, FOTAD_MANAGER_INTERFACE, "Check", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", module ?: "", source->url ?: source->name ?: "");
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = upgrade_options_append(ctl, call);
        if (status == STATUS_DONE)
                *ret = g_steal_pointer(&call);
        return status;
}

/* Results by their urgency, the most urgent first. */
typedef enum Outcome { BROKEN, ADVICE, UNJUDGED, HOLDS, _OUTCOME_MAX } Outcome;

typedef struct Row {
        const char *rule, *finding, *remedy; /* of the reply */
        Outcome outcome;
} Row;

/* The prefixes of findings and remedies are org.fotad1.Manager.Check's. */
static Outcome outcome_of(bool holds, const char *finding, const char *remedy)
{
        if (!holds)
                return g_str_has_prefix(remedy, "advice: ") ? ADVICE : BROKEN;
        return g_str_has_prefix(finding, "not asked: ") || g_str_has_prefix(finding, "not known: ") ? UNJUDGED : HOLDS;
}

static void show_row(const Row *row)
{
        static const struct {
                TextColour colour;
                const char *word;
        } shown[_OUTCOME_MAX] = {
                [BROKEN] = { TEXT_BAD, N_("FAIL") },
                [ADVICE] = { TEXT_WARN, N_("warn") },
                [UNJUDGED] = { TEXT_WARN, N_("--  ") },
                [HOLDS] = { TEXT_GOOD, N_("ok  ") },
        };
        g_autofree char *rule = text_clean(row->rule), *finding = sentence_words(row->finding);
        g_autofree char *remedy = sentence_words(row->remedy);

        g_print("%s%s%s %s\n", text_colour(shown[row->outcome].colour), _(shown[row->outcome].word),
                text_colour(TEXT_PLAIN), rule);
        if (*row->finding) {
                g_print("     ");
                text_wrap(finding, 5);
        }
        if (row->outcome != HOLDS && *row->remedy) {
                g_print("     -> ");
                text_wrap(remedy, 8);
        }
}

static void show_holding(const GArray *rows, unsigned n)
{
        g_autoptr(GString) names = g_string_new(NULL);
        g_autofree char *line = NULL;

        for (unsigned i = 0; i < rows->len; i++) {
                const Row *row = &g_array_index(rows, Row, i);

                if (row->outcome == HOLDS)
                        g_string_append_printf(names, "%s%s", names->len ? ", " : "", row->rule);
        }
        line = g_strdup_printf(ngettext("%u rule holds: %s", "%u rules hold: %s", n), n, names->str);
        g_print("%s%s%s ", text_colour(TEXT_GOOD), _("ok  "), text_colour(TEXT_PLAIN));
        text_wrap(line, 5);
}

/* Prints the last lines, which sum the results up and say which of them are missing. */
static void show_verdict(const Source *source, const unsigned n[_OUTCOME_MAX], bool server)
{
        g_autofree char *text = NULL;

        if (n[BROKEN] > 0)
                text = g_strdup_printf(ngettext("An upgrade would be refused or fail: %u rule does not hold.",
                                                "An upgrade would be refused or fail: %u rules do not hold.",
                                                n[BROKEN]),
                                       n[BROKEN]);
        else if (n[ADVICE] > 0)
                text = g_strdup_printf(ngettext("An upgrade can be begun, with %u piece of advice.",
                                                "An upgrade can be begun, with %u pieces of advice.", n[ADVICE]),
                                       n[ADVICE]);
        else
                text = g_strdup(_("An upgrade can be begun."));
        text_say(n[BROKEN] > 0 ? TEXT_BAD : n[ADVICE] > 0 ? TEXT_WARN : TEXT_GOOD, "%s", text);
        if (n[UNJUDGED] > 0)
                text_say(TEXT_WARN, ngettext("%u rule was not judged.", "%u rules were not judged.", n[UNJUDGED]),
                         n[UNJUDGED]);
        if (!source->url && !source->name)
                text_say(TEXT_NONE, "%s", _("No package was checked: give SOURCE to check one, too."));
        else if (source->url && !server)
                text_say(TEXT_NONE, "%s", _("The package's server was not asked: --check-source asks it."));
}

static void show_rows(const Source *source, const GArray *rows, const unsigned n[_OUTCOME_MAX])
{
        bool server = false;

        for (Outcome o = BROKEN; o < _OUTCOME_MAX; o++)
                for (unsigned i = 0; i < rows->len; i++) {
                        const Row *row = &g_array_index(rows, Row, i);

                        server = server || strcmp(row->rule, "server") == 0;
                        if (row->outcome == o && (o != HOLDS || verbose))
                                show_row(row);
                }
        if (!verbose && n[HOLDS] > 0)
                show_holding(rows, n[HOLDS]);
        show_verdict(source, n, server);
}

static void write_row(Json *json, const Row *row)
{
        json_begin(json, NULL, '{');
        json_string(json, "rule", row->rule);
        json_bool(json, "holds", row->outcome == HOLDS || row->outcome == UNJUDGED);
        json_string(json, "finding", row->finding);
        json_string(json, "remedy", row->remedy);
        json_bool(json, "advice", row->outcome == ADVICE);
        json_bool(json, "judged", row->outcome != UNJUDGED);
        json_end(json, '}');
}

static int show_reply(Ctl *ctl, const Source *source, sd_bus_message *reply)
{
        g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(Row));
        g_autoptr(Json) json = json_new();
        unsigned n[_OUTCOME_MAX] = { 0 };
        Row row;
        int holds, r;

        json_begin(json, NULL, '[');
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sbss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sbss)", &row.rule, &holds, &row.finding, &row.remedy)) > 0) {
                row.outcome = outcome_of(holds, row.finding, row.remedy);
                n[row.outcome]++;
                g_array_append_val(rows, row);
                write_row(json, &row);
        }
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        else
                show_rows(source, rows, n);
        return n[BROKEN] > 0 ? STATUS_REFUSED : STATUS_DONE;
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_auto(Source) source = SOURCE_NULL;
        int status;

        status = upgrade_options_check(ctl);
        if (status == STATUS_DONE && args[0])
                status = source_open(ctl, args[0], &source);
        if (status == STATUS_DONE)
                status = new_call(ctl, &source, &call);
        if (status == STATUS_DONE)
                status = bus_act(ctl, call, &reply);
        return status == STATUS_DONE ? show_reply(ctl, &source, reply) : status;
}

const Verb verb_check = {
        .name = "check",
        .args = "[SOURCE]",
        .summary = N_("whether an upgrade could be begun, and what is in the way"),
        .description = N_("Asks the module, and with --check-source the package's server; changes nothing.\n"
                          "Without SOURCE the module alone is checked. Of a package on this host only the\n"
                          "name is looked at. Problems are printed first; the rules that hold are summed\n"
                          "up, or printed with -v. Ends with status 3 if a rule does not hold, for which\n"
                          "the upgrade would be refused or fail; \"advice\" does not stop it. \"--\" marks\n"
                          "a rule that could not be judged. \"-\" as SOURCE reads it from standard input,\n"
                          "where a password in it is not seen by others."),
        .max_args = 1,
        .entries = entries,
        .upgrade_options = true,
        .run = run,
};

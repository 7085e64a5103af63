/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl check: prints the results of the checks before an upgrade, without starting one. The daemon makes the checks;
 * this file only prints them. */

#include "config.h"

#include "bus.h"
#include "json.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "source.h"
#include "text.h"

static char *module;

static const GOptionEntry entries[] = {
        { "module", 'm', 0, G_OPTION_ARG_STRING, &module, N_("The module; needed if there are several"), N_("MODULE") },
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
                r = sd_bus_message_append(call, "ss", module ?: "", source->url ?: source->name);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = upgrade_options_append(ctl, call);
        if (status == STATUS_DONE)
                *ret = g_steal_pointer(&call);
        return status;
}

/* The beginning of a remedy that does not prevent the upgrade (org.fotad1.Manager.Check). */
#define ADVICE "advice: "

static void show_rule(const char *rule, bool holds, const char *finding, const char *remedy)
{
        g_autofree char *clean = text_clean(rule);

        if (holds)
                g_print("%s%s%s %s\n", text_colour(TEXT_GOOD), _("ok  "), text_colour(TEXT_PLAIN), clean);
        else if (g_str_has_prefix(remedy, ADVICE))
                g_print("%s%s%s %s\n", text_colour(TEXT_WARN), _("warn"), text_colour(TEXT_PLAIN), clean);
        else
                g_print("%s%s%s %s\n", text_colour(TEXT_BAD), _("FAIL"), text_colour(TEXT_PLAIN), clean);
        if (*finding) {
                g_print("     ");
                text_wrap(finding, 5);
        }
        if (!holds && *remedy) {
                g_print("     -> ");
                text_wrap(remedy, 8);
        }
}

static void write_rule(Json *json, const char *rule, bool holds, const char *finding, const char *remedy)
{
        json_begin(json, NULL, '{');
        json_string(json, "rule", rule);
        json_bool(json, "holds", holds);
        json_string(json, "finding", finding);
        json_string(json, "remedy", remedy);
        json_bool(json, "advice", !holds && g_str_has_prefix(remedy, ADVICE));
        json_end(json, '}');
}

/* Prints the last line, which sums the results up. */
static void show_verdict(unsigned broken, unsigned advice)
{
        g_autofree char *text = NULL;

        if (broken > 0)
                text = g_strdup_printf(ngettext("An upgrade would be refused or fail: %u rule does not hold.",
                                                "An upgrade would be refused or fail: %u rules do not hold.", broken),
                                       broken);
        else if (advice > 0)
                text = g_strdup_printf(ngettext("An upgrade can be begun, with %u piece of advice.",
                                                "An upgrade can be begun, with %u pieces of advice.", advice),
                                       advice);
        else
                text = g_strdup(_("An upgrade can be begun."));
        text_say(broken > 0 ? TEXT_BAD : advice > 0 ? TEXT_WARN : TEXT_GOOD, "%s", text);
}

static int show_reply(Ctl *ctl, sd_bus_message *reply)
{
        g_autoptr(Json) json = json_new();
        const char *rule, *finding, *remedy;
        unsigned broken = 0, advice = 0;
        int holds, r;

        json_begin(json, NULL, '[');
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sbss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sbss)", &rule, &holds, &finding, &remedy)) > 0) {
                advice += !holds && g_str_has_prefix(remedy, ADVICE);
                broken += !holds && !g_str_has_prefix(remedy, ADVICE);
                if (ctl->json)
                        write_rule(json, rule, holds, finding, remedy);
                else
                        show_rule(rule, holds, finding, remedy);
        }
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        else
                show_verdict(broken, advice);
        return broken > 0 ? STATUS_REFUSED : STATUS_DONE;
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_auto(Source) source = SOURCE_NULL;
        int status;

        status = upgrade_options_check(ctl);
        if (status == STATUS_DONE)
                status = source_open(ctl, args[0], &source);
        if (status == STATUS_DONE)
                status = new_call(ctl, &source, &call);
        if (status == STATUS_DONE)
                status = bus_act(ctl, call, &reply);
        return status == STATUS_DONE ? show_reply(ctl, reply) : status;
}

const Verb verb_check = {
        .name = "check",
        .args = "SOURCE",
        .summary = N_("whether an upgrade could be begun, and what is in the way"),
        .description = N_("Asks the module, and with --check-source the package's server; changes nothing.\n"
                          "Of a package on this host only the name is looked at. Ends with status 3 if a\n"
                          "rule does not hold, for which the upgrade would be refused or fail; \"advice\"\n"
                          "does not stop it. \"-\" as SOURCE reads it from standard input, where a\n"
                          "password in it is not seen by others."),
        .min_args = 1,
        .max_args = 1,
        .entries = entries,
        .upgrade_options = true,
        .run = run,
};

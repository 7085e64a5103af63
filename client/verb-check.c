/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl check: what would be checked before an upgrade, without one. Reads only; what a rule means the daemon says.
 */

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

static void show_rule(const char *rule, bool holds, const char *finding, const char *remedy)
{
        g_autofree char *clean = text_clean(rule);

        if (holds)
                g_print("%s%s%s %s\n", text_colour(TEXT_GOOD), _("ok  "), text_colour(TEXT_PLAIN), clean);
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
        json_end(json, '}');
}

static int show_reply(Ctl *ctl, sd_bus_message *reply)
{
        g_autoptr(Json) json = json_new();
        const char *rule, *finding, *remedy;
        int holds, broken = 0, r;

        json_begin(json, NULL, '[');
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(sbss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sbss)", &rule, &holds, &finding, &remedy)) > 0) {
                broken += !holds;
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
                status = bus_connect(ctl);
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
        .description = N_(
                "Asks the module, and with --check-source the package's server; changes nothing.\n"
                          "Of a package on this host only the name is looked at. Ends with status 3 if a\n"
                          "rule does not hold: the upgrade would be refused or fail, or, where it says\n"
                          "\"advice\", is begun with a warning. \"-\" as SOURCE reads it from standard\n"
                          "input, where a password in it is not seen by others."),
        .min_args = 1,
        .max_args = 1,
        .entries = entries,
        .upgrade_options = true,
        .run = run,
};

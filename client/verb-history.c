/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl history: the upgrades that have ended. Reads only. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "names.h"
#include "report.h"
#include "show.h"
#include "table.h"
#include "text.h"

static int limit = 20;

static const GOptionEntry entries[] = {
        { "number", 'n', 0, G_OPTION_ARG_INT, &limit, N_("At most that many, 0 for all (20)"), "N" },
        { NULL },
};

static int call_history(Ctl *ctl, sd_bus_message **ret_reply)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status, r;

        status = bus_new_call(ctl, FOTAD_PATH, FOTAD_MANAGER_INTERFACE, "GetHistory", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_append(call, "u", (uint32_t)limit);
        return r < 0 ? fail_bus(ctl, NULL, r) : bus_call(ctl, call, ret_reply);
}

static void add_job(Table *table, const Props *job)
{
        const char *name = props_text(job, "ErrorName"), *result = result_word(job);
        g_autofree char *module = bus_path_id(props_string(job, "Module"));
        g_autofree char *finished = text_time(props_number(job, "Finished")), *revisions = job_revisions(job);
        int seconds = job_seconds(job);
        g_autofree char *duration = seconds >= 0 ? text_duration(seconds) : NULL;
        g_autofree char *outcome = *name && strcmp(name, props_string(job, "Result")) != 0
                                           ? text_pair(result, name)
                                           : g_strdup(result);
        const char *cells[] = {
                props_text(job, "Id"), finished, duration, module, revisions, props_text(job, "Source"), outcome,
        };

        table_add(table, cells);
        table_colour(table, job_colour(job));
}

static int show_reply(Ctl *ctl, sd_bus_message *reply)
{
        g_autoptr(Table) table = table_new(_("Job"), _("Finished"), _("Duration"), _("Module"), _("Revision"),
                                           _("Source"), _("Result"), NULL);
        g_autoptr(Json) json = json_new();
        int n = 0, r;

        table_spare(table, _("Source"));
        table_spare(table, _("Duration"));
        json_begin(json, NULL, '[');
        r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, 0)) == 0) {
                g_autoptr(Props) job = props_new();
                r = props_read(job, reply);
                if (r < 0)
                        break;
                json_begin(json, NULL, '{');
                props_write(job, json);
                json_end(json, '}');
                add_job(table, job);
                n++;
        }
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        else if (n > 0)
                table_print(table);
        else
                text_wrap(_("No upgrade has ended yet."), 0);
        return STATUS_DONE;
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int status;

        (void)args;
        if (limit < 0)
                return fail_usage(ctl, _("-n takes a number"));
        status = call_history(ctl, &reply);
        return status == STATUS_DONE ? show_reply(ctl, reply) : status;
}

const Verb verb_history = {
        .name = "history",
        .args = "",
        .summary = N_("upgrades that have ended, newest first"),
        .entries = entries,
        .run = run,
};

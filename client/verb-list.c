/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl list: prints the modules and their states. Reads only. */

#include "config.h"

#include <string.h>

#include "message.h"
#include "show.h"
#include "table.h"
#include "text.h"

static void write_modules(const Objects *objects)
{
        g_autoptr(Json) json = json_new();

        json_begin(json, NULL, '[');
        for (guint i = 0; i < objects->modules->len; i++) {
                const Object *module = g_ptr_array_index(objects->modules, i);
                const Object *job = objects_at(objects->jobs, props_string(module->props, "Job"));
                json_begin(json, NULL, '{');
                json_string(json, "path", module->path);
                props_write(module->props, json);
                if (job)
                        write_object(json, "job", job);
                json_end(json, '}');
        }
        json_end(json, ']');
        json_print(json);
}

/* The cell of the state column: the job, "absent", or the system that runs. */
static char *describe_state(const Object *module, const Object *job)
{
        if (job) {
                g_autofree char *progress = job_progress(job->props);
                return text_pair(props_text(job->props, "Id"), progress);
        }
        if (!props_number(module->props, "Present"))
                return g_strdup(_("absent"));
        return g_strdup(system_word(module->props));
}

static void add_module(Table *table, const Objects *objects, const Object *module)
{
        const Props *p = module->props;
        int flash = (int)props_number(p, "FlashSize");
        g_autofree char *size = flash > 0 ? g_strdup_printf("%d MiB", flash) : NULL;
        const Object *job = objects_at(objects->jobs, props_string(p, "Job"));
        g_autofree char *state = describe_state(module, job);
        g_autofree char *problem = sentence_words(props_string(p, "Problem"));
        const char *port = props_text(p, "Port");
        const char *cells[] = {
                props_text(p, "Id"),
                props_text(p, "Model"),
                props_text(p, "Revision"),
                props_text(p, "Imei"),
                size,
                props_text(p, "Method"),
                g_str_has_prefix(port, "/dev/") ? port + strlen("/dev/") : port,
                state,
        };

        table_add(table, cells);
        table_colour(table, job ? job_colour(job->props) : TEXT_NONE);
        table_note(table, problem);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) objects = NULL;
        g_autoptr(Table) table = NULL;
        int status;

        (void)args;
        status = objects_read(ctl, &objects);
        if (status != STATUS_DONE)
                return status;
        if (ctl->json) {
                write_modules(objects);
                return STATUS_DONE;
        }
        if (objects->modules->len == 0) {
                text_wrap(_("No module is known."), 0);
                return STATUS_DONE;
        }
        table = table_new(_("Module"), _("Model"), _("Revision"), _("IMEI"), _("Flash"), _("Method"), _("Port"),
                          _("State"), NULL);
        table_spare(table, _("IMEI"));
        table_spare(table, _("Method"));
        table_spare(table, _("Flash"));
        table_spare(table, _("Port"));
        for (guint i = 0; i < objects->modules->len; i++)
                add_module(table, objects, g_ptr_array_index(objects->modules, i));
        table_print(table);
        return STATUS_DONE;
}

const Verb verb_list = {
        .name = "list",
        .args = "",
        .summary = N_("the modules"),
        .run = run,
};

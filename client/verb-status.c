/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl status: prints jobs in detail. Reads only. */

#include "config.h"

#include "show.h"
#include "text.h"

/* Chooses the job that was named, else all jobs under way, else the newest job. */
static int choose(Ctl *ctl, const Objects *objects, const char *name, GPtrArray *chosen)
{
        const Object *found = NULL;
        int status;

        for (guint i = 0; !name && i < objects->jobs->len; i++) {
                Object *job = g_ptr_array_index(objects->jobs, i);
                if (!job_is_finished(job->props))
                        g_ptr_array_add(chosen, job);
        }
        if (chosen->len > 0)
                return STATUS_DONE;
        status = objects_find_job(ctl, objects, name, true, &found);
        if (status == STATUS_DONE && found)
                g_ptr_array_add(chosen, (gpointer)found);
        return status;
}

static void write_jobs(const GPtrArray *chosen)
{
        g_autoptr(Json) json = json_new();

        json_begin(json, NULL, '[');
        for (guint i = 0; i < chosen->len; i++)
                write_object(json, NULL, g_ptr_array_index(chosen, i));
        json_end(json, ']');
        json_print(json);
}

static void show_jobs(const Objects *objects, const GPtrArray *chosen)
{
        if (chosen->len == 0)
                text_wrap(_("There is no upgrade, neither under way nor remembered."), 0);
        for (guint i = 0; i < chosen->len; i++) {
                const Object *job = g_ptr_array_index(chosen, i);
                if (i > 0)
                        g_print("\n");
                show_job(job, objects_at(objects->modules, props_string(job->props, "Module")));
        }
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(GPtrArray) chosen = g_ptr_array_new();
        g_autoptr(Objects) objects = NULL;
        int status;

        status = objects_read(ctl, &objects);
        if (status == STATUS_DONE)
                status = choose(ctl, objects, args[0], chosen);
        if (status != STATUS_DONE)
                return status;
        if (ctl->json)
                write_jobs(chosen);
        else
                show_jobs(objects, chosen);
        return STATUS_DONE;
}

const Verb verb_status = {
        .name = "status",
        .args = "[JOB]",
        .summary = N_("upgrades in detail: those under way, else the newest"),
        .max_args = 1,
        .run = run,
};

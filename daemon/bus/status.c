/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line for the service manager: the jobs under way, or that fotad is idle. Knows no bus. */

#include <systemd/sd-daemon.h>

#include "bus/status.h"

#define JOBS_MAX 8 /* jobs that are described; the others are counted */

struct Status {
        Manager *manager;
        GHashTable *jobs; /* Id to text: the jobs that were described last, as their records on the disk have them */
        char *told;
        char *failure; /* the reason why the last reload failed, NULL if it succeeded */
};

static GHashTable *jobs_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

Status *status_new(Manager *manager)
{
        Status *s = g_new0(Status, 1);

        s->manager = manager;
        s->jobs = jobs_new();
        return s;
}

void status_free(Status *s)
{
        if (!s)
                return;
        g_hash_table_unref(s->jobs);
        g_free(s->told);
        g_free(s->failure);
        g_free(s);
}

static char *describe_idle(Manager *m)
{
        const GPtrArray *modules = manager_modules(m);
        unsigned present = 0;

        for (unsigned i = 0; i < modules->len; i++)
                present += module_is_present(g_ptr_array_index(modules, i));
        if (present == 0)
                return g_strdup("Idle, no modules");
        return g_strdup_printf("Idle, %u module%s", present, present == 1 ? "" : "s");
}

/* Returns the text for the job, the one from before while a record is being written; NULL if there is none. */
static char *describe_job(GHashTable *before, const Job *job)
{
        return job->awaits_record ? g_strdup(g_hash_table_lookup(before, job->id))
                                  : g_strdup_printf("job %s on %s: %s %u %%", job->id, job_place(job),
                                                    job_state_to_string(job->state), job_percent_shown(job));
}

/* There may be thousands of jobs, each of which changes: only the jobs that are described cost more than a look. */
static char *describe(Status *s)
{
        const GPtrArray *jobs = manager_jobs(s->manager);
        g_autoptr(GHashTable) before = s->jobs;
        g_autoptr(GString) text = g_string_new(NULL);
        unsigned running = 0, described = 0;

        s->jobs = jobs_new();
        for (unsigned i = 0; i < jobs->len; i++) {
                const Job *job = g_ptr_array_index(jobs, i);
                char *line;

                if (job_has_ended(job))
                        continue;
                running++;
                line = described < JOBS_MAX ? describe_job(before, job) : NULL;
                if (!line)
                        continue;
                g_hash_table_insert(s->jobs, g_strdup(job->id), line);
                g_string_append_printf(text, "%s%s", described++ ? "; " : "", line);
        }
        if (described == 0 && running > 0)
                g_string_append_printf(text, "%u job%s", running, running == 1 ? "" : "s");
        else if (running > described)
                g_string_append_printf(text, "; and %u more", running - described);
        return text->len ? g_strdup(text->str) : describe_idle(s->manager);
}

void status_reloaded(Status *s, const char *failure)
{
        g_free(s->failure);
        s->failure = g_strdup(failure);
        status_update(s);
}

void status_update(Status *s)
{
        g_autofree char *now = describe(s);
        g_autofree char *text = g_strconcat(now, s->failure ? "; not reloaded: " : NULL, s->failure, NULL);

        if (g_strcmp0(text, s->told) == 0)
                return;
        sd_notifyf(0, "STATUS=%s", text);
        g_free(s->told);
        s->told = g_steal_pointer(&text);
}

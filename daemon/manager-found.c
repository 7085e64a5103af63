/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was not begun here: an upgrade that is under way without a job, and a module that goes on at another port. */

#include <string.h>

#include "log-job.h"
#include "manager-claim.h"
#include "manager-modules.h"
#include "manager-private.h"
#include "message-ids.h"

/* A running job whose module is away: what turns up elsewhere and does not say who it is may be that one. */
static bool misses_a_module(Manager *m)
{
        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);
                const Module *module = job->state == JOB_FINISHED ? NULL : manager_module_by_id(m, job_place(job));

                if (module && !module_is_present(module))
                        return true;
        }
        return false;
}

/* A module that is attached both ways says the same at its UART: one job follows it. */
static bool is_followed_elsewhere(Manager *m, const Module *module)
{
        const char *imei = module_identity(module)->imei;

        for (unsigned i = 0; i < m->jobs->len && *imei; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state != JOB_FINISHED && strcmp(job->imei, imei) == 0)
                        return true;
        }
        return false;
}

/* It still is in the upgrade whose job brought the daemon down again and again: a new job would do the same. */
static bool is_given_up(Manager *m, const Module *module)
{
        const Job *newest = NULL;

        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (strcmp(job_place(job), module_id(module)) == 0)
                        newest = job;
        }
        if (!newest || !manager_is_given_up(newest) || newest->device != module_device(module) ||
            strcmp(newest->boot, m->boot_id) != 0)
                return false;
        if (g_hash_table_add(m->left_alone, g_strdup(newest->id)))
                log_job(LOG_WARNING, NULL, newest,
                        "%s: its upgrade goes on, and is left alone until it restarts: job %s was given up",
                        module_id(module), newest->id);
        return true;
}

void manager_adopt(Manager *m, Module *module, Method method)
{
        g_autofree char *why = NULL;
        Job *job;

        if (misses_a_module(m) || (module_is_uart(module) && is_followed_elsewhere(m, module)) ||
            is_given_up(m, module))
                return;
        if (module_method(module) != METHOD_UNKNOWN)
                method = module_method(module);
        job = manager_new_job(m, module_id(module));
        job->origin = JOB_ORIGIN_ADOPTED;
        job->method = method == METHOD_UNKNOWN ? METHOD_MINIFOTA : method; /* which never gives up too early */
        job->state = JOB_DOWNLOADING;
        job->sent = job->left = true;
        job_reach(job, JOB_REACHED_ACCEPTED);
        job->system = JOB_SYSTEM_MINI;
        manager_note_identity(job, module_identity(module));
        job = manager_add_job(m, job, &why);
        if (!job) {
                log_module(LOG_ERR, module, "an upgrade is under way, and its job cannot be written: %s", why);
                return;
        }
        log_job(LOG_NOTICE, MESSAGE_ID_ADOPTED, job,
                "job %s on %s: adopted, for an upgrade is under way there that nobody remembers", job->id, job->module);
        manager_begin(m, job);
}

/* The same module at another port: a hub was plugged in elsewhere. Serial numbers tell nothing, the IMEI does; and one
 * that has been there for longer than the other is away is another one that claims to be it. */
void manager_follow_moved(Manager *m, Module *module)
{
        const char *imei = module_identity(module)->imei;

        if (!*imei || module_job(module))
                return;
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);
                Module *place = job->state == JOB_FINISHED ? NULL : manager_module_by_id(m, job_place(job));

                if (!place || place == module || module_is_present(place) || module_job(place) != job ||
                    strcmp(job->imei, imei) != 0 || module_came_at(module) < module_left_at(place))
                        continue;
                log_job(LOG_NOTICE, NULL, job, "job %s: its module %s went on to %s", job->id, job_place(job),
                        module_id(module));
                job_set_string(&job->place, module_id(module));
                manager_begin(m, module_give_up_job(place));
                claims_drop(m->claims, module_id(place));
                return;
        }
}

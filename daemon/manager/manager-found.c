/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Discoveries: an upgrade that is under way without a job gets one, and a job follows its module to another port. */

#include <string.h>

#include "base/clock.h"
#include "base/log-job.h"
#include "manager/manager-claim.h"
#include "manager/manager-found.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
#include "manager/manager-records.h"
#include "manager/manager-state.h"
#include "base/message-ids.h"

/* true if the module of a running job is absent: a nameless module that appears elsewhere may be that one. */
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

/* true if a running job follows this module at another place: a module that is attached by USB and by UART sends the
 * same lines to both. */
static bool is_followed_elsewhere(Manager *m, const Module *module)
{
        const char *imei = module_identity(module)->imei;

        for (unsigned i = 0; i < m->jobs->len && identity_is_distinct_imei(imei); i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state != JOB_FINISHED && strcmp(job->imei, imei) == 0)
                        return true;
        }
        return false;
}

static const Job *find_newest(Manager *m, const Module *module)
{
        for (unsigned i = m->jobs->len; i-- > 0;) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (strcmp(job_place(job), module_id(module)) == 0)
                        return job;
        }
        return NULL;
}

/* The reason why the job's upgrade is not adopted while it goes on; NULL if there is none. A job that was given up
 * brought the daemon down again and again, as a new one would. */
static const char *why_left_alone(const Job *job)
{
        if (manager_is_given_up(job))
                return "given up";
        return job->state == JOB_FINISHED && job->domain == CODE_DOMAIN_HOST && job->code == HOST_DISMISSED
                       ? "dismissed"
                       : NULL;
}

/* true if the newest job at this place was given up or dismissed, and the module has not restarted since. */
static bool is_left_alone(Manager *m, const Module *module)
{
        const Job *newest = find_newest(m, module);
        const char *why = newest ? why_left_alone(newest) : NULL;

        if (!why || newest->device != module_device(module) || strcmp(newest->boot, m->boot_id) != 0)
                return false;
        if (g_hash_table_add(m->left_alone, g_strdup(newest->id)))
                log_job(LOG_WARNING, NULL, newest,
                        "%s: its upgrade goes on, and is left alone until it restarts: job %s was %s",
                        module_id(module), newest->id, why);
        return true;
}

void manager_note_revision(Manager *m, Module *module)
{
        const Job *newest = find_newest(m, module);

        if (newest && newest->state == JOB_FINISHED)
                g_hash_table_add(m->settled, g_strdup(newest->id));
}

/* true if an adopted job has failed here, the module has reported no revision since, and the present sign of an upgrade
 * was known to that job: a new job would end in the same way, again and again. */
static bool has_failed_before(Manager *m, const Module *module, Method method)
{
        const Job *newest = find_newest(m, module);
        JobReached sign = method == METHOD_MINIFOTA  ? JOB_REACHED_ACCEPTED
                          : method == METHOD_UNKNOWN ? JOB_REACHED_UPDATING
                                                     : JOB_REACHED_DOWNLOADING;

        if (!newest || newest->origin != JOB_ORIGIN_ADOPTED || newest->state != JOB_FINISHED ||
            newest->result != JOB_RESULT_FAILED || *newest->to_revision || sign > newest->reached ||
            g_hash_table_contains(m->settled, newest->id))
                return false;
        if (g_hash_table_add(m->left_alone, g_strdup(newest->id)))
                log_job(LOG_NOTICE, NULL, newest,
                        "%s: not adopted again after job %s before it reports its revision, or gets further",
                        module_id(module), newest->id);
        return true;
}

void manager_note_adopted_end(Manager *m, const Job *job)
{
        Module *module = manager_module_of(m, job);

        if (module && job->origin == JOB_ORIGIN_ADOPTED && !why_left_alone(job))
                *module_adoption(module) = (ModuleAdoption){
                        .not_before = clock_now() + m->config->timeouts.settle,
                        .reached = job->reached,
                };
}

/* true if an adopted job has just ended here, and the module does not report the first UPDATING: a module that reports
 * upgrades again and again would get job after job. */
static bool is_too_soon(const Module *module, ModuleAdoption *adoption, Method method)
{
        bool writes = method == METHOD_UNKNOWN && adoption->reached < JOB_REACHED_UPDATING;

        if (writes || clock_now() >= adoption->not_before)
                return false;
        if (adoption->ignored++ == 0)
                log_module(LOG_NOTICE, module, "reports an upgrade right after an adopted job ended: not adopted yet");
        return true;
}

/* The disk has the record, or refuses it. */
static void on_adopted(Manager *m, Job *job, const char *why, void *userdata)
{
        g_autofree char *id = userdata;
        Module *module = manager_module_by_id(m, id);

        if (!job) {
                log_module(LOG_ERR, module, "an upgrade is under way, and its job cannot be written: %s", why);
                module_expect(module, NULL);
                module_release(module);
                return;
        }
        manager_list_job(m, job);
        log_job(LOG_NOTICE, MESSAGE_ID_ADOPTED, job,
                "job %s on %s: adopted, for an upgrade is under way there that no job began", job->id, job->module);
        manager_begin(m, job);
}

void manager_adopt(Manager *m, Module *module, Method method)
{
        ModuleAdoption *adoption = module_adoption(module);
        /* The message is handled only when the record is on the disk, and would be lost with a crash before that. */
        bool by_message = method != METHOD_MINIFOTA;
        Job *job;

        if (module_is_taken(module) || misses_a_module(m) ||
            (module_is_uart(module) && is_followed_elsewhere(m, module)) || is_left_alone(m, module) ||
            has_failed_before(m, module, method) || is_too_soon(module, adoption, method))
                return;
        if (adoption->ignored > 0)
                log_module(LOG_NOTICE, module, "%u messages about an upgrade were ignored", adoption->ignored);
        adoption->ignored = 0;
        if (module_method(module) != METHOD_UNKNOWN)
                method = module_method(module);
        job = manager_new_job(m, module_id(module));
        job->origin = JOB_ORIGIN_ADOPTED;
        job->method = method == METHOD_UNKNOWN ? METHOD_MINIFOTA : method; /* which never gives up too early */
        job->state = JOB_DOWNLOADING;
        job->sent = job->disconnected = true;
        job_reach(job, by_message ? JOB_REACHED_DOWNLOADING : JOB_REACHED_ACCEPTED);
        job->system = JOB_SYSTEM_MINI;
        manager_note_identity(job, module_identity(module));
        module_expect(module, job->id);
        module_hold(module);
        manager_add_job(m, job, NULL, on_adopted, g_strdup(module_id(module)));
}

/* ---- a job follows its module to another place */

/* true if another module than this one is present and has the IMEI. */
static bool is_shared(Manager *m, const char *imei, const Module *module)
{
        for (unsigned i = 0; i < m->modules->len; i++) {
                const Module *other = g_ptr_array_index(m->modules, i);

                if (other != module && module_is_present(other) && strcmp(module_identity(other)->imei, imei) == 0)
                        return true;
        }
        return false;
}

void manager_note_shared_imei(Manager *m, const Module *module)
{
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if ((job->state != JOB_FINISHED || job->watched) && strcmp(job_place(job), module_id(module)) == 0)
                        job->imei_shared = job->imei_shared || is_shared(m, job->imei, module);
        }
}

bool manager_is_moved(Manager *m, const Job *job, const Module *module)
{
        const Module *place = manager_module_by_id(m, job_place(job));

        if (place && (place == module || module_is_present(place) || module_came_at(module) < module_left_at(place)))
                return false;
        return module_is_ready(module) && identity_is_distinct_imei(job->imei) && !job->imei_shared &&
               strcmp(module_identity(module)->imei, job->imei) == 0 && !is_shared(m, job->imei, module);
}

/* A hub may have been plugged in elsewhere. The IMEI identifies a module, its serial number does not. */
bool manager_follow_moved(Manager *m, Module *place)
{
        Job *job = module_job(place);

        for (unsigned i = 0; job->sent && job->state != JOB_FINISHED && i < m->modules->len; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (module_is_taken(module) || !manager_is_moved(m, job, module))
                        continue;
                log_job(LOG_NOTICE, NULL, job, "job %s: its module %s went on to %s", job->id, job_place(job),
                        module_id(module));
                job_set_string(&job->place, module_id(module));
                manager_begin(m, module_give_up_job(place));
                claims_drop(m->claims, module_id(place));
                return true;
        }
        return false;
}

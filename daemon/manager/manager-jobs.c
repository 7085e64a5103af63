/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list of jobs: finds and loads jobs, removes the oldest, and ends those that bring the daemon down each time it
 * takes them up. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "core/job/source.h"
#include "base/log-job.h"
#include "manager/manager-jobs.h"
#include "manager/manager-records.h"
#include "manager/manager-state.h"
#include "names.h"

#define LOGGED_MAX   10 /* records that cannot be read, each with a line of its own */
#define TAKE_UPS_MAX 10 /* crashes in a row, each soon after a job was taken up, without progress of the job */

JobLog *manager_read_log(Manager *m, const Job *job, char **ret_why)
{
        g_autofree char *record = job_store_read(m->store, job->id, ret_why);
        const char *log = record ? job_log_of_record(record) : NULL;

        if (!record)
                return NULL;
        return log ? job_log_from_text(log) : job_log_new();
}

const GPtrArray *manager_jobs(const Manager *m)
{
        return m->jobs;
}

Job *manager_find_job(Manager *m, const char *path, Refusal *ret_refusal)
{
        g_autofree char *id = NULL;
        Job *job = sd_bus_path_decode(path, FOTAD_JOB_PREFIX, &id) > 0 ? job_find(m->jobs, id) : NULL;

        if (!job)
                refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_JOB,
                            "there is no job %s: fotactl status shows those there are", path);
        return job;
}

/* Newest end first. Records of fotad 0.1.0, which have only the time of the end, come last. */
static int compare_finished(const void *a, const void *b)
{
        const Job *x = *(Job *const *)a, *y = *(Job *const *)b;

        if (x->end_number != y->end_number)
                return x->end_number > y->end_number ? -1 : 1;
        if (x->finished != y->finished)
                return x->finished > y->finished ? -1 : 1;
        return job_number(x) > job_number(y) ? -1 : 1;
}

GPtrArray *manager_history(Manager *m)
{
        GPtrArray *finished = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job_has_ended(job))
                        g_ptr_array_add(finished, job);
        }
        g_ptr_array_sort(finished, compare_finished);
        return finished;
}

/* The finished jobs that exceed [jobs] history. */
static GPtrArray *find_oldest(Manager *m)
{
        g_autoptr(GPtrArray) finished = manager_history(m);
        GPtrArray *oldest = g_ptr_array_new();
        unsigned kept[_JOB_ORIGIN_MAX] = { 0 };

        for (unsigned i = 0; i < finished->len; i++) {
                Job *job = g_ptr_array_index(finished, i);

                if (kept[job->origin]++ >= m->config->history && !job->watched && !job->resolving)
                        g_ptr_array_add(oldest, job);
        }
        return oldest;
}

static void remove_jobs(Manager *m, const GPtrArray *jobs)
{
        for (unsigned i = 0; i < jobs->len; i++)
                m->observer->job_removed(m->userdata, g_ptr_array_index(jobs, i));
        manager_remove_jobs(m, jobs);
}

void manager_trim_history(Manager *m)
{
        g_autoptr(GPtrArray) oldest = find_oldest(m);

        remove_jobs(m, oldest);
}

void manager_forget_repeated(Manager *m, const Job *job)
{
        Job *repeated = job->repeats > 0 ? manager_find_repeated(m, job) : NULL;
        g_autoptr(GPtrArray) jobs = g_ptr_array_new();

        if (repeated)
                g_ptr_array_add(jobs, repeated);
        remove_jobs(m, jobs);
}

void manager_note_identity(Job *job, const Identity *identity)
{
        job_set_string(&job->imei, identity->imei);
        job_set_string(&job->model, identity->model);
        job_set_string(&job->from_revision, identity->revision);
        job_set_string(&job->from_build, identity->build);
}

Job *manager_new_job(Manager *m, const char *module)
{
        g_autofree char *id = g_strdup_printf("%" G_GUINT64_FORMAT, m->last_id + 1);
        Job *job = job_new(id, module);

        job->created = (uint64_t)g_get_real_time();
        return job;
}

/* ---- packages of jobs */

int manager_open_package(Manager *m, const Job *job)
{
        return job->from_host ? package_store_open(m->packages, job->id, job->package_size) : -ENOENT;
}

static bool is_needed(void *userdata, const char *id)
{
        const Manager *m = userdata;
        const Job *job = job_find(m->jobs, id);

        return job && job->from_host && job->state != JOB_FINISHED;
}

void manager_sweep_packages(Manager *m)
{
        package_store_sweep(m->packages, is_needed, m);
}

/* ---- jobs of an earlier daemon */

static int compare_jobs(const void *a, const void *b)
{
        guint64 x = job_number(*(Job *const *)a), y = job_number(*(Job *const *)b);

        return x < y ? -1 : x > y;
}

/* Ends a job that no module has. */
static void close_interrupted(Job *job, const char *detail)
{
        if (job->result == JOB_RESULT_NONE)
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_INTERRUPTED, detail);
        job_tell_what_stays(job, true);
        job_forget_secrets(job);
        job->stalled = false;
        job->finished = (uint64_t)g_get_real_time();
        job->state = JOB_FINISHED;
        job_log_printf(job->log, job->finished, JOB_LOG_RESULT, "%s: %s", job_result_to_string(job->result),
                       job->message);
}

/* Ends the older of two running jobs on one module: fotad 0.1.0 left its record unchanged if the disk was full at its
 * end. */
static void close_rivals(Manager *m)
{
        for (unsigned i = m->jobs->len; i-- > 0;) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                for (unsigned k = i; job->state != JOB_FINISHED && k-- > 0;) {
                        Job *older = g_ptr_array_index(m->jobs, k);
                        g_autofree char *detail = NULL, *why = NULL;

                        if (older->state == JOB_FINISHED || strcmp(job_place(older), job_place(job)) != 0)
                                continue;
                        log_job(LOG_WARNING, NULL, older, "job %s: %s is held by job %s", older->id, job_place(older),
                                job->id);
                        detail = g_strdup_printf("for job %s was begun on the module after it", job->id);
                        close_interrupted(older, detail);
                        if (manager_write_end_now(m, older, &why) < 0)
                                log_job(LOG_ERR, NULL, older, "job %s cannot be written: %s", older->id, why);
                }
        }
}

static void set_aside(Manager *m, const GPtrArray *broken)
{
        g_autofree char *why = NULL;

        if (broken->len > LOGGED_MAX)
                log_warning("%u records of jobs cannot be read, and the first %u are named above", broken->len,
                            LOGGED_MAX);
        if (broken->len > 0 && job_store_quarantine(m->store, broken, job_mask_text, &why) < 0)
                log_warning("records that cannot be read cannot be set aside: %s", why);
}

/* Earlier daemons kept secrets in the records of finished jobs: the values in the query of a URL. */
static void hide_secrets(Manager *m, Job *job)
{
        g_autofree char *shown = job_source_shown(job), *why = NULL;

        if (job->state != JOB_FINISHED || strcmp(job->source, shown) == 0)
                return;
        job_forget_secrets(job);
        if (manager_write_record_now(m, job, &why) < 0)
                log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
}

void manager_load_jobs(Manager *m)
{
        g_autoptr(GPtrArray) ids = job_store_list(m->store), broken = g_ptr_array_new(), oldest = NULL;

        job_store_sweep(m->store);
        m->last_id = job_store_highest(m->store);
        for (unsigned i = 0; i < ids->len; i++) {
                const char *id = g_ptr_array_index(ids, i);
                g_autofree char *text = NULL, *why = NULL;
                Job *job = NULL;

                text = job_store_read(m->store, id, &why);
                if (text)
                        job = job_from_text(text, id, &why);
                if (job && job->state != JOB_FINISHED && !g_str_has_prefix(job_place(job), "usb-") &&
                    !job_is_uart(job)) {
                        why = g_strdup("its Module is none");
                        g_clear_pointer(&job, job_free);
                }
                if (job) {
                        m->last_end = MAX(m->last_end, job->end_number);
                        g_ptr_array_add(m->jobs, job);
                } else {
                        g_ptr_array_add(broken, (char *)id);
                        if (broken->len <= LOGGED_MAX)
                                log_event(LOG_WARNING, &(LogEvent){ .job = id },
                                          "job %s cannot be read: %s; its record is kept as %s.job.broken", id, why,
                                          id);
                }
        }
        set_aside(m, broken);
        g_ptr_array_sort(m->jobs, compare_jobs);
        close_rivals(m);
        oldest = find_oldest(m);
        manager_remove_jobs(m, oldest); /* the observer does not know them yet */
        writer_wait(m->writer);
        for (unsigned i = 0; i < m->jobs->len; i++)
                hide_secrets(m, g_ptr_array_index(m->jobs, i));
}

/* Ends a job that brings the daemon down each time it is taken up. */
static void give_up(Job *job)
{
        g_autofree char *detail = g_strdup_printf("for fotad was started %u times with it and got no further; %s",
                                                  job->take_ups,
                                                  job->sent ? "the module may still upgrade" : "nothing was begun");

        close_interrupted(job, detail);
}

bool manager_is_given_up(const Job *job)
{
        return job->state == JOB_FINISHED && job->take_ups > TAKE_UPS_MAX;
}

void manager_count_take_ups(Manager *m)
{
        g_autoptr(GPtrArray) go_on = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);
                g_autofree char *why = NULL;

                if (job->state == JOB_FINISHED)
                        continue;
                if (++job->take_ups <= TAKE_UPS_MAX) {
                        g_ptr_array_add(go_on, job);
                        continue;
                }
                give_up(job);
                if (manager_write_end_now(m, job, &why) < 0)
                        log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
                manager_free_package(m, job);
        }
        manager_write_records_now(m, go_on);
}

/* Resets the count of each running job, in memory. Returns those whose count was not 0; the caller frees the array. */
static GPtrArray *reset_take_ups(Manager *m)
{
        GPtrArray *reset = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED || job->take_ups == 0)
                        continue;
                job->take_ups = 0;
                g_ptr_array_add(reset, job);
        }
        return reset;
}

void manager_forget_take_ups(Manager *m)
{
        g_autoptr(GPtrArray) jobs = reset_take_ups(m);

        for (unsigned i = 0; i < jobs->len; i++)
                manager_write_record(m, g_ptr_array_index(jobs, i), NULL, NULL, NULL);
}

void manager_forget_take_ups_now(Manager *m)
{
        g_autoptr(GPtrArray) jobs = reset_take_ups(m);

        manager_write_records_now(m, jobs);
}

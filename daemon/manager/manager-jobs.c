/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list of jobs, with their records and packages on the disk: adds, finds, loads and removes jobs, and ends those
 * that bring the daemon down each time it takes them up. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "core/job/source.h"
#include "base/log-job.h"
#include "manager/manager-jobs.h"
#include "manager/manager-state.h"
#include "names.h"

#define LOGGED_MAX   10 /* records that cannot be read, each with a line of its own */
/* Thousands of records take seconds to remove. What is left when the daemon ends is trimmed at its next start. */
#define REMOVED_AT_ONCE 64
#define REMOVAL_PAUSE   (20 * 1000) /* µs */

#define TAKE_UPS_MAX 10 /* crashes in a row, each soon after a job was taken up, without progress of the job */

/* The text of the record. The log of a job that has ended is only on the disk, and stays there. */
static char *record_of(Manager *m, const Job *job)
{
        g_autofree char *text = job_to_text(job), *before = NULL, *why = NULL;
        const char *log = NULL;

        if (!job->log) {
                before = job_store_read(m->store, job->id, &why);
                log = before ? job_log_of_record(before) : NULL;
        }
        return log ? g_strconcat(text, "\n", log, NULL) : g_steal_pointer(&text);
}

int manager_write_job(Manager *m, Job *job, char **ret_why)
{
        g_autofree char *text = record_of(m, job);
        int r = job_store_write(m->store, job->id, text, ret_why);

        explicit_bzero(text, strlen(text));
        if (r < 0)
                return r;
        if (job->state == JOB_FINISHED)
                g_clear_pointer(&job->log, job_log_free);
        job->percent_covered = job_percent_to_cover(job);
        job_set_string(&job->behind, "");
        return 0;
}

int manager_write_progress(Manager *m, Job *job, char **ret_why)
{
        int r = manager_write_job(m, job, ret_why);

        if (r < 0)
                job_set_string(&job->behind, *ret_why);
        return r;
}

static int write_or_remove(Manager *m, Job *job, char **ret_why)
{
        g_autofree char *why = NULL, *why_stays = NULL;
        int r = manager_write_job(m, job, &why);

        if (r >= 0)
                return r;
        r = job_store_remove(m->store, job->id, &why_stays);
        if (r < 0) {
                g_autofree char *again = NULL;

                *ret_why = g_strdup_printf("%s; %s", why, why_stays);
                /* The removal may have been carried out without being durable. */
                return manager_write_job(m, job, &again) < 0 ? r : 0;
        }
        if (r == 0)
                return 0;
        g_clear_pointer(&why, g_free);
        if (manager_write_job(m, job, &why) < 0) /* the removal may have made room */
                log_job(LOG_ERR, NULL, job,
                        "job %s on %s: %s: %s Its end cannot be written (%s), so its record is removed, and the next "
                        "start of fotad does not know the job any more",
                        job->id, job_place(job), job_result_to_string(job->result), job->message, why);
        return 0;
}

/* The job before, at the same place, that ended in the same way; NULL: none did. A job whose Result is still to be
 * announced is none. */
static Job *find_repeated(Manager *m, const Job *job)
{
        bool passed = false;

        for (unsigned i = m->jobs->len; job->origin == JOB_ORIGIN_ADOPTED && i-- > 0;) {
                Job *earlier = g_ptr_array_index(m->jobs, i);

                if (passed && strcmp(job_place(earlier), job_place(job)) == 0)
                        return job_repeats(job, earlier) && earlier->announced == JOB_ANNOUNCED_YES ? earlier : NULL;
                passed = passed || earlier == job;
        }
        return NULL;
}

int manager_write_end(Manager *m, Job *job, char **ret_why)
{
        bool first = job->end_number == 0;
        const Job *repeated = first ? find_repeated(m, job) : NULL;
        int r;

        if (first)
                job->end_number = m->last_end + 1;
        if (first)
                job->repeats = repeated ? repeated->repeats + 1 : 0;
        r = write_or_remove(m, job, ret_why);
        if (first && r >= 0)
                m->last_end = job->end_number;
        else if (first)
                job->end_number = 0; /* the end is taken back */
        return r;
}

/* Removes a record that is not needed any more. If that fails, the next daemon tries again. */
static void remove_record(Manager *m, const Job *job)
{
        g_autofree char *why = NULL;

        if (job_store_remove(m->store, job->id, &why) < 0)
                log_job(LOG_WARNING, NULL, job, "job %s: %s", job->id, why);
}

JobLog *manager_read_log(Manager *m, const Job *job, char **ret_why)
{
        g_autofree char *record = job_store_read(m->store, job->id, ret_why);
        const char *log = record ? job_log_of_record(record) : NULL;

        if (!record)
                return NULL;
        return log ? job_log_from_text(log) : job_log_new();
}

static guint64 number_of(const Job *job)
{
        return g_ascii_strtoull(job->id, NULL, 10);
}

const GPtrArray *manager_jobs(const Manager *m)
{
        return m->jobs;
}

Job *manager_find_job(Manager *m, const char *path, Refusal *ret_refusal)
{
        g_autofree char *id = NULL;

        if (sd_bus_path_decode(path, FOTAD_JOB_PREFIX, &id) > 0)
                for (unsigned i = 0; i < m->jobs->len; i++) {
                        Job *job = g_ptr_array_index(m->jobs, i);

                        if (strcmp(job->id, id) == 0)
                                return job;
                }
        refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_JOB, "there is no job %s: fotactl status shows those there are",
                    path);
        return NULL;
}

/* Newest end first. Records of fotad 0.1.0, which have only the time of the end, come last. */
static int compare_finished(const void *a, const void *b)
{
        const Job *x = *(Job *const *)a, *y = *(Job *const *)b;

        if (x->end_number != y->end_number)
                return x->end_number > y->end_number ? -1 : 1;
        if (x->finished != y->finished)
                return x->finished > y->finished ? -1 : 1;
        return number_of(x) > number_of(y) ? -1 : 1;
}

GPtrArray *manager_history(Manager *m)
{
        GPtrArray *finished = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED)
                        g_ptr_array_add(finished, job);
        }
        g_ptr_array_sort(finished, compare_finished);
        return finished;
}

static int on_removal(sd_event_source *source, uint64_t usec, void *userdata);

/* Removes some of the records that are not needed any more, and the rest later. */
static void remove_some(Manager *m)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

        while (m->trimmed->len > 0 && ids->len < REMOVED_AT_ONCE)
                g_ptr_array_add(ids, g_ptr_array_steal_index(m->trimmed, m->trimmed->len - 1));
        job_store_remove_all(m->store, ids);
        m->removal = sd_event_source_disable_unref(m->removal);
        if (m->trimmed->len > 0)
                sd_event_add_time_relative(m->event, &m->removal, CLOCK_MONOTONIC, REMOVAL_PAUSE, 0, on_removal, m);
}

static int on_removal(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        remove_some(userdata);
        return 0;
}

/* told: the observer knows the job. */
static void forget(Manager *m, Job *job, bool told)
{
        if (told)
                m->observer->job_removed(m->userdata, job);
        g_ptr_array_add(m->trimmed, g_strdup(job->id));
        g_ptr_array_remove(m->jobs, job);
}

static void trim(Manager *m, bool told)
{
        g_autoptr(GPtrArray) finished = manager_history(m);
        unsigned kept[_JOB_ORIGIN_MAX] = { 0 }, before = m->trimmed->len;

        for (unsigned i = 0; i < finished->len; i++) {
                Job *job = g_ptr_array_index(finished, i);

                if (kept[job->origin]++ >= m->config->history && !job->watched)
                        forget(m, job, told);
        }
        if (m->trimmed->len > before)
                remove_some(m);
}

void manager_trim_history(Manager *m)
{
        trim(m, true);
}

void manager_forget_repeated(Manager *m, const Job *job)
{
        Job *repeated = job->repeats > 0 ? find_repeated(m, job) : NULL;

        if (!repeated)
                return;
        forget(m, repeated, true);
        remove_some(m);
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

Job *manager_add_job(Manager *m, Job *taken, char **ret_why)
{
        g_autoptr(Job) job = taken;

        if (job_store_reserve(m->store, number_of(job), ret_why) < 0 || manager_write_job(m, job, ret_why) < 0) {
                remove_record(m, job);
                return NULL;
        }
        m->last_id++;
        g_ptr_array_add(m->jobs, job);
        m->observer->job_added(m->userdata, job);
        return g_steal_pointer(&job);
}

/* ---- packages of jobs */

Job *manager_add_job_with_package(Manager *m, Job *taken, const Package *package, char **ret_why)
{
        g_autoptr(Job) job = taken;
        g_autofree char *id = g_strdup(job->id);
        Job *added;

        job->from_host = true;
        job->package_size = package->size;
        job_set_string(&job->package_sha256, package->sha256);
        if (package_store_keep(m->packages, package->file, id, ret_why) < 0)
                return NULL;
        added = manager_add_job(m, g_steal_pointer(&job), ret_why);
        if (!added)
                package_store_remove(m->packages, id);
        return added;
}

void manager_free_package(Manager *m, const Job *job)
{
        if (job->from_host)
                package_store_remove(m->packages, job->id);
}

int manager_open_package(Manager *m, const Job *job)
{
        return job->from_host ? package_store_open(m->packages, job->id, job->package_size) : -ENOENT;
}

static bool is_needed(void *userdata, const char *id)
{
        const Manager *m = userdata;

        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (strcmp(job->id, id) == 0)
                        return job->from_host && job->state != JOB_FINISHED;
        }
        return false;
}

void manager_sweep_packages(Manager *m)
{
        package_store_sweep(m->packages, is_needed, m);
}

/* ---- jobs of an earlier daemon */

static int compare_jobs(const void *a, const void *b)
{
        guint64 x = number_of(*(Job *const *)a), y = number_of(*(Job *const *)b);

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
                        if (manager_write_end(m, older, &why) < 0)
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
        if (manager_write_job(m, job, &why) < 0)
                log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
}

void manager_load_jobs(Manager *m)
{
        g_autoptr(GPtrArray) ids = job_store_list(m->store), broken = g_ptr_array_new();

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
        trim(m, false);
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

static void free_text(gpointer text)
{
        explicit_bzero(text, strlen(text));
        g_free(text);
}

void manager_write_jobs(Manager *m, GPtrArray *jobs)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new(), texts = g_ptr_array_new_with_free_func(free_text);
        g_autofree char *why_all = NULL;

        for (unsigned i = 0; i < jobs->len; i++) {
                const Job *job = g_ptr_array_index(jobs, i);

                g_ptr_array_add(ids, job->id);
                g_ptr_array_add(texts, record_of(m, job));
        }
        if (jobs->len == 0 || job_store_write_all(m->store, ids, texts, &why_all) == 0)
                return;
        for (unsigned i = jobs->len; i-- > 0;) {
                Job *job = g_ptr_array_index(jobs, i);
                g_autofree char *why = NULL;

                if (manager_write_job(m, job, &why) == 0)
                        continue;
                log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
                g_ptr_array_remove_index(jobs, i);
        }
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
                if (manager_write_end(m, job, &why) < 0)
                        log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
                manager_free_package(m, job);
        }
        manager_write_jobs(m, go_on);
}

void manager_forget_take_ups(Manager *m)
{
        g_autoptr(GPtrArray) go_on = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED || job->take_ups == 0)
                        continue;
                job->take_ups = 0;
                g_ptr_array_add(go_on, job);
        }
        manager_write_jobs(m, go_on);
}

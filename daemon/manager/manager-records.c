/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The records and packages of jobs on the disk: each is written or removed by a thread, whose result is noted in the
 * job. Decides neither when a record is written nor the consequences of a failure. */

#include <string.h>

#include "base/log-job.h"
#include "manager/manager-recording.h"
#include "manager/manager-records.h"
#include "manager/manager-state.h"

/* Thousands of records take seconds to remove. What is left when the daemon ends is trimmed at its next start. */
#define REMOVED_AT_ONCE 64
#define REMOVAL_PAUSE   (20 * 1000) /* µs */

static void free_text(gpointer text)
{
        if (text)
                explicit_bzero(text, strlen(text)); /* it may contain a password */
        g_free(text);
}

/* ---- one record */

typedef enum RecordKind { RECORD, RECORD_OF_PROGRESS, RECORD_OF_END } RecordKind;

typedef struct Record {
        Manager *manager;
        char *id, *text;
        char *sum; /* of the text without the log */
        RecordKind kind;
        bool numbered;   /* the end got its number with this record */
        bool ended;      /* the job had ended */
        bool has_log;    /* the text has the log; otherwise the record on the disk has it */
        unsigned logged; /* lines that were ever appended to that log */
        unsigned covered;
        int result; /* 0; 1 the record was removed instead; or -errno */
        char *why;

        ManagerRecordFunc func;
        void *userdata;
        GDestroyNotify destroy;
} Record;

Job *manager_find_repeated(Manager *m, const Job *job)
{
        bool passed = false;

        for (unsigned i = m->jobs->len; job->origin == JOB_ORIGIN_ADOPTED && i-- > 0;) {
                Job *earlier = g_ptr_array_index(m->jobs, i);

                if (passed && strcmp(job_place(earlier), job_place(job)) == 0)
                        return job_repeats(job, earlier) && !earlier->resolving &&
                                               earlier->announced == JOB_ANNOUNCED_YES
                                       ? earlier
                                       : NULL;
                passed = passed || earlier == job;
        }
        return NULL;
}

static char *checksum_of(const char *text)
{
        const char *log = job_log_of_record(text);

        return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, log ? log - text - 1 : -1);
}

static void number_end(Manager *m, Job *job)
{
        const Job *repeated = manager_find_repeated(m, job);

        job->end_number = ++m->last_end;
        job->repeats = repeated ? repeated->repeats + 1 : 0;
}

static Record *record_new(Manager *m, Job *job, RecordKind kind)
{
        Record *r = g_new0(Record, 1);

        r->numbered = kind == RECORD_OF_END && job->end_number == 0;
        if (r->numbered)
                number_end(m, job);
        r->manager = m;
        r->id = g_strdup(job->id);
        r->text = job_to_text(job);
        r->sum = checksum_of(r->text);
        r->kind = kind;
        r->ended = job->state == JOB_FINISHED;
        r->has_log = job->log != NULL;
        r->logged = job->log ? job_log_total(job->log) : 0;
        r->covered = job_percent_to_cover(job);
        return r;
}

static void record_free(void *task)
{
        Record *r = task;

        if (r->destroy)
                r->destroy(r->userdata);
        g_free(r->id);
        free_text(r->text);
        g_free(r->sum);
        g_free(r->why);
        g_free(r);
}

/* Takes the log over from the record on the disk. */
static void add_log(Record *r)
{
        g_autofree char *why = NULL, *before = job_store_read(r->manager->store, r->id, &why);
        const char *log = before ? job_log_of_record(before) : NULL;
        char *text = log ? g_strconcat(r->text, "\n", log, NULL) : NULL;

        if (!text)
                return;
        free_text(r->text);
        r->text = text;
}

static void write_record(void *task)
{
        Record *r = task;
        JobStore *store = r->manager->store;

        if (!r->has_log)
                add_log(r);
        r->result = r->kind == RECORD_OF_END ? job_store_write_end(store, r->id, r->text, &r->why)
                                             : job_store_write(store, r->id, r->text, &r->why);
}

/* Notes in the job what the disk has. */
static void note(const Record *r, Job *job)
{
        if (r->result > 0)
                log_job(LOG_ERR, NULL, job,
                        "job %s on %s: %s: %s Its end cannot be written (%s), so its record is removed, and the next "
                        "start of fotad does not know the job any more",
                        job->id, job_place(job), job_result_to_string(job->result), job->message, r->why);
        job->writes--;
        job_set_string(&job->kept, r->result >= 0 && job->writes == 0 ? r->sum : "");
        /* Lines that came meanwhile go to the disk with the next record. */
        if (r->result == 0 && r->ended && job->log && job_log_total(job->log) == r->logged)
                g_clear_pointer(&job->log, job_log_free);
        if (r->result >= 0) {
                job->percent_covered = r->covered;
                job_set_string(&job->behind, "");
        } else if (r->kind == RECORD_OF_PROGRESS) {
                job_set_string(&job->behind, r->why);
        } else if (r->numbered) {
                job->end_number = 0; /* the end is taken back */
        }
}

static void on_written(void *task)
{
        Record *r = task;
        Job *job = job_find(r->manager->jobs, r->id);

        if (job)
                note(r, job);
        if (r->func)
                r->func(r->manager, job, MIN(r->result, 0), r->why, r->userdata);
        else if (job && r->result < 0)
                log_job(LOG_WARNING, NULL, job, "job %s cannot be written: %s", job->id, r->why);
}

static const WriterKind record_kind = { .work = write_record, .done = on_written, .free = record_free };

static void push(Record *r, Job *job, ManagerRecordFunc func, void *userdata, GDestroyNotify destroy)
{
        job->writes++;
        job_set_string(&job->kept, "");
        r->func = func;
        r->userdata = userdata;
        r->destroy = destroy;
        writer_push(r->manager->writer, r->id, &record_kind, r);
}

void manager_write_record(Manager *m, Job *job, ManagerRecordFunc func, void *userdata, GDestroyNotify destroy)
{
        push(record_new(m, job, RECORD), job, func, userdata, destroy);
}

void manager_write_end(Manager *m, Job *job, ManagerRecordFunc func)
{
        push(record_new(m, job, RECORD_OF_END), job, func, NULL, NULL);
}

bool manager_write_if_changed(Manager *m, Job *job, ManagerRecordFunc func)
{
        Record *r = record_new(m, job, job->state == JOB_FINISHED ? RECORD_OF_END : RECORD_OF_PROGRESS);
        bool changed = strcmp(r->sum, job->kept) != 0;

        if (changed)
                push(r, job, func, NULL, NULL);
        else
                record_free(r);
        return changed;
}

void manager_write_ahead(Manager *m, Job *job)
{
        if (job->state != JOB_FINISHED && job->percent > 0 && job_percent_to_cover(job) > job->percent_covered &&
            job->writes == 0 && !*job->behind && !*job->pending)
                push(record_new(m, job, RECORD), job, NULL, NULL, NULL);
}

static int write_now(Record *r, Job *job, char **ret_why)
{
        int result;

        job->writes++;
        write_record(r);
        note(r, job);
        result = MIN(r->result, 0);
        if (result < 0)
                *ret_why = g_steal_pointer(&r->why);
        record_free(r);
        return result;
}

int manager_write_record_now(Manager *m, Job *job, char **ret_why)
{
        return write_now(record_new(m, job, RECORD), job, ret_why);
}

int manager_write_end_now(Manager *m, Job *job, char **ret_why)
{
        return write_now(record_new(m, job, RECORD_OF_END), job, ret_why);
}

/* The caller frees the text. */
static char *text_of(Manager *m, Job *job)
{
        Record *r = record_new(m, job, RECORD);
        char *text;

        if (!r->has_log)
                add_log(r);
        text = g_steal_pointer(&r->text);
        record_free(r);
        return text;
}

void manager_write_records_now(Manager *m, GPtrArray *jobs)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new(), texts = g_ptr_array_new_with_free_func(free_text);
        g_autofree char *why_all = NULL;

        for (unsigned i = 0; i < jobs->len; i++) {
                Job *job = g_ptr_array_index(jobs, i);

                g_ptr_array_add(ids, job->id);
                g_ptr_array_add(texts, text_of(m, job));
        }
        if (jobs->len == 0 || job_store_write_all(m->store, ids, texts, &why_all) == 0)
                return;
        for (unsigned i = jobs->len; i-- > 0;) {
                Job *job = g_ptr_array_index(jobs, i);
                g_autofree char *why = NULL;

                if (manager_write_record_now(m, job, &why) == 0)
                        continue;
                log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
                g_ptr_array_remove_index(jobs, i);
        }
}

/* ---- removal */

typedef struct Removal {
        Manager *manager;
        char *id;
        bool record, package;
        Job *job;         /* taken back: its record must not be there again after a power cut; NULL otherwise */
        char *why_record; /* it stays, NULL: it does not */
        bool stays;       /* the record of the job that is taken back, and then its package */
        int result;       /* of the package: 0 or -errno */

        ManagerAddFunc func; /* NULL: none */
        void *userdata;
} Removal;

static void removal_free(void *task)
{
        Removal *r = task;

        job_free(r->job);
        g_free(r->id);
        g_free(r->why_record);
        g_free(r);
}

static void remove_files(void *task)
{
        Removal *r = task;

        if (r->job) {
                job_store_remove(r->manager->store, r->id, &r->why_record);
                r->stays = job_store_has(r->manager->store, r->id);
        } else if (r->record) {
                job_store_discard(r->manager->store, r->id, &r->why_record);
        }
        if (r->package && !r->stays)
                r->result = package_store_remove(r->manager->packages, r->id);
}

/* The next daemon tries again, except for a job that is taken back, which it would begin. */
static void on_removed(void *task)
{
        Removal *r = task;

        if (r->why_record)
                log_event(LOG_WARNING, &(LogEvent){ .job = r->id }, "job %s: %s", r->id, r->why_record);
        if (r->result < 0)
                log_event(LOG_WARNING, &(LogEvent){ .job = r->id }, "the package of job %s cannot be removed: %s",
                          r->id, g_strerror(-r->result));
        if (r->func)
                r->func(r->manager, r->stays ? g_steal_pointer(&r->job) : NULL, r->why_record, r->userdata);
}

static const WriterKind removal_kind = { .work = remove_files, .done = on_removed, .free = removal_free };

static void remove_of(const char *id, Removal removal)
{
        Removal *r = g_memdup2(&removal, sizeof(removal));

        r->id = g_strdup(id);
        writer_push(r->manager->writer, r->id, &removal_kind, r);
}

void manager_free_package(Manager *m, const Job *job)
{
        if (job->from_host)
                remove_of(job->id, (Removal){ .manager = m, .package = true });
}

static int on_removal(sd_event_source *source, uint64_t usec, void *userdata);

/* Removes some of the records that are not needed any more, and the rest later. */
static void remove_some(Manager *m)
{
        for (unsigned i = 0; m->trimmed->len > 0 && i < REMOVED_AT_ONCE; i++) {
                g_autofree char *id = g_ptr_array_steal_index(m->trimmed, m->trimmed->len - 1);

                remove_of(id, (Removal){ .manager = m, .record = true });
        }
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

void manager_remove_jobs(Manager *m, const GPtrArray *jobs)
{
        for (unsigned i = 0; i < jobs->len; i++) {
                Job *job = g_ptr_array_index(jobs, i);

                g_ptr_array_add(m->trimmed, g_strdup(job->id));
                manager_recording_remove(m, job);
                g_ptr_array_remove(m->jobs, job);
        }
        if (jobs->len > 0)
                remove_some(m);
}

/* ---- new jobs */

typedef struct Addition {
        Manager *manager;
        Job *job;
        char *text, *part;
        int result;
        char *why, *why_stays;

        ManagerAddFunc func;
        void *userdata;
} Addition;

/* A requested job that the loop did not take, because the daemon ends, was never seen: nothing of it stays on the disk.
 * The upgrade of an adopted job is under way all the same. */
static void remove_unseen(const Addition *a)
{
        g_autofree char *why = NULL;

        if (!a->job || a->result < 0 || a->job->origin == JOB_ORIGIN_ADOPTED)
                return;
        job_store_remove(a->manager->store, a->job->id, &why);
        if (why)
                log_job(LOG_WARNING, NULL, a->job, "job %s: %s", a->job->id, why);
        if (a->part)
                package_store_remove(a->manager->packages, a->job->id);
}

static void addition_free(void *task)
{
        Addition *a = task;

        remove_unseen(a);
        job_free(a->job);
        free_text(a->text);
        g_free(a->part);
        g_free(a->why);
        g_free(a->why_stays);
        g_free(a);
}

/* A record that can be neither synchronized nor removed is a job for the next daemon: it is one for this daemon, too.
 * The job goes on if its next record can be written, and ends as failed before AT+QFOTADL if not. */
static void write_addition(void *task)
{
        Addition *a = task;
        Manager *m = a->manager;
        const char *id = a->job->id;

        if (a->part && (a->result = package_store_keep(m->packages, a->part, id, &a->why)) < 0)
                return;
        a->result = job_store_reserve(m->store, job_number(a->job), &a->why);
        if (a->result == 0)
                a->result = job_store_write(m->store, id, a->text, &a->why);
        if (a->result == 0)
                return;
        job_store_remove(m->store, id, &a->why_stays);
        if (job_store_has(m->store, id))
                a->result = 0;
        else if (a->part)
                package_store_remove(m->packages, id);
}

void manager_list_job(Manager *m, Job *job)
{
        unsigned i = m->jobs->len;

        while (i > 0 && job_number(g_ptr_array_index(m->jobs, i - 1)) > job_number(job))
                i--;
        g_ptr_array_insert(m->jobs, (int)i, job);
        m->observer->job_added(m->userdata, job);
}

void manager_take_back_job(Manager *m, Job *job, ManagerAddFunc func, void *userdata)
{
        remove_of(job->id, (Removal){ .manager = m,
                                      .record = true,
                                      .package = job->from_host,
                                      .job = job,
                                      .func = func,
                                      .userdata = userdata });
}

static void on_added(void *task)
{
        Addition *a = task;
        Manager *m = a->manager;
        Job *job = a->job;

        if (a->why_stays)
                log_job(LOG_WARNING, NULL, job, "job %s: %s: %s", job->id, a->why, a->why_stays);
        if (a->result < 0 && m->last_id == job_number(job))
                m->last_id--; /* its id was never seen */
        if (a->result == 0)
                a->job = NULL;
        job->percent_covered = job_percent_to_cover(job);
        a->func(m, a->result == 0 ? job : NULL, a->why, a->userdata);
}

static const WriterKind addition_kind = { .work = write_addition, .done = on_added, .free = addition_free };

void manager_add_job(Manager *m, Job *job, const char *part, ManagerAddFunc func, void *userdata)
{
        Addition *a = g_new0(Addition, 1);

        m->last_id = job_number(job);
        a->manager = m;
        a->job = job;
        a->text = job_to_text(job);
        a->part = g_strdup(part);
        a->func = func;
        a->userdata = userdata;
        writer_push(m->writer, job->id, &addition_kind, a);
}

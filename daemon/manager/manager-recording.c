/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Recordings of jobs: begins and ends them, and has threads write them beside the records. What is recorded comes from
 * the module. A recording that cannot be written is no concern of its job. */

#include <config.h>

#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/log-job.h"
#include "manager/manager-recording.h"
#include "manager/manager-state.h"
#include "store/recording-store.h"

#define BYTES_MAX (256 * 1024)

struct JobRecording {
        char *id; /* of the job, and the key in Manager */
        RecordingWriter *writer;
        bool failed; /* a failure to write it was logged */
};

void manager_recording_free(JobRecording *r)
{
        recording_writer_free(r->writer);
        g_free(r->id);
        g_free(r);
}

/* ---- the file */

typedef struct Task {
        Manager *manager;
        char *id, *text, *why;
} Task;

static void task_free(void *data)
{
        Task *t = data;

        g_free(t->id);
        g_free(t->text);
        g_free(t->why);
        g_free(t);
}

static void write_task(void *data)
{
        Task *t = data;

        recording_store_write(t->manager->state_directory, t->id, t->text, &t->why);
}

static void on_written(void *data)
{
        const Task *t = data;
        JobRecording *r = g_hash_table_lookup(t->manager->recordings, t->id);

        if (!t->why || (r && r->failed))
                return;
        if (r)
                r->failed = true;
        log_event(LOG_WARNING, &(LogEvent){ .job = t->id }, "the recording of job %s cannot be written: %s", t->id,
                  t->why);
}

static const WriterKind task_kind = { .work = write_task, .done = on_written, .free = task_free };

void manager_recording_save(Manager *m, const Job *job)
{
        const JobRecording *r = g_hash_table_lookup(m->recordings, job->id);
        Task *t;

        if (!r)
                return;
        t = g_new0(Task, 1);
        t->manager = m;
        t->id = g_strdup(job->id);
        t->text = recording_writer_text(r->writer);
        writer_push(m->writer, t->id, &task_kind, t);
}

/* ---- the recording */

void manager_write_head(const Module *module, RecordingWriter *recording)
{
        struct utsname host;

        recording_writer_head(recording, "fotad", PACKAGE_VERSION);
        recording_writer_head(recording, "kernel", uname(&host) == 0 ? host.release : "not known");
        recording_writer_head(recording, "module", module_id(module));
}

static JobRecording *recording_new(Manager *m, const Module *module, const Job *job)
{
        JobRecording *r = g_new0(JobRecording, 1);
        const Options *o = job->options;
        g_autofree char *why = NULL, *before = recording_store_read(m->state_directory, job->id, &why);

        r->id = g_strdup(job->id);
        r->writer = recording_writer_new("upgrade", BYTES_MAX);
        recording_writer_hide(r->writer, o->apn);
        recording_writer_hide(r->writer, o->apn_user);
        recording_writer_hide(r->writer, o->apn_password);
        if (before && recording_writer_continue(r->writer, before, strlen(before)))
                recording_writer_add(r->writer, clock_now(), RECORDING_NOTE, "note fotad was started again");
        else
                manager_write_head(module, r->writer);
        return r;
}

void manager_recording_begin(Manager *m, Module *module, const Job *job)
{
        JobRecording *r = g_hash_table_lookup(m->recordings, job->id);

        if (!job->options->record)
                return;
        if (!r) {
                r = recording_new(m, module, job);
                g_hash_table_insert(m->recordings, r->id, r);
        }
        module_record(module, r->writer);
}

void manager_recording_end(Manager *m, const Job *job)
{
        manager_recording_save(m, job);
        g_hash_table_remove(m->recordings, job->id);
}

char *manager_read_recording(Manager *m, const Job *job, char **ret_why)
{
        const JobRecording *r = g_hash_table_lookup(m->recordings, job->id);

        if (r)
                return recording_writer_text(r->writer);
        if (!job->options->record) {
                *ret_why = g_strdup("it was begun without the option record");
                return NULL;
        }
        return recording_store_read(m->state_directory, job->id, ret_why);
}

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
#include "url.h"

#define BYTES_MAX (256 * 1024)
/* Bytes of a value in a query that is hidden elsewhere, too: shorter ones may be words of a module. */
#define VALUE_MIN 6

struct JobRecording {
        char *id; /* of the job, and the key in Manager */
        RecordingWriter *writer;
        uint64_t saved; /* events when it was last begun to be written */
        bool writing;   /* a task is under way */
        bool again;     /* it is to be written once more after that */
        bool ended;     /* nothing more is recorded: it goes when it is written */
        bool failed;    /* a failure to write it was logged */
};

void manager_recording_free(JobRecording *r)
{
        recording_writer_free(r->writer);
        g_free(r->id);
        g_free(r);
}

/* ---- the file. Its tasks have a key of their own: records do not wait for them. */

typedef struct Task {
        Manager *manager;
        char *id, *text, *why; /* text: NULL removes the file */
} Task;

static void task_free(void *data)
{
        Task *t = data;

        g_free(t->id);
        g_free(t->text);
        g_free(t->why);
        g_free(t);
}

static void carry_out(void *data)
{
        Task *t = data;
        const char *directory = t->manager->state_directory;

        if (t->text)
                recording_store_write(directory, t->id, t->text, &t->why);
        else
                recording_store_remove(directory, t->id); /* the next daemon tries again */
}

static void push(Manager *m, const char *id, char *text);

/* At most one text waits for the disk, however slow it is. */
static void write_recording(Manager *m, JobRecording *r)
{
        r->again = r->writing;
        if (r->writing)
                return;
        r->writing = true;
        r->saved = recording_writer_events(r->writer);
        push(m, r->id, recording_writer_text(r->writer));
}

static void on_carried_out(void *data)
{
        const Task *t = data;
        Manager *m = t->manager;
        JobRecording *r = g_hash_table_lookup(m->recordings, t->id);

        if (t->why && !(r && r->failed))
                log_event(LOG_WARNING, &(LogEvent){ .job = t->id }, "the recording of job %s cannot be written: %s",
                          t->id, t->why);
        if (!r || !t->text)
                return;
        r->failed = r->failed || t->why;
        r->writing = false;
        if (r->again)
                write_recording(m, r);
        else if (r->ended)
                g_hash_table_remove(m->recordings, t->id);
}

static const WriterKind task_kind = { .work = carry_out, .done = on_carried_out, .free = task_free };

static void push(Manager *m, const char *id, char *text)
{
        g_autofree char *key = g_strconcat(id, ".recording", NULL);
        Task *t = g_new0(Task, 1);

        t->manager = m;
        t->id = g_strdup(id);
        t->text = text;
        writer_push(m->writer, key, &task_kind, t);
}

void manager_recording_save(Manager *m, const char *id)
{
        JobRecording *r = g_hash_table_lookup(m->recordings, id);

        if (r && recording_writer_events(r->writer) != r->saved)
                write_recording(m, r);
}

void manager_recording_save_last(Manager *m, const Job *job)
{
        JobRecording *r = g_hash_table_lookup(m->recordings, job->id);

        if (r)
                write_recording(m, r);
}

void manager_recording_remove(Manager *m, const Job *job)
{
        if (!job->options->record)
                return;
        g_hash_table_remove(m->recordings, job->id);
        push(m, job->id, NULL);
}

static bool is_needed(void *userdata, const char *id)
{
        const Manager *m = userdata;
        const Job *job = job_find(m->jobs, id);

        return job && job->options->record;
}

void manager_sweep_recordings(Manager *m)
{
        recording_store_sweep(m->state_directory, is_needed, m);
}

/* ---- the recording */

void manager_write_head(const Module *module, RecordingWriter *recording)
{
        struct utsname host;

        recording_writer_head(recording, "fotad", PACKAGE_VERSION);
        recording_writer_head(recording, "kernel", uname(&host) == 0 ? host.release : "not known");
        recording_writer_head(recording, "module", module_id(module));
}

static void hide_part(JobRecording *r, UrlPart part)
{
        g_autofree char *secret = part.start ? g_strndup(part.start, part.length) : NULL;

        recording_writer_hide(r->writer, secret);
        if (secret)
                explicit_bzero(secret, part.length);
}

/* The query as a whole, and each of its values. */
static void hide_query(JobRecording *r, const char *rest)
{
        const char *query = strchr(rest, '?');

        if (!query++)
                return;
        hide_part(r, (UrlPart){ query, strlen(query) });
        while (*query) {
                size_t length = strcspn(query, "&#"), key = strcspn(query, "=&#");
                size_t value = key < length ? key + 1 : 0;

                if (length - value >= VALUE_MIN)
                        hide_part(r, (UrlPart){ query + value, length - value });
                query += length + (query[length] != 0);
        }
}

static void hide_secrets(JobRecording *r, const char *source, const Options *o)
{
        Url url;

        recording_writer_hide(r->writer, o->apn);
        recording_writer_hide(r->writer, o->apn_user);
        recording_writer_hide(r->writer, o->apn_password);
        url_parse(source, &url);
        if (url.scheme == URL_SCHEME_NONE) /* the name of a package on the host */
                return;
        hide_part(r, url.user);
        hide_part(r, url.password);
        hide_query(r, url.rest);
}

void manager_recording_hide(Manager *m, const Job *job, const char *source, const Options *options)
{
        JobRecording *r = g_hash_table_lookup(m->recordings, job->id);

        if (r)
                hide_secrets(r, source, options);
}

/* The AT dialogue is recorded where it passes. */
static void on_line(void *userdata, JobLogKind kind, const char *text)
{
        const JobRecording *r = userdata;
        g_autofree char *note = NULL;

        if (kind == JOB_LOG_AT)
                return;
        note = g_strdup_printf("%s %s", job_log_kind_to_string(kind), text);
        recording_writer_add(r->writer, clock_now(), RECORDING_NOTE, note);
}

/* The lines from before: the request. */
static void note_lines(const JobRecording *r, const JobLog *log)
{
        for (const JobLogLine *line = NULL; (line = job_log_next(log, line));)
                on_line((void *)r, line->kind, line->text);
}

static JobRecording *recording_new(Manager *m, const Module *module, const Job *job)
{
        JobRecording *r = g_new0(JobRecording, 1);
        g_autofree char *why = NULL, *before = NULL;

        if (job->take_ups > 0) /* an earlier daemon had the job */
                before = recording_store_read(m->state_directory, job->id, &why);
        r->id = g_strdup(job->id);
        r->writer = recording_writer_new("upgrade", BYTES_MAX);
        recording_writer_know(r->writer, job->imei);
        hide_secrets(r, job->source, job->options);
        if (before && recording_writer_continue(r->writer, before, strlen(before))) {
                recording_writer_add(r->writer, clock_now(), RECORDING_NOTE, "note fotad was started again");
        } else {
                manager_write_head(module, r->writer);
                note_lines(r, job->log);
        }
        hide_secrets(r, job->retry_source, job->options); /* an earlier daemon had others in between */
        job_log_listen(job->log, on_line, r);
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
        JobRecording *r = g_hash_table_lookup(m->recordings, job->id);

        if (!r)
                return;
        if (job->log)
                job_log_listen(job->log, NULL, NULL);
        r->ended = true;
        write_recording(m, r);
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

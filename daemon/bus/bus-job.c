/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.fotad1.Job: a job's properties, methods and signals. Translates, decides nothing. */

#include <string.h>

#include <unistd.h>

#include "bus/bus-memfd.h"
#include "bus/bus-authorize.h"
#include "bus/bus-costly.h"
#include "bus/bus-job.h"
#include "bus/bus-name.h"
#include "bus/bus-object.h"
#include "bus/bus-snapshot.h"
#include "bus/bus-start.h"
#include "names.h"

struct BusJob {
        Bus *bus;
        Job *job;
        char *path;
        BusSnapshot *snapshot;
        sd_bus_slot *heard; /* the call that shows that the bus has passed Result on; NULL: none is under way */
        JobState told_state;
        unsigned told_percent;
};

/* ---- each property as text */

/* The result is known before the job has ended, but is shown only then. */
static bool has_ended(const Job *job)
{
        return job->state == JOB_FINISHED;
}

/* The last announced values are shown: the job has ended, or its record is being written. */
static bool is_settled(const void *object)
{
        const Job *job = object;

        return has_ended(job) || job->awaits_record;
}

static char *get_id(const void *object)
{
        const Job *job = object;

        return g_strdup(job->id);
}

static char *get_module(const void *object)
{
        const Job *job = object;

        return bus_module_path(job->module);
}

static char *get_source(const void *object)
{
        const Job *job = object;

        return job_source_shown(job);
}

static char *get_package_size(const void *object)
{
        const Job *job = object;

        return bus_number(job->package_size);
}

static char *get_package_sha256(const void *object)
{
        const Job *job = object;

        return g_strdup(job->package_sha256);
}

static char *get_method(const void *object)
{
        const Job *job = object;

        return g_strdup(method_to_string(job->method));
}

static char *get_origin(const void *object)
{
        const Job *job = object;

        return g_strdup(job_origin_to_string(job->origin));
}

static char *get_state(const void *object)
{
        const Job *job = object;

        return g_strdup(job_state_to_string(job->state));
}

static char *get_percent(const void *object)
{
        const Job *job = object;

        return bus_number(job_percent_shown(job));
}

static char *get_cancellable(const void *object)
{
        const Job *job = object;

        return bus_number(upgrade_is_cancellable(job));
}

static char *get_dismissable(const void *object)
{
        const Job *job = object;

        return bus_number(upgrade_is_dismissable(job));
}

static char *get_restarts(const void *object)
{
        const Job *job = object;

        return bus_number(job->restarts);
}

static char *get_repeats(const void *object)
{
        const Job *job = object;

        return bus_number(job->repeats);
}

static char *get_from_revision(const void *object)
{
        const Job *job = object;

        return g_strdup(job->from_revision);
}

static char *get_to_revision(const void *object)
{
        const Job *job = object;

        return g_strdup(job->to_revision);
}

static char *get_created(const void *object)
{
        const Job *job = object;

        return bus_number(job->created);
}

static char *get_finished(const void *object)
{
        const Job *job = object;

        return bus_number(job->finished);
}

static char *get_deadline(const void *object)
{
        const Job *job = object;

        return bus_number(has_ended(job) ? 0 : job->deadline);
}

static char *get_result(const void *object)
{
        const Job *job = object;

        return g_strdup(has_ended(job) ? job_result_to_string(job->result) : "");
}

static char *get_error_domain(const void *object)
{
        const Job *job = object;

        return g_strdup(has_ended(job) ? code_domain_to_string(job->domain) : "");
}

static char *get_error_code(const void *object)
{
        const Job *job = object;

        return g_strdup_printf("%d", has_ended(job) ? job->code : 0);
}

static char *get_error_name(const void *object)
{
        const Job *job = object;

        return g_strdup(has_ended(job) ? job_error_name(job) : "");
}

static char *get_stall_reason(const void *object)
{
        const Job *job = object;

        return g_strdup(!has_ended(job) && job->stalled ? job_stall_to_string(job->stall) : "");
}

static char *get_imei(const void *object)
{
        const Job *job = object;

        return g_strdup(job->imei);
}

static char *get_expected_revision(const void *object)
{
        const Job *job = object;

        return g_strdup(job->options->expected_revision ?: "");
}

static char *get_request_id(const void *object)
{
        const Job *job = object;

        return g_strdup(job->options->request_id ?: "");
}

static char *get_started_by(const void *object)
{
        const Job *job = object;

        return bus_number(job->started_by < 0 ? UINT32_MAX : (uint64_t)job->started_by);
}

static char *get_message(const void *object)
{
        const Job *job = object;
        const char *message = has_ended(job) || job->stalled ? job->message : "";
        g_autofree char *behind = NULL;

        /* A job whose end is pending has a message, and so has a stalled job. */
        if (!has_ended(job) && *job->pending)
                return g_strdup(job->pending);
        if (has_ended(job) || !*job->behind)
                return g_strdup(message);
        behind = g_strdup_printf("The record of this job is behind, for it cannot be written: %s. The upgrade goes on; "
                                 "make room in the state directory, or make it writable.",
                                 job->behind);
        return g_strconcat(message, *message ? " " : "", behind, NULL);
}

static const BusProperty properties[] = {
        { "Id", "s", get_id },
        { "Module", "o", get_module },
        { "Source", "s", get_source },
        { "PackageSize", "t", get_package_size },
        { "PackageSha256", "s", get_package_sha256 },
        { "Method", "s", get_method },
        { "Origin", "s", get_origin },
        { "State", "s", get_state },
        { "Percent", "u", get_percent },
        { "Cancellable", "b", get_cancellable },
        { "Dismissable", "b", get_dismissable },
        { "Restarts", "u", get_restarts },
        { "Repeats", "u", get_repeats },
        { "FromRevision", "s", get_from_revision },
        { "ToRevision", "s", get_to_revision },
        { "Created", "t", get_created },
        { "Finished", "t", get_finished },
        { "Deadline", "t", get_deadline },
        { "Result", "s", get_result },
        { "ErrorDomain", "s", get_error_domain },
        { "ErrorCode", "i", get_error_code },
        { "ErrorName", "s", get_error_name },
        { "Message", "s", get_message },
        { "StallReason", "s", get_stall_reason },
        { "Imei", "s", get_imei },
        { "ExpectedRevision", "s", get_expected_revision },
        { "StartedBy", "u", get_started_by },
        { "RequestId", "s", get_request_id },
};

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error)
{
        const BusJob *bj = userdata;

        (void)bus, (void)path, (void)interface, (void)error;
        return bus_snapshot_get(bj->snapshot, name, reply);
}

static int reply(BusCall *call, Job *job, sd_bus_error *error)
{
        (void)job, (void)error;
        return sd_bus_reply_method_return(call->message, NULL);
}

/* Cancel and Dismiss. Waits while a record of the job is being written, and replies when the record that shows the
 * effect of the call is on the disk. */
static int end_job(BusCall *call, Job *job,
                   bool (*request)(Manager *manager, Job *job, Caller caller, Refusal *ret_refusal),
                   BusRecordFunc again, sd_bus_error *error)
{
        g_auto(Refusal) refusal = { 0 };
        int r = bus_call_refuse_late(call, error);

        if (r < 0)
                return r;
        if (!job)
                return bus_call_refuse_removed(error);
        if (job->awaits_record)
                return bus_call_await_record(call, job, again, error);
        if (!request(call->bus->manager, job, bus_call_caller(call), &refusal))
                return bus_refuse(error, &refusal);
        return bus_call_await_record(call, job, reply, error);
}

static int cancel(BusCall *call, Job *job, sd_bus_error *error)
{
        return end_job(call, job, manager_cancel, cancel, error);
}

static int dismiss(BusCall *call, Job *job, sd_bus_error *error)
{
        return end_job(call, job, manager_dismiss, dismiss, error);
}

/* Cancel and Dismiss need the same right. */
static int authorize_end(Bus *b, sd_bus_message *m, Job *job, BusRecordFunc func, sd_bus_error *error)
{
        g_autoptr(BusCall) call = NULL;
        int r = bus_authorize(b, m, BUS_ACTION_CANCEL, job_place(job), job, &call, error);

        return r > 0 ? func(call, job, error) : r < 0 ? r : 1;
}

int bus_job_cancel_call(Bus *b, sd_bus_message *m, Job *job, sd_bus_error *error)
{
        return authorize_end(b, m, job, cancel, error);
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusJob *bj = userdata;

        return bus_job_cancel_call(bj->bus, m, bj->job, error);
}

static int on_dismiss(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusJob *bj = userdata;

        return authorize_end(bj->bus, m, bj->job, dismiss, error);
}

static int on_retry(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusJob *bj = userdata;

        return bus_start_retry_call(bj->bus, m, bj->job, error);
}

/* The job may have been removed since the call came. */
static int answer_log(BusCall *call)
{
        Manager *manager = call->bus->manager;
        g_autoptr(sd_bus_message) reply = NULL;
        g_auto(Refusal) refusal = { 0 };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(JobLog) kept = NULL;
        g_autofree char *why = NULL;
        const Job *job = manager_find_job(manager, sd_bus_message_get_path(call->message), &refusal);
        const JobLog *log = job ? job->log : NULL;
        int r;

        if (job && !log)
                log = kept = manager_read_log(manager, job, &why);
        if (job && !log)
                refusal_set(&refusal, SD_BUS_ERROR_FAILED, "the log of job %s cannot be read: %s", job->id, why);
        if (!log) {
                bus_refuse(&error, &refusal);
                return sd_bus_reply_method_error(call->message, &error);
        }
        if ((r = sd_bus_message_new_method_return(call->message, &reply)) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "(tss)")) < 0)
                return r;
        for (const JobLogLine *line = NULL; (line = job_log_next(log, line));)
                if ((r = sd_bus_message_append(reply, "(tss)", line->at, job_log_kind_to_string(line->kind),
                                               line->text)) < 0)
                        return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_get_log(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const BusJob *bj = userdata;

        return bus_costly_call(bj->bus, m, answer_log, error);
}

static int reply_recording(sd_bus_message *call, const char *text)
{
        int fd = bus_memfd_new("fotad-recording", text), r;

        if (fd < 0)
                return fd;
        r = sd_bus_reply_method_return(call, "h", fd);
        close(fd);
        return r;
}

/* The job may have been removed since the call came. */
static int answer_recording(BusCall *call)
{
        Manager *manager = call->bus->manager;
        g_auto(Refusal) refusal = { 0 };
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autofree char *why = NULL;
        const Job *job = manager_find_job(manager, sd_bus_message_get_path(call->message), &refusal);
        g_autofree char *text = job ? manager_read_recording(manager, job, &why) : NULL;

        if (text)
                return reply_recording(call->message, text);
        if (job && !job->options->record)
                refusal_set(&refusal, FOTAD_ERROR_UNSUPPORTED,
                            "job %s has no recording: start the next one with the option record", job->id);
        else if (job)
                refusal_set(&refusal, SD_BUS_ERROR_FAILED, "the recording of job %s cannot be read: %s", job->id, why);
        bus_refuse(&error, &refusal);
        return sd_bus_reply_method_error(call->message, &error);
}

static int on_get_recording(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const BusJob *bj = userdata;
        BusCall *call = NULL; /* bus_costly_call() takes it again */
        int r = bus_authorize(bj->bus, m, BUS_ACTION_PROBE, job_place(bj->job), NULL, &call, error);

        return r > 0 ? bus_costly_call(bj->bus, m, answer_recording, error) : r < 0 ? r : 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Dismiss", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_dismiss, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Retry", SD_BUS_ARGS("s", source, "a{sv}", options), SD_BUS_NO_RESULT, on_retry,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetLog", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(tss)", lines), on_get_log,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetRecording", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", recording), on_get_recording,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Module", "o", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Source", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("PackageSize", "t", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("PackageSha256", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Method", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Origin", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Percent", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Cancellable", "b", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Dismissable", "b", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Restarts", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Repeats", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("FromRevision", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ToRevision", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Created", "t", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Finished", "t", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Deadline", "t", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Result", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorDomain", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorCode", "i", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorName", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Message", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StallReason", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Imei", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExpectedRevision", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartedBy", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("RequestId", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_SIGNAL_WITH_ARGS("Progress", SD_BUS_ARGS("s", state, "u", percent), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Result", SD_BUS_ARGS("s", result, "s", domain, "i", code, "s", message), 0),
        SD_BUS_SIGNAL_WITH_ARGS("Resolved", SD_BUS_ARGS("s", revision, "b", changed), 0),
        SD_BUS_VTABLE_END,
};

int bus_job_export(Bus *b)
{
        return bus_object_export(b, FOTAD_JOB_PREFIX, FOTAD_JOB_INTERFACE, vtable);
}

BusJob *bus_job_new(Bus *bus, Job *job)
{
        BusJob *bj = g_new0(BusJob, 1);

        bj->bus = bus;
        bj->job = job;
        bj->path = bus_job_path(job->id);
        bj->told_state = job->state;
        bj->told_percent = job_percent_shown(job);
        bj->snapshot = bus_snapshot_new(properties, G_N_ELEMENTS(properties), job, is_settled);
        bus_object_add(bj->bus, bj->path, bj);
        return bj;
}

void bus_job_reconnect(BusJob *bj)
{
        bj->heard = sd_bus_slot_unref(bj->heard);
        bus_snapshot_renew(bj->snapshot);
        bus_object_add(bj->bus, bj->path, bj);
}

void bus_job_free(BusJob *bj)
{
        if (!bj)
                return;
        sd_bus_slot_unref(bj->heard);
        bus_snapshot_free(bj->snapshot);
        g_free(bj->path);
        g_free(bj);
}

void bus_job_removed(BusJob *bj)
{
        bus_object_remove(bj->bus, bj->path);
}

int bus_job_append(const BusJob *bj, sd_bus_message *m)
{
        return bus_snapshot_append_object(bj->snapshot, m, bj->path, FOTAD_JOB_INTERFACE);
}

int bus_job_append_properties(const BusJob *bj, sd_bus_message *m)
{
        return bus_snapshot_append(bj->snapshot, m);
}

void bus_job_changed(BusJob *bj)
{
        bus_snapshot_emit(bj->snapshot, bj->bus->bus, bj->path, FOTAD_JOB_INTERFACE);
        if (bj->told_state == bj->job->state && bj->told_percent == job_percent_shown(bj->job))
                return;
        bj->told_state = bj->job->state;
        bj->told_percent = job_percent_shown(bj->job);
        sd_bus_emit_signal(bj->bus->bus, bj->path, FOTAD_JOB_INTERFACE, "Progress", "su",
                           job_state_to_string(bj->told_state), bj->told_percent);
}

bool bus_job_awaits_hearing(const BusJob *bj)
{
        return bj->heard != NULL;
}

void bus_job_heard(BusJob *bj)
{
        bj->heard = sd_bus_slot_unref(bj->heard);
        manager_result_heard(bj->bus->manager, bj->job);
}

static int on_heard(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        BusJob *bj = userdata;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL))
                bj->heard = sd_bus_slot_unref(bj->heard);
        else
                bus_job_heard(bj);
        return 0;
}

/* The bus answers a call after it has passed on the signal that came before. Without an answer the signal may be lost
 * in a socket that nothing reads any more. */
bool bus_job_result(BusJob *bj)
{
        g_autoptr(sd_bus_message) m = NULL;
        const Job *job = bj->job;

        bj->heard = sd_bus_slot_unref(bj->heard);
        if (sd_bus_emit_signal(bj->bus->bus, bj->path, FOTAD_JOB_INTERFACE, "Result", "ssis",
                               job_result_to_string(job->result), code_domain_to_string(job->domain),
                               (int32_t)job->code, job->message) >= 0 &&
            bus_name_new_question(bj->bus->bus, &m) >= 0)
                sd_bus_call_async(bj->bus->bus, &bj->heard, m, on_heard, bj, UINT64_MAX);
        return bj->heard != NULL;
}

void bus_job_resolved(BusJob *bj, bool changed)
{
        sd_bus_emit_signal(bj->bus->bus, bj->path, FOTAD_JOB_INTERFACE, "Resolved", "sb", bj->job->to_revision,
                           (int)changed);
}

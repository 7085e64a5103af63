/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that have AT+QFOTADL sent: StartUpgrade and StartUpgradeFile of org.fotad1.Manager, and Retry of
 * org.fotad1.Job. Reads the call, and replies when the record of the job is on the disk. Reports to the manager if the
 * caller leaves before that. Decides nothing. */

#include "bus/bus-request.h"
#include "bus/bus-start.h"
#include "names.h"

/* The request is over. The call may still wait for the record of its job. */
static void on_over(void *userdata)
{
        BusCall *call = userdata;

        if (!call->job)
                bus_call_done(call);
}

static void drop(BusCall *call)
{
        manager_drop_request(call->bus->manager, call->data);
}

static void reply_refusal(BusCall *call, const Refusal *refusal)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        bus_refuse(&error, refusal);
        sd_bus_reply_method_error(call->message, &error);
}

static int keep(BusCall *call, Request *request, const Refusal *refusal, sd_bus_error *error)
{
        if (!request)
                return bus_refuse(error, refusal);
        bus_call_keep(call, request, drop);
        return 1;
}

/* ---- calls with the request id of an earlier one */

/* Replies with the job that was begun with the same request id. Never 0, also if the caller expects no reply. */
static int reply_known(BusCall *call, const Job *job, const BusRequest *request, sd_bus_error *error)
{
        g_autofree char *path = bus_job_path(job->id);
        g_auto(Refusal) refusal = { 0 };
        int r;

        if (!manager_judge_repeated(call->bus->manager, job, request->module, request->source, request->fd >= 0,
                                    request->options, &refusal))
                return bus_refuse(error, &refusal);
        r = sd_bus_reply_method_return(call->message, "o", path);
        return r < 0 ? r : 1;
}

/* Returns 0 if the request is a new one. Else the call waits for the end of an earlier one, or the job of that is
 * known; the value is for the method handler to return. */
static int repeat(BusCall *call, const BusRequest *request, sd_bus_error *error)
{
        Manager *manager = call->bus->manager;
        const char *id = request->options->request_id;
        const Job *job;

        if (id && manager_has_request(manager, id)) {
                bus_call_await_request(call, id);
                return 1;
        }
        job = manager_find_requested(manager, id);
        return job ? reply_known(call, job, request, error) : 0;
}

static int authorize_known(Bus *b, sd_bus_message *m, const Job *job, const BusRequest *request, sd_bus_error *error)
{
        BusAction action = job->origin == JOB_ORIGIN_ADOPTED ? BUS_ACTION_RETRY : BUS_ACTION_START;
        g_autoptr(BusCall) call = NULL;
        int r = bus_authorize(b, m, action, job_place(job), NULL, &call, error);

        return r > 0 ? repeat(call, request, error) : r < 0 ? r : 1;
}

/* ---- new jobs */

static void on_accepted(void *userdata, Job *job, const Refusal *refusal)
{
        g_autofree char *path = NULL;
        BusCall *call = userdata;

        if (!job) {
                reply_refusal(call, refusal);
                return;
        }
        path = bus_job_path(job->id);
        sd_bus_reply_method_return(call->message, "o", path);
        manager_begin_requested(call->bus->manager, job);
}

static int begin(BusCall *call, Module *module, const char *failure, sd_bus_error *error)
{
        Manager *manager = call->bus->manager;
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        Options *options;
        Request *waits;
        int r;

        if ((r = bus_request_read(call->message, &request, error)) < 0 || (r = repeat(call, &request, error)) != 0)
                return r;
        if (failure)
                return bus_refuse_not_ready(error, module, failure);
        options = g_steal_pointer(&request.options);
        waits = request.fd < 0
                        ? manager_request_upgrade(manager, module, request.source, options, bus_call_caller(call),
                                                  bus_call_last(call), on_accepted, call, on_over, &refusal)
                        : manager_request_file_upgrade(manager, module, request.fd, request.source, options,
                                                       bus_call_caller(call), on_accepted, call, on_over, &refusal);
        return keep(call, waits, &refusal, error);
}

/* ---- retries */

static bool is_start(sd_bus_message *m)
{
        return sd_bus_message_is_method_call(m, NULL, "StartUpgrade");
}

static int reply_retried(BusCall *call, Job *job, sd_bus_error *error)
{
        g_autofree char *path = job ? bus_job_path(job->id) : NULL;

        if (!job)
                return bus_call_refuse_removed(error);
        return is_start(call->message) ? sd_bus_reply_method_return(call->message, "o", path)
                                       : sd_bus_reply_method_return(call->message, NULL);
}

/* Replies when the bus shows that the retry waits or is sent, for which another record may be written. */
static void on_retried(void *userdata, Job *job, const Refusal *refusal)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        BusCall *call = userdata;

        if (job)
                bus_call_await_record(call, job, reply_retried, &error);
        else
                reply_refusal(call, refusal);
}

static int read_retry(sd_bus_message *m, BusRequest *ret, sd_bus_error *error)
{
        g_auto(BusRequest) request = { .fd = -1, .options = options_new() };
        int r;

        if (is_start(m))
                return bus_request_read(m, ret, error);
        if ((r = sd_bus_message_rewind(m, true)) < 0 || (r = sd_bus_message_read(m, "s", &request.source)) < 0 ||
            (r = bus_read_options(m, request.options, error)) < 0)
                return r;
        if (request.options->request_id)
                return sd_bus_error_set(error, FOTAD_ERROR_INVALID_OPTION,
                                        "request-id is an option of StartUpgrade and StartUpgradeFile, and a retry "
                                        "starts no job: leave it out");
        *ret = request;
        request.options = NULL;
        return 0;
}

static int retry(BusCall *call, Job *job, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        int r;

        if ((r = read_retry(call->message, &request, error)) < 0 || (r = repeat(call, &request, error)) != 0)
                return r;
        if ((r = bus_call_refuse_late(call, error)) < 0)
                return r;
        if (!job)
                return bus_call_refuse_removed(error);
        if (job->awaits_record)
                return bus_call_await_record(call, job, retry, error);
        return keep(call,
                    manager_request_retry(call->bus->manager, job, request.source, g_steal_pointer(&request.options),
                                          bus_call_caller(call), on_retried, call, on_over, &refusal),
                    &refusal, error);
}

static int authorize_retry(Bus *b, sd_bus_message *m, const char *module, Job *job, sd_bus_error *error)
{
        g_autoptr(BusCall) call = NULL;
        int r = bus_authorize(b, m, BUS_ACTION_RETRY, module, NULL, &call, error);

        return r > 0 ? bus_call_await_record(call, job, retry, error) : r < 0 ? r : 1;
}

int bus_start_retry_call(Bus *b, sd_bus_message *m, Job *job, sd_bus_error *error)
{
        sd_bus_message_sensitive(m); /* erases the message's memory, which may contain a password */
        return authorize_retry(b, m, job_place(job), job, error);
}

/* ---- StartUpgrade and StartUpgradeFile */

/* StartUpgrade for a module whose upgrade was adopted in the Mini system is a retry: the daemon knows neither source
 * nor options, and takes the caller's. */
static bool is_retry(sd_bus_message *m, const Job *job)
{
        return is_start(m) && job && job->origin == JOB_ORIGIN_ADOPTED && job->method == METHOD_MINIFOTA;
}

int bus_start_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        g_auto(BusRequest) request = { 0 };
        Module *module;
        Job *job;
        int r;

        sd_bus_message_sensitive(m); /* the options may contain passwords */
        if ((r = bus_request_read(m, &request, error)) < 0)
                return r;
        job = manager_find_requested(b->manager, request.options->request_id);
        if (job) /* whose module need not be in the list any more */
                return authorize_known(b, m, job, &request, error);
        if ((r = bus_find_module(b, m, &module, error)) < 0)
                return r;
        job = module_job(module);
        return is_retry(m, job) ? authorize_retry(b, m, module_id(module), job, error)
                                : bus_with_module(b, m, module, BUS_ACTION_START, begin, error);
}

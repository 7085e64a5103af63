/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that have AT+QFOTADL sent: StartUpgrade and StartUpgradeFile of org.fotad1.Manager, and Retry of
 * org.fotad1.Job. Reads the call, and replies when the record of the job is on the disk. Reports to the manager if the
 * caller leaves before that. Decides nothing. */

#include "bus/bus-request.h"
#include "bus/bus-start.h"

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

        if (failure)
                return bus_refuse_not_ready(error, module, failure);
        r = bus_request_read(call->message, &request, error);
        if (r < 0)
                return r;
        options = g_steal_pointer(&request.options);
        waits = request.fd < 0
                        ? manager_request_upgrade(manager, module, request.source, options, bus_call_caller(call),
                                                  bus_call_last(call), on_accepted, call, on_over, &refusal)
                        : manager_request_file_upgrade(manager, module, request.fd, request.source, options,
                                                       bus_call_caller(call), on_accepted, call, on_over, &refusal);
        return keep(call, waits, &refusal, error);
}

int bus_start_file_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Module *module;
        int r = bus_find_module(userdata, m, &module, error);

        return r < 0 ? r : bus_with_module(userdata, m, module, BUS_ACTION_START, begin, error);
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
        *ret = request;
        request.options = NULL;
        return 0;
}

static int retry(BusCall *call, Job *job, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        int r = read_retry(call->message, &request, error);

        if (r < 0)
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

/* StartUpgrade for a module whose upgrade was adopted in the Mini system is a retry: the daemon knows neither source
 * nor options, and takes the caller's. */
int bus_start_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        Module *module;
        Job *job;
        int r = bus_find_module(b, m, &module, error);

        if (r < 0)
                return r;
        job = module_job(module);
        return job && job->origin == JOB_ORIGIN_ADOPTED && job->method == METHOD_MINIFOTA
                       ? authorize_retry(b, m, module_id(module), job, error)
                       : bus_with_module(b, m, module, BUS_ACTION_START, begin, error);
}

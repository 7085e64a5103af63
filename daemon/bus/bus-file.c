/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method StartUpgradeFile of org.fotad1.Manager: reads the call, and replies when the manager has copied the
 * package and made a job for it. Tells the manager if the caller leaves before that. Decides nothing. */

#include "bus/bus-caller.h"
#include "bus/bus-file.h"
#include "bus/bus-request.h"

typedef struct FileCall {
        Bus *bus;
        sd_bus_message *message;
        sd_bus_track *caller;
        FileRequest *request;
} FileCall;

static void call_free(void *userdata)
{
        FileCall *call = userdata;

        sd_bus_track_unref(call->caller);
        sd_bus_message_unref(call->message);
        g_free(call);
}

static void on_accepted(void *userdata, Job *job, const Refusal *refusal)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *path = NULL;
        FileCall *call = userdata;

        if (!job) {
                bus_refuse(&error, refusal);
                sd_bus_reply_method_error(call->message, &error);
                sd_bus_error_free(&error);
                return;
        }
        path = bus_job_path(job->id);
        sd_bus_reply_method_return(call->message, "o", path);
        manager_begin(call->bus->manager, job);
}

/* A copy may take long: no upgrade may begin long after the caller has left without a reply. */
static int on_caller_left(sd_bus_track *track, void *userdata)
{
        FileCall *call = userdata;

        (void)track;
        manager_drop_file_request(call->bus->manager, call->request); /* which frees the call */
        return 1;
}

/* Copies the package of the request, then answers. */
static int begin_copy(Bus *b, sd_bus_message *m, Module *module, BusRequest *request, sd_bus_error *error)
{
        g_auto(Refusal) refusal = { 0 };
        FileCall *call = g_new0(FileCall, 1);
        int r;

        call->bus = b;
        call->message = sd_bus_message_ref(m);
        r = sd_bus_track_new(b->bus, &call->caller, on_caller_left, call);
        if (r >= 0)
                r = sd_bus_track_add_sender(call->caller, m);
        if (r < 0) {
                call_free(call);
                return r;
        }
        call->request = manager_request_file_upgrade(b->manager, module, request->fd, request->source,
                                                     g_steal_pointer(&request->options), bus_caller(m).uid, on_accepted,
                                                     call, call_free, &refusal);
        if (call->request)
                return 1;
        call_free(call);
        return bus_refuse(error, &refusal);
}

static int begin(Bus *b, sd_bus_message *m, Module *module, const char *failure, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        int r;

        if (failure)
                return bus_refuse_not_ready(error, module, failure);
        r = bus_request_read(m, &request, error);
        return r < 0 ? r : begin_copy(b, m, module, &request, error);
}

int bus_file_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Module *module;
        int r = bus_find_module(userdata, m, &module, error);

        return r < 0 ? r : bus_with_module(userdata, m, module, BUS_ACTION_START, begin, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method StartUpgradeFile of org.fotad1.Manager: reads the call, and replies when the manager has copied the
 * package and made a job for it. Tells the manager if the caller leaves before that. Decides nothing. */

#include "bus/bus-file.h"
#include "bus/bus-request.h"

static void on_over(void *call)
{
        bus_call_done(call);
}

/* A copy may take long: no upgrade may begin long after the caller has left without a reply. */
static void drop(BusCall *call)
{
        manager_drop_file_request(call->bus->manager, call->data);
}

static void on_accepted(void *userdata, Job *job, const Refusal *refusal)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *path = NULL;
        BusCall *call = userdata;

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

/* Copies the package of the request, then answers. */
static int begin(BusCall *call, Module *module, const char *failure, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        FileRequest *copies;
        int r;

        if (failure)
                return bus_refuse_not_ready(error, module, failure);
        r = bus_request_read(call->message, &request, error);
        if (r < 0)
                return r;
        copies = manager_request_file_upgrade(call->bus->manager, module, request.fd, request.source,
                                              g_steal_pointer(&request.options), bus_call_caller(call), on_accepted,
                                              call, on_over, &refusal);
        if (!copies)
                return bus_refuse(error, &refusal);
        bus_call_keep(call, copies, drop);
        return 1;
}

int bus_file_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Module *module;
        int r = bus_find_module(userdata, m, &module, error);

        return r < 0 ? r : bus_with_module(userdata, m, module, BUS_ACTION_START, begin, error);
}

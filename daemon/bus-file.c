/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Manager's StartUpgradeFile: reads the call, answers when the manager has the package and a job for it, and tells
 * it if the caller has left before that. Decides nothing. */

#include "bus-authorize.h"
#include "bus-caller.h"
#include "bus-file.h"
#include "names.h"

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

/* A copy may take long: an upgrade must not begin long after the one who asked for it went away without an answer. */
static int on_caller_left(sd_bus_track *track, void *userdata)
{
        FileCall *call = userdata;

        (void)track;
        manager_drop_file_request(call->bus->manager, call->request); /* which frees the call */
        return 1;
}

/* fd is the message's. */
static int begin_copy(Bus *b, sd_bus_message *m, Module *module, int fd, const char *name, Options *taken,
                      sd_bus_error *error)
{
        g_autoptr(Options) options = taken;
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
        call->request = manager_request_file_upgrade(b->manager, module, fd, name, g_steal_pointer(&options),
                                                     bus_caller(m).uid, on_accepted, call, call_free, &refusal);
        if (call->request)
                return 1;
        call_free(call);
        return bus_refuse(error, &refusal);
}

static int begin(Bus *b, sd_bus_message *m, Module *module, const char *failure, sd_bus_error *error)
{
        g_autoptr(Options) options = options_new();
        const char *which, *name;
        int fd, r;

        if (failure)
                return sd_bus_error_setf(error, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                         failure);
        if ((r = sd_bus_message_rewind(m, true)) < 0 || (r = sd_bus_message_read(m, "shs", &which, &fd, &name)) < 0 ||
            (r = bus_read_options(m, options, error)) < 0)
                return r;
        return begin_copy(b, m, module, fd, name, g_steal_pointer(&options), error);
}

int bus_file_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        g_autoptr(Options) options = options_new();
        g_auto(Refusal) refusal = { 0 };
        const char *which, *name;
        Module *module;
        int fd, r;

        sd_bus_message_sensitive(m); /* its memory is erased: it may hold passwords */
        if ((r = sd_bus_message_read(m, "shs", &which, &fd, &name)) < 0 ||
            (r = bus_read_options(m, options, error)) < 0)
                return r;
        module = manager_find_module(b->manager, which, &refusal);
        if (!module)
                return bus_refuse(error, &refusal);
        r = bus_authorize(b, m, BUS_ACTION_START, module_id(module), NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        /* As in StartUpgrade: who it is may not be known yet. */
        if (!module_is_ready(module) && module_is_probing(module) && bus_wait(b, m, module, begin))
                return 1;
        return begin(b, m, module, NULL, error);
}

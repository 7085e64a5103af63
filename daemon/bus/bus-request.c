/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The common part of StartUpgrade, StartUpgradeFile and Check: reads the arguments, finds the module, authorizes the
 * caller and waits for the module's identity. Does not know what is done with the module afterwards. */

#include "bus/bus-request.h"

void bus_request_clear(BusRequest *request)
{
        options_free(request->options);
}

int bus_request_read(sd_bus_message *m, BusRequest *ret, sd_bus_error *error)
{
        g_auto(BusRequest) request = { .fd = -1, .options = options_new() };
        int r = sd_bus_message_rewind(m, true);

        if (r >= 0)
                r = sd_bus_message_has_signature(m, "shsa{sv}")
                            ? sd_bus_message_read(m, "shs", &request.module, &request.fd, &request.source)
                            : sd_bus_message_read(m, "ss", &request.module, &request.source);
        if (r >= 0)
                r = bus_read_options(m, request.options, error);
        if (r < 0)
                return r;
        *ret = request;
        request.options = NULL;
        return 0;
}

int bus_find_module(Bus *b, sd_bus_message *m, Module **ret, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        int r;

        sd_bus_message_sensitive(m); /* the options may contain passwords */
        r = bus_request_read(m, &request, error);
        if (r < 0)
                return r;
        *ret = manager_find_module(b->manager, request.module, &refusal);
        return *ret ? 0 : bus_refuse(error, &refusal);
}

int bus_with_module(Bus *b, sd_bus_message *m, Module *module, BusAction action, BusWaitFunc func, sd_bus_error *error)
{
        g_autoptr(BusCall) call = NULL;
        int r = bus_authorize(b, m, action, module_id(module), NULL, &call, error);

        if (r <= 0)
                return r < 0 ? r : 1;
        /* The call may have started the daemon, which then has found the modules, but has not read their identities
         * yet. */
        if (module_is_ready(module) || !module_is_probing(module))
                return func(call, module, NULL, error);
        bus_call_await_identity(call, module, func);
        return 1;
}

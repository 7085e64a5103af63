/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method Check of org.fotad1.Manager: reads the call, and replies when the manager has all results. Decides
 * nothing. */

#include "bus/bus-check.h"
#include "bus/bus-request.h"
#include "base/log.h"

/* ---- the answer */

/* Advice is distinguished from a rule that must hold by a prefix. */
static int append_verdict(sd_bus_message *reply, const RuleVerdict *v)
{
        g_autofree char *remedy = v->must || v->holds || !*v->remedy ? g_strdup(v->remedy)
                                                                     : g_strconcat("advice: ", v->remedy, NULL);

        return sd_bus_message_append(reply, "(sbss)", v->id, v->holds, v->finding, remedy);
}

static int reply(sd_bus_message *call, const GPtrArray *verdicts)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        if ((r = sd_bus_message_new_method_return(call, &m)) < 0 ||
            (r = sd_bus_message_open_container(m, 'a', "(sbss)")) < 0)
                return r;
        for (unsigned i = 0; i < verdicts->len; i++)
                if ((r = append_verdict(m, g_ptr_array_index(verdicts, i))) < 0)
                        return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_send(NULL, m, NULL);
}

static void on_checked(void *userdata, const GPtrArray *verdicts)
{
        const BusCall *call = userdata;
        int r = reply(call->message, verdicts);

        if (r < 0)
                log_warning("a check cannot be answered: %s", g_strerror(-r));
}

/* ---- the call */

static void on_over(void *call)
{
        bus_call_done(call);
}

static void drop(BusCall *call)
{
        manager_drop_check(call->bus->manager, call);
}

/* Checks the module, also if its identity could not be read. */
static int begin_check(BusCall *call, Module *module, const char *failure, sd_bus_error *error)
{
        g_auto(BusRequest) request = { 0 };
        g_auto(Refusal) refusal = { 0 };
        int r = bus_request_read(call->message, &request, error);

        (void)failure;
        if (r < 0)
                return r;
        bus_call_keep(call, NULL, drop);
        if (manager_check(call->bus->manager, module, request.source, g_steal_pointer(&request.options), on_checked,
                          call, on_over, &refusal))
                return 1;
        bus_call_done(call);
        return bus_refuse(error, &refusal);
}

int bus_check_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Module *module;
        int r = bus_find_module(userdata, m, &module, error);

        return r < 0 ? r : bus_with_module(userdata, m, module, BUS_ACTION_PROBE, begin_check, error);
}

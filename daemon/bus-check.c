/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Manager's Check: reads the call, and answers when the manager has its verdicts. Decides nothing. */

#include <string.h>

#include "bus-authorize.h"
#include "bus-check.h"
#include "log.h"
#include "names.h"

/* ---- the answer */

/* Advice is told from what an upgrade would be refused for. */
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
        int r = reply(userdata, verdicts);

        if (r < 0)
                log_warning("a check cannot be answered: %s", g_strerror(-r));
}

/* ---- the call */

static void unref_message(void *message)
{
        sd_bus_message_unref(message);
}

/* Whatever the module's identity is, or was not: that is what is checked. */
static int begin_check(Bus *b, sd_bus_message *m, Module *module, const char *failure, sd_bus_error *error)
{
        g_autoptr(Options) options = options_new();
        g_auto(Refusal) refusal = { 0 };
        const char *name, *source;
        int r;

        (void)failure;
        if ((r = sd_bus_message_rewind(m, true)) < 0 || (r = sd_bus_message_read(m, "ss", &name, &source)) < 0 ||
            (r = bus_read_options(m, options, error)) < 0)
                return r;
        if (!manager_check(b->manager, module, source, g_steal_pointer(&options), on_checked, sd_bus_message_ref(m),
                           unref_message, &refusal)) {
                sd_bus_message_unref(m);
                return bus_refuse(error, &refusal);
        }
        return 1;
}

int bus_check_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        g_autoptr(Options) options = options_new();
        g_auto(Refusal) refusal = { 0 };
        const char *name, *source;
        Module *module;
        int r;

        sd_bus_message_sensitive(m); /* its memory is erased: it may hold passwords */
        if ((r = sd_bus_message_read(m, "ss", &name, &source)) < 0 || (r = bus_read_options(m, options, error)) < 0)
                return r;
        module = manager_find_module(b->manager, name, &refusal);
        if (!module)
                return bus_refuse(error, &refusal);
        r = bus_authorize(b, m, BUS_ACTION_PROBE, module_id(module), NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (!module_is_ready(module) && module_is_probing(module) && bus_wait(b, m, module, begin_check))
                return 1;
        return begin_check(b, m, module, NULL, error);
}

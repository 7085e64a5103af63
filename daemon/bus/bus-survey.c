/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The method Survey of org.fotad1.Manager: asks ModemManager for its version, has the module asked, and replies with a
 * file. Decides nothing. */

#include <unistd.h>

#include "bus/bus-memfd.h"
#include "bus/bus-request.h"
#include "bus/bus-survey.h"
#include "base/log.h"

#define PATIENCE (5 * G_USEC_PER_SEC) /* for ModemManager */

/* A call whose survey has not begun: ModemManager is asked. */
typedef struct Question {
        BusCall *call;
        char *module; /* its Id: it may be removed meanwhile */
        sd_bus_slot *asked;
} Question;

static void question_free(Question *q)
{
        sd_bus_slot_unref(q->asked);
        g_free(q->module);
        g_free(q);
}

static void drop_question(BusCall *call)
{
        question_free(call->data);
        bus_call_done(call);
}

/* ---- the survey */

static int reply(sd_bus_message *call, const char *text)
{
        int fd = bus_memfd_new("fotad-survey", text), r;

        if (fd < 0)
                return fd;
        r = sd_bus_reply_method_return(call, "h", fd);
        close(fd);
        return r;
}

static void on_surveyed(void *userdata, const char *text, const Refusal *refusal)
{
        const BusCall *call = userdata;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r = text ? reply(call->message, text) : 0;

        if (text && r < 0)
                sd_bus_error_set_errno(&error, r);
        else if (!text)
                bus_refuse(&error, refusal);
        if (sd_bus_error_is_set(&error))
                r = sd_bus_reply_method_error(call->message, &error);
        if (r < 0)
                log_warning("a survey cannot be answered: %s", g_strerror(-r));
}

static void on_over(void *call)
{
        bus_call_done(call);
}

static void drop_survey(BusCall *call)
{
        manager_drop_survey(call->bus->manager, call);
}

static void begin(BusCall *call, const char *id, const char *modem_manager)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_auto(Refusal) refusal = { 0 };
        Module *module = manager_find_module(call->bus->manager, id, &refusal);

        bus_call_keep(call, NULL, drop_survey);
        if (module && manager_survey(call->bus->manager, module, modem_manager, on_surveyed, call, on_over, &refusal))
                return;
        bus_refuse(&error, &refusal);
        bus_call_fail(call, 0, &error);
        bus_call_done(call);
}

/* ---- the version of ModemManager, which is not started for this */

static int on_version(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Question *q = userdata;
        BusCall *call = q->call;
        g_autofree char *id = g_strdup(q->module), *version = NULL;
        const char *text;

        (void)error;
        if (sd_bus_message_is_method_error(m, NULL))
                version = g_strdup("none");
        else if (sd_bus_message_enter_container(m, 'v', "s") >= 0 && sd_bus_message_read(m, "s", &text) >= 0)
                version = g_strdup(text);
        question_free(q);
        begin(call, id, version ?: "not known");
        return 1;
}

static int ask(Question *q)
{
        sd_bus *bus = q->call->bus->bus;
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        if ((r = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.ModemManager1",
                                                "/org/freedesktop/ModemManager1", "org.freedesktop.DBus.Properties",
                                                "Get")) < 0 ||
            (r = sd_bus_message_set_auto_start(m, false)) < 0 ||
            (r = sd_bus_message_append(m, "ss", "org.freedesktop.ModemManager1", "Version")) < 0)
                return r;
        return sd_bus_call_async(bus, &q->asked, m, on_version, q, PATIENCE);
}

/* ---- the call */

static int begin_survey(BusCall *call, Module *module, const char *failure, sd_bus_error *error)
{
        Question *q = g_new0(Question, 1);
        int r;

        (void)failure, (void)error; /* a module that tells no identity can be asked, too */
        q->call = call;
        q->module = g_strdup(module_id(module));
        r = ask(q);
        if (r < 0)
                question_free(q);
        else
                bus_call_keep(call, q, drop_question);
        return r;
}

int bus_survey_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        g_auto(Refusal) refusal = { 0 };
        const char *name;
        Module *module;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        sd_bus_message_rewind(m, true); /* the call may be handled again */
        module = manager_find_module(b->manager, name, &refusal);
        return module ? bus_with_module(b, m, module, BUS_ACTION_PROBE, begin_survey, error)
                      : bus_refuse(error, &refusal);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.fotad1.Manager: translates calls for the manager and its replies. Decides nothing. */

#include <config.h>

#include <string.h>

#include "bus/bus-check.h"
#include "bus/bus-costly.h"
#include "bus/bus-job.h"
#include "bus/bus-manager.h"
#include "bus/bus-module.h"
#include "bus/bus-request.h"
#include "bus/bus-start.h"
#include "bus/bus-survey.h"
#include "codes.h"
#include "names.h"

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;
        g_auto(Refusal) refusal = { 0 };
        const char *path;
        Job *job;
        int r = sd_bus_message_read(m, "o", &path);

        if (r < 0)
                return r;
        job = manager_find_job(b->manager, path, &refusal);
        if (!job)
                return bus_refuse(error, &refusal);
        return bus_job_cancel_call(b, m, job, error);
}

static int answer_history(BusCall *call)
{
        Bus *b = call->bus;
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GPtrArray) jobs = manager_history(b->manager);
        uint32_t limit;
        int r;

        if ((r = sd_bus_message_read(call->message, "u", &limit)) < 0 ||
            (r = sd_bus_message_new_method_return(call->message, &reply)) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "a{sv}")) < 0)
                return r;
        for (unsigned i = 0; i < jobs->len && (limit == 0 || i < limit); i++)
                if ((r = bus_job_append_properties(g_hash_table_lookup(b->jobs, g_ptr_array_index(jobs, i)), reply)) <
                    0)
                        return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_get_history(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return bus_costly_call(userdata, m, answer_history, error);
}

static int answer_objects(BusCall *call)
{
        Bus *b = call->bus;
        const GPtrArray *modules = manager_modules(b->manager), *jobs = manager_jobs(b->manager);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        if ((r = sd_bus_message_new_method_return(call->message, &reply)) < 0 ||
            (r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}")) < 0)
                return r;
        for (unsigned i = 0; i < modules->len; i++)
                if ((r = bus_module_append(g_hash_table_lookup(b->modules, g_ptr_array_index(modules, i)), reply)) < 0)
                        return r;
        for (unsigned i = 0; i < jobs->len; i++)
                if ((r = bus_job_append(g_hash_table_lookup(b->jobs, g_ptr_array_index(jobs, i)), reply)) < 0)
                        return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int bus_manager_list_objects(Bus *b, sd_bus_message *m, sd_bus_error *error)
{
        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects") ||
            strcmp(sd_bus_message_get_path(m), FOTAD_PATH) != 0 || !sd_bus_message_has_signature(m, ""))
                return 0;
        return bus_costly_call(b, m, answer_objects, error);
}

static int on_describe_code(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *domain_name;
        CodeDomain domain;
        const Code *code;
        int32_t number;
        int r;

        (void)userdata;
        r = sd_bus_message_read(m, "si", &domain_name, &number);
        if (r < 0)
                return r;
        domain = code_domain_from_string(domain_name);
        code = code_find(domain, number);
        if (!code && *code_domain_label(domain))
                code = &code_unlisted;
        if (!code)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "there is no code %d of that domain",
                                         (int)number);
        if ((r = sd_bus_message_new_method_return(m, &reply)) < 0 ||
            (r = sd_bus_message_append(reply, "a{sv}", 5, "name", "s", code->name, "what", "s", code->what, "cause",
                                       "s", code->cause, "remedy", "s", code->remedy, "retry", "b", code->retry)) < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", PACKAGE_VERSION);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("StartUpgrade", SD_BUS_ARGS("s", module, "s", source, "a{sv}", options),
                                SD_BUS_RESULT("o", job), bus_start_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StartUpgradeFile", SD_BUS_ARGS("s", module, "h", package, "s", name, "a{sv}", options),
                                SD_BUS_RESULT("o", job), bus_start_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("o", job), SD_BUS_NO_RESULT, on_cancel,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("s", module, "s", source, "a{sv}", options),
                                SD_BUS_RESULT("a(sbss)", checks), bus_check_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Survey", SD_BUS_ARGS("s", module), SD_BUS_RESULT("h", survey), bus_survey_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetHistory", SD_BUS_ARGS("u", limit), SD_BUS_RESULT("aa{sv}", jobs), on_get_history,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DescribeCode", SD_BUS_ARGS("s", domain, "i", number), SD_BUS_RESULT("a{sv}", texts),
                                on_describe_code, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int bus_manager_export(Bus *b)
{
        return sd_bus_add_object_vtable(b->bus, NULL, FOTAD_PATH, FOTAD_MANAGER_INTERFACE, vtable, b);
}

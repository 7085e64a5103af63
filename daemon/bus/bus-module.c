/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.fotad1.Module: a module's properties, and Probe. Translates, decides nothing. */

#include <string.h>

#include "bus/bus-authorize.h"
#include "bus/bus-module.h"
#include "bus/bus-object.h"
#include "bus/bus-snapshot.h"
#include "names.h"

struct BusModule {
        Bus *bus;
        Module *module;
        char *path;
        BusSnapshot *snapshot;
};

/* ---- each property as text */

static char *get_id(const void *module)
{
        return g_strdup(module_id(module));
}

static char *get_present(const void *module)
{
        return bus_number(module_is_present(module));
}

static char *get_system(const void *module)
{
        return g_strdup(module_system(module));
}

static char *get_port(const void *module)
{
        return g_strdup(module_port(module));
}

static char *get_vendor_id(const void *module)
{
        return bus_number(module_vendor_id(module));
}

static char *get_product_id(const void *module)
{
        return bus_number(module_product_id(module));
}

static char *get_manufacturer(const void *module)
{
        return g_strdup(module_identity(module)->manufacturer);
}

static char *get_model(const void *module)
{
        return g_strdup(module_identity(module)->model);
}

static char *get_revision(const void *module)
{
        return g_strdup(module_identity(module)->revision);
}

static char *get_imei(const void *module)
{
        return g_strdup(module_identity(module)->imei);
}

static char *get_flash_size(const void *module)
{
        return bus_number(module_flash_size(module));
}

static char *get_method(const void *module)
{
        return g_strdup(method_to_string(module_method(module)));
}

static char *get_job(const void *module)
{
        return module_job(module) ? bus_job_path(module_job(module)->id) : g_strdup("/");
}

static char *get_problem(const void *module)
{
        return module_problem(module);
}

static char *get_problem_name(const void *module)
{
        return g_strdup(module_problem_name(module));
}

/* Properties follow from the record of the job, too, and none of them changes before that is on the disk. */
static bool is_settled(const void *module)
{
        return module_job(module) && module_job(module)->awaits_record;
}

static const BusProperty properties[] = {
        { "Id", "s", get_id },
        { "Present", "b", get_present },
        { "System", "s", get_system },
        { "Port", "s", get_port },
        { "VendorId", "q", get_vendor_id },
        { "ProductId", "q", get_product_id },
        { "Manufacturer", "s", get_manufacturer },
        { "Model", "s", get_model },
        { "Revision", "s", get_revision },
        { "Imei", "s", get_imei },
        { "FlashSize", "u", get_flash_size },
        { "Method", "s", get_method },
        { "Job", "o", get_job },
        { "Problem", "s", get_problem },
        { "ProblemName", "s", get_problem_name },
};

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error)
{
        const BusModule *bm = userdata;

        (void)bus, (void)path, (void)interface, (void)error;
        return bus_snapshot_get(bm->snapshot, name, reply);
}

static int answer_probe(BusCall *call, Module *module, const char *failure, sd_bus_error *error)
{
        if (failure)
                return bus_refuse_not_ready(error, module, failure);
        return sd_bus_reply_method_return(call->message, NULL);
}

static int on_probe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusModule *bm = userdata;
        g_auto(Refusal) refusal = { 0 };
        g_autoptr(BusCall) call = NULL;
        int r;

        r = bus_authorize(bm->bus, m, BUS_ACTION_PROBE, module_id(bm->module), NULL, &call, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        bus_call_await_identity(call, bm->module, answer_probe);
        if (!manager_probe(bm->bus->manager, bm->module, &refusal) && call->module) { /* not answered yet */
                bus_call_done(call);
                return bus_refuse(error, &refusal);
        }
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Probe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_probe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Present", "b", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("System", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Port", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("VendorId", "q", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ProductId", "q", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Manufacturer", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Model", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Revision", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Imei", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("FlashSize", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Method", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Job", "o", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Problem", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ProblemName", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

int bus_module_export(Bus *b)
{
        return bus_object_export(b, FOTAD_MODULE_PREFIX, FOTAD_MODULE_INTERFACE, vtable);
}

BusModule *bus_module_new(Bus *bus, Module *module)
{
        BusModule *bm = g_new0(BusModule, 1);

        bm->bus = bus;
        bm->module = module;
        bm->path = bus_module_path(module_id(module));
        bm->snapshot = bus_snapshot_new(properties, G_N_ELEMENTS(properties), module, is_settled);
        bus_object_add(bm->bus, bm->path, bm);
        return bm;
}

void bus_module_reconnect(BusModule *bm)
{
        bus_snapshot_renew(bm->snapshot);
        bus_object_add(bm->bus, bm->path, bm);
}

void bus_module_free(BusModule *bm)
{
        if (!bm)
                return;
        bus_snapshot_free(bm->snapshot);
        g_free(bm->path);
        g_free(bm);
}

void bus_module_removed(BusModule *bm)
{
        bus_object_remove(bm->bus, bm->path);
}

int bus_module_append(const BusModule *bm, sd_bus_message *m)
{
        return bus_snapshot_append_object(bm->snapshot, m, bm->path, FOTAD_MODULE_INTERFACE);
}

void bus_module_changed(BusModule *bm)
{
        if (!is_settled(bm->module))
                bus_snapshot_emit(bm->snapshot, bm->bus->bus, bm->path, FOTAD_MODULE_INTERFACE);
}

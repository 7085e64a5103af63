/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.fotad1.Module: a module's properties, and Probe. Translates, nothing more. */

#include <errno.h>
#include <string.h>

#include "bus-module.h"
#include "bus-snapshot.h"
#include "names.h"

struct BusModule {
        Bus *bus;
        Module *module;
        char *path;
        sd_bus_slot *slot;
        BusSnapshot *snapshot;
};

static const BusProperty properties[] = {
        { "Id", "s" },        { "Present", "b" },      { "System", "s" },
        { "Port", "s" },     { "VendorId", "q" },     { "ProductId", "q" },
        { "Model", "s" },    { "Manufacturer", "s" }, { "Revision", "s" },
        { "Imei", "s" },     { "FlashSize", "u" },    { "Method", "s" },
        { "Job", "o" },      { "Problem", "s" },
};

static char *number(unsigned n)
{
        return g_strdup_printf("%u", n);
}

static char *value_of(const void *object, const char *name)
{
        const BusModule *bm = object;
        Module *m = bm->module;

        if (strcmp(name, "Id") == 0)
                return g_strdup(module_id(m));
        if (strcmp(name, "Present") == 0)
                return number(module_is_present(m));
        if (strcmp(name, "System") == 0)
                return g_strdup(module_system(m));
        if (strcmp(name, "Port") == 0)
                return g_strdup(module_port(m));
        if (strcmp(name, "VendorId") == 0)
                return number(module_vendor_id(m));
        if (strcmp(name, "ProductId") == 0)
                return number(module_product_id(m));
        if (strcmp(name, "Manufacturer") == 0)
                return g_strdup(module_identity(m)->manufacturer);
        if (strcmp(name, "Model") == 0)
                return g_strdup(module_identity(m)->model);
        if (strcmp(name, "Revision") == 0)
                return g_strdup(module_identity(m)->revision);
        if (strcmp(name, "Imei") == 0)
                return g_strdup(module_identity(m)->imei);
        if (strcmp(name, "FlashSize") == 0)
                return number(module_flash_size(m));
        if (strcmp(name, "Method") == 0)
                return g_strdup(method_to_string(module_method(m)));
        if (strcmp(name, "Job") == 0)
                return module_job(m) ? bus_job_path(module_job(m)->id) : g_strdup("/");
        return g_strdup(module_problem(m));
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)error;
        for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
                if (strcmp(properties[i].name, name) == 0) {
                        g_autofree char *value = value_of(userdata, name);

                        return bus_property_append(reply, &properties[i], value, false);
                }
        return -ENOENT;
}

static int answer_probe(Bus *b, sd_bus_message *m, Module *module, const char *failure, sd_bus_error *error)
{
        (void)b;
        if (failure)
                return sd_bus_error_setf(error, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                         failure);
        return sd_bus_reply_method_return(m, NULL);
}

static int on_probe(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        BusModule *bm = userdata;
        g_auto(Refusal) refusal = { 0 };

        if (!bus_authorize(m, error))
                return -EACCES;
        if (!bus_wait(bm->bus, m, bm->module, answer_probe))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls wait for a probe.");
        if (!manager_probe(bm->bus->manager, bm->module, &refusal)) {
                bus_unwait(bm->bus, m);
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
        SD_BUS_VTABLE_END,
};

BusModule *bus_module_new(Bus *bus, Module *module)
{
        BusModule *bm = g_new0(BusModule, 1);

        bm->bus = bus;
        bm->module = module;
        bm->path = bus_module_path(module_id(module));
        bm->snapshot = bus_snapshot_new(properties, G_N_ELEMENTS(properties), value_of, bm);
        sd_bus_add_object_vtable(bus->bus, &bm->slot, bm->path, FOTAD_MODULE_INTERFACE, vtable, bm);
        sd_bus_emit_object_added(bus->bus, bm->path);
        return bm;
}

void bus_module_free(BusModule *bm)
{
        if (!bm)
                return;
        sd_bus_slot_unref(bm->slot);
        bus_snapshot_free(bm->snapshot);
        g_free(bm->path);
        g_free(bm);
}

void bus_module_removed(BusModule *bm)
{
        sd_bus_emit_object_removed(bm->bus->bus, bm->path);
}

void bus_module_changed(BusModule *bm)
{
        bus_snapshot_emit(bm->snapshot, bm->bus->bus, bm->path, FOTAD_MODULE_INTERFACE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl probe: has a module's identity read again and shows the module. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "report.h"
#include "show.h"

static int call_probe(Ctl *ctl, const char *path)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status;

        status = bus_new_call(ctl, path, FOTAD_MODULE_INTERFACE, "Probe", &call);
        return status == STATUS_DONE ? bus_act(ctl, call, NULL) : status;
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) before = NULL, after = NULL;
        const Object *module = NULL;
        int status;

        status = bus_connect(ctl);
        if (status == STATUS_DONE)
                status = objects_read(ctl, &before);
        if (status == STATUS_DONE)
                status = objects_find_module(ctl, before, args[0], &module);
        if (status == STATUS_DONE)
                status = call_probe(ctl, module->path);
        if (status == STATUS_DONE)
                status = objects_read(ctl, &after);
        if (status == STATUS_DONE)
                status = objects_find_module(ctl, after, module->path, &module);
        if (status != STATUS_DONE)
                return status;
        if (ctl->json) {
                g_autoptr(Json) json = json_new();
                write_object(json, NULL, module);
                json_print(json);
        } else {
                show_module(module, objects_at(after->jobs, props_string(module->props, "Job")));
        }
        return STATUS_DONE;
}

const Verb verb_probe = {
        .name = "probe",
        .args = "[MODULE]",
        .summary = N_("read a module's identity again"),
        .max_args = 1,
        .run = run,
};

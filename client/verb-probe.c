/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl probe: reads a module's identity again and prints the module. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "show.h"

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) before = NULL, after = NULL;
        const Object *module = NULL;
        int status;

        status = objects_read_module(ctl, args[0], &before, &module);
        if (status == STATUS_DONE)
                status = bus_act_on(ctl, module->path, FOTAD_MODULE_INTERFACE, "Probe");
        if (status == STATUS_DONE)
                status = objects_read_module(ctl, module->path, &after, &module);
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

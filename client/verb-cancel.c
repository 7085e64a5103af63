/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl cancel: asks the daemon to give an upgrade up. Whether it still can is the daemon's to know. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "show.h"
#include "text.h"

static void tell(Ctl *ctl, const Object *job)
{
        g_autoptr(Json) json = json_new();

        if (!ctl->json) {
                text_say(TEXT_NONE, _("Job %s will be cancelled; its result: fotactl watch %s"), props_text(job->props, "Id"),
                        props_text(job->props, "Id"));
                return;
        }
        json_begin(json, NULL, '{');
        json_string(json, "event", "cancelling");
        write_object(json, "job", job);
        json_end(json, '}');
        json_print(json);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL;
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status;

        status = bus_connect(ctl);
        if (status == STATUS_DONE)
                status = objects_read(ctl, &objects);
        if (status == STATUS_DONE)
                status = objects_find_job(ctl, objects, args[0], false, &job);
        if (status == STATUS_DONE)
                status = bus_new_call(ctl, job->path, FOTAD_JOB_INTERFACE, "Cancel", &call);
        if (status == STATUS_DONE)
                status = bus_act(ctl, call, NULL);
        if (status == STATUS_DONE)
                tell(ctl, job);
        return status;
}

const Verb verb_cancel = {
        .name = "cancel",
        .args = "[JOB]",
        .summary = N_("give an upgrade up while that is still possible"),
        .description = N_("Without JOB the only upgrade under way. Status 0: the wish was accepted."),
        .max_args = 1,
        .run = run,
};

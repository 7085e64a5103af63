/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl cancel: asks the daemon to cancel an upgrade. The daemon knows if that is still possible. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "show.h"
#include "text.h"

static void tell(Ctl *ctl, const Object *job)
{
        const char *id = props_text(job->props, "Id");

        if (ctl->json)
                print_event("cancelling", "job", job);
        else
                text_say(TEXT_NONE, _("Job %s will be cancelled; its result: fotactl watch %s"), id, id);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status;

        status = objects_read_job(ctl, args[0], false, &objects, &job);
        if (status == STATUS_DONE)
                status = bus_act_on(ctl, job->path, FOTAD_JOB_INTERFACE, "Cancel");
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl watch: follows an upgrade that was started before. Reads only. */

#include "config.h"

#include "follow.h"
#include "names.h"
#include "objects.h"
#include "report.h"

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Follow) follow = NULL;
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status;

        status = follow_options_check(ctl);
        if (status == STATUS_DONE)
                status = follow_new(ctl, &follow);
        if (status == STATUS_DONE)
                status = objects_read_job(ctl, args[0], true, &objects, &job);
        if (status != STATUS_DONE)
                return status;
        if (!job)
                return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB,
                            _("there is no upgrade, neither under way nor remembered"));
        return follow_run(follow, job->path);
}

const Verb verb_watch = {
        .name = "watch",
        .args = "[JOB]",
        .summary = N_("follow an upgrade to its end"),
        .description = N_(
                "Without JOB the only upgrade under way; if there is none, the result of the\nnewest. Ctrl-C detaches "
                "and ends with status 6; the upgrade goes on.\n--timeout and --until end the wait in the same way, "
                "with status 7 and 8."),
        .max_args = 1,
        .follow_options = true,
        .run = run,
};

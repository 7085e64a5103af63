/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl dismiss: ends a job whose upgrade can only be followed. The user confirms it at a terminal, because the
 * module may be writing its flash. */

#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "show.h"
#include "text.h"

static gboolean yes;

static const GOptionEntry entries[] = {
        { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_("Do not ask for confirmation"), NULL },
        { NULL },
};

/* Asks on stderr, if there is a terminal. Returns true if the job is to be dismissed. */
static bool confirm(const Object *job)
{
        g_autofree char *module = bus_path_id(props_string(job->props, "Module")), *clean = text_clean(module);
        g_autofree char *progress = job_progress(job->props);
        char answer[16] = "";

        if (yes || !isatty(STDIN_FILENO))
                return true;
        g_printerr(_("Job %s on %s (%s) ends without a result, and whatever the module does goes on.\n"),
                   props_text(job->props, "Id"), clean, progress);
        g_printerr(_("Dismiss it? [y/N] "));
        if (!fgets(answer, sizeof(answer), stdin))
                return false;
        *answer = g_ascii_tolower(*answer);
        /* Translators: the letter that stands for yes. */
        return *answer == 'y' || *answer == *_("y");
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status;

        status = objects_read_job(ctl, args[0], false, &objects, &job);
        if (status != STATUS_DONE)
                return status;
        if (!job_is_finished(job->props) && !confirm(job))
                return fail(ctl, STATUS_REFUSED, ERROR_NOT_CONFIRMED, _("the job is not dismissed"));
        status = bus_act_on(ctl, job->path, FOTAD_JOB_INTERFACE, "Dismiss");
        if (status != STATUS_DONE)
                return status;
        if (ctl->json)
                print_event("dismissed", "job", job);
        else
                text_say(TEXT_NONE, _("Job %s is dismissed."), props_text(job->props, "Id"));
        return STATUS_DONE;
}

const Verb verb_dismiss = {
        .name = "dismiss",
        .args = "JOB",
        .summary = N_("end a job whose upgrade cannot be cancelled any more"),
        .description = N_("No more of the upgrade is sent to the module, which may go on with it. Keep\n"
                          "it powered. The job ends as failed, and the upgrade is not adopted again\n"
                          "until the module restarts. At a terminal a confirmation is asked for."),
        .min_args = 1,
        .max_args = 1,
        .entries = entries,
        .run = run,
};

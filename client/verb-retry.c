/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl retry: gives a stalled upgrade another source, and may wait for its end. */

#include "config.h"

#include "bus.h"
#include "follow.h"
#include "names.h"
#include "objects.h"
#include "options.h"
#include "report.h"
#include "show.h"
#include "source.h"
#include "text.h"

static gboolean wait_for_end;

static const GOptionEntry entries[] = {
        { "wait", 'w', 0, G_OPTION_ARG_NONE, &wait_for_end, N_("Follow the upgrade to its end"), NULL },
        { NULL },
};

static int call_retry(Ctl *ctl, const Object *job, const char *url)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status, r;

        status = bus_new_call(ctl, job->path, FOTAD_JOB_INTERFACE, "Retry", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", url);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = upgrade_options_append(ctl, call);
        return status == STATUS_DONE ? bus_act(ctl, call, NULL) : status;
}

static void tell(Ctl *ctl, const Object *job)
{
        const char *id = props_text(job->props, "Id");

        if (ctl->json) {
                print_event("retrying", "job", job);
                return;
        }
        text_say(TEXT_NONE, _("Job %s is tried again."), id);
        if (!wait_for_end)
                text_say(TEXT_NONE, _("Follow it with: fotactl watch %s"), id);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Follow) follow = NULL;
        g_autoptr(Objects) objects = NULL;
        g_autofree char *url = NULL;
        const Object *job = NULL;
        int status;

        status = upgrade_options_check(ctl);
        if (status == STATUS_DONE)
                status = source_read(ctl, args[1], &url);
        if (status == STATUS_DONE && !g_utf8_validate(url, -1, NULL))
                return fail_usage(ctl, _("the URL is not UTF-8"));
        if (status == STATUS_DONE && wait_for_end)
                status = follow_new(ctl, &follow);
        if (status == STATUS_DONE)
                status = objects_read_job(ctl, args[0], false, &objects, &job);
        if (status == STATUS_DONE)
                status = call_retry(ctl, job, url);
        if (status != STATUS_DONE)
                return status;
        tell(ctl, job);
        return wait_for_end ? follow_run(follow, job->path) : STATUS_DONE;
}

const Verb verb_retry = {
        .name = "retry",
        .args = "JOB SOURCE",
        .summary = N_("give a stalled upgrade another source"),
        .description = N_(
                "A URL with a password is seen by everybody who lists processes: give \"-\" as\nSOURCE and the URL "
                "on standard input instead.\nWith --wait, Ctrl-C detaches and ends with status 6; the upgrade goes "
                "on."),
        .min_args = 2,
        .max_args = 2,
        .entries = entries,
        .upgrade_options = true,
        .run = run,
};

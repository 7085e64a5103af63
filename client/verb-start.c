/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl start: starts an upgrade from a URL or with a file of the caller's, and may wait for its end. */

#include "config.h"

#include "bus.h"
#include "follow.h"
#include "options.h"
#include "report.h"
#include "source.h"
#include "start.h"
#include "text.h"

static char *module, *request_id;
static gboolean wait_for_end;

static const GOptionEntry entries[] = {
        { "module", 'm', 0, G_OPTION_ARG_STRING, &module, N_("The module; needed if there are several"), N_("MODULE") },
        { "request-id", 0, 0, G_OPTION_ARG_STRING, &request_id, N_("Start nothing if a job has this id already"),
          N_("ID") },
        { "wait", 'w', 0, G_OPTION_ARG_NONE, &wait_for_end, N_("Follow the upgrade to its end"), NULL },
        { NULL },
};

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Follow) follow = NULL;
        g_auto(Source) source = SOURCE_NULL;
        g_autofree char *path = NULL, *id = NULL, *clean = NULL;
        int status;

        if (follow_options_given() && !wait_for_end)
                return fail_usage(ctl, _("--timeout and --until need --wait"));
        status = follow_options_check(ctl);
        if (status == STATUS_DONE)
                status = upgrade_options_check(ctl);
        if (request_id)
                upgrade_option_set("request-id", request_id);
        if (status == STATUS_DONE)
                status = source_open(ctl, args[0], &source);
        if (status == STATUS_DONE && wait_for_end)
                status = follow_new(ctl, &follow);
        if (status == STATUS_DONE)
                status = start_upgrade(ctl, module ?: "", &source, &path);
        if (status != STATUS_DONE)
                return status;
        start_tell(ctl, path, request_id);
        if (wait_for_end)
                return follow_run(follow, path);
        id = bus_path_id(path);
        clean = text_clean(id);
        if (!ctl->json)
                text_say(TEXT_NONE, _("Follow it with: fotactl watch %s"), clean);
        return STATUS_DONE;
}

const Verb verb_start = {
        .name = "start",
        .args = "SOURCE",
        .summary = N_("upgrade a module"),
        .description = N_(
                "SOURCE is an http://, https:// or ftp:// URL that the module downloads from,\nelse a package on "
                "this host. A URL with a password is seen by everybody who\nlists processes: give \"-\" as "
                "SOURCE and the URL on standard input instead.\nWith --wait, Ctrl-C detaches and ends with "
                "status 6; the upgrade goes on.\n--timeout and --until end the wait in the same way, with status 7 "
                "and 8.\nWith --request-id the same command may be repeated: a job that has the id is\nshown or "
                "followed, whatever its state, as long as it is in the history."),
        .min_args = 1,
        .max_args = 1,
        .entries = entries,
        .upgrade_options = true,
        .follow_options = true,
        .run = run,
};

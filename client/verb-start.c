/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl start: asks for an upgrade, from an URL or with a file of the caller's, and may wait for its end. */

#include "config.h"

#include "bus.h"
#include "follow.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "show.h"
#include "source.h"
#include "text.h"

static char *module;
static gboolean wait_for_end;

static const GOptionEntry entries[] = {
        { "module", 'm', 0, G_OPTION_ARG_STRING, &module, N_("The module; needed if there are several"), N_("MODULE") },
        { "wait", 'w', 0, G_OPTION_ARG_NONE, &wait_for_end, N_("Follow the upgrade to its end"), NULL },
        { NULL },
};

static int new_call(Ctl *ctl, const Source *source, sd_bus_message **ret)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status, r;

        status = bus_new_call(ctl, FOTAD_PATH, FOTAD_MANAGER_INTERFACE,
                              source->url ? "StartUpgrade" : "StartUpgradeFile", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = source->url ? sd_bus_message_append(call, "ss", module ?: "", source->url)
                                : sd_bus_message_append(call, "shs", module ?: "", source->fd, source->name);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = upgrade_options_append(ctl, call);
        if (status == STATUS_DONE)
                *ret = g_steal_pointer(&call);
        return status;
}

static void tell(Ctl *ctl, const char *path)
{
        g_autofree char *id = bus_path_id(path), *clean = text_clean(id);
        g_autoptr(Props) job = props_new();
        g_autoptr(Json) json = json_new();

        if (ctl->json) {
                props_set_string(job, "Id", id);
                json_begin(json, NULL, '{');
                json_string(json, "event", "started");
                write_object(json, "job", &(Object){ (char *)path, job });
                json_end(json, '}');
                json_print(json);
                return;
        }
        g_print(_("Job %s is started: %s\n"), clean, path);
        if (!wait_for_end)
                g_print(_("Follow it with: fotactl watch %s\n"), clean);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_autoptr(Follow) follow = NULL;
        g_auto(Source) source = SOURCE_NULL;
        const char *path;
        int status, r;

        status = upgrade_options_check(ctl);
        if (status == STATUS_DONE)
                status = source_open(ctl, args[0], &source);
        if (status == STATUS_DONE)
                status = bus_connect(ctl);
        if (status == STATUS_DONE && wait_for_end)
                status = follow_new(ctl, &follow);
        if (status == STATUS_DONE)
                status = new_call(ctl, &source, &call);
        if (status == STATUS_DONE)
                status = bus_call(ctl, call, &reply);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        tell(ctl, path);
        return wait_for_end ? follow_run(follow, path) : STATUS_DONE;
}

const Verb verb_start = {
        .name = "start",
        .args = "SOURCE",
        .summary = N_("upgrade a module"),
        .description = N_(
                "SOURCE is a http://, https:// or ftp:// URL that the module downloads from,\nelse a package on "
                "this host. A URL with a password is seen by everybody who\nlists processes: give \"-\" as "
                "SOURCE and the URL on standard input instead.\nWith --wait, Ctrl-C detaches and ends with "
                "status 0; the upgrade goes on."),
        .min_args = 1,
        .max_args = 1,
        .entries = entries,
        .upgrade_options = true,
        .run = run,
};

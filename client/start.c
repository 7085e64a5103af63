/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls StartUpgrade or StartUpgradeFile for every verb that starts an upgrade. The daemon decides if the upgrade may
 * start. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "options.h"
#include "report.h"
#include "show.h"
#include "start.h"
#include "text.h"

static int new_call(Ctl *ctl, const char *module, const Source *source, sd_bus_message **ret)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status, r;

        status = bus_new_call(ctl, FOTAD_PATH, FOTAD_MANAGER_INTERFACE,
                              source->url ? "StartUpgrade" : "StartUpgradeFile", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = source->url ? sd_bus_message_append(call, "ss", module, source->url)
                                : sd_bus_message_append(call, "shs", module, source->fd, source->name);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = upgrade_options_append(ctl, call);
        if (status == STATUS_DONE)
                *ret = g_steal_pointer(&call);
        return status;
}

int start_upgrade(Ctl *ctl, const char *module, const Source *source, char **ret_path)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        const char *path;
        int status, r;

        status = new_call(ctl, module, source, &call);
        if (status == STATUS_DONE)
                status = bus_act(ctl, call, &reply);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        *ret_path = g_strdup(path);
        return STATUS_DONE;
}

void start_tell(const Ctl *ctl, const char *path, const char *request_id)
{
        g_autofree char *id = bus_path_id(path), *clean = text_clean(id);
        g_autofree char *request = request_id ? text_clean(request_id) : NULL;
        g_autoptr(Props) job = props_new();

        if (!ctl->json) {
                if (request)
                        text_say(TEXT_NONE, _("Job %s has the request id %s: %s"), clean, request, path);
                else
                        text_say(TEXT_NONE, _("Job %s is started: %s"), clean, path);
                return;
        }
        props_set_string(job, "Id", id);
        print_event("started", "job", &(Object){ (char *)path, job });
}

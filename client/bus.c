/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls to the daemon: connects, sends a call, waits for the reply. Knows the daemon's bus name and paths, but not the
 * meaning of the calls. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "bus.h"
#include "names.h"
#include "report.h"

int bus_connect(Ctl *ctl)
{
        int r = ctl->bus ? 0 : sd_bus_open_system(&ctl->bus);

        if (r < 0)
                return fail(ctl, STATUS_NO_DAEMON, ERROR_NO_DAEMON, _("the system bus cannot be reached: %s"),
                            g_strerror(-r));
        return STATUS_DONE;
}

int bus_new_call(Ctl *ctl, const char *path, const char *interface, const char *member, sd_bus_message **ret)
{
        int status = bus_connect(ctl), r;

        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_new_method_call(ctl->bus, ret, FOTAD_BUS_NAME, path, interface, member);
        return r < 0 ? fail_bus(ctl, NULL, r) : STATUS_DONE;
}

int bus_call(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(ctl->bus, call, BUS_CALL_TIMEOUT, &error, ret_reply);
        return r < 0 ? fail_bus(ctl, &error, r) : STATUS_DONE;
}

int bus_act(Ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply)
{
        pid_t agent;
        int status, r;

        r = sd_bus_message_set_allow_interactive_authorization(call, agent_has_person());
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        agent = agent_open();
        status = bus_call(ctl, call, ret_reply);
        agent_close(agent);
        return status;
}

int bus_act_on(Ctl *ctl, const char *path, const char *interface, const char *member)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status = bus_new_call(ctl, path, interface, member, &call);

        return status == STATUS_DONE ? bus_act(ctl, call, NULL) : status;
}

char *bus_path_id(const char *path)
{
        static const char *const prefixes[] = { FOTAD_JOB_PREFIX, FOTAD_MODULE_PREFIX };

        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
                char *id = NULL;
                if (sd_bus_path_decode(path, prefixes[i], &id) > 0) {
                        char *copy = g_strdup(id);
                        free(id);
                        return copy;
                }
        }
        return g_strdup(strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The UARTs that the configuration names, because udev cannot tell that a module is connected there: makes and removes
 * their modules, and looks which of their nodes are there. */

#include <string.h>

#include "base/log.h"
#include "manager/manager-modules.h"
#include "manager/manager-state.h"
#include "manager/manager-uart.h"
#include "device/serial.h"

/* The module's device number before the daemon restarted, so that this is not taken for a restart of the module. */
static unsigned device_last_seen(Manager *m, const char *id)
{
        unsigned device = 0;

        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (strcmp(job_place(job), id) == 0)
                        device = MAX(device, job->device);
        }
        return device;
}

static const char *name_of(const char *port)
{
        return g_str_has_prefix(port, "/dev/") ? port + strlen("/dev/") : port;
}

void manager_make_uarts(Manager *m)
{
        if (m->config->ports[0] && !serial_has_rate(m->config->baud_rate))
                log_warning("[serial] baud-rate: no port can be set to %u; 115200 is used", m->config->baud_rate);
        for (char **port = m->config->ports; *port; port++) {
                const char *name = name_of(*port);
                g_autofree char *id = g_strconcat(JOB_UART_PREFIX, name, NULL);
                g_autofree char *node = *name == '/' ? g_strdup(name) : g_strconcat("/dev/", name, NULL);
                Module *module = manager_module_at(m, id);

                if (!module_uart(module))
                        module_set_uart(module, node, device_last_seen(m, id));
        }
}

static bool is_named(Manager *m, const Module *module)
{
        for (char **port = m->config->ports; *port; port++)
                if (strcmp(module_id(module) + strlen(JOB_UART_PREFIX), name_of(*port)) == 0)
                        return true;
        return false;
}

void manager_drop_uarts(Manager *m)
{
        for (unsigned i = 0; i < m->modules->len; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (!module_uart(module) || is_named(m, module) || module_is_taken(module) ||
                    g_hash_table_contains(m->checks, module_id(module)) ||
                    g_hash_table_contains(m->surveys, module_id(module)))
                        continue;
                log_module(LOG_INFO, module, "fotad.conf does not name it any more");
                module_unset_uart(module);
                m->observer->module_removed(m->userdata, module);
                g_ptr_array_remove_index(m->modules, i--);
        }
}

static int on_removal_due(sd_event_source *source, void *userdata)
{
        (void)source;
        manager_drop_uarts(userdata);
        return 0;
}

void manager_drop_uarts_soon(Manager *m)
{
        int r = m->uart_removal ? sd_event_source_set_enabled(m->uart_removal, SD_EVENT_ONESHOT)
                                : sd_event_add_defer(m->event, &m->uart_removal, on_removal_due, m);

        if (r < 0)
                log_error("no event: %s", g_strerror(-r));
}

/* The module whose UART has this tty if the configuration names it more than once: the one that a job holds, or else
 * the first. */
static const Module *first_of_names(Manager *m, const Module *module)
{
        const Module *first = NULL;

        for (unsigned i = 0; i < m->modules->len; i++) {
                const Module *other = g_ptr_array_index(m->modules, i);

                if (!module_uart(other) ||
                    (other != module && !serial_is_same(module_uart(module), module_uart(other))))
                        continue;
                if (!first || (module_job(other) && !module_job(first)))
                        first = other;
        }
        return first;
}

/* Id of the other module that the node belongs to, NULL if there is none. The caller frees it. */
static char *owner_of(Manager *m, const Module *module)
{
        const char *path = usb_watch_find_tty(m->watch, module_uart(module));
        const Module *first = first_of_names(m, module);

        if (path)
                return g_strconcat("usb-", path, NULL);
        return first != module ? g_strdup(module_id(first)) : NULL;
}

void manager_look_at_uarts(Manager *m)
{
        for (unsigned i = 0; i < m->modules->len; i++) {
                Module *module = g_ptr_array_index(m->modules, i);
                g_autofree char *owner = module_uart(module) ? owner_of(m, module) : NULL;

                if (module_uart(module))
                        module_look_at_uart(module, owner);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A module at a UART: whether its node is there is looked at, for no bus tells that a module is; and what the bus tells
 * of USB modules, that they left and came back, is told of this one when core/uart-life says that it has restarted.
 * Knows neither what bytes mean nor which UARTs there are. */

#include <sys/stat.h>

#include "clock.h"
#include "log.h"
#include "module-private.h"

void module_set_uart(Module *m, const char *node, unsigned device)
{
        m->uart = g_strdup(node);
        m->device = device;
}

void module_unset_uart(Module *m)
{
        g_clear_pointer(&m->uart, g_free);
        g_clear_pointer(&m->uart_owner, g_free);
        if (m->present)
                module_device_removed(m);
}

void module_uart_set_rate(Module *m)
{
        if (!module_is_uart(m) || m->baud_rate == m->context.config->baud_rate)
                return;
        m->baud_rate = m->context.config->baud_rate;
        module_close_port(m);
        m->identified = m->told = false;
        m->open_at = UINT64_MAX;
        if (!m->node)
                return;
        module_want_identity(m);
}

static void come(Module *m)
{
        module_device_added(m, &(UsbDevice){ .number = m->device + (m->left_at || m->device == 0) });
}

void module_look_at_uart(Module *m, const char *owner)
{
        struct stat st;
        bool there = m->uart && !owner && stat(m->uart, &st) == 0 && S_ISCHR(st.st_mode);

        if (g_strcmp0(m->uart_owner, owner) != 0) {
                g_free(m->uart_owner);
                m->uart_owner = g_strdup(owner);
                if (owner)
                        log_module(LOG_WARNING, m,
                                   "%s is a port of %s, and is used as such: take it out of [serial] ports", m->uart,
                                   owner);
        }
        if (there && !m->present)
                come(m);
        else if (!there && m->present)
                module_device_removed(m);
}

void module_uart_missed(Module *m)
{
        struct stat st;

        if (stat(m->uart, &st) < 0)
                module_device_removed(m);
}

void module_uart_restarted(Module *m)
{
        log_module(LOG_INFO, m, "restarted");
        m->device++;
        m->identified = m->told = m->listening = false;
        m->nameless = 0;
        m->probe_interval = MODULE_PROBE_INTERVAL;
        module_want_identity(m);
        inspector_end(m->inspector, "it restarted");
        module_drop_probe(m);
        at_engine_listen(m->engine);
        at_engine_start(m->engine, clock_now());
        m->observer->changed(m->userdata, m);
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        module_feed_present(m);
}

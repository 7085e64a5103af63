/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT port of a module: which tty it is, who else has it, and when it is open: while a job runs, while an identity
 * is to be read, and for as long as a module is there that has told none. A port that another process has, or that
 * cannot be opened, is tried again. Reads no line. */

#include <errno.h>

#include "clock.h"
#include "core/layout.h"
#include "log.h"
#include "module-private.h"

#define OPEN_INTERVAL (G_USEC_PER_SEC / 4) /* a node can be there before it can be opened */
#define BUSY_INTERVAL G_USEC_PER_SEC       /* another process has it, and a job wants it */

void module_close_port(Module *m)
{
        inspector_end(m->inspector, "its AT port was lost");
        m->job_had_port = m->context.job && (m->job_had_port || m->serial);
        if (m->run)
                job_run_drop_transfer(m->run);
        serial_close(g_steal_pointer(&m->serial));
        at_engine_reset(m->engine);
        probe_drop(m->probe);
}

static void on_bytes(void *userdata, const void *bytes, size_t n)
{
        Module *m = userdata;

        uart_bytes(m->uart);
        at_engine_feed(m->engine, bytes, n, clock_now());
        module_pump(m);
}

void module_try_port(Module *m)
{
        g_clear_pointer(&m->holder, g_free);
        m->open_at = UINT64_MAX;
        m->open_interval = 0;
}

/* A port that neither a job nor a call waits for is tried ever more rarely, for each try looks into all processes. */
static uint64_t open_later_at(Module *m)
{
        uint64_t longest = MAX(m->context.config->timeouts.settle, OPEN_INTERVAL);

        m->open_interval = CLAMP(2 * m->open_interval, OPEN_INTERVAL, longest);
        return clock_now() + m->open_interval;
}

static uint64_t open_again_at(Module *m)
{
        return m->context.job || probe_is_wanted(m->probe) ? clock_now() + OPEN_INTERVAL : open_later_at(m);
}

static void on_lost(void *userdata, const char *why)
{
        Module *m = userdata;

        log_module(LOG_DEBUG, m, "%s: %s", m->node ?: "port", why);
        module_close_port(m);
        m->open_at = open_again_at(m); /* if the USB does not say that it is gone */
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
        module_pump(m);
}

static const SerialObserver serial_observer = { .bytes = on_bytes, .lost = on_lost };

/* Another process is closing the port, or has left it. */
static void on_left(void *userdata)
{
        Module *m = userdata;

        log_module(LOG_DEBUG, m, "%s may be free", m->node);
        m->open_interval = 0;
        m->open_at = MIN(m->open_at, clock_now() + OPEN_INTERVAL);
        module_pump(m);
}

static void set_holder(Module *m, const char *holder)
{
        if (g_strcmp0(m->holder, holder) == 0)
                return;
        g_free(m->holder);
        m->holder = g_strdup(holder);
        m->observer->changed(m->userdata, m);
}

static void open_port(Module *m)
{
        SerialSettings settings = { .lock_directory = m->context.config->lock_directory,
                                    .baud_rate = m->baud_rate,
                                    .syspath = ports_syspath(m->ports, m->node),
                                    .was_ours = m->context.job && (m->context.job->sent || m->job_had_port) };
        g_autofree char *holder = NULL;
        int r;

        /* Else the close after a try that failed would be reported, too, and be followed by the next try. */
        g_clear_pointer(&m->watch, port_watch_free);
        r = serial_open(&m->serial, m->context.event, m->node, &settings, &serial_observer, m, &holder);
        if (r < 0)
                m->watch = port_watch_new(m->context.event, m->node, settings.lock_directory, on_left, m);
        if (r >= 0) {
                log_module(LOG_DEBUG, m, "%s is open", m->node);
                if (!m->context.job && (m->holder || m->open_error))
                        probe_want(m->probe);
                m->open_at = UINT64_MAX;
                m->open_error = 0;
                probe_count_anew(m->probe);
                uart_opened(m->uart);
                set_holder(m, NULL);
                if (m->listening)
                        at_engine_listen(m->engine);
                else
                        at_engine_start(m->engine, clock_now());
        } else if (r == -EBUSY) {
                g_autofree char *text = g_strdup_printf("and %s is held %s", m->node, holder);

                set_holder(m, holder);
                m->open_at = m->context.job ? clock_now() + BUSY_INTERVAL : open_later_at(m);
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = text });
                inspector_end(m->inspector, "another process has its AT port");
                if (!m->context.job)
                        probe_give_up(m->probe);
        } else {
                log_module(LOG_DEBUG, m, "%s cannot be opened: %s", m->node, g_strerror(-r));
                set_holder(m, NULL);
                m->open_error = -r;
                m->open_at = open_again_at(m);
                if (uart_node(m->uart))
                        module_uart_missed(m);
        }
}

bool module_wants_port(const Module *m)
{
        return m->node && (m->context.job || probe_is_wanted(m->probe) || m->holder || !probe_is_known(m->probe) ||
                           inspector_needs_port(m->inspector));
}

/* Opens or closes, as the job and the wish for an identity have it. One that has told no revision may be in its Mini
 * system, and say so after days. True if it was tried to open: that may have made
 * work. */
bool module_update_port(Module *m)
{
        bool want = module_wants_port(m);

        if (!want && m->serial)
                module_close_port(m); /* before it is said that it is needed no more */
        want = module_may_open_port(m) && want;
        if (!want && m->serial)
                module_close_port(m);
        if (!want) {
                g_clear_pointer(&m->watch, port_watch_free);
                m->open_at = UINT64_MAX;
        } else if (!m->serial && (m->open_at == UINT64_MAX || clock_now() >= m->open_at)) {
                open_port(m);
                return true;
        }
        return false;
}

/* Which tty is the AT port may change with each that comes or goes. */
void module_choose_port(Module *m)
{
        const char *node = m->boot_rom         ? NULL
                           : module_is_uart(m) ? (m->present ? uart_node(m->uart) : NULL)
                                               : ports_find_at(m->ports, m->product_id,
                                                               config_at_interface(m->at_interfaces, m->product_id));

        if (g_strcmp0(m->node, node) == 0)
                return;
        if (m->serial)
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
        module_close_port(m);
        g_free(m->node);
        m->node = g_strdup(node);
        g_clear_pointer(&m->watch, port_watch_free);
        module_try_port(m);
        if (m->node) {
                log_module(LOG_INFO, m, "AT port is %s", m->node);
                probe_want(m->probe);
        }
}

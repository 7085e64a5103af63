/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT port of a module: which tty it is, when it is open, and who reacts to the events of the port and to
 * ModemManager's permission. Parses nothing. */

#include "base/log.h"
#include "module/module-private.h"

/* ---- which tty is the AT port */

void module_choose_port(Module *m)
{
        const char *node = !place_is_uart(m->place)     ? place_at_node(m->place)
                           : place_is_present(m->place) ? uart_node(m->uart)
                                                        : NULL;

        if (g_strcmp0(at_port_node(m->port), node) == 0)
                return;
        if (at_port_is_open(m->port))
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
        at_port_set_node(m->port, node);
        if (node) {
                log_module(LOG_INFO, m, "AT port is %s", node);
                probe_want(m->probe);
        }
}

void module_handle_removal(Module *m, uint64_t at)
{
        g_autofree char *why = NULL;
        bool boot_rom = place_is_boot_rom(m->place);

        log_module(LOG_INFO, m, "%s", place_is_uart(m->place) ? "its port is gone" : "left the bus");
        at_port_end_listening(m->port);
        probe_forget(m->probe);
        context_record(&m->context, RECORDING_GONE, "");
        place_device_left(m->place, at);
        module_choose_port(m);
        probe_unwant(m->probe);
        m->observer->changed(m->userdata, m);
        why = module_explain(m);
        m->observer->probed(m->userdata, m, why);
        if (!boot_rom)
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
}

/* Another process has the port, or it cannot be opened. A port that is only tried is not waited for. */
static bool is_futile(const Module *m)
{
        return !at_port_is_open(m->port) && !place_is_suggested(m->place, at_port_node(m->port)) &&
               (at_port_holder(m->port) || at_port_error(m->port));
}

/* At the port where the AT port should be, bytes of any kind are a sign of the module; at another port only an answer.
 */
static bool is_mute(const Module *m)
{
        bool suggested = place_is_suggested(m->place, at_port_node(m->port));

        return suggested ? !at_port_was_heard(m->port) : !at_port_is_ready(m->port);
}

uint64_t module_search_deadline(const Module *m)
{
        const Timeouts *t = &m->context.config->timeouts;

        if (m->run || place_is_uart(m->place) || probe_is_known(m->probe) || !place_has_other_port(m->place))
                return UINT64_MAX;
        if (is_futile(m))
                return 0;
        if (!at_port_takes_commands(m->port) || !is_mute(m))
                return UINT64_MAX;
        return MAX(place_came_at(m->place) + t->restart, at_port_opened_at(m->port) + t->settle);
}

void module_try_other_port(Module *m)
{
        log_module(LOG_INFO, m, "%s %s: another port is tried", at_port_node(m->port),
                   at_port_is_open(m->port) ? "does not answer" : "cannot be opened");
        place_try_other_port(m->place);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
}

/* ---- when it is open */

/* Returns true if something waits for the port to be open, whether or not ModemManager permits it. */
static bool wants_port(const Module *m)
{
        return at_port_node(m->port) && (m->run || probe_is_wanted(m->probe) || at_port_holder(m->port) ||
                                         !probe_is_known(m->probe) || inspector_needs_port(m->inspector));
}

/* ModemManager knows no UARTs, and no device without a path in sysfs. */
static bool has_gate(const Module *m)
{
        return !place_is_uart(m->place) && place_syspath(m->place);
}

/* A module that has reported no revision may be in its Mini system, and print something after days: its port stays
 * open. */
bool module_update_port(Module *m)
{
        bool want = wants_port(m);

        if (!want && at_port_is_open(m->port))
                at_port_close(m->port); /* before the gate reports that it is not needed any more */
        if (has_gate(m))
                want = gate_pass(m->gate, want) && want;
        return at_port_update(m->port, !want                                 ? AT_PORT_UNWANTED
                                       : m->run || probe_is_wanted(m->probe) ? AT_PORT_AWAITED
                                                                             : AT_PORT_WANTED);
}

/* ---- ModemManager */

static void on_needed(void *userdata, ModuleNeed need)
{
        Module *m = userdata;

        m->observer->needed(m->userdata, m, need);
}

const GateObserver module_gate_observer = { .needed = on_needed };

bool module_give_up_gate(Module *m)
{
        g_autofree char *text = NULL;

        if (gate_state(m->gate) == MODULE_GATE_OPEN || !has_gate(m))
                return false;
        if (!m->run) {
                probe_give_up(m->probe);
                return true;
        }
        if (!at_port_node(m->port) || m->context.job->sent || m->context.job->result != JOB_RESULT_NONE)
                return false;
        text = g_strdup_printf("and ModemManager %s", gate_why(m->gate) ?: "may be using it");
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = text });
        return true;
}

/* ---- the events of the AT port */

static void on_opened(void *userdata, bool after_failure)
{
        Module *m = userdata;

        if (after_failure && !m->run)
                probe_want(m->probe);
        job_run_port_opened(m->run);
        probe_count_anew(m->probe);
        uart_opened(m->uart);
}

static void on_closing(void *userdata)
{
        Module *m = userdata;

        inspector_end(m->inspector, "its AT port was lost");
        job_run_port_closing(m->run);
        probe_drop(m->probe);
}

static void on_lost(void *userdata)
{
        Module *m = userdata;

        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
}

static void on_busy(void *userdata, const char *finding)
{
        Module *m = userdata;
        g_autofree char *reason = g_strdup_printf("Its AT port %s is held %s.", at_port_node(m->port),
                                                  at_port_holder(m->port));

        job_run_port_failed(m->run, reason);
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = finding });
        inspector_end(m->inspector, "another process has its AT port");
        if (!m->run)
                probe_give_up(m->probe);
}

/* The node of a UART that could not be opened is perhaps gone: no bus reports that. */
static void on_missing(void *userdata)
{
        Module *m = userdata;
        g_autofree char *reason = g_strdup_printf("Its AT port %s cannot be opened: %s.", at_port_node(m->port),
                                                  g_strerror(at_port_error(m->port)));

        job_run_port_failed(m->run, reason);
        if (uart_node(m->uart) && uart_is_missing(m->uart))
                module_handle_removal(m, clock_now());
}

static void on_holder_changed(void *userdata)
{
        Module *m = userdata;

        m->observer->changed(m->userdata, m);
}

static void on_bytes(void *userdata)
{
        Module *m = userdata;

        uart_bytes(m->uart);
}

static void on_wrote(void *userdata)
{
        Module *m = userdata;

        uart_asked(m->uart);
}

/* A module at a UART has restarted. */
static void uart_restarted(Module *m)
{
        log_module(LOG_INFO, m, "restarted");
        place_set_device_number(m->place, place_device_number(m->place) + 1);
        probe_begin_anew(m->probe);
        probe_count_anew(m->probe);
        probe_want(m->probe);
        inspector_end(m->inspector, "it restarted");
        probe_drop(m->probe);
        at_port_start_anew(m->port);
        m->observer->changed(m->userdata, m);
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        module_feed_present(m);
}

static bool on_heard(void *userdata, const AtEvent *event)
{
        Module *m = userdata;

        if (!place_is_uart(m->place) || !uart_heard(m->uart, event))
                return true;
        uart_restarted(m);
        return event->type == AT_EVENT_URC; /* all others answer a question from before the restart */
}

static void on_event(void *userdata, const AtEvent *event)
{
        Module *m = userdata;
        Method method;

        switch (event->type) {
        case AT_EVENT_WRITE: return; /* the port has written it */
        case AT_EVENT_READY:
                if (!place_is_uart(m->place) && !m->run)
                        place_port_answers(m->place, at_port_node(m->port));
                probe_port_answers(m->probe);
                inspector_port_answers(m->inspector);
                probe_start(m->probe);
                return;
        case AT_EVENT_ANSWER:
                if (event->tag == TAG_INSPECT)
                        inspector_answer(m->inspector, event->result, event->error, event->text);
                else if (event->tag == TAG_IDENTITY)
                        probe_take_answer(m->probe, event->result, event->error, event->text);
                else
                        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                                             .tag = event->tag,
                                                             .result = event->result,
                                                             .error = event->error,
                                                             .text = event->text });
                return;
        case AT_EVENT_URC:
                if (!m->run && upgrade_is_under_way(event->text, &method))
                        m->observer->adoptable(m->userdata, m, method);
                if (m->held)
                        m->held_line = g_strdup(event->text); /* for the job that is about to begin */
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = event->text });
                return;
        }
}

const AtPortObserver module_at_port_observer = {
        .opened = on_opened,
        .closing = on_closing,
        .lost = on_lost,
        .busy = on_busy,
        .missing = on_missing,
        .holder_changed = on_holder_changed,
        .bytes = on_bytes,
        .wrote = on_wrote,
        .heard = on_heard,
        .event = on_event,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A physical place where a module is or was attached. Owns the objects of the module (its port, probe, gate, UART,
 * inspector and the run of its job), and holds all reactions between them. Parses nothing and decides nothing. */

#include <limits.h>

#include "base/clock.h"
#include "core/quectel/layout.h"
#include "base/log.h"
#include "module/module-private.h"
#include "device/power.h"

/* Tags of AT commands; core/upgrade counts from 1. */
#define TAG_IDENTITY 0
#define TAG_INSPECT  UINT_MAX

static void pump(Module *m);

static void feed(Module *m, UpgradeEvent event)
{
        if (m->run)
                job_run_feed(m->run, event);
}

static void feed_present(Module *m)
{
        g_autofree char *power = m->syspath ? power_control_read(m->syspath) : NULL;

        if (m->boot_rom)
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_BOOT_ROM });
        else
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT,
                                        .product = m->product_id,
                                        .device = m->device,
                                        .power_control = power });
}

static void on_wake(void *userdata)
{
        pump(userdata);
}

/* ---- which tty is the AT port, and when it is open */

/* Which tty is the AT port may change with each that comes or goes. */
static void choose_port(Module *m)
{
        const char *node = m->boot_rom         ? NULL
                           : module_is_uart(m) ? (m->present ? uart_node(m->uart) : NULL)
                                               : ports_find_at(m->ports, m->product_id,
                                                               config_at_interface(m->at_interfaces, m->product_id));

        if (g_strcmp0(at_port_node(m->port), node) == 0)
                return;
        if (at_port_is_open(m->port))
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
        at_port_set_node(m->port, node);
        if (node) {
                log_module(LOG_INFO, m, "AT port is %s", node);
                probe_want(m->probe);
        }
}

/* Something waits for the port to be open, whether or not ModemManager leaves it. */
static bool wants_port(const Module *m)
{
        return at_port_node(m->port) && (m->run || probe_is_wanted(m->probe) || at_port_holder(m->port) ||
                                         !probe_is_known(m->probe) || inspector_needs_port(m->inspector));
}

/* ModemManager knows no UARTs, and no device without a place in sysfs. */
static bool has_gate(const Module *m)
{
        return !module_is_uart(m) && m->syspath;
}

/* Opens or closes the port, by the job and the wish for an identity. A module that has reported no revision may be in
 * its Mini system, and print something after days. Returns true if it was tried to open: that may have made work. */
static bool update_port(Module *m)
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

static const GateObserver gate_observer = { .needed = on_needed };

/* ModemManager has kept the port for long enough: an upgrade that has sent nothing yet ends; a wish for the identity,
 * too. Returns false if the gate is not the reason for the wait. */
static bool give_up_gate(Module *m)
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
        text = g_strdup_printf("and ModemManager %s", gate_why(m->gate));
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = text });
        return true;
}

void module_set_gate(Module *m, ModuleGate gate, const char *why)
{
        if (!gate_set(m->gate, gate, why))
                return;
        at_port_try(m->port);
        if (gate == MODULE_GATE_BARRED || gate == MODULE_GATE_LOCKED) {
                g_autofree char *failure = g_strdup_printf("ModemManager %s", why);

                inspector_end(m->inspector, failure);
        }
        if (gate == MODULE_GATE_LOCKED)
                give_up_gate(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

/* ---- the identity */

/* Starts reading the identity. A port that does not answer yet is asked by itself, but rarely by now, or not at all. */
static void ask_identity(Module *m)
{
        if (at_port_is_ready(m->port))
                probe_start(m->probe);
        else
                at_port_start(m->port);
}

static void on_ask_identity(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_command(m->port, TAG_IDENTITY, command, false, m->context.config->timeouts.command);
}

static void on_known(void *userdata)
{
        Module *m = userdata;

        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, NULL);
}

static void on_answered(void *userdata, const Identity *identity)
{
        Module *m = userdata;

        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_READY,
                                .identity = identity,
                                .other_port = !module_is_uart(m) &&
                                              !ports_is_usual_at(m->ports, m->product_id, at_port_node(m->port)) });
        inspector_identity_known(m->inspector);
}

static void on_nameless(void *userdata)
{
        Module *m = userdata;

        inspector_end(m->inspector, "it tells no revision");
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
}

static void on_adoptable(void *userdata)
{
        Module *m = userdata;

        m->observer->adoptable(m->userdata, m, METHOD_MINIFOTA);
}

static void on_gave_up(void *userdata)
{
        Module *m = userdata;
        g_autofree char *problem = module_explain(m);

        log_module(LOG_WARNING, m, "%s", problem);
        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, problem);
}

static const ProbeObserver probe_observer = {
        .ask = on_ask_identity,
        .known = on_known,
        .answered = on_answered,
        .nameless = on_nameless,
        .adoptable = on_adoptable,
        .gave_up = on_gave_up,
};

void module_probe(Module *m)
{
        probe_want(m->probe);
        at_port_try(m->port);
        probe_hurry(m->probe);
        ask_identity(m);
        pump(m);
}

void module_take_identity(Module *m, Identity *identity)
{
        probe_take_identity(m->probe, identity);
        pump(m);
}

/* ---- an inspection */

static void on_ask_inspection(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_command(m->port, TAG_INSPECT, command, false, m->context.config->timeouts.command);
}

static void on_inspected(void *userdata, Inspection *taken, const char *failure)
{
        Module *m = userdata;

        m->observer->inspected(m->userdata, m, taken, failure);
}

static const InspectorObserver inspector_observer = { .ask = on_ask_inspection, .over = on_inspected };

void module_inspect(Module *m, Method method)
{
        inspector_begin(m->inspector, method);
        at_port_try(m->port);
        if (!at_port_node(m->port))
                inspector_end(m->inspector, "it has no AT port");
        pump(m);
}

/* ---- a restart of a module at a UART */

static void uart_restarted(Module *m)
{
        log_module(LOG_INFO, m, "restarted");
        m->device++;
        probe_begin_anew(m->probe);
        probe_count_anew(m->probe);
        probe_want(m->probe);
        inspector_end(m->inspector, "it restarted");
        probe_drop(m->probe);
        at_port_start_anew(m->port);
        m->observer->changed(m->userdata, m);
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        feed_present(m);
}

/* ---- the AT port */

static void on_opened(void *userdata, bool after_failure)
{
        Module *m = userdata;

        if (after_failure && !m->run)
                probe_want(m->probe);
        probe_count_anew(m->probe);
        uart_opened(m->uart);
}

static void on_closing(void *userdata)
{
        Module *m = userdata;

        inspector_end(m->inspector, "its AT port was lost");
        if (m->run)
                job_run_drop_transfer(m->run);
        probe_drop(m->probe);
}

static void on_lost(void *userdata)
{
        feed(userdata, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
}

static void on_busy(void *userdata, const char *finding)
{
        Module *m = userdata;

        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = finding });
        inspector_end(m->inspector, "another process has its AT port");
        if (!m->run)
                probe_give_up(m->probe);
}

/* A UART whose node could not be opened is perhaps gone, which nothing reports. */
static void on_missing(void *userdata)
{
        Module *m = userdata;

        if (uart_node(m->uart) && uart_is_missing(m->uart))
                module_device_removed(m);
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

static bool on_heard(void *userdata, const AtEvent *event)
{
        Module *m = userdata;

        if (!module_is_uart(m) || !uart_heard(m->uart, event))
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
                probe_port_answers(m->probe);
                inspector_port_answers(m->inspector);
                probe_start(m->probe);
                return;
        case AT_EVENT_ANSWER:
                if (event->tag == TAG_INSPECT)
                        inspector_answer(m->inspector, event->result, event->error, event->text);
                else if (event->tag == TAG_IDENTITY)
                        probe_take_answer(m->probe, event->result, event->text);
                else
                        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                                .tag = event->tag,
                                                .result = event->result,
                                                .error = event->error,
                                                .text = event->text });
                return;
        case AT_EVENT_URC:
                if (!m->run && upgrade_is_under_way(event->text, &method))
                        m->observer->adoptable(m->userdata, m, method);
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = event->text });
                return;
        }
}

static const AtPortObserver at_port_observer = {
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
        .wake = on_wake,
};

/* ---- the configuration */

/* The rate that the configuration says; if that is another one, the module is asked for its identity at it. */
static void set_rate(Module *m)
{
        if (!module_is_uart(m) || !at_port_set_rate(m->port, m->context.config->baud_rate))
                return;
        probe_begin_anew(m->probe);
        if (at_port_node(m->port))
                probe_want(m->probe);
}

static void reconfigure(Module *m)
{
        m->reconfigured = false;
        g_hash_table_unref(m->at_interfaces);
        m->at_interfaces = g_hash_table_ref(m->context.config->at_interfaces);
        set_rate(m);
        choose_port(m);
        m->observer->changed(m->userdata, m);
}

void module_reconfigured(Module *m)
{
        m->reconfigured = true;
        if (m->run)
                return;
        reconfigure(m);
        pump(m);
}

/* ---- the job */

static void on_send(void *userdata, const UpgradeAction *action)
{
        Module *m = userdata;

        /* If the port is closed, UPGRADE_EVENT_PORT_LOST was fed, or will be. */
        at_port_command(m->port, action->tag, action->text, action->secret, action->timeout);
        if (action->hush)
                at_port_hush(m->port);
}

static void on_send_blind(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_send_blind(m->port, command);
}

static void on_listen(void *userdata)
{
        Module *m = userdata;

        probe_drop(m->probe);
        at_port_listen(m->port);
}

static void on_identify(void *userdata)
{
        Module *m = userdata;

        at_port_end_listening(m->port);
        ask_identity(m);
}

static bool on_flow_control(void *userdata, bool hardware)
{
        Module *m = userdata;

        return at_port_set_flow_control(m->port, hardware);
}

static Serial *on_port(void *userdata)
{
        Module *m = userdata;

        return at_port_serial(m->port);
}

static void on_power(void *userdata, const char *value)
{
        Module *m = userdata;
        int r = m->syspath ? power_control_write(m->syspath, value) : -ENODEV;

        if (r < 0)
                log_module(LOG_WARNING, m, "power/control cannot be set to %s: %s", value, g_strerror(-r));
}

static void on_complete(void *userdata, UpgradeEvent *event)
{
        Module *m = userdata;

        event->at_port = at_port_node(m->port) != NULL;
        event->diag_port = ports_have_diag(m->ports, m->product_id);
        event->port_idle = at_port_is_idle(m->port);
}

static int on_package_open(void *userdata, const Job *job)
{
        Module *m = userdata;

        return m->observer->package_open(m->userdata, job);
}

static int on_persist(void *userdata, Job *job, char **ret_why)
{
        Module *m = userdata;

        return m->observer->job_persist(m->userdata, job, ret_why);
}

static void on_job_changed(void *userdata, Job *job)
{
        Module *m = userdata;

        m->observer->job_changed(m->userdata, job);
        m->observer->changed(m->userdata, m);
}

static void on_job_result(void *userdata, Job *job)
{
        Module *m = userdata;

        m->observer->job_result(m->userdata, job);
}

static const JobRunObserver job_run_observer = {
        .send = on_send,
        .send_blind = on_send_blind,
        .listen = on_listen,
        .identify = on_identify,
        .set_flow_control = on_flow_control,
        .port = on_port,
        .set_power = on_power,
        .complete = on_complete,
        .package_open = on_package_open,
        .persist = on_persist,
        .changed = on_job_changed,
        .result = on_job_result,
        .wake = on_wake,
};

void module_begin(Module *m, Job *job)
{
        m->context.job = job;
        m->run = job_run_new(&m->context, job, &job_run_observer, m);
        at_port_begin_job(m->port);
        if (inspector_is_busy(m->inspector) && at_port_is_ready(m->port))
                probe_start(m->probe); /* the port is open, and will not report again that it is ready */
        inspector_end(m->inspector, "a job has begun");
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        if (m->present)
                feed_present(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

void module_cancel(Module *m)
{
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_CANCEL });
        pump(m);
}

void module_retry(Module *m)
{
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_RETRY });
        pump(m);
}

/* The job does not hold the module any more. Returns the job. */
static Job *end_run(Module *m)
{
        Job *job = job_run_job(m->run);

        g_clear_pointer(&m->run, job_run_free);
        m->context.job = NULL;
        at_port_end_listening(m->port);
        at_port_try(m->port); /* for the identity, if that is not known */
        return job;
}

static void release_job(Module *m)
{
        Job *job = end_run(m);

        m->observer->job_released(m->userdata, job);
        m->observer->changed(m->userdata, m);
        if (m->reconfigured)
                reconfigure(m);
        if (!probe_is_known(m->probe) && at_port_is_ready(m->port))
                probe_start(m->probe);
}

Job *module_give_up_job(Module *m)
{
        Job *job = end_run(m);

        m->observer->changed(m->userdata, m);
        if (m->reconfigured)
                reconfigure(m);
        pump(m);
        return job;
}

/* ---- time */

static void on_time(void *userdata)
{
        pump(userdata);
}

static void on_resumed(void *userdata)
{
        Module *m = userdata;

        if (m->run)
                log_module(LOG_INFO, m, "the host was suspended; the module is looked at anew");
        feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_RESUMED });
        pump(m);
}

static const ClockTimerObserver timer_observer = { .passed = on_time, .resumed = on_resumed };

static void arm_timer(Module *m)
{
        uint64_t at = MIN(at_port_deadline(m->port), inspector_deadline(m->inspector));

        if (at_port_is_open(m->port))
                at = MIN(at, probe_deadline(m->probe));
        clock_timer_set(m->timer, MIN(at, m->run ? job_run_deadline(m->run) : probe_wanted_until(m->probe)));
}

/* Carries everything on until nothing is left to do now. */
static void pump(Module *m)
{
        bool busy = true;

        if (m->pumping)
                return;
        m->pumping = true;
        while (busy) {
                if (m->run && job_run_advance(m->run))
                        continue;
                if (m->run && job_run_is_released(m->run)) {
                        release_job(m);
                        continue;
                }
                if (update_port(m) || inspector_advance(m->inspector, at_port_is_open(m->port)))
                        continue;
                if (at_port_advance(m->port))
                        continue;
                if (m->run && clock_has_passed(job_run_deadline(m->run))) {
                        if (!give_up_gate(m))
                                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
                        continue;
                }
                if (!m->run && clock_has_passed(probe_wanted_until(m->probe))) {
                        probe_give_up(m->probe);
                        continue;
                }
                busy = at_port_is_open(m->port) && probe_advance(m->probe);
        }
        m->pumping = false;
        arm_timer(m);
}

/* ---- the module */

Module *module_new(const char *id, sd_event *event, const Config *config, const char *boot_id,
                   const ModuleObserver *observer, void *userdata)
{
        Module *m = g_new0(Module, 1);

        m->context.id = g_strdup(id);
        m->context.event = event;
        m->context.config = config;
        m->at_interfaces = g_hash_table_ref(config->at_interfaces);
        m->context.boot_id = boot_id;
        m->observer = observer;
        m->userdata = userdata;
        m->ports = ports_new();
        m->inspector = inspector_new(&m->context, &inspector_observer, m);
        m->uart = uart_new(&m->context);
        m->gate = gate_new(&m->context, &gate_observer, m);
        m->probe = probe_new(&m->context, &probe_observer, m);
        m->port = at_port_new(&m->context, m->ports, &at_port_observer, m);
        m->timer = clock_timer_new(&timer_observer, m);
        return m;
}

void module_free(Module *m)
{
        if (!m)
                return;
        clock_timer_free(m->timer);
        job_run_free(m->run);
        at_port_free(m->port);
        gate_free(m->gate);
        uart_free(m->uart);
        probe_free(m->probe);
        inspector_free(m->inspector);
        ports_free(m->ports);
        g_hash_table_unref(m->at_interfaces);
        g_free(m->syspath);
        g_free(m->uid);
        g_free(m->context.id);
        g_free(m);
}

/* ---- news from the USB */

void module_device_added(Module *m, const UsbDevice *device)
{
        m->present = true;
        m->came_at = clock_now();
        m->vendor_id = device->vendor_id;
        m->product_id = device->product_id;
        m->boot_rom = layout_is_boot_rom(device->vendor_id, device->product_id);
        m->device = device->number;
        probe_begin_anew(m->probe);
        g_free(m->syspath);
        m->syspath = g_strdup(device->syspath);
        g_free(m->uid);
        m->uid = g_strdup(device->uid);
        if (module_is_uart(m))
                log_module(LOG_INFO, m, "%s is there", uart_node(m->uart));
        else if (m->boot_rom)
                log_module(LOG_WARNING, m, "boot ROM %04x:%04x: the module runs no firmware", m->vendor_id,
                           m->product_id);
        else
                log_module(LOG_INFO, m, "%04x:%04x is there", m->vendor_id, m->product_id);
        m->observer->changed(m->userdata, m);
        feed_present(m);
        choose_port(m);
        pump(m);
}

void module_device_removed(Module *m)
{
        g_autofree char *why = NULL;

        log_module(LOG_INFO, m, "%s", module_is_uart(m) ? "its port is gone" : "left the bus");
        at_port_end_listening(m->port);
        m->present = false;
        probe_forget(m->probe);
        m->left_at = clock_now();
        ports_clear(m->ports);
        choose_port(m);
        probe_unwant(m->probe);
        m->observer->changed(m->userdata, m);
        why = module_explain(m);
        m->observer->probed(m->userdata, m, why);
        if (!m->boot_rom)
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        m->boot_rom = false;
        pump(m);
}

void module_tty_added(Module *m, const UsbTty *tty)
{
        ports_add(m->ports, tty);
        choose_port(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

void module_tty_removed(Module *m, const char *node)
{
        ports_remove(m->ports, node);
        choose_port(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

void module_settled(Module *m)
{
        if (!m->present)
                feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        pump(m);
}

/* ---- a UART, of which no bus reports anything */

void module_set_uart(Module *m, const char *node, unsigned device)
{
        uart_set_node(m->uart, node);
        m->device = device;
}

void module_unset_uart(Module *m)
{
        uart_set_node(m->uart, NULL);
        if (m->present)
                module_device_removed(m);
}

void module_look_at_uart(Module *m, const char *owner)
{
        bool there = uart_look(m->uart, owner);

        if (there && !m->present)
                module_device_added(m, &(UsbDevice){ .number = m->device + (m->left_at || m->device == 0) });
        else if (!there && m->present)
                module_device_removed(m);
}

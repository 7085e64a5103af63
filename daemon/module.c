/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One physical place: owns the serial line, the AT engine, the upgrade and one timer. The only room where the core
 * meets the world: it feeds events in and carries actions out. It parses nothing and decides nothing. */

#include <limits.h>
#include <string.h>

#include "clock.h"
#include "core/layout.h"
#include "log.h"
#include "module-private.h"
#include "power.h"

/* Tags of AT commands; core/upgrade counts from 1. */
#define TAG_IDENTITY 0
#define TAG_INSPECT  UINT_MAX

#define TIMER_ACCURACY (20 * G_TIME_SPAN_MILLISECOND)

static void pump(Module *m);
static void uart_restarted(Module *m);

static void on_needed(void *userdata, ModuleNeed need)
{
        Module *m = userdata;

        m->observer->needed(m->userdata, m, need);
}

static const GateObserver gate_observer = { .needed = on_needed };

static void on_ask_inspection(void *userdata, const char *command)
{
        Module *m = userdata;

        at_engine_command(m->engine, TAG_INSPECT, command, false, m->context.config->timeouts.command, clock_now());
}

static void on_inspected(void *userdata, Inspection *taken, const char *failure)
{
        Module *m = userdata;

        m->observer->inspected(m->userdata, m, taken, failure);
}

static const InspectorObserver inspector_observer = { .ask = on_ask_inspection, .over = on_inspected };

static void on_ask_identity(void *userdata, const char *command)
{
        Module *m = userdata;

        at_engine_command(m->engine, TAG_IDENTITY, command, false, m->context.config->timeouts.command, clock_now());
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

        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_READY,
                                       .identity = identity,
                                       .other_port = !module_is_uart(m) &&
                                                     !ports_is_usual_at(m->ports, m->product_id, m->node) });
        inspector_identity_known(m->inspector);
}

static void on_nameless(void *userdata)
{
        Module *m = userdata;

        inspector_end(m->inspector, "it tells no revision");
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
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

static void on_send(void *userdata, const UpgradeAction *action)
{
        Module *m = userdata;

        if (!m->serial)
                return; /* UPGRADE_EVENT_PORT_LOST was fed, or will be */
        at_engine_command(m->engine, action->tag, action->text, action->secret, action->timeout, clock_now());
        if (action->hush)
                at_engine_hush(m->engine);
}

static void on_send_blind(void *userdata, const char *command)
{
        Module *m = userdata;

        log_module(LOG_DEBUG, m, "> %s (blindly)", command);
        if (m->serial)
                at_engine_write_blind(m->engine, command, clock_now());
}

static void on_listen(void *userdata)
{
        Module *m = userdata;

        probe_drop(m->probe);
        at_engine_listen(m->engine);
        m->listening = true;
}

static void on_identify(void *userdata)
{
        Module *m = userdata;

        m->listening = false;
        if (at_engine_is_ready(m->engine))
                probe_start(m->probe);
        else if (m->serial)
                at_engine_start(m->engine, clock_now());
}

static bool on_flow_control(void *userdata, bool hardware)
{
        Module *m = userdata;

        return !m->serial || serial_set_flow_control(m->serial, hardware);
}

static Serial *on_port(void *userdata)
{
        Module *m = userdata;

        return m->serial;
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

        event->at_port = m->node != NULL;
        event->diag_port = ports_have_diag(m->ports, m->product_id);
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

static void on_wake(void *userdata)
{
        pump(userdata);
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

Module *module_new(const char *id, sd_event *event, const Config *config, const char *boot_id,
                   const ModuleObserver *observer, void *userdata)
{
        Module *m = g_new0(Module, 1);

        m->context.id = g_strdup(id);
        m->context.event = event;
        m->context.config = config;
        m->baud_rate = config->baud_rate;
        m->at_interfaces = g_hash_table_ref(config->at_interfaces);
        m->context.boot_id = boot_id;
        m->observer = observer;
        m->userdata = userdata;
        m->ports = ports_new();
        m->inspector = inspector_new(&m->context, &inspector_observer, m);
        m->uart = uart_new(&m->context);
        m->gate = gate_new(&m->context, &gate_observer, m);
        m->engine = at_engine_new();
        m->probe = probe_new(&m->context, &probe_observer, m);
        m->open_at = UINT64_MAX;
        return m;
}

void module_free(Module *m)
{
        if (!m)
                return;
        sd_event_source_disable_unref(m->timer);
        job_run_free(m->run);
        serial_close(m->serial);
        port_watch_free(m->watch);
        gate_free(m->gate);
        uart_free(m->uart);
        probe_free(m->probe);
        inspector_free(m->inspector);
        at_engine_free(m->engine);
        ports_free(m->ports);
        g_hash_table_unref(m->at_interfaces);
        g_free(m->syspath);
        g_free(m->uid);
        g_free(m->node);
        g_free(m->holder);
        g_free(m->context.id);
        g_free(m);
}

/* ---- feeding the upgrade */

void module_feed(Module *m, UpgradeEvent event)
{
        if (m->run)
                job_run_feed(m->run, event);
}

/* ---- the engine's events */

static void write_out(Module *m, const AtEvent *event)
{
        int r;

        /* A command that may hold a password is named by what stands before its first value. */
        log_module(LOG_DEBUG, m, "> %.*s%s", (int)strcspn(event->text, event->secret ? "=\r" : "\r"), event->text,
                   event->secret ? "=***" : "");
        uart_asked(m->uart);
        r = m->serial ? serial_write(m->serial, event->text, strlen(event->text)) : -ENODEV;
        if (r < 0)
                log_module(LOG_DEBUG, m, "not written: %s", g_strerror(-r));
}

static void log_line(Module *m, const char *line)
{
        /* Half an echo of ours may look like anything. */
        if (strstr(line, "://") || strstr(line, "QICSGP"))
                log_module(LOG_DEBUG, m, "< (not shown)");
        else
                log_module(LOG_DEBUG, m, "< %s", line);
}

static void log_answer(Module *m, const AtEvent *event)
{
        g_auto(GStrv) lines = g_strsplit(event->text, "\n", -1);

        for (char **line = lines; *line; line++)
                if (event->secret && **line)
                        log_module(LOG_DEBUG, m, "< (not shown)");
                else
                        log_line(m, *line);
        if (event->result == AT_RESULT_ERROR && event->error >= 0)
                log_module(LOG_DEBUG, m, "< +CME ERROR: %d", event->error);
        else
                log_module(LOG_DEBUG, m, "< %s",
                           event->result == AT_RESULT_OK      ? "OK"
                           : event->result == AT_RESULT_ERROR ? "ERROR"
                                                              : "(no answer)");
}

static void handle_engine_event(Module *m, const AtEvent *event)
{
        Method method;

        if (module_is_uart(m) && uart_heard(m->uart, event)) {
                uart_restarted(m);
                if (event->type != AT_EVENT_URC)
                        return; /* the question was asked before the restart */
        }
        switch (event->type) {
        case AT_EVENT_WRITE: write_out(m, event); return;
        case AT_EVENT_READY:
                probe_port_answers(m->probe);
                inspector_port_answers(m->inspector);
                probe_start(m->probe);
                return;
        case AT_EVENT_ANSWER:
                log_answer(m, event);
                if (event->tag == TAG_INSPECT) {
                        inspector_answer(m->inspector, event->result, event->error, event->text);
                } else if (event->tag != TAG_IDENTITY) {
                        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                                       .tag = event->tag,
                                                       .result = event->result,
                                                       .error = event->error,
                                                       .text = event->text });
                } else {
                        probe_take_answer(m->probe, event->result, event->text);
                }
                return;
        case AT_EVENT_URC:
                log_line(m, event->text);
                if (!m->context.job && upgrade_is_under_way(event->text, &method))
                        m->observer->adoptable(m->userdata, m, method);
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = event->text });
                return;
        }
}

/* ---- ModemManager's say */

/* ModemManager knows no UARTs, and no device without a place in sysfs. */
static bool has_gate(const Module *m)
{
        return !module_is_uart(m) && m->syspath;
}

bool module_may_open_port(Module *m)
{
        bool wanted = module_wants_port(m);

        return !has_gate(m) || gate_pass(m->gate, wanted);
}

/* ModemManager has kept the port for long enough: an upgrade that has sent nothing yet ends; a wish for the identity,
 * too. Returns false if the gate is not the reason for the wait. */
static bool give_up_gate(Module *m)
{
        g_autofree char *text = NULL;

        if (gate_state(m->gate) == MODULE_GATE_OPEN || !has_gate(m))
                return false;
        if (!m->context.job) {
                probe_give_up(m->probe);
                return true;
        }
        if (!m->node || m->context.job->sent || m->context.job->result != JOB_RESULT_NONE)
                return false;
        text = g_strdup_printf("and ModemManager %s", gate_why(m->gate));
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = text });
        return true;
}

void module_set_gate(Module *m, ModuleGate gate, const char *why)
{
        if (!gate_set(m->gate, gate, why))
                return;
        module_try_port(m);
        if (gate == MODULE_GATE_BARRED || gate == MODULE_GATE_LOCKED) {
                g_autofree char *failure = g_strdup_printf("ModemManager %s", why);

                inspector_end(m->inspector, failure);
        }
        if (gate == MODULE_GATE_LOCKED)
                give_up_gate(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

/* ---- the configuration and the job's end */

/* The rate that the configuration says; if that is another one, the module is asked for its identity at it. */
static void set_rate(Module *m)
{
        if (!module_is_uart(m) || m->baud_rate == m->context.config->baud_rate)
                return;
        m->baud_rate = m->context.config->baud_rate;
        module_close_port(m);
        probe_begin_anew(m->probe);
        m->open_at = UINT64_MAX;
        if (!m->node)
                return;
        probe_want(m->probe);
}

static void reconfigure(Module *m)
{
        m->reconfigured = false;
        g_hash_table_unref(m->at_interfaces);
        m->at_interfaces = g_hash_table_ref(m->context.config->at_interfaces);
        set_rate(m);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
}

/* The job does not hold the module any more. Returns the job. */
static Job *end_run(Module *m)
{
        Job *job = job_run_job(m->run);

        g_clear_pointer(&m->run, job_run_free);
        m->context.job = NULL;
        m->listening = false;
        module_try_port(m); /* for the identity, if that is not known */
        return job;
}

static void release_job(Module *m)
{
        Job *job = end_run(m);

        m->observer->job_released(m->userdata, job);
        m->observer->changed(m->userdata, m);
        if (m->reconfigured)
                reconfigure(m);
        if (!probe_is_known(m->probe) && at_engine_is_ready(m->engine))
                probe_start(m->probe);
}

/* ---- time */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        pump(userdata);
        return 0;
}

static void arm_timer(Module *m)
{
        uint64_t at = MIN(MIN(m->open_at, inspector_deadline(m->inspector)),
                          m->context.job ? UINT64_MAX : probe_wanted_until(m->probe));

        if (m->serial)
                at = MIN(at, MIN(at_engine_deadline(m->engine), probe_deadline(m->probe)));
        if (m->run)
                at = MIN(at, job_run_deadline(m->run));
        if (at == UINT64_MAX) {
                if (m->timer)
                        sd_event_source_set_enabled(m->timer, SD_EVENT_OFF);
        } else if (!m->timer) {
                int r = sd_event_add_time(m->context.event, &m->timer, CLOCK_BOOTTIME, at, TIMER_ACCURACY, on_timer, m);

                if (r < 0)
                        log_module(LOG_ERR, m, "no timer: %s", g_strerror(-r));
        } else {
                sd_event_source_set_time(m->timer, at);
                sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
        }
}

/* Carries everything on until nothing is left to do now. */
static void pump(Module *m)
{
        bool busy = true;

        if (m->pumping)
                return;
        m->pumping = true;
        while (busy) {
                g_autoptr(AtEvent) event = NULL;

                if (m->run && job_run_advance(m->run))
                        continue;
                if (m->run && job_run_is_released(m->run)) {
                        release_job(m);
                        continue;
                }
                if (module_update_port(m) || inspector_advance(m->inspector, m->serial != NULL))
                        continue;
                if (m->serial)
                        at_engine_tick(m->engine, clock_now());
                if ((event = at_engine_pop(m->engine))) {
                        handle_engine_event(m, event);
                        continue;
                }
                if (m->run && clock_now() >= job_run_deadline(m->run)) {
                        if (!give_up_gate(m))
                                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
                        continue;
                }
                if (!m->context.job && clock_now() >= probe_wanted_until(m->probe)) {
                        probe_give_up(m->probe);
                        continue;
                }
                busy = m->serial && probe_advance(m->probe);
        }
        m->pumping = false;
        arm_timer(m);
}

void module_pump(Module *m)
{
        pump(m);
}

/* ---- news from the USB */

void module_feed_present(Module *m)
{
        g_autofree char *power = m->syspath ? power_control_read(m->syspath) : NULL;

        if (m->boot_rom)
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_BOOT_ROM });
        else
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT,
                                               .product = m->product_id,
                                               .device = m->device,
                                               .power_control = power });
}

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
        module_feed_present(m);
        module_choose_port(m);
        pump(m);
}

void module_device_removed(Module *m)
{
        g_autofree char *why = NULL;

        log_module(LOG_INFO, m, "%s", module_is_uart(m) ? "its port is gone" : "left the bus");
        m->listening = false;
        m->present = false;
        probe_forget(m->probe);
        m->left_at = clock_now();
        ports_clear(m->ports);
        module_choose_port(m);
        probe_unwant(m->probe);
        m->observer->changed(m->userdata, m);
        why = module_explain(m);
        m->observer->probed(m->userdata, m, why);
        if (!m->boot_rom)
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        m->boot_rom = false;
        pump(m);
}

/* ---- what the bus reports of USB modules, found out about a UART */

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

void module_uart_missed(Module *m)
{
        if (uart_is_missing(m->uart))
                module_device_removed(m);
}

static void uart_restarted(Module *m)
{
        log_module(LOG_INFO, m, "restarted");
        m->device++;
        m->listening = false;
        probe_begin_anew(m->probe);
        probe_count_anew(m->probe);
        probe_want(m->probe);
        inspector_end(m->inspector, "it restarted");
        probe_drop(m->probe);
        at_engine_listen(m->engine);
        at_engine_start(m->engine, clock_now());
        m->observer->changed(m->userdata, m);
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        module_feed_present(m);
}

/* ---- ttys */

void module_tty_added(Module *m, const UsbTty *tty)
{
        ports_add(m->ports, tty);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

void module_tty_removed(Module *m, const char *node)
{
        ports_remove(m->ports, node);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

/* ---- what others want */

void module_settled(Module *m)
{
        if (!m->present)
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        pump(m);
}

void module_reconfigured(Module *m)
{
        m->reconfigured = true;
        if (m->context.job)
                return;
        reconfigure(m);
        pump(m);
}

void module_probe(Module *m)
{
        probe_want(m->probe);
        module_try_port(m);
        probe_hurry(m->probe);
        if (at_engine_is_ready(m->engine))
                probe_start(m->probe);
        else if (m->serial)
                at_engine_start(m->engine, clock_now()); /* it is asked rarely by now, or not at all */
        pump(m);
}

void module_take_identity(Module *m, Identity *identity)
{
        probe_take_identity(m->probe, identity);
        pump(m);
}

void module_inspect(Module *m, Method method)
{
        inspector_begin(m->inspector, method);
        module_try_port(m);
        if (!m->node)
                inspector_end(m->inspector, "it has no AT port");
        pump(m);
}

void module_begin(Module *m, Job *job)
{
        m->context.job = job;
        m->job_had_port = false;
        m->run = job_run_new(&m->context, job, &job_run_observer, m);
        module_try_port(m);
        if (inspector_is_busy(m->inspector) && at_engine_is_ready(m->engine))
                probe_start(m->probe); /* the port is open, and will not tell again that it is ready */
        inspector_end(m->inspector, "a job has begun");
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        if (m->present)
                module_feed_present(m);
        m->observer->changed(m->userdata, m);
        pump(m);
}

void module_cancel(Module *m)
{
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_CANCEL });
        pump(m);
}

void module_retry(Module *m, const char *source)
{
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_RETRY, .text = source });
        pump(m);
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

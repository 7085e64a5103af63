/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A physical place where a module is or was attached: makes and frees the objects of the module, takes the requests and
 * the events that come from outside, and lets the objects go on until none has anything to do. The reactions between
 * them are in module-access.c, module-upgrade.c and module-identity.c. */

#include "base/clock.h"
#include "base/log.h"
#include "device/usb-describe.h"
#include "module/module-private.h"

static void advance(Module *m);

static void on_wake(void *userdata)
{
        advance(userdata);
}

/* ---- the configuration */

/* Sets the rate that the configuration says; if that is another one, the module is asked for its identity at it. */
static void set_rate(Module *m)
{
        if (!place_is_uart(m->place) || !at_port_set_rate(m->port, m->context.config->baud_rate))
                return;
        probe_begin_anew(m->probe);
        if (at_port_node(m->port))
                probe_want(m->probe);
}

static void reconfigure(Module *m)
{
        m->reconfigured = false;
        place_reconfigure(m->place);
        set_rate(m);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
}

void module_reconfigured(Module *m)
{
        m->reconfigured = true;
        if (m->run || m->held)
                return;
        reconfigure(m);
        advance(m);
}

/* ---- standing still while a record is written */

static bool awaits_record(const Module *m)
{
        return m->held || (m->run && job_run_job(m->run)->awaits_record);
}

static bool stands_still(const Module *m)
{
        return m->stopping || awaits_record(m);
}

static void stand_still(Module *m)
{
        if (!m->still_since)
                m->still_since = clock_now();
        at_port_hold(m->port);
}

/* The time until now does not count for the time-outs of the module. */
static void end_stand_still(Module *m)
{
        if (m->still_since)
                m->context.still += clock_now() - m->still_since;
        m->still_since = 0;
}

/* Reports that callers who wait for the record may go on. */
static void settle(Module *m)
{
        if (!m->run || awaits_record(m))
                return;
        m->observer->changed(m->userdata, m);
        m->observer->job_settled(m->userdata, job_run_job(m->run));
}

void module_record_written(Module *m, int result, const char *why)
{
        end_stand_still(m);
        job_run_record_written(m->run, result, why);
        advance(m);
        settle(m);
}

void module_hold(Module *m)
{
        m->held = true;
        if (m->run)
                job_run_job(m->run)->awaits_record = true;
        advance(m);
}

static void end_hold(Module *m)
{
        m->held = false;
        if (m->run)
                job_run_job(m->run)->awaits_record = false;
        end_stand_still(m);
}

void module_release(Module *m)
{
        end_hold(m);
        g_clear_pointer(&m->held_line, g_free);
        if (m->reconfigured && !m->run)
                reconfigure(m);
        advance(m);
        settle(m);
}

void module_stop(Module *m)
{
        m->stopping = true;
        advance(m);
}

/* ---- going on */

static void release_job(Module *m)
{
        Job *job = module_end_run(m);

        m->observer->job_released(m->userdata, job);
        m->observer->changed(m->userdata, m);
        if (m->reconfigured)
                reconfigure(m);
}

static void on_time(void *userdata)
{
        advance(userdata);
}

static void on_resumed(void *userdata)
{
        Module *m = userdata;

        if (m->run && !m->stopping) {
                log_module(LOG_INFO, m, "the host was suspended; the module is looked at anew");
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_RESUMED });
        }
        advance(m);
}

static const ClockTimerObserver timer_observer = { .passed = on_time, .resumed = on_resumed };

static void arm_timer(Module *m)
{
        uint64_t ends = UINT64_MAX, asks = UINT64_MAX, own = UINT64_MAX;

        if (!stands_still(m)) {
                own = m->run ? job_run_deadline(m->run) : probe_wanted_until(m->probe);
                ends = MIN(at_port_deadline(m->port), inspector_deadline(m->inspector));
                ends = MIN(ends, module_search_deadline(m));
                asks = MIN(at_port_open_at(m->port), log_context_deadline(&m->context));
                if (at_port_is_open(m->port))
                        asks = MIN(asks, probe_deadline(m->probe));
                if (m->run && job_run_waits(m->run))
                        asks = MIN(asks, own);
                else
                        ends = MIN(ends, own);
        }
        clock_timer_set(m->timer, ends);
        clock_timer_remind(m->timer, asks);
}

/* The time-out of the job has passed. */
static void time_out(Module *m)
{
        if (module_give_up_gate(m))
                return;
        if (place_is_present(m->place) || !m->observer->away(m->userdata, m))
                module_time_out(m);
}

/* ---- the effects of events from outside */

static void add_device(Module *m, const UsbDevice *device, uint64_t at)
{
        place_device_came(m->place, device, at);
        probe_begin_anew(m->probe);
        if (place_is_uart(m->place))
                log_module(LOG_INFO, m, "%s is there", uart_node(m->uart));
        else if (place_is_boot_rom(m->place))
                log_module(LOG_INFO, m, "boot loader %04x:%04x is there", device->vendor_id, device->product_id);
        else
                log_module(LOG_INFO, m, "%04x:%04x is there", device->vendor_id, device->product_id);
        if (m->context.recording && device->syspath)
                usb_describe(m->context.recording, clock_now(), device->syspath, false);
        if (place_is_uart(m->place))
                context_record(&m->context, RECORDING_TTY, context_tty(uart_node(m->uart)));
        m->observer->changed(m->userdata, m);
        module_feed_present(m);
        module_choose_port(m);
}

static void record_tty(Module *m, const UsbTty *tty)
{
        g_autofree char *text = NULL;

        if (!m->context.recording)
                return;
        if (place_syspath(m->place))
                usb_describe_interface(m->context.recording, clock_now(), place_syspath(m->place), tty->interface);
        text = g_strdup_printf("%s interface=%u", context_tty(tty->node), tty->interface);
        context_record(&m->context, RECORDING_TTY, text);
}

static void add_tty(Module *m, const UsbTty *tty)
{
        record_tty(m, tty);
        place_tty_came(m->place, tty);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
}

static void remove_tty(Module *m, const char *node)
{
        context_record(&m->context, RECORDING_TTY_GONE, context_tty(node));
        place_tty_left(m->place, node);
        module_choose_port(m);
        m->observer->changed(m->userdata, m);
}

static void end_enumeration(Module *m)
{
        if (!place_is_present(m->place))
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
}

static void look_at_uart(Module *m, const char *owner, uint64_t at)
{
        bool there = uart_look(m->uart, owner), present = place_is_present(m->place);
        unsigned number = place_device_number(m->place);

        if (there && !present)
                add_device(m, &(UsbDevice){ .number = number + (place_left_at(m->place) || number == 0) }, at);
        else if (!there && present)
                module_handle_removal(m, at);
}

static void set_gate(Module *m, ModuleGate gate, const char *why)
{
        if (!gate_set(m->gate, gate, why))
                return;
        at_port_try(m->port);
        if (gate == MODULE_GATE_JOBS_ONLY || gate == MODULE_GATE_REFUSED) {
                g_autofree char *failure = g_strdup_printf("ModemManager %s", why);

                inspector_end(m->inspector, failure);
        }
        if (gate == MODULE_GATE_REFUSED)
                module_give_up_gate(m);
        m->observer->changed(m->userdata, m);
}

/* Takes the next event that came while the module stood still. Returns false if there is none. */
static bool take_input(Module *m)
{
        g_autoptr(Input) input = inputs_pop(m->inputs);

        if (!input)
                return false;
        switch (input->type) {
        case INPUT_DEVICE_ADDED: add_device(m, &input->device, input->at); break;
        case INPUT_DEVICE_REMOVED: module_handle_removal(m, input->at); break;
        case INPUT_TTY_ADDED: add_tty(m, &input->tty); break;
        case INPUT_TTY_REMOVED: remove_tty(m, input->text); break;
        case INPUT_SETTLED: end_enumeration(m); break;
        case INPUT_UART: look_at_uart(m, input->text, input->at); break;
        case INPUT_GATE: set_gate(m, input->gate, input->text); break;
        case INPUT_IDENTITY: probe_take_identity(m->probe, g_steal_pointer(&input->identity)); break;
        }
        return true;
}

/* Lets all objects go on until none has anything left to do now, or a record is to be written first. */
static void advance(Module *m)
{
        bool busy = true;

        if (m->advancing)
                return;
        m->advancing = true;
        while (busy && !awaits_record(m)) {
                if (m->run && job_run_advance(m->run))
                        continue;
                if (m->run && job_run_is_released(m->run)) {
                        release_job(m);
                        continue;
                }
                if (m->stopping) {
                        busy = at_port_advance(m->port); /* writes the commands */
                        continue;
                }
                if (at_port_release(m->port))
                        continue;
                /* First all that came while the module stood still, as a port that is opened may have been replaced. */
                if (inputs_are_there(m->inputs) && (at_port_advance(m->port) || take_input(m)))
                        continue;
                if (module_update_port(m) || inspector_advance(m->inspector, at_port_is_open(m->port)))
                        continue;
                if (at_port_advance(m->port))
                        continue;
                if (m->run && clock_has_passed(job_run_deadline(m->run))) {
                        time_out(m);
                        continue;
                }
                if (clock_has_passed(module_search_deadline(m))) {
                        module_try_other_port(m);
                        continue;
                }
                if (!m->run && clock_has_passed(probe_wanted_until(m->probe))) {
                        probe_give_up(m->probe);
                        continue;
                }
                busy = at_port_is_open(m->port) && probe_advance(m->probe);
        }
        if (m->run && !awaits_record(m))
                job_run_check_deadline(m->run);
        m->advancing = false;
        if (stands_still(m))
                stand_still(m);
        if (clock_has_passed(log_context_deadline(&m->context)))
                log_context_dropped(&m->context);
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
        m->context.boot_id = boot_id;
        m->context.log = &m->log;
        m->context.wake = on_wake;
        m->context.userdata = m;
        m->observer = observer;
        m->userdata = userdata;
        m->place = place_new(&m->context);
        m->inspector = inspector_new(&m->context, &module_inspector_observer, m);
        m->uart = uart_new(&m->context);
        m->gate = gate_new(&m->context, &module_gate_observer, m);
        m->probe = probe_new(&m->context, &module_probe_observer, m);
        m->port = at_port_new(&m->context, place_ports(m->place), &module_at_port_observer, m);
        m->inputs = inputs_new();
        m->timer = clock_timer_new(&timer_observer, m);
        return m;
}

void module_free(Module *m)
{
        if (!m)
                return;
        clock_timer_free(m->timer);
        inputs_free(m->inputs);
        g_free(m->expected);
        g_free(m->held_line);
        job_run_free(m->run);
        at_port_free(m->port);
        gate_free(m->gate);
        uart_free(m->uart);
        probe_free(m->probe);
        inspector_free(m->inspector);
        place_free(m->place);
        recording_writer_free(m->survey);
        g_free(m->context.id);
        g_free(m);
}

/* ---- requests */

void module_probe(Module *m)
{
        if (m->held)
                return; /* the port may have messages for the job that is about to begin */
        probe_want(m->probe);
        place_forget_mute_ports(m->place);
        module_choose_port(m);
        at_port_try(m->port);
        probe_hurry(m->probe);
        module_ask_identity(m);
        advance(m);
}

void module_take_identity(Module *m, Identity *identity)
{
        if (stands_still(m)) {
                inputs_add_identity(m->inputs, identity);
                return;
        }
        probe_take_identity(m->probe, identity);
        advance(m);
}

void module_inspect(Module *m, Method method)
{
        inspector_begin(m->inspector, method);
        at_port_try(m->port);
        if (!at_port_node(m->port))
                inspector_end(m->inspector, "it has no AT port");
        advance(m);
}

void module_record(Module *m, RecordingWriter *recording)
{
        m->context.recording = recording;
        if (place_syspath(m->place) && place_is_present(m->place))
                usb_describe(recording, clock_now(), place_syspath(m->place), true);
        if (place_is_uart(m->place) && at_port_node(m->port))
                context_record(&m->context, RECORDING_TTY, context_tty(at_port_node(m->port)));
        if (at_port_is_open(m->port))
                context_record(&m->context, RECORDING_OPEN, context_tty(at_port_node(m->port)));
}

void module_survey(Module *m, RecordingWriter *survey)
{
        m->survey = survey;
        module_record(m, survey);
        inspector_begin_survey(m->inspector);
        at_port_try(m->port);
        if (!at_port_node(m->port))
                inspector_end(m->inspector, "it has no AT port");
        else if (at_port_is_ready(m->port))
                inspector_port_answers(m->inspector);
        advance(m);
}

bool module_is_being_asked(const Module *m)
{
        return inspector_is_busy(m->inspector);
}

void module_set_gate(Module *m, ModuleGate gate, const char *why)
{
        if (stands_still(m)) {
                inputs_add(m->inputs, INPUT_GATE, why, gate);
                return;
        }
        set_gate(m, gate, why);
        advance(m);
}

void module_expect(Module *m, const char *job)
{
        g_free(m->expected);
        m->expected = g_strdup(job);
}

void module_begin(Module *m, Job *job)
{
        g_autofree char *line = g_steal_pointer(&m->held_line);

        module_expect(m, NULL);
        end_hold(m);
        module_start_run(m, job);
        if (line)
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = line });
        m->observer->changed(m->userdata, m);
        advance(m);
}

void module_cancel(Module *m)
{
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_CANCEL });
        advance(m);
}

void module_dismiss(Module *m)
{
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_DISMISS });
        advance(m);
}

void module_retry(Module *m)
{
        end_hold(m);
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_RETRY });
        advance(m);
        settle(m);
}

Job *module_give_up_job(Module *m)
{
        Job *job = module_end_run(m);

        m->observer->changed(m->userdata, m);
        if (m->reconfigured)
                reconfigure(m);
        advance(m);
        return job;
}

void module_set_watched(Module *m, bool watched)
{
        m->context.watched = watched;
        advance(m);
        m->observer->changed(m->userdata, m);
}

/* ---- events of the USB */

void module_device_added(Module *m, const UsbDevice *device)
{
        if (stands_still(m)) {
                inputs_add_device(m->inputs, device);
                return;
        }
        add_device(m, device, clock_now());
        advance(m);
}

void module_device_removed(Module *m)
{
        if (stands_still(m)) {
                inputs_add_removal(m->inputs);
                return;
        }
        module_handle_removal(m, clock_now());
        advance(m);
}

void module_tty_added(Module *m, const UsbTty *tty)
{
        if (stands_still(m)) {
                inputs_add_tty(m->inputs, tty);
                return;
        }
        add_tty(m, tty);
        advance(m);
}

void module_tty_removed(Module *m, const char *node)
{
        if (stands_still(m)) {
                inputs_add_tty_removal(m->inputs, node);
                return;
        }
        remove_tty(m, node);
        advance(m);
}

void module_settled(Module *m)
{
        if (stands_still(m)) {
                inputs_add(m->inputs, INPUT_SETTLED, NULL, 0);
                return;
        }
        end_enumeration(m);
        advance(m);
}

/* ---- a UART, of which no bus reports anything */

void module_set_uart(Module *m, const char *node, unsigned device)
{
        uart_set_node(m->uart, node);
        place_set_device_number(m->place, device);
}

void module_unset_uart(Module *m)
{
        uart_set_node(m->uart, NULL);
        if (place_is_present(m->place))
                module_device_removed(m);
}

void module_look_at_uart(Module *m, const char *owner)
{
        if (stands_still(m)) {
                inputs_add(m->inputs, INPUT_UART, owner, 0);
                return;
        }
        look_at_uart(m, owner, clock_now());
        advance(m);
}

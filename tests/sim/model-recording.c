/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording of an upgrade that is played: what the module said, its answers, and its life on the bus, in the order
 * and with the times of the recording. The module follows the host: a time counts from the last thing that the host
 * did. This file must depend on no command's meaning but AT+QFOTADL's.
 */
#include "model-private.h"
#include "recorded.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 30000 /* for a command that the recording has, and that the host may never send */
#define POLL_MS     2
#define EARLY       3 /* lines of the module that a command may overtake */

static void go_on(Model *m);

static const Recording *recording(const Model *m)
{
        return persona_recording(m->persona);
}

static bool is_over(const Model *m)
{
        return m->played.at >= recording(m)->events->len;
}

static const RecordingEvent *present(const Model *m)
{
        return recorded_event(recording(m), m->played.at);
}

static bool is_request(const RecordingEvent *event)
{
        return event->word == RECORDING_SENT && g_str_has_prefix(event->text, "AT+QFOTADL=\"");
}

/* The time of that event is now. */
static void set_base(Model *m, const RecordingEvent *event)
{
        m->played.base = m->world->now(m->user);
        m->played.base_at = event->at;
        m->played.waits = 0;
}

static unsigned ms_until(const Model *m, const RecordingEvent *event)
{
        guint64 after = (event->at - m->played.base_at) / MAX(persona_number(m->persona, PERSONA_SPEED), 1);
        gint64 left = m->played.base + (gint64)after - m->world->now(m->user);

        return left > 0 ? (unsigned)((left + 999) / 1000) : 0;
}

static void say(Model *m, const char *line)
{
        g_autofree char *text = g_strdup_printf("\r\n%s\r\n", line);

        at_port_write(&m->ports[0], text, strlen(text), 0, false);
}

/* --- the bus --- */

/* Adds the interface of that event, or changes it: the last one of that number counts. */
static void take_interface(struct usb_face *face, const RecordingEvent *event, GPtrArray *strings)
{
        unsigned number = (unsigned)atoi(event->text), i = 0;
        char *class = recording_value(event->text, "class"), *label = recording_value(event->text, "interface");
        char *driver = recording_value(event->text, "driver"), *n = recording_value(event->text, "bNumEndpoints");

        g_ptr_array_add(strings, class);
        g_ptr_array_add(strings, label);
        g_ptr_array_add(strings, driver);
        g_ptr_array_add(strings, n);
        if (class && !g_str_has_prefix(class, "ff")) {
                face->network |= number == 0;
                return;
        }
        while (i < face->n_ports && face->ports[i].interface != number)
                i++;
        if (i == USB_PORTS_MAX)
                return;
        face->n_ports = MAX(face->n_ports, i + 1);
        face->ports[i] = (struct usb_port){ number, n ? (unsigned)strtoul(n, NULL, 16) : 2, USB_OTHER, label ?: "" };
        if (driver)
                face->driver = driver;
}

/* Which of the ports fotad opened is that for AT; of the others the first is DIAG. */
static void set_role(Model *m, struct usb_face *face, const char *interface, bool opened)
{
        for (unsigned i = 0; interface && i < face->n_ports; i++) {
                if (face->ports[i].interface != (unsigned)atoi(interface))
                        continue;
                face->bound = true;
                face->ports[i].role = opened ? USB_AT : i == 0 ? USB_DIAG : USB_MODEM;
                if (opened) {
                        m->ports[0].interface = face->ports[i].interface;
                        persona_put(m->persona, PERSONA_AT_IF, interface);
                }
        }
}

static bool is_opened(const Recording *r, unsigned i, const char *tty)
{
        while (++i < r->events->len && recorded_event(r, i)->word != RECORDING_GONE)
                if (recorded_event(r, i)->word == RECORDING_OPEN && g_str_equal(recorded_event(r, i)->text, tty))
                        return true;
        return false;
}

/* The module comes to the bus as from that event on. */
static void appear(Model *m, unsigned first)
{
        const Recording *r = recording(m);
        const char *ids = recorded_event(r, first)->text;
        g_autofree char *manufacturer = recording_value(ids, "manufacturer"),
                        *product = recording_value(ids, "product");
        g_autofree char *serial = recording_value(ids, "serial");
        g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
        struct usb_face face = { .vendor = (unsigned)strtoul(ids, NULL, 16),
                                 .product = strlen(ids) > 5 ? (unsigned)strtoul(ids + 5, NULL, 16) : 0,
                                 .manufacturer = manufacturer ?: "",
                                 .product_name = product ?: "",
                                 .serial = serial ?: "",
                                 .driver = "option" };

        m->played.face = first;
        m->ports[0].interface = UINT_MAX; /* none that fotad opened */
        for (unsigned i = first + 1; i < r->events->len && recorded_event(r, i)->word != RECORDING_GONE; i++)
                if (recorded_event(r, i)->word == RECORDING_INTERFACE)
                        take_interface(&face, recorded_event(r, i), strings);
        for (unsigned i = first + 1; i < r->events->len && recorded_event(r, i)->word != RECORDING_GONE; i++) {
                const RecordingEvent *event = recorded_event(r, i);
                g_autofree char *tty = g_strndup(event->text, strcspn(event->text, " "));
                g_autofree char *interface = recording_value(event->text, "interface");

                if (event->word == RECORDING_TTY)
                        set_role(m, &face, interface, is_opened(r, i, tty));
        }
        m->system = MODEL_NORMAL;
        m->on_bus = true;
        model_log(m, "enumerates as %04x:%04x, as recorded", face.vendor, face.product);
        m->world->enumerate(m->user, &face);
        model_event(m, "returned");
}

static void leave(Model *m)
{
        m->played.at++;
        model_go_off(m);
        model_poll(m, LANE_JOB, 0, NULL, go_on);
}

/* --- time --- */

/* Past the command at which it waits, and its answer. */
static void pass(Model *m)
{
        const Recording *r = recording(m);
        bool answered = recorded_is_answered(r, m->played.at);

        while (++m->played.at < r->events->len && answered)
                if (present(m)->word == RECORDING_RECEIVED && recorded_is_final(present(m)->text))
                        answered = false;
}

/* Returns true if the host has done it, or will not. */
static bool has_waited(Model *m, const char *for_what)
{
        gint64 now = m->world->now(m->user);

        if (!m->played.waits)
                m->played.waits = now;
        if (now - m->played.waits < PATIENCE_MS * 1000LL)
                return false;
        model_log(m, "the host has not done as recorded: %s", for_what);
        return true;
}

/* Returns true if it goes on at once. */
static bool play_sent(Model *m)
{
        const RecordingEvent *event = present(m);
        bool early = m->played.at == m->played.asked, after_request = false;

        for (unsigned i = 0; i < m->played.at; i++)
                after_request |= is_request(recorded_event(recording(m), i));
        if (!early && (is_request(event) || !after_request))
                return false; /* until the host sends it */
        if (!early && recorded_is_answered(recording(m), m->played.at) && !has_waited(m, event->text)) {
                model_poll(m, LANE_JOB, PATIENCE_MS, NULL, go_on);
                return false;
        }
        pass(m);
        if (!is_over(m))
                set_base(m, present(m));
        return true;
}

static bool play_open(Model *m)
{
        if (!m->on_bus || m->world->is_open(m->user, m->ports[0].interface) || has_waited(m, "open")) {
                set_base(m, present(m));
                m->played.at++;
                return true;
        }
        model_poll(m, LANE_JOB, POLL_MS, NULL, go_on);
        return false;
}

static bool is_timed(const RecordingEvent *event)
{
        return event->word == RECORDING_RECEIVED || event->word == RECORDING_GONE || event->word == RECORDING_DEVICE;
}

static void go_on(Model *m)
{
        while (!is_over(m)) {
                const RecordingEvent *event = present(m);
                unsigned ms = is_timed(event) ? ms_until(m, event) : 0;

                if (ms) {
                        model_poll(m, LANE_JOB, ms, NULL, go_on);
                        return;
                }
                if (event->word == RECORDING_SENT || event->word == RECORDING_OPEN) {
                        if (!(event->word == RECORDING_SENT ? play_sent(m) : play_open(m)))
                                return;
                        continue;
                }
                if (event->word == RECORDING_GONE && m->on_bus && !m->uart) {
                        model_drain(m, leave);
                        return;
                }
                if (event->word == RECORDING_RECEIVED)
                        say(m, event->text);
                if (event->word == RECORDING_DEVICE && !m->on_bus)
                        appear(m, m->played.at);
                m->played.at++;
        }
        model_idle(m);
}

void recording_begin(Model *m)
{
        const RecordingEvent *first = recorded_event(recording(m), m->played.face);

        m->ports[1].interface = UINT_MAX; /* answers nothing */
        if (m->uart) {
                m->system = MODEL_NORMAL;
                m->on_bus = true;
        } else if (first->word == RECORDING_DEVICE) {
                appear(m, m->played.face);
        }
        set_base(m, m->played.at ? present(m) : first);
        model_event(m, "normal");
        model_idle(m);
        model_poll(m, LANE_JOB, 0, NULL, go_on);
}

/* --- commands --- */

/* The command from the present event on, which nothing but questions precede, and few lines of the module; -1 none. */
static int find_ahead(const Model *m, const char *line)
{
        const Recording *r = recording(m);
        bool answer = false;
        unsigned overtaken = 0;

        for (unsigned i = m->played.at; i < r->events->len; i++) {
                const RecordingEvent *event = recorded_event(r, i);

                if (event->word == RECORDING_SENT) {
                        if (recorded_is_same(line, event->text))
                                return (int)i;
                        if (is_request(event))
                                return -1;
                        answer = recorded_is_answered(r, i);
                } else if (event->word == RECORDING_RECEIVED) {
                        if (!answer && ++overtaken > EARLY)
                                return -1;
                        answer = answer && !recorded_is_final(event->text);
                } else if (event->word == RECORDING_GONE || event->word == RECORDING_DEVICE) {
                        return -1;
                }
        }
        return -1;
}

static void answer(Model *m, unsigned i)
{
        const Recording *r = recording(m);

        if (!recorded_is_answered(r, i))
                return;
        while (++i < r->events->len) {
                const RecordingEvent *event = recorded_event(r, i);

                if (event->word == RECORDING_RECEIVED)
                        say(m, event->text);
                if (event->word == RECORDING_RECEIVED && recorded_is_final(event->text))
                        return;
        }
}

void recording_command(Model *m, const char *line)
{
        const Recording *r = recording(m);
        int i = find_ahead(m, line);

        if (i >= 0 && present(m)->word == RECORDING_SENT) { /* it waits for this one */
                m->played.at = (unsigned)i + 1;
                set_base(m, recorded_event(r, (unsigned)i));
                model_poll(m, LANE_JOB, 0, NULL, go_on);
                return;
        }
        if (i >= 0)
                m->played.asked = (unsigned)i;
        else
                i = recorded_find(r, line, m->played.at, false);
        if (i >= 0) {
                answer(m, (unsigned)i);
                return;
        }
        m->lacks++;
        model_log(m, "the recording lacks %s", line);
        g_printerr("modsim: the recording lacks %s\n", line);
        say(m, "ERROR");
}

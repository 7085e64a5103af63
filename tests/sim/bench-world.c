/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection of models with the test bed, the main loop and the network, and the log of all their actions. This
 * file translates; it must not depend on AT, an upgrade or sysfs.
 */
#include "bench-private.h"
#include "text.h"

static void unit_log(void *user, const char *line)
{
        Unit *unit = user;

        if (!unit->bench->log)
                return;
        fprintf(unit->bench->log, "%" G_GINT64_FORMAT " %s %s\n", (g_get_monotonic_time() - unit->bench->start) / 1000,
                unit->name, line);
        fflush(unit->bench->log);
}

static void unit_event(void *user, const char *event)
{
        Unit *unit = user;
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(unit->counts, event)) + 1;

        g_hash_table_insert(unit->counts, g_strdup(event), GUINT_TO_POINTER(count));
        if (unit->bench->on_event)
                unit->bench->on_event(unit->bench->on_event_user);
}

G_GNUC_PRINTF(2, 3)
static void note(Unit *unit, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        unit_log(unit, line);
}

/* --- events of the test bed --- */

static enum usb_role role_of(Unit *unit, unsigned interface)
{
        const Persona *p = unit->model ? model_persona(unit->model) : NULL;

        return !p                                                 ? USB_OTHER
               : interface == persona_number(p, PERSONA_AT_IF)    ? USB_AT
               : interface == persona_number(p, PERSONA_MODEM_IF) ? USB_MODEM
                                                                  : USB_DIAG;
}

static void on_rx(void *user, unsigned interface, const struct usb_piece *piece)
{
        Unit *unit = user;

        if (unit->model) {
                model_rx(unit->model, interface, piece);
                return;
        }
        g_autofree char *escaped = text_escape(piece->bytes, piece->n);
        unit->bytes += piece->n;
        note(unit, "rx if%u %zu bytes \"%s\"", interface, piece->n, escaped);
        unit_event(unit, "rx");
}

static void on_arrived(void *user, unsigned interface, enum usb_role role)
{
        g_autofree char *event = g_strconcat("port-", usb_role_name(role), NULL);

        (void)interface;
        unit_event(user, event);
}

static void on_opened(void *user, unsigned interface, bool open)
{
        Unit *unit = user;
        enum usb_role role = role_of(unit, interface);
        const char *what = open ? "opened" : "closed";
        g_autofree char *long_name = g_strdup_printf("%s-%s", what, usb_role_name(role));

        if (role == USB_AT)
                unit->exclusive = false;
        note(unit, "if%u %s", interface, what);
        unit_event(unit, long_name);
        if (role == USB_AT || role == USB_OTHER)
                unit_event(unit, what);
}

static void on_exclusive(void *user, unsigned interface)
{
        Unit *unit = user;

        note(unit, "if%u exclusive", interface);
        if (role_of(unit, interface) == USB_AT)
                unit->exclusive = true;
        unit_event(unit, "exclusive");
}

static void on_power_control(void *user, const char *value)
{
        Unit *unit = user;

        note(unit, "power/control set to %s", value);
        unit_event(unit, "power-control");
}

const struct device_observer bench_device_observer = {
        .rx = on_rx,
        .arrived = on_arrived,
        .opened = on_opened,
        .exclusive = on_exclusive,
        .power_control = on_power_control,
        .log = unit_log,
};

/* --- requests of a model --- */

struct device_options bench_device_options(const Persona *p)
{
        return (struct device_options){
                .same_numbers = persona_flag(p, PERSONA_SAME_NUMBERS),
                .reverse = persona_is(p, PERSONA_ORDER, "reverse"),
                .gap_ms = persona_number(p, PERSONA_GAP),
                .hangup_after = persona_is(p, PERSONA_HANGUP, "after"),
                .cooked = persona_flag(p, PERSONA_COOKED),
                .keep_unheard = persona_is(p, PERSONA_UNOPENED, "keep"),
        };
}

static void world_enumerate(void *user, const struct usb_face *face)
{
        Unit *unit = user;
        const struct device_options options = bench_device_options(model_persona(unit->model));

        device_enumerate(unit->device, unit->path, face, &options);
}

static void world_leave(void *user)
{
        Unit *unit = user;

        unit->exclusive = false;
        device_leave(unit->device);
}

static void world_tx(void *user, unsigned interface, const void *bytes, size_t n)
{
        Unit *unit = user;
        g_autofree char *escaped = text_escape(bytes, n);

        note(unit, "tx if%u%s \"%s\"", interface, device_is_open(unit->device, interface) ? "" : " unheard", escaped);
        device_tx(unit->device, interface, bytes, n);
}

static size_t world_unread(void *user, unsigned interface)
{
        Unit *unit = user;

        return device_unread(unit->device, interface);
}

static bool world_is_open(void *user, unsigned interface)
{
        Unit *unit = user;

        return device_is_open(unit->device, interface);
}

static void world_listen(void *user, unsigned interface, size_t most, unsigned rate)
{
        Unit *unit = user;

        device_listen(unit->device, interface, most, rate);
}

static struct usb_line world_line(void *user, unsigned interface)
{
        Unit *unit = user;

        return device_line(unit->device, interface);
}

static gint64 world_now(void *user)
{
        (void)user;
        return g_get_monotonic_time();
}

struct once {
        void (*fn)(void *data);
        void *data;
};

static gboolean run_once(void *data)
{
        struct once *once = data;

        once->fn(once->data);
        return G_SOURCE_REMOVE;
}

static unsigned world_timer_start(void *user, unsigned ms, void (*fn)(void *data), void *data)
{
        struct once *once = g_new0(struct once, 1);

        (void)user;
        once->fn = fn;
        once->data = data;
        return g_timeout_add_full(G_PRIORITY_DEFAULT, ms, run_once, once, g_free);
}

static void world_timer_stop(void *user, unsigned timer)
{
        (void)user;
        g_source_remove(timer);
}

static Fetch *world_fetch(void *user, const struct fetch_request *request, const struct fetch_observer *observer,
                          void *data)
{
        (void)user;
        return fetch_start(request, observer, data);
}

static void world_fetch_allow(void *user, Fetch *fetch, guint64 bytes)
{
        (void)user;
        fetch_allow(fetch, bytes);
}

static GBytes *world_fetch_peek(void *user, Fetch *fetch, gsize n)
{
        (void)user;
        return fetch_peek(fetch, n);
}

static void world_fetch_cancel(void *user, Fetch *fetch)
{
        (void)user;
        fetch_cancel(fetch);
}

const struct model_world bench_world = {
        .enumerate = world_enumerate,
        .leave = world_leave,
        .tx = world_tx,
        .unread = world_unread,
        .is_open = world_is_open,
        .listen = world_listen,
        .line = world_line,
        .now = world_now,
        .timer_start = world_timer_start,
        .timer_stop = world_timer_stop,
        .fetch = world_fetch,
        .fetch_allow = world_fetch_allow,
        .fetch_peek = world_fetch_peek,
        .fetch_cancel = world_fetch_cancel,
        .log = unit_log,
        .event = unit_event,
};

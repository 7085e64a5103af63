/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module's life: power, boots, its appearance on the bus, its unsolicited lines. This file depends on no AT command
 * and on no upgrade; no part of the model depends on ptys, sysfs, sockets or a clock.
 */
#include "model-private.h"
#include "text.h"

#include <string.h>

static void model_return(Model *m);

/* --- lines --- */

/* Bytes between two lines as from a bad cable or a boot ROM: noise, NULs, a line without end. */
static void write_noise(struct at_port *port)
{
        g_autoptr(GString) noise = g_string_new("\xff\xfe^boot.rom'v'!\n");

        g_string_append_len(noise, "\0\0\x80", 3);
        for (unsigned i = 0; i < 5000; i++)
                g_string_append_c(noise, (char)('!' + i % 90));
        g_string_append(noise, "\r\n");
        at_port_write(port, noise->str, noise->len, 0, false);
}

static bool port_gets_urcs(Model *m, const struct at_port *port)
{
        bool own = m->system == MODEL_UPDATER && !persona_is(m->persona, PERSONA_UPDATER_URCPORT, "nvram");
        const char *where = persona_text(m->persona, own ? PERSONA_UPDATER_URCPORT : PERSONA_URCPORT);

        if (m->uart)
                return port->role == USB_AT && (g_str_equal(where, "all") || g_str_equal(where, "uart1"));
        return g_str_equal(where, "all") || g_str_equal(where, port->role == USB_AT ? "usbat" : "usbmodem");
}

/* True if AT+QINDCFG suppresses the line. */
static bool is_switched_off(const Model *m, const char *text)
{
        return g_str_has_prefix(text, "+QIND:") && (!m->qind || (!m->qind_fota && strstr(text, "\"FOTA\"")));
}

void model_say(Model *m, const char *text)
{
        g_autofree char *line = g_strdup_printf("\r\n%s\r\n", text);
        bool noisy = persona_flag(m->persona, PERSONA_NOISE) && (strstr(text, "START\"") || strstr(text, "END\""));
        bool heard = false;

        if (is_switched_off(m, text)) {
                model_log(m, "urc switched off %s", text);
                return;
        }
        if (m->urc_cache) {
                g_ptr_array_add(m->cached_urcs, g_strdup(text));
                model_log(m, "urc cached %s", text);
                return;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++) {
                struct at_port *port = &m->ports[i];
                size_t n = strlen(line), half = n / 2;

                if (!port_gets_urcs(m, port))
                        continue;
                heard = true;
                if (noisy)
                        write_noise(port);
                if (persona_is(m->persona, PERSONA_URC_WRITE, "split")) {
                        at_port_write(port, line, half, 0, false);
                        at_port_write(port, line + half, n - half, persona_number(m->persona, PERSONA_STEP), false);
                } else {
                        bool join = persona_is(m->persona, PERSONA_URC_WRITE, "coalesced");

                        at_port_write(port, line, n, join ? 4 * persona_number(m->persona, PERSONA_STEP) : 0, join);
                }
        }
        model_log(m, heard ? "urc %s" : "urc to nowhere %s", text);
}

void model_urc(Model *m, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        model_say(m, text);
}

void model_flush_cached_urcs(Model *m)
{
        g_autoptr(GPtrArray) lines = g_steal_pointer(&m->cached_urcs);

        m->cached_urcs = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < lines->len; i++)
                model_say(m, g_ptr_array_index(lines, i));
}

/* --- bus --- */

static void add_port(struct usb_face *face, unsigned interface, enum usb_role role, const char *label)
{
        g_assert(face->n_ports < USB_PORTS_MAX);
        face->ports[face->n_ports++] = (struct usb_port){
                .interface = interface,
                .endpoints = role == USB_DIAG ? 2 : 3,
                .role = role,
                .label = label,
        };
}

/* `pid` and `ports` belong to a system that may look like the normal one: if they are empty it does. */
static void module_face(Model *m, struct usb_face *face, enum persona_key pid, enum persona_key ports)
{
        const Persona *p = m->persona;
        bool labels = persona_flag(p, PERSONA_LABELS);

        if (persona_is(p, pid, ""))
                pid = PERSONA_PID;
        if (persona_is(p, ports, ""))
                ports = PERSONA_PORTS;

        *face = (struct usb_face){
                .vendor = 0x2c7c,
                .product = persona_hex(p, pid),
                .manufacturer = persona_text(p, PERSONA_USB_MANUFACTURER),
                .product_name = persona_text(p, PERSONA_USB_PRODUCT),
                .serial = persona_text(p, PERSONA_SERIAL),
                .driver = "option",
                .network = persona_flag(p, PERSONA_NETWORK),
                .bound = persona_flag(p, PERSONA_BOUND),
        };
        if (persona_has(p, ports, "diag"))
                add_port(face, persona_number(p, PERSONA_DIAG_IF), USB_DIAG, labels ? "Mobile Diag Interface" : "");
        if (persona_has(p, ports, "at"))
                add_port(face, persona_number(p, PERSONA_AT_IF), USB_AT, labels ? "Mobile AT Interface" : "");
        if (persona_has(p, ports, "modem"))
                add_port(face, persona_number(p, PERSONA_MODEM_IF), USB_MODEM, labels ? "Mobile MODEM Interface" : "");
}

static void forget_ram(Model *m)
{
        for (unsigned i = 0; i < _LANE_MAX; i++)
                model_stop(m, (enum lane)i);
        fota_forget(m);
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++)
                at_port_reset(&m->ports[i]);
        for (unsigned i = 1; i <= PDP_CONTEXTS; i++)
                m->pdp[i].active = false;
        g_ptr_array_set_size(m->cached_urcs, 0);
        m->cfun = persona_number(m->persona, PERSONA_CFUN_BOOT);
        m->qind = persona_flag(m->persona, PERSONA_QIND);
        m->qind_fota = !persona_is(m->persona, PERSONA_QIND_FOTA, "0");
        m->cmgf = 0;
        m->qgmr_reads = 0;
        m->boot_line = 0;
        m->leaving = m->mute = false;
}

void model_go_off(Model *m)
{
        bool there = m->system != MODEL_OFF;

        forget_ram(m);
        m->system = MODEL_OFF;
        if (!there)
                return;
        m->restarts++;
        m->offs++;
        if (!m->on_bus)
                return;
        m->on_bus = false;
        model_log(m, m->uart ? "is silent" : "leaves the bus");
        if (!m->uart)
                m->world->leave(m->user);
        model_event(m, "left");
}

static void come_back_later(Model *m)
{
        g_autofree char *point = g_strdup_printf("off:%u", m->offs);

        model_next(m, LANE_LIFE, persona_number(m->persona, PERSONA_OFF), point, model_return);
}

static void drain_look(Model *m)
{
        size_t left = 0;

        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++)
                left += (m->uart ? 0 : m->world->unread(m->user, m->ports[i].interface)) +
                        g_queue_get_length(m->ports[i].out);
        if (left && m->drained_ms < persona_number(m->persona, PERSONA_DRAIN)) {
                m->drained_ms += 2;
                model_poll(m, LANE_JOB, 2, NULL, drain_look);
                return;
        }
        m->after_drain(m);
}

void model_drain(Model *m, model_step fn)
{
        m->leaving = true;
        m->drained_ms = 0;
        m->after_drain = fn;
        model_poll(m, LANE_JOB, 0, NULL, drain_look);
}

static void off_and_back(Model *m)
{
        model_go_off(m);
        come_back_later(m);
}

void model_restart(Model *m)
{
        model_drain(m, off_and_back);
}

/* --- boot --- */

void model_idle(Model *m)
{
        m->counting = false;
        model_log(m, "idle");
        model_event(m, "idle");
}

static void boot_lines(Model *m)
{
        bool mini = m->system == MODEL_MINI;
        const char *text = persona_text(m->persona, mini ? PERSONA_MINI_BOOT_URCS : PERSONA_BOOT_URCS);
        g_auto(GStrv) lines = g_strsplit(text, "/", -1);

        if (m->boot_line < g_strv_length(lines)) {
                model_say(m, lines[m->boot_line++]);
                model_next(m, LANE_LIFE, persona_number(m->persona, PERSONA_STEP), NULL, boot_lines);
                return;
        }
        if (mini)
                return;
        model_event(m, "normal");
        if (m->fota.phase == FOTA_NONE)
                model_idle(m);
}

static void end_of_mute(Model *m)
{
        m->mute = false;
}

/* `face` is NULL for a system that does not show on USB. */
static void appear(Model *m, enum model_system system, const struct usb_face *face)
{
        m->system = system;
        if (!face && !m->uart) {
                model_log(m, "is off the bus, %s", model_system_name(system));
                return;
        }
        m->on_bus = true;
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++)
                m->ports[i].interface = persona_number(m->persona,
                                                       m->ports[i].role == USB_AT ? PERSONA_AT_IF : PERSONA_MODEM_IF);
        if (m->uart) {
                model_log(m, "runs, %s", model_system_name(system));
        } else {
                model_log(m, "enumerates as %04x:%04x, %s", face->vendor, face->product, model_system_name(system));
                m->world->enumerate(m->user, face);
        }
        file_listen(m);
        model_event(m, "returned");
}

/* The next appearance of the module: by a fault of this upgrade, else by its persona. */
static const char *way_back(const Model *m)
{
        unsigned at = persona_number(m->persona, PERSONA_RETURN_AT);

        if (!persona_is(m->persona, PERSONA_RETURN, "normal") && m->qfotadl_count && m->offs &&
            (at == 0 || at == m->offs))
                return persona_text(m->persona, PERSONA_RETURN);
        return persona_text(m->persona, PERSONA_APPEAR);
}

static void appear_mute(Model *m, enum model_system system, const struct usb_face *face)
{
        unsigned mute = persona_number(m->persona, PERSONA_MUTE);

        m->mute = mute > 0;
        appear(m, system, face);
        if (mute)
                model_next(m, LANE_MUTE, mute, NULL, end_of_mute);
}

static void return_mini(Model *m)
{
        const Persona *p = m->persona;
        unsigned boot = persona_number(p, PERSONA_BOOT);
        struct usb_face face;

        if (m->mini.stage == MINI_UPDATE) {
                module_face(m, &face, PERSONA_UPDATER_PID, PERSONA_UPDATER_PORTS);
                appear(m, MODEL_UPDATER, persona_flag(p, PERSONA_UPDATER_USB) ? &face : NULL);
                model_next(m, LANE_JOB, boot, "updater", mini_updater_boot);
                return;
        }
        module_face(m, &face, PERSONA_MINI_PID, PERSONA_MINI_PORTS);
        if (!persona_is(p, PERSONA_MINI_VID, ""))
                face.vendor = persona_hex(p, PERSONA_MINI_VID);
        appear_mute(m, MODEL_MINI, persona_flag(p, PERSONA_MINI_USB) ? &face : NULL);
        if (!persona_is(p, PERSONA_MINI_BOOT_URCS, ""))
                model_next(m, LANE_LIFE, boot, NULL, boot_lines);
        model_next(m, LANE_JOB, boot, m->mini.stage == MINI_1 ? "mini" : "mini-2", mini_boot);
}

static void return_system(Model *m)
{
        const char *way = way_back(m);
        unsigned boot = persona_number(m->persona, PERSONA_BOOT);
        struct usb_face face;

        if (g_str_equal(way, "never")) {
                model_log(m, "never returns");
                model_event(m, "never");
        } else if (g_str_equal(way, "boot-rom")) {
                appear(m, MODEL_BOOT_ROM, &usb_boot_rom);
        } else if (g_str_equal(way, "diag")) {
                module_face(m, &face, PERSONA_PID, PERSONA_PORTS);
                face.n_ports = 0;
                add_port(&face, persona_number(m->persona, PERSONA_DIAG_IF), USB_DIAG, "Mobile Diag Interface");
                appear(m, MODEL_CRASHED, &face);
        } else if (m->pending.there) {
                module_face(m, &face, PERSONA_UPDATER_PID, PERSONA_UPDATER_PORTS);
                appear(m, MODEL_UPDATER, persona_flag(m->persona, PERSONA_UPDATER_USB) ? &face : NULL);
                model_next(m, LANE_JOB, boot, "updater", fota_updater_boot);
        } else if (m->mini.stage != MINI_NONE) {
                return_mini(m);
        } else {
                module_face(m, &face, PERSONA_PID, PERSONA_PORTS);
                appear_mute(m, MODEL_NORMAL, &face);
                model_next(m, LANE_LIFE, boot, "boot", boot_lines);
        }
}

/* Leaving the loader is no restart of the module. */
static void leave_loader(Model *m)
{
        m->system = MODEL_OFF;
        m->on_bus = false;
        model_log(m, "leaves the bus");
        m->world->leave(m->user);
        model_poll(m, LANE_LIFE, persona_number(m->persona, PERSONA_OFF), NULL, return_system);
}

static void model_return(Model *m)
{
        g_auto(GStrv) ids = g_strsplit(persona_text(m->persona, PERSONA_LOADER), ":", 2);
        struct usb_face face = usb_boot_rom;

        if (persona_recording(m->persona)) {
                recording_begin(m);
                return;
        }
        if (m->uart || g_strv_length(ids) != 2) {
                return_system(m);
                return;
        }
        face.vendor = (unsigned)strtoul(ids[0], NULL, 16);
        face.product = (unsigned)strtoul(ids[1], NULL, 16);
        face.bound = false;
        appear(m, MODEL_BOOT_ROM, &face);
        model_poll(m, LANE_LIFE, persona_number(m->persona, PERSONA_LOADER_TIME), "loader", leave_loader);
}

void model_power_on(Model *m)
{
        if (m->powered)
                return;
        m->powered = true;
        model_return(m);
}

void model_power_off(Model *m)
{
        m->powered = false;
        model_go_off(m);
}

void model_power_cut(Model *m)
{
        m->powered = true;
        model_log(m, "power fails");
        off_and_back(m);
}

/* --- other functions --- */

void model_rx(Model *m, unsigned interface, const struct usb_piece *piece)
{
        if (m->system == MODEL_OFF) {
                g_autofree char *escaped = text_escape(piece->bytes, piece->n);

                model_log(m, "rx if%u forgotten \"%s\"", interface, escaped);
                return;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++)
                if (m->ports[i].interface == interface && m->system != MODEL_CRASHED && m->system != MODEL_BOOT_ROM) {
                        at_port_rx(&m->ports[i], piece);
                        return;
                }
        g_autofree char *escaped = text_escape(piece->bytes, piece->n);
        m->diag_bytes += piece->n;
        model_log(m, "rx if%u %zu bytes \"%s\"", interface, piece->n, escaped);
        model_event(m, "rx-diag");
}

Model *model_new(Persona *persona, bool uart, const struct model_world *world, void *user)
{
        Model *m = g_new0(Model, 1);

        m->world = world;
        m->user = user;
        m->persona = persona;
        m->uart = uart;
        m->holds = g_ptr_array_new_with_free_func(g_free);
        m->cached_urcs = g_ptr_array_new_with_free_func(g_free);
        for (unsigned i = 0; i < _LANE_MAX; i++)
                m->lanes[i].model = m;
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++) {
                m->ports[i].model = m;
                m->ports[i].role = i == 0 ? USB_AT : USB_MODEM;
                m->ports[i].interface = persona_number(persona, i == 0 ? PERSONA_AT_IF : PERSONA_MODEM_IF);
        }
        forget_ram(m);
        return m;
}

void model_free(Model *m)
{
        if (!m)
                return;
        for (unsigned i = 0; i < _LANE_MAX; i++)
                model_stop(m, (enum lane)i);
        fota_forget(m);
        for (unsigned i = 0; i < G_N_ELEMENTS(m->ports); i++)
                at_port_free(&m->ports[i]);
        for (unsigned i = 0; i <= PDP_CONTEXTS; i++) {
                g_free(m->pdp[i].apn);
                g_free(m->pdp[i].user);
                g_free(m->pdp[i].password);
        }
        g_ptr_array_unref(m->holds);
        g_clear_pointer(&m->file.second, g_array_unref);
        g_ptr_array_unref(m->cached_urcs);
        g_free(m->pending.to);
        g_free(m->mini.url);
        g_free(m->mini.to);
        g_free(m->fetched_sha256);
        g_free(m->last_qfotadl);
        persona_free(m->persona);
        g_free(m);
}

bool model_set(Model *m, const char *key, const char *value, GError **error)
{
        if (!persona_set(m->persona, key, value, error))
                return false;
        if (g_str_equal(key, "registered"))
                fota_network_changed(m);
        file_listen(m);
        return true;
}

Persona *model_persona(Model *m)
{
        return m->persona;
}

enum model_system model_system(const Model *m)
{
        return m->system;
}

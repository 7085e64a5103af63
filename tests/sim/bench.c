/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The modules and decoys, and the commands and queries for them from outside. This file must not depend on AT, an
 * upgrade or sysfs.
 */
#include "bench-private.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Prefix of the tty's name, in place of a USB port path. */
#define UART "tty:"

/* --- units --- */

static void unit_free(void *data)
{
        Unit *unit = data;

        if (unit->model)
                model_power_off(unit->model);
        device_free(unit->device);
        g_clear_pointer(&unit->model, model_free);
        g_hash_table_unref(unit->counts);
        g_free(unit->name);
        g_free(unit->path);
        g_free(unit);
}

/* "1-1=what": the unit, and `what` in *ret_what. */
static Unit *unit_new(Bench *bench, const char *text, char **ret_what, GError **error)
{
        g_auto(GStrv) parts = g_strsplit(text, "=", 2);

        if (g_strv_length(parts) != 2) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is not of the form PATH=WHAT", text);
                return NULL;
        }
        if (bench_find(bench, parts[0])) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there are two of %s", parts[0]);
                return NULL;
        }
        bool uart = g_str_has_prefix(parts[0], UART);
        if (uart && !bed_serial_name_ok(parts[0] + strlen(UART))) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no serial port such as tty:ttyS1",
                            parts[0]);
                return NULL;
        }
        if (!uart && !bed_path_is_free(bench->bed, parts[0], NULL, error))
                return NULL;
        Unit *unit = g_new0(Unit, 1);
        unit->uart = uart;
        unit->bench = bench;
        unit->name = g_strdup(parts[0]);
        unit->path = g_strdup(parts[0]);
        unit->device = device_new(bench->bed, &bench_device_observer, unit);
        unit->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_ptr_array_add(bench->units, unit);
        *ret_what = g_strdup(parts[1]);
        return unit;
}

bool bench_add_module(Bench *bench, const char *text, bool real_time, GError **error)
{
        g_autofree char *what = NULL;
        Unit *unit = unit_new(bench, text, &what, error);

        if (!unit)
                return false;
        /* Before the module's own settings, so that these take precedence. */
        g_auto(GStrv) parts = g_strsplit(what, ",", 2);
        g_autofree char *all = g_strconcat(parts[0] ?: "", real_time ? ",pace=real" : "",
                                           unit->uart ? ",urcport=uart1" : "", parts[0] && parts[1] ? "," : "",
                                           parts[0] && parts[1] ? parts[1] : "", NULL);
        g_autoptr(Persona) persona = persona_new(all, error);
        if (!persona)
                return false;
        bool attached = persona_flag(persona, PERSONA_ATTACHED);
        const struct device_options options = bench_device_options(persona);
        bool adapter = persona_flag(persona, PERSONA_ADAPTER);
        unit->interface = persona_number(persona, PERSONA_AT_IF);
        unit->model = model_new(g_steal_pointer(&persona), unit->uart, &bench_world, unit);
        if (unit->uart && adapter)
                device_plug_serial(unit->device, unit->path + strlen(UART), unit->interface, &options);
        return !attached || unit_attach(unit, error);
}

bool bench_add_decoy(Bench *bench, const char *text, GError **error)
{
        g_autofree char *what = NULL;
        Unit *unit = unit_new(bench, text, &what, error);

        if (!unit)
                return false;
        if (unit->uart) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there are only modules at serial ports");
                return false;
        }
        if (g_str_equal(what, "ftdi")) {
                unit->face = usb_ftdi;
        } else if (g_str_equal(what, "boot-rom")) {
                unit->face = usb_boot_rom;
        } else {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "a decoy is ftdi or boot-rom, not '%s'",
                            what);
                return false;
        }
        return unit_attach(unit, error);
}

Unit *bench_find(Bench *bench, const char *name)
{
        for (guint i = 0; i < bench->units->len; i++) {
                Unit *unit = g_ptr_array_index(bench->units, i);

                if (g_str_equal(unit->name, name))
                        return unit;
        }
        return NULL;
}

static bool is_there(Unit *unit)
{
        return unit->model ? model_system(unit->model) != MODEL_OFF : device_node(unit->device, USB_OTHER)[0] != '\0';
}

bool unit_attach(Unit *unit, GError **error)
{
        static const struct device_options options = { .same_numbers = true };

        if (is_there(unit))
                return true;
        if (!unit->uart && !bed_path_is_free(unit->bench->bed, unit->path, NULL, error))
                return false;
        if (unit->model)
                model_power_on(unit->model);
        else
                device_enumerate(unit->device, unit->path, &unit->face, &options);
        return true;
}

void unit_detach(Unit *unit)
{
        if (unit->model)
                model_power_off(unit->model);
        else
                device_leave(unit->device);
}

bool unit_adapter(Unit *unit, bool there, GError **error)
{
        static const struct device_options options = { 0 };
        bool is = unit->uart && device_node(unit->device, USB_AT)[0] != '\0';

        if (!unit->uart) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is not at a serial port", unit->name);
                return false;
        }
        if (there && !is)
                device_plug_serial(unit->device, unit->path + strlen(UART), unit->interface, &options);
        else if (!there && is)
                device_leave(unit->device);
        return true;
}

bool unit_move(Unit *unit, const char *path, GError **error)
{
        if (unit->uart) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is not on USB", unit->name);
                return false;
        }
        if (!bed_path_is_free(unit->bench->bed, path, unit->path, error))
                return false;
        unit_detach(unit);
        g_free(unit->path);
        unit->path = g_strdup(path);
        return unit_attach(unit, error);
}

static bool is_module(Unit *unit, GError **error)
{
        if (!unit->model)
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is a decoy", unit->name);
        return unit->model != NULL;
}

bool unit_power_cut(Unit *unit, GError **error)
{
        if (!is_module(unit, error))
                return false;
        model_power_cut(unit->model);
        return true;
}

bool unit_say(Unit *unit, const char *text, GError **error)
{
        if (!is_module(unit, error))
                return false;
        model_say(unit->model, text);
        return true;
}

bool unit_set(Unit *unit, const char *key, const char *value, GError **error)
{
        return is_module(unit, error) && model_set(unit->model, key, value, error);
}

bool unit_hold(Unit *unit, const char *point, GError **error)
{
        if (!is_module(unit, error))
                return false;
        model_hold(unit->model, point);
        return true;
}

bool unit_release(Unit *unit, const char *point, GError **error)
{
        if (!is_module(unit, error))
                return false;
        if (!model_release(unit->model, point)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, point ? "no hold at %s" : "not held",
                            point);
                return false;
        }
        return true;
}

const char *unit_held(Unit *unit, const char *point)
{
        return unit->model ? model_held(unit->model, point) : NULL;
}

void unit_bytes(Unit *unit, const char *escaped)
{
        g_autoptr(GBytes) bytes = text_unescape(escaped);
        unsigned interface = unit->model ? persona_number(model_persona(unit->model), PERSONA_AT_IF)
                                         : unit->face.ports[0].interface;
        gsize n;
        const void *data = g_bytes_get_data(bytes, &n);

        if (n)
                bench_world.tx(unit, interface, data, n);
}

char *unit_get(Unit *unit, const char *key)
{
        const Persona *p = unit->model ? model_persona(unit->model) : NULL;
        static const enum usb_role roles[] = { USB_DIAG, USB_AT, USB_MODEM, USB_OTHER };

        if (p && persona_get(p, key))
                return g_strdup(persona_get(p, key));
        char *truth = unit->model ? model_truth(unit->model, key) : NULL;
        if (truth)
                return truth;
        for (unsigned i = 0; i < G_N_ELEMENTS(roles); i++) {
                g_autofree char *name = g_strconcat("port-", usb_role_name(roles[i]), NULL);

                if (g_str_equal(key, name))
                        return g_strdup(device_node(unit->device, roles[i]));
        }
        if (g_str_equal(key, "path"))
                return g_strdup(unit->path);
        if (g_str_equal(key, "devnum"))
                return g_strdup_printf("%u", device_number(unit->device));
        if (g_str_equal(key, "power-control"))
                return device_power_control(unit->device);
        if (g_str_equal(key, "connected"))
                return g_strdup_printf("%d", device_is_open(unit->device, p ? persona_number(p, PERSONA_AT_IF)
                                                                            : unit->face.ports[0].interface));
        if (g_str_equal(key, "exclusive"))
                return g_strdup_printf("%d", unit->exclusive);
        if (g_str_equal(key, "bytes") && !unit->model)
                return g_strdup_printf("%" G_GUINT64_FORMAT, unit->bytes);
        return NULL;
}

unsigned unit_count(Unit *unit, const char *event)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(unit->counts, event));
}

/* --- the bench --- */

Bench *bench_new(const char *log, GError **error)
{
        g_autofree char *path = g_strdup(log);
        FILE *file = NULL;

        if (path && !(file = fopen(path, "we"))) {
                g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
                return NULL;
        }
        Bench *bench = g_new0(Bench, 1);
        bench->log = file;
        bench->log_path = g_steal_pointer(&path);
        bench->start = g_get_monotonic_time();
        bench->units = g_ptr_array_new_with_free_func(unit_free);
        bench->bed = bed_new();
        return bench;
}

void bench_follow_claims(Bench *bench, const char *directory)
{
        bed_follow_claims(bench->bed, directory);
}

bool bench_serve_owners(Bench *bench, const char *owners, GError **error)
{
        unsigned ttys, power;
        char end;

        if (sscanf(owners, "%u:%u%c", &ttys, &power, &end) != 2 || !ttys || !power) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "owners are two numbers: %s", owners);
                return false;
        }
        bed_serve_owners(bench->bed, ttys, power);
        return true;
}

void bench_free(Bench *bench)
{
        if (!bench)
                return;
        bench->on_event = NULL;
        g_ptr_array_unref(bench->units);
        bed_free(bench->bed);
        if (bench->log)
                fclose(bench->log);
        g_free(bench->log_path);
        g_free(bench);
}

const char *bench_log_path(Bench *bench)
{
        return bench->log_path ?: "";
}

void bench_on_event(Bench *bench, void (*fn)(void *user), void *user)
{
        bench->on_event = fn;
        bench->on_event_user = user;
}

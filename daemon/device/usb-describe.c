/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Describes a USB device for recordings, as sysfs shows it: descriptors, strings, interfaces and their drivers. Draws no
 * conclusion. */

#include <string.h>

#include "device/usb-describe.h"

/* The caller frees it; NULL: not there, or empty. */
static char *read_attribute(const char *directory, const char *name)
{
        g_autofree char *path = g_build_filename(directory, name, NULL), *value = NULL;

        if (!g_file_get_contents(path, &value, NULL, NULL) || !*g_strstrip(value))
                return NULL;
        return g_steal_pointer(&value);
}

static void append_attribute(GString *out, const char *directory, const char *name)
{
        g_autofree char *value = read_attribute(directory, name);

        if (value)
                g_string_append_printf(out, " %s=%s", name, value);
}

static void append_string(RecordingWriter *w, GString *out, const char *directory, const char *name)
{
        g_autofree char *value = read_attribute(directory, name), *quoted = NULL;

        if (!value)
                return;
        quoted = strcmp(name, "serial") == 0 ? recording_writer_quote_serial(w, value)
                                             : recording_writer_quote(w, value);
        g_string_append_printf(out, " %s=%s", name, quoted);
}

/* Class, subclass and protocol of a device (bDevice) or an interface (bInterface). */
static void append_class(GString *out, const char *directory, const char *prefix)
{
        static const char *const parts[] = { "Class", "SubClass", "Protocol" };

        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
                g_autofree char *name = g_strconcat(prefix, parts[i], NULL), *value = read_attribute(directory, name);

                g_string_append_printf(out, "%s%s", i == 0 ? " class=" : "/", value ?: "??");
        }
}

/* Configuration and interface descriptors as the device gave them; strings are not among them. */
static void append_descriptors(GString *out, const char *syspath)
{
        g_autofree char *path = g_build_filename(syspath, "descriptors", NULL), *bytes = NULL;
        gsize length;

        if (!g_file_get_contents(path, &bytes, &length, NULL) || length == 0)
                return;
        g_string_append(out, " descriptors=");
        for (gsize i = 0; i < MIN(length, RECORDING_DESCRIPTORS_MAX); i++)
                g_string_append_printf(out, "%02x", (unsigned char)bytes[i]);
        if (length > RECORDING_DESCRIPTORS_MAX)
                g_string_append_printf(out, " descriptors-length=%zu", (size_t)length);
}

static void describe_device(RecordingWriter *w, uint64_t now, const char *syspath)
{
        static const char *const attributes[] = { "bcdDevice", "bMaxPower", "bNumInterfaces", "speed", "version" };
        static const char *const strings[] = { "manufacturer", "product", "serial" };
        g_autofree char *vendor = read_attribute(syspath, "idVendor"), *product = read_attribute(syspath, "idProduct");
        g_autoptr(GString) out = g_string_new(NULL);

        g_string_printf(out, "%s:%s", vendor ?: "????", product ?: "????");
        append_class(out, syspath, "bDevice");
        for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++)
                append_attribute(out, syspath, attributes[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                append_string(w, out, syspath, strings[i]);
        append_descriptors(out, syspath);
        recording_writer_add(w, now, RECORDING_DEVICE, out->str);
}

/* The driver that is bound to an interface; NULL none. The caller frees it. */
static char *read_driver(const char *directory)
{
        g_autofree char *uevent = read_attribute(directory, "uevent");
        g_auto(GStrv) lines = g_strsplit(uevent ?: "", "\n", -1);

        for (char **line = lines; *line; line++)
                if (g_str_has_prefix(*line, "DRIVER="))
                        return g_strdup(*line + strlen("DRIVER="));
        return NULL;
}

static void describe_interface(RecordingWriter *w, uint64_t now, const char *directory, unsigned number)
{
        g_autofree char *driver = read_driver(directory);
        g_autoptr(GString) out = g_string_new(NULL);

        g_string_printf(out, "%u", number);
        append_class(out, directory, "bInterface");
        append_attribute(out, directory, "bNumEndpoints");
        if (driver)
                g_string_append_printf(out, " driver=%s", driver);
        append_string(w, out, directory, "interface");
        recording_writer_add(w, now, RECORDING_INTERFACE, out->str);
}

/* Its ttys are directories in it, or in its directory tty. */
static void describe_ttys(RecordingWriter *w, uint64_t now, const char *directory, unsigned number)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                if (g_str_has_prefix(name, "tty") && strcmp(name, "tty") != 0) {
                        g_autofree char *text = g_strdup_printf("%s interface=%u", name, number);

                        recording_writer_add(w, now, RECORDING_TTY, text);
                }
        g_clear_pointer(&dir, g_dir_close);
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The directories of the interfaces, sorted: 1-1.2:1.0 and so on. */
static GPtrArray *find_interfaces(const char *syspath)
{
        g_autofree char *device = g_path_get_basename(syspath), *prefix = g_strconcat(device, ":", NULL);
        GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
        GDir *dir = g_dir_open(syspath, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                if (g_str_has_prefix(name, prefix))
                        g_ptr_array_add(found, g_build_filename(syspath, name, NULL));
        g_clear_pointer(&dir, g_dir_close);
        g_ptr_array_sort(found, compare);
        return found;
}

/* Returns false if the directory is no interface, or not there any more. */
static bool read_number(const char *directory, unsigned *ret)
{
        g_autofree char *text = read_attribute(directory, "bInterfaceNumber");
        guint64 number;

        if (!text || !g_ascii_string_to_unsigned(text, 16, 0, 255, &number, NULL))
                return false;
        *ret = (unsigned)number;
        return true;
}

void usb_describe(RecordingWriter *w, uint64_t now, const char *syspath, bool ttys)
{
        g_autoptr(GPtrArray) interfaces = find_interfaces(syspath);
        unsigned number;

        describe_device(w, now, syspath);
        for (unsigned i = 0; i < interfaces->len; i++) {
                const char *directory = g_ptr_array_index(interfaces, i);

                if (!read_number(directory, &number))
                        continue;
                describe_interface(w, now, directory, number);
                if (ttys)
                        describe_ttys(w, now, directory, number);
        }
}

void usb_describe_interface(RecordingWriter *w, uint64_t now, const char *syspath, unsigned interface)
{
        g_autoptr(GPtrArray) interfaces = find_interfaces(syspath);
        unsigned number;

        for (unsigned i = 0; i < interfaces->len; i++)
                if (read_number(g_ptr_array_index(interfaces, i), &number) && number == interface)
                        describe_interface(w, now, g_ptr_array_index(interfaces, i), number);
}

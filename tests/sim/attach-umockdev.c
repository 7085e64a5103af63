/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that connect and disconnect in the test bed: sysfs, udev properties, uevents in the order in which a kernel
 * sends them. Their ttys are in bed-tty.c. This file must not depend on modules: it shows a given face.
 */
#include "attach.h"
#include "bed-private.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SERIAL "/devices/platform/serial8250"

struct Device {
        Bed *bed;
        bool serial; /* not a USB device, but at a serial port */
        const struct device_observer *observer;
        void *user;
        bool there;
        struct device_options options;
        unsigned vendor, product, devnum;
        char *path;    /* "1-1.2" */
        char *syspath; /* below /sys */
        char *driver;
        char *serial_id;  /* Android_Android_0000 */
        GPtrArray *plain; /* syspaths of interfaces without tty, in order of arrival */
        struct bed_tty *ttys[USB_PORTS_MAX];
        unsigned n_ttys;
        struct usb_port ports[USB_PORTS_MAX];
        unsigned n_ports, next_port;
        guint gap_timer;
        unsigned old_numbers[USB_PORTS_MAX]; /* of the last enumeration, by order of ports */
        unsigned n_old;
        int power_watch;
        struct bed_rule *rule;
};

/* --- sysfs --- */

static char *power_control(const Device *device)
{
        return g_strdup_printf("%s/sys%s/power/control", device->bed->root, device->syspath);
}

static void add_usb_device(Device *device, const struct usb_face *face)
{
        unsigned bus = (unsigned)atoi(device->path);
        const char *devpath = strchr(device->path, '-') + 1;
        g_autofree char *up = bed_up_to_sys(device->syspath);
        g_autofree char *control = power_control(device);
        g_autoptr(GString) text = g_string_new(NULL);

        device->rule = bed_rule_new(device->bed, device->syspath, device->path, false, text);
        g_string_append_printf(
                text,
                "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\nE: DEVNAME=/dev/bus/usb/%03u/%03u\n"
                "E: PRODUCT=%x/%x/318\nE: TYPE=239/2/1\nE: BUSNUM=%03u\nE: DEVNUM=%03u\nE: MAJOR=189\nE: MINOR=%u\n"
                "E: ID_BUS=usb\nE: ID_VENDOR=%s\nE: ID_VENDOR_ID=%04x\nE: ID_MODEL=%s\nE: ID_MODEL_ID=%04x\nE: "
                "ID_SERIAL=%s\n"
                "E: ID_SERIAL_SHORT=%s\nE: ID_REVISION=0318\nE: ID_PATH=pci-0000:00:14.0-usb-0:%s\n"
                "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: bcdDevice=0318\\n\nA: bDeviceClass=ef\\n\nA: "
                "manufacturer=%s\\n\n"
                "A: product=%s\\n\nA: serial=%s\\n\nA: busnum=%u\\n\nA: devnum=%u\\n\nA: devpath=%s\\n\nA: "
                "speed=480\\n\n"
                "A: bNumInterfaces=%2u\\n\nA: bConfigurationValue=1\\n\nA: authorized=1\\n\nA: power/control=auto\\n\nA: "
                "power/runtime_status=active\\n\n"
                "L: driver=%sbus/usb/drivers/usb\n",
                bus, device->devnum, face->vendor, face->product, bus, device->devnum,
                (bus - 1) * 128 + device->devnum - 1, face->manufacturer, face->vendor, face->product_name,
                face->product, device->serial_id, face->serial, devpath, face->vendor, face->product,
                face->manufacturer, face->product_name, face->serial, bus, device->devnum, devpath,
                face->n_ports + (face->network ? 2 : 0), up);
        bed_add_usb(device->bed, text->str, face->vendor, face->product,
                    bed_rule_is_claimed(device->rule), control);
        bed_rule_begin(device->rule);
}

static char *interface_path(const Device *device, unsigned interface)
{
        return g_strdup_printf("%s/%s:1.%u", device->syspath, device->path, interface);
}

static void add_interface(Device *device, unsigned interface, const char *class, unsigned endpoints, const char *label,
                          const char *driver)
{
        g_autofree char *syspath = interface_path(device, interface), *up = bed_up_to_sys(syspath);
        g_auto(GStrv) class_parts = g_strsplit(class, "/", 3);
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_append_printf(
                text,
                "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nE: PRODUCT=%x/%x/318\nE: INTERFACE=%lu/%lu/%lu\n",
                syspath, device->vendor, device->product, strtoul(class_parts[0], NULL, 16),
                strtoul(class_parts[1], NULL, 16), strtoul(class_parts[2], NULL, 16));
        if (driver)
                g_string_append_printf(text, "E: DRIVER=%s\nL: driver=%sbus/usb/drivers/%s\n", driver, up, driver);
        g_string_append_printf(text,
                               "A: bInterfaceNumber=%02x\\n\nA: bInterfaceClass=%s\\n\nA: bInterfaceSubClass=%s\\n\n"
                               "A: bInterfaceProtocol=%s\\n\nA: bNumEndpoints=%02x\\n\nA: bAlternateSetting= 0\\n\n",
                               interface, class_parts[0], class_parts[1], class_parts[2], endpoints);
        if (*label)
                g_string_append_printf(text, "A: interface=%s\\n\n", label);
        bed_add_device(device->bed, text->str);
}

/* usb-serial drivers have a device of their own between interface and tty; cdc_acm has not. */
static bool is_acm(const Device *device)
{
        return g_str_equal(device->driver, "cdc_acm");
}

static void add_tty(Device *device, const struct usb_port *port, struct bed_tty *tty)
{
        g_autofree char *interface = interface_path(device, port->interface);
        const char *devpath = strchr(device->path, '-') + 1;
        g_autoptr(GString) text = g_string_new(NULL);

        if (is_acm(device)) {
                tty->syspath = g_strdup_printf("%s/tty/%s", interface, tty->name);
        } else {
                tty->parent = g_strdup_printf("%s/%s", interface, tty->name);
                tty->syspath = g_strdup_printf("%s/tty/%s", tty->parent, tty->name);
                const char *driver = g_str_equal(device->driver, "option") ? "option1" : device->driver;
                g_autofree char *up = bed_up_to_sys(tty->parent);
                g_autofree char *parent = g_strdup_printf("P: %s\nE: SUBSYSTEM=usb-serial\nE: DRIVER=%s\nA: "
                                                          "port_number=0\\n\nL: driver=%sbus/usb-serial/drivers/%s\n",
                                                          tty->parent, driver, up, driver);
                bed_add_device(device->bed, parent);
        }
        /* The node exists before the event that announces it. No newline after dev=: libumockdev would leave the link
         * in /sys/dev/char behind. */
        bed_tty_make_node(tty);
        tty->rule = bed_rule_new(device->bed, tty->syspath, device->path, true, text);
        g_string_append_printf(text, "E: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\nE: MAJOR=%u\nE: MINOR=%u\n", tty->name,
                               tty->major, tty->number);
        g_string_append_printf(
                text,
                "E: ID_BUS=usb\nE: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\nE: ID_SERIAL=%s\nE: ID_REVISION=0318\n"
                "E: ID_TYPE=generic\nE: ID_USB_INTERFACE_NUM=%02x\nE: ID_USB_DRIVER=%s\n",
                device->vendor, device->product, device->serial_id, port->interface, device->driver);
        g_string_append_printf(text, "E: ID_PATH=pci-0000:00:14.0-usb-0:%s:1.%u\nE: TAGS=:systemd:\nA: dev=%u:%u\n",
                               devpath, port->interface, tty->major, tty->number);
        bed_add_device(device->bed, text->str);
        bed_rule_begin(tty->rule);
        device->ttys[device->n_ttys++] = tty;
}

/* --- numbers --- */

static bool was_number(const Device *device, unsigned number)
{
        for (unsigned i = 0; i < device->n_old; i++)
                if (device->old_numbers[i] == number)
                        return true;
        return false;
}

/* A descriptor that is still open keeps its number busy on a real host, so that a module comes back under others. */
static unsigned choose_number(Device *device, unsigned index, const char *family)
{
        unsigned number = 0;

        if (device->options.same_numbers && index < device->n_old &&
            !bed_number_used(device->bed, family, device->old_numbers[index]))
                return device->old_numbers[index];
        while (bed_number_used(device->bed, family, number) || was_number(device, number))
                number++;
        return number;
}

/* --- connecting --- */

static void tell_log(Device *device, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell_log(Device *device, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        device->observer->log(device->user, line);
}

static void port_arrives(Device *device, unsigned index, unsigned number)
{
        const struct usb_port *port = &device->ports[index];
        bool acm = is_acm(device);

        struct bed_tty *tty = bed_tty_new(device->bed, acm ? "ttyACM" : "ttyUSB", acm ? 166 : 188, number,
                                          port->interface, port->role, device->options.cooked,
                                          device->options.keep_unheard, device->observer, device->user);
        add_interface(device, port->interface, acm ? "02/02/01" : "ff/00/00", port->endpoints, port->label,
                      device->driver);
        add_tty(device, port, tty);
        tell_log(device, "bus: /dev/%s is interface %u (%s)", tty->name, port->interface, usb_role_name(port->role));
        device->observer->arrived(device->user, port->interface, port->role);
}

static gboolean arrive(void *data)
{
        Device *device = data;

        while (device->next_port < device->n_ports) {
                unsigned i = device->next_port++;
                unsigned index = device->options.reverse ? device->n_ports - 1 - i : i;

                port_arrives(device, index, device->old_numbers[index]);
                if (device->options.gap_ms && device->next_port < device->n_ports) {
                        device->gap_timer = g_timeout_add(device->options.gap_ms, arrive, device);
                        return G_SOURCE_REMOVE;
                }
        }
        device->gap_timer = 0;
        return G_SOURCE_REMOVE;
}

void device_enumerate(Device *device, const char *path, const struct usb_face *face,
                      const struct device_options *options)
{
        g_autofree char *syspath = bed_add_ancestors(device->bed, path);

        g_hash_table_add(device->bed->taken, g_strdup(path));
        device->there = true;
        device->options = *options;
        device->vendor = face->vendor;
        device->product = face->product;
        device->devnum = ++device->bed->devnums[atoi(path)];
        g_free(device->path);
        device->path = g_strdup(path);
        g_free(device->syspath);
        device->syspath = g_steal_pointer(&syspath);
        g_free(device->driver);
        device->driver = g_strdup(face->driver);
        g_free(device->serial_id);
        device->serial_id = g_strdup_printf("%s_%s_%s", face->manufacturer, face->product_name, face->serial);
        tell_log(device, "bus: %04x:%04x at %s, device %u", face->vendor, face->product, path, device->devnum);

        add_usb_device(device, face);
        g_autofree char *control = power_control(device);
        device->power_watch = bed_watch(device->bed, control, IN_CLOSE_WRITE, device->observer, device->user);
        for (unsigned i = 0; face->network && i < 2; i++) {
                add_interface(device, i, i == 0 ? "02/06/00" : "0a/00/00", i == 0 ? 1 : 2, "Mobile ECM Network Adapter",
                              "cdc_ether");
                g_ptr_array_add(device->plain, interface_path(device, i));
        }

        memcpy(device->ports, face->ports, sizeof device->ports);
        device->n_ports = face->n_ports;
        device->next_port = 0;
        if (!face->bound) {
                for (; device->next_port < device->n_ports; device->next_port++) {
                        const struct usb_port *port = &device->ports[device->next_port];

                        add_interface(device, port->interface, "ff/00/00", port->endpoints, port->label, NULL);
                        g_ptr_array_add(device->plain, interface_path(device, port->interface));
                }
                return;
        }

        /* All numbers are assigned before any is used: the order of arrival must not change them. */
        unsigned numbers[USB_PORTS_MAX];
        const char *family = is_acm(device) ? "ttyACM" : "ttyUSB";
        for (unsigned i = 0; i < device->n_ports; i++) {
                numbers[i] = choose_number(device, i, family);
                bed_number_take(device->bed, family, numbers[i]);
        }
        memcpy(device->old_numbers, numbers, sizeof numbers);
        device->n_old = device->n_ports;
        arrive(device);
}

/* --- a serial port of the host --- */

bool bed_serial_name_ok(const char *name)
{
        return g_regex_match_simple("^ttyS[0-9]{1,2}$", name, 0, 0);
}

void device_plug_serial(Device *device, const char *name, unsigned interface, const struct device_options *options)
{
        Bed *bed = device->bed;
        unsigned number = (unsigned)atoi(name + strlen("ttyS"));
        struct bed_tty *tty = bed_tty_new(bed, "ttyS", 4, number, interface, USB_AT, options->cooked,
                                          options->keep_unheard, device->observer, device->user);
        g_autofree char *up = bed_up_to_sys(SERIAL);
        g_autofree char *parent = g_strdup_printf(
                "P: " SERIAL "\nE: SUBSYSTEM=platform\nE: DRIVER=serial8250\nE: MODALIAS=platform:serial8250\n"
                "L: driver=%sbus/platform/drivers/serial8250\n",
                up);

        if (g_hash_table_add(bed->ancestors, g_strdup(SERIAL)))
                bed_add_device(bed, parent);
        tty->syspath = g_strdup_printf(SERIAL "/tty/%s", name);
        g_autofree char *text = g_strdup_printf("P: %s\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\nE: MAJOR=4\nE: MINOR=%u\n"
                                                "E: TAGS=:systemd:\nA: dev=4:%u\n",
                                                tty->syspath, name, 64 + number, 64 + number);
        bed_tty_make_node(tty);
        bed_add_device(bed, text);
        device->serial = device->there = true;
        device->ttys[device->n_ttys++] = tty;
        tell_log(device, "at %s", name);
        device->observer->arrived(device->user, interface, USB_AT);
}

static void unplug_serial(Device *device)
{
        struct bed_tty *tty = device->ttys[0];

        bed_tty_hang_up(tty);
        bed_tty_remove_node(tty);
        bed_remove_device(device->bed, tty->syspath);
        bed_tty_free(tty);
        device->n_ttys = 0;
        device->there = false;
}

/* --- disconnecting --- */

void device_leave(Device *device)
{
        if (!device->there)
                return;
        if (device->serial) {
                unplug_serial(device);
                return;
        }
        const char *family = is_acm(device) ? "ttyACM" : "ttyUSB";

        if (device->gap_timer)
                g_source_remove(device->gap_timer);
        device->gap_timer = 0;
        for (unsigned i = 0; i < device->n_ttys && !device->options.hangup_after; i++)
                bed_tty_hang_up(device->ttys[i]);
        for (unsigned i = 0; i < device->n_ttys; i++) {
                struct bed_tty *tty = device->ttys[i];
                g_autofree char *interface = interface_path(device, tty->interface);

                bed_tty_remove_node(tty);
                bed_rule_free(tty->rule);
                bed_remove_device(device->bed, tty->syspath);
                if (tty->parent)
                        bed_remove_device(device->bed, tty->parent);
                bed_remove_device(device->bed, interface);
        }
        for (unsigned i = 0; i < device->plain->len; i++)
                bed_remove_device(device->bed, g_ptr_array_index(device->plain, i));
        g_ptr_array_set_size(device->plain, 0);
        bed_unwatch(device->bed, device->power_watch);
        bed_rule_free(device->rule);
        bed_remove_device(device->bed, device->syspath);
        for (unsigned i = 0; i < device->n_ttys; i++)
                bed_tty_free(device->ttys[i]);
        device->n_ttys = 0;
        for (unsigned i = 0; i < device->n_old; i++)
                bed_number_give_back(device->bed, family, device->old_numbers[i]);
        g_hash_table_remove(device->bed->taken, device->path);
        device->there = false;
        tell_log(device, "bus: gone from %s", device->path);
}

/* --- other functions --- */

Device *device_new(Bed *bed, const struct device_observer *observer, void *user)
{
        Device *device = g_new0(Device, 1);

        device->bed = bed;
        device->observer = observer;
        device->user = user;
        device->driver = g_strdup("");
        device->plain = g_ptr_array_new_with_free_func(g_free);
        return device;
}

void device_free(Device *device)
{
        if (!device)
                return;
        device_leave(device);
        g_free(device->path);
        g_free(device->syspath);
        g_free(device->driver);
        g_free(device->serial_id);
        g_ptr_array_unref(device->plain);
        g_free(device);
}

static struct bed_tty *find_tty(Device *device, unsigned interface)
{
        for (unsigned i = 0; device->there && i < device->n_ttys; i++)
                if (device->ttys[i]->interface == interface)
                        return device->ttys[i];
        return NULL;
}

void device_tx(Device *device, unsigned interface, const void *bytes, size_t n)
{
        struct bed_tty *tty = find_tty(device, interface);

        if (tty)
                bed_tty_write(tty, bytes, n);
}

size_t device_unread(Device *device, unsigned interface)
{
        struct bed_tty *tty = find_tty(device, interface);

        return tty ? bed_tty_unread(tty) : 0;
}

bool device_is_open(Device *device, unsigned interface)
{
        struct bed_tty *tty = find_tty(device, interface);

        return tty && bed_tty_is_open(tty);
}

void device_listen(Device *device, unsigned interface, size_t most, unsigned rate)
{
        struct bed_tty *tty = find_tty(device, interface);

        if (tty)
                bed_tty_listen(tty, most, rate);
}

struct usb_line device_line(Device *device, unsigned interface)
{
        struct bed_tty *tty = find_tty(device, interface);

        return tty ? bed_tty_line(tty) : (struct usb_line){ 0 };
}

const char *device_node(Device *device, enum usb_role role)
{
        for (unsigned i = 0; device->there && i < device->n_ttys; i++)
                if (device->ttys[i]->role == role)
                        return device->ttys[i]->node;
        return "";
}

unsigned device_number(Device *device)
{
        return device->devnum;
}

char *device_power_control(Device *device)
{
        g_autofree char *file = device->there && !device->serial
                                        ? g_strdup_printf("%s/sys%s/power/control", device->bed->root, device->syspath)
                                        : NULL;
        char *value = NULL;

        if (!file || !g_file_get_contents(file, &value, NULL, NULL))
                return g_strdup("");
        return g_strstrip(value);
}

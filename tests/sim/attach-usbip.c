/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices on the USB of another machine's kernel, which shows them with its own drivers and its own udev. This file
 * must not depend on modules: it shows a given face.
 *
 * Not available here, because that machine decides about it: numbers and order of the ttys, hang-ups, termios,
 * power/control; and there are no serial ports.
 */
#include "attach.h"
#include "descriptors.h"
#include "usbip.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNHEARD_MAX 16384
#define TICK_MS     5 /* of a rate */

/* A request of the host that was not answered yet. */
struct urb {
        uint32_t number;
        size_t length, taken, behind;
        gint64 at;
        uint8_t *bytes;
};

struct line {
        Device *device;
        struct usb_port port;
        bool open;           /* the host reads there */
        GQueue in, out;      /* struct urb */
        GByteArray *to_host; /* for the host, not read yet */
        size_t allowance;
        unsigned rate;
        double credit;
        guint tick;
        bool pulling;
};

struct Device {
        Bed *bed;
        const struct device_observer *observer;
        void *user;
        char *path; /* "1-1" */
        struct usb_face face;
        struct device_options options;
        UsbipDevice *usb; /* NULL: off the bus */
        uint8_t configuration;
        struct line lines[USB_PORTS_MAX];
        GArray *idle; /* numbers of requests that are never answered */
};

struct Bed {
        GPtrArray *devices;
        Usbip *usbip;
};

/* --- the host's drivers --- */

static void urb_free(void *data)
{
        struct urb *urb = data;

        g_free(urb->bytes);
        g_free(urb);
}

static void push_in(struct line *line)
{
        while (line->in.length > 0 && line->to_host->len > 0) {
                struct urb *urb = g_queue_pop_head(&line->in);
                size_t n = MIN(urb->length, line->to_host->len);

                usbip_answer(line->device->usb, urb->number, 0, line->to_host->data, n);
                g_byte_array_remove_range(line->to_host, 0, (guint)n);
                urb_free(urb);
        }
}

static gboolean on_tick(void *data);

/* The number of bytes that may be taken at once. */
static size_t may_take(struct line *line)
{
        if (line->rate && !line->tick)
                line->tick = g_timeout_add(TICK_MS, on_tick, line);
        return line->rate ? MIN(line->allowance, (size_t)line->credit) : line->allowance;
}

/* Passes on the host's bytes, as far as the module listens; that may change while they are passed on. */
static void pull_out(struct line *line)
{
        const struct device_observer *observer = line->device->observer;
        size_t n;

        if (line->pulling)
                return;
        line->pulling = true;
        while (line->out.length > 0) {
                struct urb *urb = g_queue_peek_head(&line->out);

                n = MIN(urb->length - urb->taken, may_take(line));
                if (n == 0 && urb->taken < urb->length)
                        break;
                struct usb_piece piece = { .bytes = urb->bytes + urb->taken,
                                           .n = n,
                                           .at = urb->at,
                                           .write = urb->length,
                                           .behind = urb->behind,
                                           .before = urb->taken,
                                           .read = n };
                urb->taken += n;
                if (line->allowance != SIZE_MAX)
                        line->allowance -= n;
                line->credit -= line->rate ? (double)n : 0;
                if (n > 0)
                        observer->rx(line->device->user, line->port.interface, &piece);
                if (urb->taken < urb->length)
                        continue;
                g_queue_pop_head(&line->out);
                usbip_answer(line->device->usb, urb->number, 0, NULL, urb->length);
                urb_free(urb);
        }
        line->pulling = false;
}

static gboolean on_tick(void *data)
{
        struct line *line = data;

        if (!line->rate || line->out.length == 0) {
                line->tick = 0;
                line->credit = 0;
                return G_SOURCE_REMOVE;
        }
        line->credit = MIN(line->credit, 1) + line->rate * TICK_MS / 1000.0;
        pull_out(line);
        return G_SOURCE_CONTINUE;
}

static void set_open(struct line *line, bool open)
{
        if (line->open == open)
                return;
        line->open = open;
        if (!open && !line->device->options.keep_unheard)
                g_byte_array_set_size(line->to_host, 0);
        line->device->observer->opened(line->device->user, line->port.interface, open);
}

static struct line *find_line(Device *device, unsigned interface)
{
        for (unsigned i = 0; i < device->face.n_ports; i++)
                if (device->lines[i].port.interface == interface)
                        return &device->lines[i];
        return NULL;
}

static size_t outstanding(const struct line *line)
{
        size_t n = 0;

        for (const GList *each = line->out.head; each; each = each->next) {
                const struct urb *urb = each->data;
                n += urb->length - urb->taken;
        }
        return n;
}

static void on_bulk(struct line *line, const struct usbip_request *request)
{
        struct urb *urb = g_new0(struct urb, 1);

        urb->number = request->number;
        urb->length = request->length;
        urb->at = g_get_monotonic_time();
        if (request->in) {
                g_queue_push_tail(&line->in, urb);
                set_open(line, true); /* a driver reads only while a program has the tty open */
                push_in(line);
                return;
        }
        urb->bytes = g_memdup2(request->bytes, request->length);
        urb->behind = outstanding(line);
        g_queue_push_tail(&line->out, urb);
        pull_out(line);
}

/* Requests that are neither standard nor handled here are accepted, and read as zeroes: ftdi_sio and option send such
 * requests to their chips. */
static void on_control(Device *device, const struct usbip_request *request)
{
        enum { GET_DESCRIPTOR = 0x8006, SET_CONFIGURATION = 0x0009, GET_CONFIGURATION = 0x8008 };
        uint8_t bytes[1024] = { 0 };
        const uint8_t *setup = request->setup;
        int n = (int)MIN(request->length, sizeof bytes);

        switch (setup[0] << 8 | setup[1]) {
        case GET_DESCRIPTOR: n = descriptors_get(&device->face, setup[3], setup[2], bytes); break;
        case SET_CONFIGURATION: device->configuration = setup[2]; break;
        case GET_CONFIGURATION:
                bytes[0] = device->configuration;
                n = 1;
                break;
        }
        if (n < 0)
                usbip_answer(device->usb, request->number, -EPIPE, NULL, 0);
        else if (request->in)
                usbip_answer(device->usb, request->number, 0, bytes, MIN((size_t)n, request->length));
        else
                usbip_answer(device->usb, request->number, 0, NULL, request->length);
}

static void on_submitted(void *user, const struct usbip_request *request)
{
        Device *device = user;

        if (request->endpoint == 0) {
                on_control(device, request);
                return;
        }
        for (unsigned i = 0; i < device->face.n_ports; i++)
                if (request->endpoint == DESCRIPTORS_BULK(i)) {
                        on_bulk(&device->lines[i], request);
                        return;
                }
        if (request->in) /* interrupts, and packets of the network: never any */
                g_array_append_val(device->idle, request->number);
        else
                usbip_answer(device->usb, request->number, 0, NULL, request->length);
}

static bool take_back(GQueue *urbs, uint32_t number)
{
        for (GList *each = urbs->head; each; each = each->next) {
                struct urb *urb = each->data;

                if (urb->number != number)
                        continue;
                g_queue_delete_link(urbs, each);
                urb_free(urb);
                return true;
        }
        return false;
}

static bool on_unlinked(void *user, uint32_t number)
{
        Device *device = user;

        for (unsigned i = 0; i < device->face.n_ports; i++) {
                struct line *line = &device->lines[i];

                if (take_back(&line->in, number)) {
                        if (line->in.length == 0)
                                set_open(line, false);
                        return true;
                }
                if (take_back(&line->out, number))
                        return true;
        }
        for (guint i = 0; i < device->idle->len; i++)
                if (g_array_index(device->idle, uint32_t, i) == number) {
                        g_array_remove_index_fast(device->idle, i);
                        return true;
                }
        return false;
}

/* All state of a host's view of the device, and its requests. */
static void forget(Device *device)
{
        for (unsigned i = 0; i < USB_PORTS_MAX; i++) {
                struct line *line = &device->lines[i];

                g_queue_clear_full(&line->in, urb_free);
                g_queue_clear_full(&line->out, urb_free);
                g_byte_array_set_size(line->to_host, 0);
                if (line->tick)
                        g_source_remove(line->tick);
                line->tick = 0;
        }
        g_array_set_size(device->idle, 0);
        device->configuration = 0;
}

static void on_gone(void *user)
{
        Device *device = user;

        device->observer->log(device->user, "bus: the host has let go of it");
        forget(device);
        for (unsigned i = 0; i < device->face.n_ports; i++)
                set_open(&device->lines[i], false);
}

static const struct usbip_observer observer = { on_submitted, on_unlinked, on_gone };

/* --- the bed --- */

void bed_prepare(char **argv)
{
        (void)argv;
}

static unsigned tcp_port; /* of the only bed */

char *bed_environment(void)
{
        return g_strdup_printf("USB_PORT=%u\n", tcp_port);
}

Bed *bed_new(void)
{
        Bed *bed = g_new0(Bed, 1);

        bed->devices = g_ptr_array_new();
        bed->usbip = usbip_new();
        tcp_port = usbip_tcp_port(bed->usbip);
        return bed;
}

void bed_free(Bed *bed)
{
        usbip_free(bed->usbip);
        g_ptr_array_unref(bed->devices);
        g_free(bed);
}

/* The host's own udev has rules for both. */
void bed_follow_claims(Bed *bed, const char *directory)
{
        (void)bed, (void)directory;
}

void bed_serve_owners(Bed *bed, gid_t ttys, uid_t power)
{
        (void)bed, (void)ttys, (void)power;
}

static unsigned port_of(const char *path)
{
        return (unsigned)atoi(strchr(path, '-') + 1);
}

bool bed_path_is_free(Bed *bed, const char *path, const char *mine, GError **error)
{
        unsigned bus, port;
        char rest;

        if (sscanf(path, "%u-%u%c", &bus, &port, &rest) != 2 || bus != 1 || port < 1 || port > 8) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is none of 1-1 to 1-8", path);
                return false;
        }
        for (guint i = 0; i < bed->devices->len; i++) {
                const Device *device = g_ptr_array_index(bed->devices, i);

                if (device->path && g_str_equal(device->path, path) && g_strcmp0(path, mine) != 0) {
                        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is a device at %s", path);
                        return false;
                }
        }
        return true;
}

/* --- a device --- */

Device *device_new(Bed *bed, const struct device_observer *device_observer, void *user)
{
        Device *device = g_new0(Device, 1);

        device->bed = bed;
        device->observer = device_observer;
        device->user = user;
        device->idle = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        for (unsigned i = 0; i < USB_PORTS_MAX; i++) {
                device->lines[i].device = device;
                device->lines[i].to_host = g_byte_array_new();
                device->lines[i].allowance = SIZE_MAX;
        }
        g_ptr_array_add(bed->devices, device);
        return device;
}

void device_free(Device *device)
{
        device_leave(device);
        for (unsigned i = 0; i < USB_PORTS_MAX; i++)
                g_byte_array_unref(device->lines[i].to_host);
        g_ptr_array_remove(device->bed->devices, device);
        g_array_unref(device->idle);
        g_free(device);
}

void device_enumerate(Device *device, const char *path, const struct usb_face *face,
                      const struct device_options *options)
{
        g_autofree char *line = g_strdup_printf("bus: %04x:%04x at %s", face->vendor, face->product, path);

        g_assert(face->n_ports <= DESCRIPTORS_PORTS_MAX);
        device->path = g_strdup(path);
        device->face = *face;
        device->face.manufacturer = g_intern_string(face->manufacturer);
        device->face.product_name = g_intern_string(face->product_name);
        device->face.serial = g_intern_string(face->serial);
        device->face.driver = g_intern_string(face->driver);
        for (unsigned i = 0; i < face->n_ports; i++) {
                device->face.ports[i].label = g_intern_string(face->ports[i].label);
                device->lines[i].port = device->face.ports[i];
        }
        device->options = *options;
        device->configuration = 0;
        device->observer->log(device->user, line);
        device->usb = usbip_plug(device->bed->usbip, port_of(path), &observer, device);
}

void device_leave(Device *device)
{
        if (!device->path)
                return;
        g_clear_pointer(&device->usb, usbip_unplug);
        forget(device);
        for (unsigned i = 0; i < USB_PORTS_MAX; i++) {
                device->lines[i].allowance = SIZE_MAX;
                device->lines[i].rate = 0;
                device->lines[i].open = false;
        }
        device->observer->log(device->user, "bus: gone");
        g_clear_pointer(&device->path, g_free);
}

bool bed_serial_name_ok(const char *name)
{
        (void)name;
        return false;
}

void device_plug_serial(Device *device, const char *name, unsigned interface, const struct device_options *options)
{
        (void)device, (void)name, (void)interface, (void)options;
        g_assert_not_reached();
}

/* --- bytes --- */

void device_tx(Device *device, unsigned interface, const void *bytes, size_t n)
{
        struct line *line = find_line(device, interface);

        if (!device->usb || !line || (!line->open && !device->options.keep_unheard))
                return;
        g_byte_array_append(line->to_host, bytes, (guint)MIN(n, UNHEARD_MAX - MIN(line->to_host->len, UNHEARD_MAX)));
        push_in(line);
}

size_t device_unread(Device *device, unsigned interface)
{
        const struct line *line = find_line(device, interface);

        return line && (line->open || device->options.keep_unheard) ? line->to_host->len : 0;
}

bool device_is_open(Device *device, unsigned interface)
{
        const struct line *line = find_line(device, interface);

        return line && line->open;
}

void device_listen(Device *device, unsigned interface, size_t most, unsigned rate)
{
        struct line *line = find_line(device, interface);

        if (!line)
                return;
        line->allowance = most;
        line->rate = rate;
        if (device->usb)
                pull_out(line);
}

/* Flow control works whatever the host has set: no driver of a module passes the setting on, and bytes that the module
 * does not take are not acknowledged on the bus. */
struct usb_line device_line(Device *device, unsigned interface)
{
        return (struct usb_line){ .crtscts = device_is_open(device, interface) };
}

/* --- properties of the host, which must be read there --- */

const char *device_node(Device *device, enum usb_role role)
{
        (void)device, (void)role;
        return "";
}

unsigned device_number(Device *device)
{
        (void)device;
        return 0;
}

char *device_power_control(Device *device)
{
        (void)device;
        return g_strdup("");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reference for tests/bench/bench: the least program that is on the bus, sees the devices of udev, and uses GLib.
 * It owns the name org.fotad1.Bare, has one property, and does nothing else. */

#include <glib.h>
#include <libudev.h>
#include <systemd/sd-bus.h>

typedef struct Bare {
        sd_bus *bus;
        sd_event *event;
        struct udev *udev;
        struct udev_monitor *monitor;
        GHashTable *devices; /* syspath */
} Bare;

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
        return sd_bus_message_append(reply, "s", "1");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static int on_device(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Bare *b = userdata;
        struct udev_device *device = udev_monitor_receive_device(b->monitor);

        (void)source, (void)fd, (void)events;
        if (device)
                g_hash_table_add(b->devices, g_strdup(udev_device_get_syspath(device)));
        udev_device_unref(device);
        return 0;
}

static void enumerate(Bare *b)
{
        struct udev_enumerate *found = udev_enumerate_new(b->udev);

        udev_enumerate_add_match_subsystem(found, "usb");
        udev_enumerate_add_match_subsystem(found, "tty");
        udev_enumerate_scan_devices(found);
        for (struct udev_list_entry *i = udev_enumerate_get_list_entry(found); i; i = udev_list_entry_get_next(i))
                g_hash_table_add(b->devices, g_strdup(udev_list_entry_get_name(i)));
        udev_enumerate_unref(found);
}

int main(void)
{
        Bare b = { .devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), .udev = udev_new() };

        b.monitor = b.udev ? udev_monitor_new_from_netlink(b.udev, "udev") : NULL;
        if (!b.monitor || udev_monitor_enable_receiving(b.monitor) < 0 || sd_event_default(&b.event) < 0 ||
            sd_bus_open_system(&b.bus) < 0 || sd_bus_attach_event(b.bus, b.event, 0) < 0 ||
            sd_event_add_io(b.event, NULL, udev_monitor_get_fd(b.monitor), SD_EVENT_PRIORITY_NORMAL, on_device, &b) < 0)
                return 1;
        enumerate(&b);
        if (sd_bus_add_object_vtable(b.bus, NULL, "/org/fotad1/bare", "org.fotad1.Bare", vtable, &b) < 0 ||
            sd_bus_request_name(b.bus, "org.fotad1.Bare", 0) < 0)
                return 1;
        return sd_event_loop(b.event) < 0;
}

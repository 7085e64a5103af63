/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns the events of libudev into events about modules: the vendor's USB devices, and their ttys, come and go. Opens
 * no node, and ignores the devices of other vendors. Does not decide which tty matters.
 *
 * When a tty or a device is removed, its parents in sysfs are gone already, so what is needed is kept by its syspath.
 */

#include <dirent.h>
#include <errno.h>
#include <libudev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/quectel/layout.h"
#include "base/log.h"
#include "device/usb-watch.h"

#define MONITOR_BUFFER (1024 * 1024)         /* bytes: a hub full of modules that all come at once */
#define AGAIN_FIRST    (G_USEC_PER_SEC / 4)  /* until devices that could not be read are looked at again */
#define AGAIN_LONGEST  (10 * G_USEC_PER_SEC) /* the same, when they could not be read again and again */

typedef struct udev_device udev_device;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(udev_device, udev_device_unref)

typedef struct Tty {
        char *path, *node;
} Tty;

typedef struct Known {
        char *path;
        unsigned number;
} Known;

struct UsbWatch {
        struct udev *udev;
        struct udev_monitor *monitor;
        sd_event_source *source;
        sd_event_source *again; /* due when all devices are looked at again; off if each could be read */
        uint64_t again_in;      /* its time-out, µs, 0: each could be read */
        GHashTable *devices;    /* syspath -> Known */
        GHashTable *ttys;       /* syspath -> Tty */
        const UsbWatchObserver *observer;
        void *userdata;
};

static void tty_free(Tty *tty)
{
        g_free(tty->path);
        g_free(tty->node);
        g_free(tty);
}

static void known_free(Known *known)
{
        g_free(known->path);
        g_free(known);
}

/* Returns false if the attribute cannot be read. */
static bool read_number(udev_device *d, const char *attribute, int base, unsigned *ret)
{
        const char *value = udev_device_get_sysattr_value(d, attribute);

        *ret = value ? (unsigned)strtoul(value, NULL, base) : 0;
        return value;
}

static unsigned number_of(udev_device *d, const char *attribute, int base)
{
        unsigned number;

        read_number(d, attribute, base, &number);
        return number;
}

/* Returns true if the last call failed for want of a descriptor or of memory, rather than of the value. */
static bool is_short(void)
{
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* The label of an interface, "" if it has none. Returns false if that cannot be read. */
static bool read_name(udev_device *interface, const char **ret)
{
        errno = 0;
        *ret = udev_device_get_sysattr_value(interface, "interface") ?: "";
        return **ret || !is_short();
}

/* A device that is still there could not be read, as for want of a file descriptor: all are looked at again later. */
static void look_again(UsbWatch *w, const char *syspath)
{
        int enabled = SD_EVENT_OFF;

        if (access(syspath, F_OK) < 0)
                return;
        sd_event_source_get_enabled(w->again, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        if (w->again_in == 0)
                log_warning("%s cannot be read: all devices are looked at again until each can", syspath);
        w->again_in = w->again_in ? MIN(2 * w->again_in, AGAIN_LONGEST) : AGAIN_FIRST;
        sd_event_source_set_time_relative(w->again, w->again_in);
        sd_event_source_set_enabled(w->again, SD_EVENT_ONESHOT);
}

static unsigned property_of(udev_device *d, const char *name)
{
        const char *value = udev_device_get_property_value(d, name);

        return value ? (unsigned)strtoul(value, NULL, 10) : 0;
}

/* The number in the event; sysfs may show another device by now, or none. 0: not known, as while the port is reset. */
static unsigned number_of_device(udev_device *d)
{
        unsigned number = property_of(d, "DEVNUM");

        return number ? property_of(d, "BUSNUM") * 1000 + number : 0;
}

static bool is_another(const Known *known, unsigned number)
{
        return number && known->number != number;
}

/* The number of the device that is at this path now. */
static unsigned number_in_sysfs(udev_device *d)
{
        return number_of(d, "busnum", 10) * 1000 + number_of(d, "devnum", 10);
}

/* PRODUCT=2c7c/6005/318 */
static void ids_of_device(udev_device *d, UsbDevice *ret)
{
        const char *product = udev_device_get_property_value(d, "PRODUCT");
        char *end;

        if (!product)
                return;
        ret->vendor_id = (uint16_t)strtoul(product, &end, 16);
        ret->product_id = *end == '/' ? (uint16_t)strtoul(end + 1, NULL, 16) : 0;
}

/* The chip's vendor makes other devices, too: without a module that is awaited there, only a boot loader is taken for
 * a module. */
static bool is_ours(UsbWatch *w, const UsbDevice *device)
{
        if (device->vendor_id == LAYOUT_VENDOR_ID)
                return true;
        return layout_is_boot_rom(device->vendor_id, device->product_id) ||
               (device->vendor_id == LAYOUT_CHIP_VENDOR_ID && w->observer->awaits(w->userdata, device->path));
}

static gboolean tty_is_below(gpointer key, gpointer value, gpointer userdata)
{
        UsbWatch *w = ((gpointer *)userdata)[0];
        const char *path = ((gpointer *)userdata)[1];
        Tty *tty = value;

        (void)key;
        if (strcmp(tty->path, path) != 0)
                return FALSE;
        w->observer->tty_removed(w->userdata, tty->path, tty->node);
        return TRUE;
}

static void device_removed(UsbWatch *w, const char *syspath)
{
        Known *known = g_hash_table_lookup(w->devices, syspath);
        g_autofree char *path = NULL;

        if (!known)
                return;
        path = g_strdup(known->path);
        g_hash_table_remove(w->devices, syspath);
        g_hash_table_foreach_remove(w->ttys, tty_is_below, (gpointer[]){ w, path });
        w->observer->device_removed(w->userdata, path);
}

/* The known device may be newer than the one that left: found by enumeration, or by one of its ttys. */
static void device_left(UsbWatch *w, udev_device *d)
{
        const char *syspath = udev_device_get_syspath(d);
        const Known *known = g_hash_table_lookup(w->devices, syspath);

        if (known && !is_another(known, number_of_device(d)))
                device_removed(w, syspath);
}

static void device_added(UsbWatch *w, udev_device *d)
{
        const char *syspath = udev_device_get_syspath(d);
        Known *known = g_hash_table_lookup(w->devices, syspath);
        UsbDevice device = {
                .path = udev_device_get_sysname(d),
                .syspath = syspath,
                .uid = udev_device_get_property_value(d, "ID_MM_PHYSDEV_UID") ?: syspath,
                .number = number_of_device(d),
        };

        ids_of_device(d, &device);
        if (device.number == 0 || (known && !is_another(known, device.number)))
                return; /* reported by the enumeration and by the monitor, or its ttys will report it again */
        if (known && known->number == number_in_sysfs(d))
                return; /* an event of an earlier device that came and went before the enumeration */
        if (known)
                device_removed(w, syspath); /* its removal was not reported */
        if (!is_ours(w, &device))
                return;
        known = g_new0(Known, 1);
        known->path = g_strdup(device.path);
        known->number = device.number;
        g_hash_table_insert(w->devices, g_strdup(syspath), known);
        w->observer->device_added(w->userdata, &device);
}

/* Reads the interfaces of the device, bit n for interface n. The kernel names them DEVICE:CONFIGURATION.INTERFACE.
 * Returns false if they cannot be read. */
static bool read_interfaces(udev_device *device, uint32_t *ret)
{
        g_autoptr(GDir) directory = g_dir_open(udev_device_get_syspath(device), 0, NULL);
        const char *sysname = udev_device_get_sysname(device), *name;
        uint32_t interfaces = 0;
        unsigned expected;
        uint64_t n;

        if (!directory || !read_number(device, "bNumInterfaces", 10, &expected))
                return false;
        while ((name = g_dir_read_name(directory))) {
                const char *dot;

                if (g_str_has_prefix(name, sysname) && name[strlen(sysname)] == ':' &&
                    (dot = strchr(name + strlen(sysname), '.')) &&
                    g_ascii_string_to_unsigned(dot + 1, 10, 0, 31, &n, NULL))
                        interfaces |= 1u << n;
        }
        /* While some have not appeared yet, all count as there, so that no other port is taken for the AT port yet. */
        *ret = expected > (unsigned)__builtin_popcount(interfaces) ? UINT32_MAX : interfaces;
        return true;
}

static void tty_added(UsbWatch *w, udev_device *d)
{
        const char *syspath = udev_device_get_syspath(d);
        udev_device *interface = udev_device_get_parent_with_subsystem_devtype(d, "usb", "usb_interface");
        udev_device *parent = udev_device_get_parent_with_subsystem_devtype(d, "usb", "usb_device");
        Tty *tty;
        UsbTty told = { .syspath = syspath };

        if (g_hash_table_contains(w->ttys, syspath))
                return;
        if (!interface || !parent || !udev_device_get_devnode(d)) {
                if (strstr(syspath, "/usb"))
                        look_again(w, syspath);
                return;
        }
        device_added(w, parent); /* events of a device and of its ttys may come in any order, or be lost */
        if (!g_hash_table_contains(w->devices, udev_device_get_syspath(parent)))
                return;
        if (!read_number(interface, "bInterfaceNumber", 16, &told.interface) ||
            !read_number(interface, "bNumEndpoints", 16, &told.endpoints) ||
            !read_name(interface, &told.interface_name) || !read_interfaces(parent, &told.interfaces)) {
                look_again(w, syspath);
                return;
        }
        tty = g_new0(Tty, 1);
        tty->path = g_strdup(udev_device_get_sysname(parent));
        tty->node = g_strdup(udev_device_get_devnode(d));
        g_hash_table_insert(w->ttys, g_strdup(syspath), tty);
        told.path = tty->path;
        told.node = tty->node;
        w->observer->tty_added(w->userdata, &told);
}

static void tty_removed(UsbWatch *w, const char *syspath)
{
        g_autofree char *key = NULL;
        Tty *tty;

        if (!g_hash_table_steal_extended(w->ttys, syspath, (gpointer *)&key, (gpointer *)&tty))
                return;
        w->observer->tty_removed(w->userdata, tty->path, tty->node);
        tty_free(tty);
}

static void on_device(UsbWatch *w, udev_device *d)
{
        const char *action = udev_device_get_action(d);
        const char *subsystem = udev_device_get_subsystem(d), *type;
        bool removed = g_strcmp0(action, "remove") == 0;

        if (action && !removed && strcmp(action, "add") != 0)
                return;
        if (g_strcmp0(subsystem, "tty") == 0) {
                bool known = g_hash_table_contains(w->ttys, udev_device_get_syspath(d));

                if (removed)
                        tty_removed(w, udev_device_get_syspath(d));
                else
                        tty_added(w, d);
                if (action && !known && !g_hash_table_contains(w->ttys, udev_device_get_syspath(d)))
                        w->observer->other_tty(w->userdata);
        } else if (g_strcmp0(subsystem, "usb") == 0) {
                errno = 0;
                type = udev_device_get_devtype(d);
                if (!type && is_short())
                        look_again(w, udev_device_get_syspath(d));
                if (g_strcmp0(type, "usb_device") != 0)
                        return;
                if (removed)
                        device_left(w, d);
                else
                        device_added(w, d);
        }
}

/* Reads one event; false if there is none, or events were lost. */
static bool read_event(UsbWatch *w)
{
        g_autoptr(udev_device) d = NULL;

        errno = 0;
        d = udev_monitor_receive_device(w->monitor);
        if (d)
                on_device(w, d);
        return d != NULL;
}

static void remove_gone(UsbWatch *w, GHashTable *known, void (*removed)(UsbWatch *w, const char *syspath))
{
        g_autofree gpointer *paths = g_hash_table_get_keys_as_array(known, NULL);
        g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);

        for (unsigned i = 0; paths[i]; i++)
                if (access(paths[i], F_OK) < 0)
                        g_ptr_array_add(gone, g_strdup(paths[i]));
        for (unsigned i = 0; i < gone->len; i++)
                removed(w, g_ptr_array_index(gone, i));
}

/* Events were lost, or not understood: what is known and gone goes, what is there and unknown comes. Those from before
 * are still to be read, and must not be taken for news afterwards. */
static void catch_up(UsbWatch *w)
{
        while (read_event(w) || errno == ENOBUFS)
                ;
        remove_gone(w, w->ttys, tty_removed);
        remove_gone(w, w->devices, device_removed);
        if (usb_watch_enumerate(w) < 0)
                look_again(w, "/sys");
        w->observer->other_tty(w->userdata);
}

static int on_monitor(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        UsbWatch *w = userdata;

        (void)source, (void)fd, (void)events;
        if (!read_event(w) && errno == ENOBUFS) {
                log_warning("udev events were lost: looking at all devices again");
                catch_up(w);
        }
        return 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        UsbWatch *w = userdata;
        int enabled = SD_EVENT_OFF;

        (void)source, (void)usec;
        catch_up(w);
        sd_event_source_get_enabled(w->again, &enabled);
        if (enabled == SD_EVENT_OFF)
                w->again_in = 0;
        return 0;
}

int usb_watch_new(UsbWatch **ret, sd_event *event, const UsbWatchObserver *observer, void *userdata)
{
        g_autoptr(UsbWatch) w = g_new0(UsbWatch, 1);
        int r;

        w->observer = observer;
        w->userdata = userdata;
        w->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)known_free);
        w->ttys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tty_free);
        w->udev = udev_new();
        if (!w->udev)
                return -ENOMEM;
        /* "udev", not "kernel": when these come, the rules have given the node its owner. */
        w->monitor = udev_monitor_new_from_netlink(w->udev, "udev");
        if (!w->monitor)
                return -ENOTCONN;
        udev_monitor_set_receive_buffer_size(w->monitor, MONITOR_BUFFER); /* not everybody may */
        if ((r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "usb", "usb_device")) < 0 ||
            (r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "tty", NULL)) < 0 ||
            (r = udev_monitor_enable_receiving(w->monitor)) < 0 ||
            (r = sd_event_add_io(event, &w->source, udev_monitor_get_fd(w->monitor), EPOLLIN, on_monitor, w)) < 0 ||
            (r = sd_event_add_time(event, &w->again, CLOCK_MONOTONIC, 0, 0, on_again, w)) < 0 ||
            (r = sd_event_source_set_enabled(w->again, SD_EVENT_OFF)) < 0)
                return r;
        *ret = g_steal_pointer(&w);
        return 0;
}

void usb_watch_free(UsbWatch *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->source);
        sd_event_source_disable_unref(w->again);
        udev_monitor_unref(w->monitor);
        udev_unref(w->udev);
        g_clear_pointer(&w->devices, g_hash_table_unref);
        g_clear_pointer(&w->ttys, g_hash_table_unref);
        g_free(w);
}

const char *usb_watch_find_tty(UsbWatch *w, const char *node)
{
        g_autofree gpointer *syspaths = g_hash_table_get_keys_as_array(w->ttys, NULL);
        struct stat asked, st;

        for (unsigned i = 0; stat(node, &asked) == 0 && syspaths[i]; i++) {
                const Tty *tty = g_hash_table_lookup(w->ttys, syspaths[i]);

                if (stat(tty->node, &st) == 0 && st.st_rdev == asked.st_rdev)
                        return tty->path;
        }
        return NULL;
}

/* A device at a time: udev_enumerate would keep all of them in memory until the last has been read. */
static int enumerate(UsbWatch *w, const char *subsystem, const char *directory)
{
        DIR *d = opendir(directory);
        const struct dirent *entry;

        if (!d)
                return errno == ENOENT ? 0 : -errno;
        while ((entry = readdir(d))) {
                g_autofree char *path = g_build_filename(directory, entry->d_name, NULL);
                g_autoptr(udev_device) device = NULL;

                if (entry->d_name[0] == '.')
                        continue;
                device = udev_device_new_from_subsystem_sysname(w->udev, subsystem, entry->d_name);
                if (device)
                        on_device(w, device);
                else
                        look_again(w, path);
        }
        closedir(d);
        return 0;
}

int usb_watch_enumerate(UsbWatch *w)
{
        int r = enumerate(w, "usb", "/sys/bus/usb/devices");

        return r < 0 ? r : enumerate(w, "tty", "/sys/class/tty");
}

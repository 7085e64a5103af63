/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* The USB devices of modules, and their ttys, as they come and go. */
typedef struct UsbWatch UsbWatch;

typedef struct UsbDevice {
        const char *path;    /* the USB port it is plugged in, the same after every restart: 1-1.2 */
        const char *syspath; /* /sys/devices/... */
        const char *uid;     /* ModemManager's: the syspath, unless a rule names another */
        uint16_t vendor_id, product_id;
        unsigned number; /* bus and device number: another one after each enumeration */
} UsbDevice;

typedef struct UsbTty {
        const char *path;           /* that of its device */
        const char *node;           /* /dev/ttyUSB1 */
        const char *syspath;        /* /sys/devices/.../tty/ttyUSB1 */
        unsigned interface;         /* bInterfaceNumber */
        unsigned endpoints;         /* bNumEndpoints, 0 unknown */
        const char *interface_name; /* "" unknown */
        uint32_t interfaces;        /* bit n: the device has interface n, with or without a tty */
} UsbTty;

/* The arguments are valid during the call only. */
typedef struct UsbWatchObserver {
        /* Returns true if a module is awaited at that path: a device with the chip's vendor id is then taken for it. */
        bool (*awaits)(void *userdata, const char *path);
        void (*device_added)(void *userdata, const UsbDevice *device);
        void (*device_removed)(void *userdata, const char *path);
        void (*tty_added)(void *userdata, const UsbTty *tty);
        void (*tty_removed)(void *userdata, const char *path, const char *node);
        void (*other_tty)(void *userdata); /* a tty that belongs to no module has come or gone */
} UsbWatchObserver;

/* Listens for events. Borrows event and observer. Returns 0 or -errno. */
int usb_watch_new(UsbWatch **ret, sd_event *event, const UsbWatchObserver *observer, void *userdata);
void usb_watch_free(UsbWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UsbWatch, usb_watch_free)

/* The path (as in UsbDevice) of the device that the tty of that node belongs to; the node may be a symbolic link. NULL
 * if it belongs to no module. Belongs to the watch. */
const char *usb_watch_find_tty(UsbWatch *watch, const char *node);

/* Reports the devices and ttys that are there already. Returns 0 or -errno. */
int usb_watch_enumerate(UsbWatch *watch);

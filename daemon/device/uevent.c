/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Synthetic uevents. Knows no module. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <libudev.h>
#include <string.h>
#include <unistd.h>

#include "device/uevent.h"

static int repeat_one(const char *syspath)
{
        g_autofree char *path = g_build_filename(syspath, "uevent", NULL);
        int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

        if (fd < 0)
                return -errno;
        if (write(fd, "change", strlen("change")) < 0)
                r = -errno;
        close(fd);
        return r;
}

/* The device comes first, so that udev handles it before its ports. */
int uevent_repeat(const char *syspath)
{
        static const char *const subsystems[] = { "tty", "net", "usbmisc" };
        struct udev *udev = udev_new();
        struct udev_device *device = udev ? udev_device_new_from_syspath(udev, syspath) : NULL;
        struct udev_enumerate *e = device ? udev_enumerate_new(udev) : NULL;
        struct udev_list_entry *entry;
        int r = e ? repeat_one(syspath) : -ENODEV;

        if (e) {
                udev_enumerate_add_match_parent(e, device);
                for (size_t i = 0; i < G_N_ELEMENTS(subsystems); i++)
                        udev_enumerate_add_match_subsystem(e, subsystems[i]);
                udev_enumerate_scan_devices(e);
                udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(e))
                {
                        int q = repeat_one(udev_list_entry_get_name(entry));

                        r = r < 0 ? r : q;
                }
        }
        udev_enumerate_unref(e);
        udev_device_unref(device);
        udev_unref(udev);
        return r;
}

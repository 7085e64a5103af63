/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners of nodes and attributes, which udev sets before a device is announced. By udev's own rules ttys belong to a
 * group (dialout), by 70-fotad.rules power/control and uevent of a module to a user (fotad). This file must not depend
 * on anything else of a device.
 */
#include "bed-host.h"
#include "bed-private.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sets the owner of a device's file before its event is sent. */
static const char *attribute;
static uid_t attribute_user;

static void give(const char *path, uid_t user, gid_t group, mode_t mode)
{
        if (chown(path, user, group) < 0 || chmod(path, mode) < 0)
                g_error("test bed: %s: %s", path, g_strerror(errno));
}

static void give_attribute(void)
{
        if (attribute)
                give(attribute, attribute_user, 0, 0644);
        attribute = NULL;
}

void bed_udev_give(Bed *bed, const char *file)
{
        if (bed->power_user)
                give(file, bed->power_user, 0, 0644);
}

void bed_serve_owners(Bed *bed, gid_t ttys, uid_t power)
{
        g_autofree char *host = g_strconcat(bed->root, "/" BED_HOST_SOCKET, NULL);

        bed->host_is_root = false;
        bed->ttys_group = ttys;
        bed->power_user = power;
        /* Each listener for events has a socket of its own there. */
        g_chmod(bed->root, 01777);
        g_chmod(host, 0666);
}

void bed_udev_tty(struct bed_tty *tty)
{
        /* Through /proc, where the preload library does not look for devices. */
        g_autofree char *slave = g_strconcat("/proc/self/root", tty->slave, NULL);

        if (tty->bed->ttys_group)
                give(slave, 0, tty->bed->ttys_group, 0660);
}

void bed_add_usb(Bed *bed, const char *text, unsigned vendor, unsigned product, bool claimed, const char *control)
{
        bool loader = (vendor == 0x2ecc && (product == 0x3001 || product == 0x3004 || product == 0x4e11)) ||
                      (vendor == 0x1286 && product == 0x821a);
        bool module = vendor == 0x2c7c || loader || claimed;

        attribute = bed->power_user && module ? control : NULL;
        attribute_user = bed->power_user;
        bed_add_device(bed, text);
        give_attribute(); /* no process listened to the event */
}

static void *next_of(const char *name)
{
        return dlsym(RTLD_NEXT, name);
}

/* In place of libc's, for libumockdev, which ends the process at errors that a listener causes. A listener that has not
 * read its last ten uevents yet, as on a busy machine with many modules, is waited for: a kernel's netlink socket holds
 * more. A listener that has ended, now or during the wait, needs none. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
        static ssize_t (*next)(int, const struct msghdr *, int);
        ssize_t n;

        give_attribute();
        if (!next)
                next = (ssize_t(*)(int, const struct msghdr *, int))next_of("sendmsg");
        while ((n = next(fd, message, flags)) < 0 && errno == EAGAIN) {
                struct pollfd room = { .fd = fd, .events = POLLOUT };

                if (poll(&room, 1, 10000) <= 0)
                        break;
        }
        return n < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ECONNREFUSED || errno == ENOTCONN) ? 0 : n;
}

/* ECONNREFUSED means that the listener has ended. ENOENT means the same: its socket was removed after the folder was
 * read. */
int connect(int fd, const struct sockaddr *address, socklen_t length)
{
        static int (*next)(int, const struct sockaddr *, socklen_t);
        int r;

        if (!next)
                next = (int (*)(int, const struct sockaddr *, socklen_t))next_of("connect");
        r = next(fd, address, length);
        if (r < 0 && errno == ENOENT && address->sa_family == AF_UNIX)
                errno = ECONNREFUSED;
        return r;
}

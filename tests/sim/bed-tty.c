/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The test bed and its ttys: a pty each, with a link to its slave in the mocked /dev. Implements ptys, epoll and
 * inotify; it must not depend on sysfs or events, which are in attach-umockdev.c.
 */
#include "bed-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define UNHEARD_MAX 16384

struct watch {
        struct bed_tty *tty; /* opened and closed, or */
        char *file;          /* written, or */
        struct bed_rule *rule;
        const struct device_observer *observer;
        void *user;
};

static void free_watch(void *data)
{
        struct watch *watch = data;

        g_free(watch->file);
        g_free(watch);
}

/* --- the host's actions --- */

/* The master has no other end while no program has the slave open. */
bool bed_tty_is_open(struct bed_tty *tty)
{
        struct pollfd look = { .fd = tty->master, .events = POLLOUT };

        return tty->master >= 0 && poll(&look, 1, 0) >= 0 && !(look.revents & POLLHUP);
}

static void push_out(struct bed_tty *tty)
{
        while (tty->out->len) {
                ssize_t n = write(tty->master, tty->out->data, tty->out->len);

                if (n <= 0)
                        return; /* the edge of EPOLLOUT comes when there is room */
                g_byte_array_remove_range(tty->out, 0, (guint)n);
        }
}

static void tell_open(struct bed_tty *tty, bool open)
{
        if (!open)
                bed_tty_pull(tty); /* bytes that were written before */
        tty->told_open = open;
        tty->closing = false;
        tty->observer->opened(tty->user, tty->interface, open);
}

/* The event of a close comes before the kernel closes the tty, the hang-up of the master after it; either may be the
 * first to find it closed. */
static void look_closed(struct bed_tty *tty)
{
        if (tty->told_open && tty->master >= 0 && !bed_tty_is_open(tty))
                tell_open(tty, false);
}

static gboolean on_epoll(int fd, GIOCondition condition, void *data)
{
        Bed *bed = data;
        struct epoll_event events[8];
        int n = epoll_wait(fd, events, G_N_ELEMENTS(events), 0);

        (void)condition;
        for (int i = 0; i < n; i++)
                for (guint k = 0; k < bed->ttys->len; k++) {
                        struct bed_tty *tty = g_ptr_array_index(bed->ttys, k);

                        if (tty != events[i].data.ptr)
                                continue;
                        push_out(tty);
                        bed_tty_pull(tty);
                        look_closed(tty);
                        break;
                }
        return G_SOURCE_CONTINUE;
}

static void handle_watch(struct watch *watch, uint32_t mask)
{
        if (watch->rule) {
                bed_apply_rule(watch->rule);
                return;
        }
        if (watch->file) {
                g_autofree char *value = NULL;

                if ((mask & IN_CLOSE_WRITE) && g_file_get_contents(watch->file, &value, NULL, NULL))
                        watch->observer->power_control(watch->user, g_strstrip(value));
                return;
        }
        struct bed_tty *tty = watch->tty;
        if (mask & IN_OPEN) {
                if (tty->own_opens) {
                        tty->own_opens--;
                        return;
                }
                if (tty->closing) /* and reopened before this check */
                        tell_open(tty, false);
                push_out(tty);
                tell_open(tty, true);
        } else if (mask & IN_CLOSE_WRITE) {
                tty->closing = tty->told_open;
                look_closed(tty);
        }
}

static gboolean on_inotify(int fd, GIOCondition condition, void *data)
{
        Bed *bed = data;
        char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        ssize_t n = read(fd, buffer, sizeof buffer);

        (void)condition;
        for (char *at = buffer; n > 0 && at < buffer + n;) {
                const struct inotify_event *event = (const struct inotify_event *)at;
                struct watch *watch = g_hash_table_lookup(bed->watches, GINT_TO_POINTER(event->wd));

                if (watch)
                        handle_watch(watch, event->mask);
                at += sizeof *event + event->len;
        }
        return G_SOURCE_CONTINUE;
}

/* --- ttys --- */

/* Returns the master. No slave stays open here: the host must be the only process that has it. */
static int open_pty(bool cooked, char **ret_slave)
{
        struct termios modes;
        char name[64];
        int master, slave;

        if (openpty(&master, &slave, name, NULL, NULL) < 0)
                g_error("openpty: %s", g_strerror(errno));
        if (!cooked) {
                tcgetattr(slave, &modes);
                cfmakeraw(&modes);
                tcsetattr(slave, TCSANOW, &modes);
        }
        close(slave);
        /* Otherwise a child holds the master too, and the hang-up is never seen. */
        fcntl(master, F_SETFD, FD_CLOEXEC);
        fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
        *ret_slave = g_strdup(name);
        return master;
}

struct bed_tty *bed_tty_new(Bed *bed, const char *family, unsigned major, unsigned number, unsigned interface,
                            enum usb_role role, bool cooked, bool keep_unheard, const struct device_observer *observer,
                            void *user)
{
        struct bed_tty *tty = g_new0(struct bed_tty, 1);

        tty->bed = bed;
        tty->name = g_strdup_printf("%s%u", family, number);
        tty->node = g_strconcat("/dev/", tty->name, NULL);
        tty->link = g_strconcat(bed->root, tty->node, NULL);
        tty->major = major;
        tty->number = number;
        tty->interface = interface;
        tty->role = role;
        tty->keep_unheard = keep_unheard;
        tty->observer = observer;
        tty->user = user;
        tty->out = g_byte_array_new();
        tty->master = open_pty(cooked, &tty->slave);
        tty->allowance = SIZE_MAX;
        g_mutex_lock(&bed->lock);
        g_ptr_array_add(bed->ttys, tty);
        g_mutex_unlock(&bed->lock);

        /* Through /proc, where the preload library does not look for devices. */
        g_autofree char *slave = g_strconcat("/proc/self/root", tty->slave, NULL);
        struct watch *watch = g_new0(struct watch, 1);
        watch->tty = tty;
        watch->observer = observer;
        watch->user = user;
        tty->watch = inotify_add_watch(bed->inotify, slave, IN_OPEN | IN_CLOSE_WRITE);
        if (tty->watch < 0)
                g_error("inotify: %s: %s", slave, g_strerror(errno));
        g_hash_table_replace(bed->watches, GINT_TO_POINTER(tty->watch), watch);

        /* Edge triggered: a master whose slave is closed is in a hang-up all the time. */
        struct epoll_event want = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = tty };
        epoll_ctl(bed->epoll, EPOLL_CTL_ADD, tty->master, &want);
        return tty;
}

/* Not by umockdev's "N:": it never removes a pty of its own, and aborts when the name comes back. */
void bed_tty_make_node(struct bed_tty *tty)
{
        g_autofree char *directory = g_path_get_dirname(tty->link);

        g_mkdir_with_parents(directory, 0755);
        bed_udev_tty(tty);
        if (symlink(tty->slave, tty->link) < 0)
                g_error("%s: %s", tty->link, g_strerror(errno));
        tty->has_node = true;
}

void bed_tty_remove_node(struct bed_tty *tty)
{
        g_autofree char *number_file = g_strdup_printf("%s/dev/.node/%s", tty->bed->root, tty->name);

        if (!tty->has_node)
                return;
        g_unlink(tty->link);
        g_unlink(number_file);
        tty->has_node = false;
}

void bed_tty_hang_up(struct bed_tty *tty)
{
        if (tty->master < 0)
                return;
        bed_unwatch(tty->bed, tty->watch);
        bed_tty_take_end(tty);
}

void bed_tty_free(struct bed_tty *tty)
{
        bed_tty_hang_up(tty);
        bed_tty_remove_node(tty);
        g_mutex_lock(&tty->bed->lock);
        g_ptr_array_remove(tty->bed->ttys, tty);
        g_mutex_unlock(&tty->bed->lock);
        g_byte_array_unref(tty->out);
        g_free(tty->name);
        g_free(tty->node);
        g_free(tty->link);
        g_free(tty->slave);
        g_free(tty->syspath);
        g_free(tty->parent);
        g_free(tty);
}

void bed_tty_write(struct bed_tty *tty, const void *bytes, size_t n)
{
        bool open = bed_tty_is_open(tty);

        if (tty->master < 0 || (!open && !tty->keep_unheard))
                return;
        g_byte_array_append(tty->out, bytes, (guint)n);
        if (open)
                push_out(tty);
        else if (tty->out->len > UNHEARD_MAX)
                g_byte_array_remove_range(tty->out, 0, tty->out->len - UNHEARD_MAX);
}

/* Only the slave's side can be asked, so it is opened for a moment; not while no other process has it open, because
 * that would be an opening of its own. */
size_t bed_tty_unread(struct bed_tty *tty)
{
        int n = 0;

        if (!bed_tty_is_open(tty))
                return tty->keep_unheard ? tty->out->len : 0;
        on_inotify(tty->bed->inotify, G_IO_IN, tty->bed);
        /* Closing it is no event: it was not opened for writing. */
        int slave = ioctl(tty->master, TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (slave < 0)
                return 0; /* exclusive, and this process does not run as root */
        tty->own_opens++;
        /* Written bytes travel in a kernel thread; a poll() of the reading side waits for that, FIONREAD does not. */
        struct pollfd look = { .fd = slave, .events = POLLIN };
        poll(&look, 1, 0);
        ioctl(slave, FIONREAD, &n);
        close(slave);
        on_inotify(tty->bed->inotify, G_IO_IN, tty->bed);
        tty->own_opens = 0;
        return (size_t)MAX(n, 0) + tty->out->len;
}

static unsigned speed_of(speed_t speed)
{
        static const struct {
                speed_t speed;
                unsigned baud;
        } speeds[] = {
                { B4800, 4800 },     { B9600, 9600 },       { B19200, 19200 },   { B38400, 38400 },
                { B57600, 57600 },   { B115200, 115200 },   { B230400, 230400 }, { B460800, 460800 },
                { B921600, 921600 }, { B1000000, 1000000 },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(speeds); i++)
                if (speeds[i].speed == speed)
                        return speeds[i].baud;
        return 0;
}

/* On a master, a pty returns the modes of the slave. */
struct usb_line bed_tty_line(struct bed_tty *tty)
{
        struct termios modes;

        if (!bed_tty_is_open(tty) || tcgetattr(tty->master, &modes) < 0)
                return (struct usb_line){ 0 };
        return (struct usb_line){ .crtscts = modes.c_cflag & CRTSCTS, .baud = speed_of(cfgetospeed(&modes)) };
}

/* --- the bed --- */

bool bed_number_used(Bed *bed, const char *family, unsigned number)
{
        g_autofree char *name = g_strdup_printf("%s%u", family, number);

        return g_hash_table_contains(bed->numbers, name);
}

void bed_number_take(Bed *bed, const char *family, unsigned number)
{
        g_hash_table_add(bed->numbers, g_strdup_printf("%s%u", family, number));
}

void bed_number_give_back(Bed *bed, const char *family, unsigned number)
{
        g_autofree char *name = g_strdup_printf("%s%u", family, number);

        g_hash_table_remove(bed->numbers, name);
}

int bed_watch(Bed *bed, const char *file, unsigned mask, const struct device_observer *observer, void *user)
{
        struct watch *watch = g_new0(struct watch, 1);
        int descriptor = inotify_add_watch(bed->inotify, file, mask);

        watch->file = g_strdup(file);
        watch->observer = observer;
        watch->user = user;
        if (descriptor < 0)
                g_error("inotify: %s: %s", file, g_strerror(errno));
        g_hash_table_replace(bed->watches, GINT_TO_POINTER(descriptor), watch);
        return descriptor;
}

int bed_watch_rule(Bed *bed, const char *file, unsigned mask, struct bed_rule *rule)
{
        int descriptor = bed_watch(bed, file, mask, NULL, NULL);
        struct watch *watch = g_hash_table_lookup(bed->watches, GINT_TO_POINTER(descriptor));

        watch->rule = rule;
        return descriptor;
}

void bed_unwatch(Bed *bed, int descriptor)
{
        inotify_rm_watch(bed->inotify, descriptor);
        g_hash_table_remove(bed->watches, GINT_TO_POINTER(descriptor));
}

Bed *bed_new(void)
{
        Bed *bed = g_new0(Bed, 1);

        bed->testbed = umockdev_testbed_new();
        if (!umockdev_in_mock_environment())
                g_error("libumockdev-preload.so.0 is not there (Debian's package umockdev)");
        bed->root = umockdev_testbed_get_root_dir(bed->testbed);
        bed->ancestors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bed->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bed->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        bed->watches = g_hash_table_new_full(NULL, NULL, NULL, free_watch);
        bed->ttys = g_ptr_array_new();
        g_mutex_init(&bed->lock);
        bed->host_is_root = geteuid() == 0;
        bed->host = bed_host_new(bed);
        bed->epoll = epoll_create1(EPOLL_CLOEXEC);
        bed->epoll_source = g_unix_fd_add(bed->epoll, G_IO_IN, on_epoll, bed);
        bed->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        bed->inotify_source = g_unix_fd_add(bed->inotify, G_IO_IN, on_inotify, bed);
        return bed;
}

void bed_free(Bed *bed)
{
        if (!bed)
                return;
        bed_host_free(bed->host);
        g_source_remove(bed->epoll_source);
        g_source_remove(bed->inotify_source);
        close(bed->epoll);
        close(bed->inotify);
        g_hash_table_unref(bed->ancestors);
        g_hash_table_unref(bed->taken);
        g_hash_table_unref(bed->numbers);
        g_hash_table_unref(bed->watches);
        g_ptr_array_unref(bed->ttys);
        g_object_unref(bed->testbed); /* removes the directory */
        g_mutex_clear(&bed->lock);
        g_free(bed->root);
        g_free(bed->claims);
        g_free(bed);
}

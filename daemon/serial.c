/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tty: open, lock, raw, bytes in, bytes out, hang-up. Never sees a line, let alone a command. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "log.h"
#include "serial.h"

#define READ_SIZE 4096
#define QUEUE_MAX 4096

struct Serial {
        int fd;
        char *lock; /* path of our lock file, NULL if there is none */
        sd_event_source *source;
        GByteArray *queue;
        const SerialObserver *observer;
        void *userdata;
};

static char *process_name(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid), *name = NULL;

        if (!g_file_get_contents(path, &name, NULL, NULL))
                return g_strdup_printf("by process %d", (int)pid);
        g_strstrip(name);
        return g_strdup_printf("by %s (pid %d)", name, (int)pid);
}

/* ---- lock files: LCK..ttyUSB1 with a pid in ten columns, as UUCP, pppd, minicom and their kin know them */

static pid_t lock_owner(const char *path)
{
        g_autofree char *text = NULL;
        long pid;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;
        pid = strtol(text, NULL, 10);
        if (pid <= 0 || pid == getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
                return 0;
        return (pid_t)pid;
}

/* 0, also if no lock file can be made here; -EBUSY if a living process has one. */
static int lock_take(const char *directory, const char *node, char **ret_path, char **ret_holder)
{
        const char *slash = strrchr(node, '/');
        g_autofree char *path = g_strdup_printf("%s/LCK..%s", directory, slash ? slash + 1 : node);
        g_autofree char *mine = g_strdup_printf("%s/LTMP.fotad.%d", directory, (int)getpid());
        g_autofree char *text = g_strdup_printf("%10d\n", (int)getpid());
        int fd, r = -EBUSY;

        unlink(mine); /* of a dead process that had our pid */
        fd = open(mine, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644); /* anybody may write in that directory */
        if (fd < 0 || write(fd, text, strlen(text)) < 0) {
                log_debug("no lock file for %s: %s", node, g_strerror(errno));
                if (fd >= 0)
                        close(fd);
                unlink(mine);
                return 0;
        }
        close(fd);
        /* link() fails if the name exists, and is never half done. Tried twice: a dead owner's file is in the way once. */
        for (int i = 0; i < 2 && r == -EBUSY; i++) {
                pid_t owner;

                if (link(mine, path) == 0) {
                        *ret_path = g_strdup(path);
                        r = 0;
                } else if (errno != EEXIST) {
                        log_debug("no lock file for %s: %s", node, g_strerror(errno));
                        r = 0;
                } else if ((owner = lock_owner(path))) {
                        *ret_holder = process_name(owner);
                        break;
                } else {
                        unlink(path);
                }
        }
        unlink(mine);
        if (r == -EBUSY && !*ret_holder)
                *ret_holder = g_strdup("by the owner of its lock file");
        return r;
}

/* ---- other processes that have the node open, lock file or not */

static bool same_node(const struct stat *a, const struct stat *b)
{
        return S_ISCHR(b->st_mode) &&
               ((a->st_dev == b->st_dev && a->st_ino == b->st_ino) || a->st_rdev == b->st_rdev);
}

static bool process_has_open(pid_t pid, const struct stat *node)
{
        g_autofree char *directory = g_strdup_printf("/proc/%d/fd", (int)pid);
        DIR *d = opendir(directory);
        struct dirent *entry;
        bool found = false;

        while (d && !found && (entry = readdir(d))) {
                struct stat st;

                found = fstatat(dirfd(d), entry->d_name, &st, 0) == 0 && same_node(node, &st);
        }
        if (d)
                closedir(d);
        return found;
}

static char *find_holder(const char *node)
{
        DIR *proc;
        struct dirent *entry;
        struct stat st;
        char *holder = NULL;

        if (stat(node, &st) < 0)
                return NULL;
        proc = opendir("/proc");
        while (proc && !holder && (entry = readdir(proc))) {
                pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

                if (pid > 0 && pid != getpid() && process_has_open(pid, &st))
                        holder = process_name(pid);
        }
        if (proc)
                closedir(proc);
        return holder;
}

/* ---- the line */

static speed_t speed_of(unsigned baud_rate)
{
        static const struct {
                unsigned rate;
                speed_t speed;
        } speeds[] = { { 1200, B1200 },     { 2400, B2400 },     { 4800, B4800 },     { 9600, B9600 },
                       { 19200, B19200 },   { 38400, B38400 },   { 57600, B57600 },   { 115200, B115200 },
                       { 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 }, { 3000000, B3000000 } };

        for (size_t i = 0; i < G_N_ELEMENTS(speeds); i++)
                if (speeds[i].rate == baud_rate)
                        return speeds[i].speed;
        return B115200;
}

static int set_raw(int fd, unsigned baud_rate)
{
        struct termios t;

        if (tcgetattr(fd, &t) < 0)
                return -errno;
        cfmakeraw(&t);
        t.c_cflag |= CLOCAL | CREAD; /* no carrier needed */
        t.c_cflag &= ~(HUPCL | CRTSCTS | CSTOPB); /* dropping DTR at close is visible to the module (AT&D2) */
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        cfsetspeed(&t, speed_of(baud_rate));
        /* Not read back: the option driver takes no settings, and says so only then. */
        return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static void update_events(Serial *s)
{
        sd_event_source_set_io_events(s->source, EPOLLIN | (s->queue->len ? EPOLLOUT : 0));
}

static void flush_queue(Serial *s)
{
        while (s->queue->len) {
                ssize_t n = write(s->fd, s->queue->data, s->queue->len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN) {
                        /* Reading tells of the loss. */
                        g_byte_array_set_size(s->queue, 0);
                        break;
                }
                if (n <= 0)
                        break;
                g_byte_array_remove_range(s->queue, 0, (guint)n);
        }
        update_events(s);
}

static void lose(Serial *s, const char *why)
{
        /* A tty that was hung up is readable without end: quiet first, then tell. */
        sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
        s->observer->lost(s->userdata, why);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Serial *s = userdata;
        uint8_t buffer[READ_SIZE];
        ssize_t n;

        (void)source;
        if (events & EPOLLOUT)
                flush_queue(s);
        n = read(fd, buffer, sizeof(buffer));
        /* The observer may close s: nothing of it is used after these calls. */
        if (n > 0)
                s->observer->bytes(s->userdata, buffer, (size_t)n);
        else if (n == 0)
                lose(s, "hung up");
        else if (errno != EAGAIN && errno != EINTR)
                lose(s, g_strerror(errno));
        else if (events & (EPOLLHUP | EPOLLERR))
                lose(s, "hung up");
        return 0;
}

/* The fd, or -errno as serial_open(). */
static int open_line(const char *node, unsigned baud_rate, char **ret_holder)
{
        int fd, r;

        /* Looked for before the open, which the module and the other process would see. */
        *ret_holder = find_holder(node);
        if (*ret_holder)
                return -EBUSY;
        fd = open(node, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) {
                r = -errno;
                if (r == -EBUSY)
                        *ret_holder = g_strdup("by another process");
                return r;
        }
        /* First of all: until then the kernel echoes what the module says back into it. */
        r = set_raw(fd, baud_rate);
        if (r == 0 && ioctl(fd, TIOCEXCL) < 0)
                r = -errno;
        if (r < 0) {
                close(fd);
                return r;
        }
        return fd;
}

int serial_open(Serial **ret, sd_event *event, const char *node, const SerialSettings *settings,
                const SerialObserver *observer, void *userdata, char **ret_holder)
{
        Serial *s = g_new0(Serial, 1);
        int r;

        s->queue = g_byte_array_new();
        s->observer = observer;
        s->userdata = userdata;
        s->fd = -1;
        r = lock_take(settings->lock_directory, node, &s->lock, ret_holder);
        if (r == 0)
                r = s->fd = open_line(node, settings->baud_rate, ret_holder);
        if (r >= 0)
                r = sd_event_add_io(event, &s->source, s->fd, EPOLLIN, on_io, s);
        if (r < 0) {
                serial_close(s);
                return r;
        }
        *ret = s;
        return 0;
}

void serial_close(Serial *s)
{
        if (!s)
                return;
        sd_event_source_disable_unref(s->source);
        if (s->fd >= 0) {
                /* Else close() waits, for half a minute, for a port that takes nothing any more. */
                tcflush(s->fd, TCOFLUSH);
                close(s->fd);
        }
        if (s->lock)
                unlink(s->lock);
        g_free(s->lock);
        g_byte_array_unref(s->queue);
        g_free(s);
}

int serial_write(Serial *s, const void *bytes, size_t n)
{
        if (s->queue->len + n > QUEUE_MAX)
                return -ENOBUFS;
        g_byte_array_append(s->queue, bytes, (guint)n);
        flush_queue(s);
        return 0;
}

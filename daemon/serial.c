/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tty: open, lock, raw, bytes in, bytes out, hang-up. Never sees a line, let alone a command. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#define SCAN_MAX  (G_USEC_PER_SEC / 5) /* for looking who has the port: TIOCEXCL still follows */

struct Serial {
        int fd;
        char *lock; /* path of our lock file, NULL if there is none */
        sd_event_source *source;
        GByteArray *queue;
        const SerialObserver *observer;
        void *userdata;
};

/* Anybody can give a process any name. */
static char *process_name(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid), *name = NULL;

        if (!g_file_get_contents(path, &name, NULL, NULL))
                return g_strdup_printf("by process %d", (int)pid);
        g_strstrip(name);
        for (char *c = name; *c; c++)
                if (*c < ' ' || *c > '~')
                        *c = '?';
        return g_strdup_printf("by %s (pid %d)", name, (int)pid);
}

/* ---- other processes that have the node open, lock file or not. Only root sees those of all users: else who took the
 * port for itself (TIOCEXCL, which stops everybody but root) and who has a lock file are noticed, and nobody else. */

static bool same_node(const struct stat *a, const struct stat *b)
{
        return S_ISCHR(b->st_mode) && ((a->st_dev == b->st_dev && a->st_ino == b->st_ino) || a->st_rdev == b->st_rdev);
}

static bool process_has_open(pid_t pid, const struct stat *node)
{
        g_autofree char *directory = g_strdup_printf("/proc/%d/fd", (int)pid);
        DIR *d = opendir(directory);
        struct dirent *entry;
        bool found = false;

        while (d && !found && (entry = readdir(d))) {
                char target[sizeof("/dev/")];
                struct stat st;

                /* A look at the link is cheap; what it leads to may be a file system that does not answer. */
                found = readlinkat(dirfd(d), entry->d_name, target, sizeof(target)) == sizeof(target) &&
                        strncmp(target, "/dev/", 5) == 0 && fstatat(dirfd(d), entry->d_name, &st, 0) == 0 &&
                        same_node(node, &st);
        }
        if (d)
                closedir(d);
        return found;
}

static char *find_holder(const char *node)
{
        gint64 end = g_get_monotonic_time() + SCAN_MAX;
        DIR *proc;
        struct dirent *entry;
        struct stat st;
        char *holder = NULL;

        if (stat(node, &st) < 0)
                return NULL;
        proc = opendir("/proc");
        while (proc && !holder && (entry = readdir(proc)) && g_get_monotonic_time() < end) {
                pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

                if (pid > 0 && pid != getpid() && process_has_open(pid, &st))
                        holder = process_name(pid);
        }
        if (proc)
                closedir(proc);
        return holder;
}

/* ---- lock files: LCK..ttyUSB1 with a pid in ten columns, as UUCP, pppd, minicom and their kin know them */

/* What another user's process has open, root alone can see. Without that it is enough that the process is the user's
 * who made the lock file. (In a user namespace all others look like one user.) */
static bool is_process_of(pid_t pid, uid_t user)
{
        g_autofree char *directory = g_strdup_printf("/proc/%d", (int)pid);
        struct stat st;

        return geteuid() != 0 && user != geteuid() && stat(directory, &st) == 0 && st.st_uid == user;
}

/* The living process a lock file speaks for, 0 for none. The directory is everybody's: a file that root did not make is
 * believed only if its process has the node open. */
static pid_t lock_owner(const char *path, const char *node)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        char text[32] = { 0 };
        struct stat file, st;
        ssize_t n = -1;
        int32_t binary;
        long pid;

        if (fd < 0)
                return 0;
        if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
                n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        pid = strtol(text, NULL, 10);
        if (n == sizeof(binary) && pid == 0) {
                memcpy(&binary, text, sizeof(binary));
                pid = binary;
        }
        if (pid <= 0 || pid > INT_MAX || pid == getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH))
                return 0;
        if (file.st_uid != 0 && !is_process_of((pid_t)pid, file.st_uid) &&
            (stat(node, &st) < 0 || !process_has_open((pid_t)pid, &st)))
                return 0;
        return (pid_t)pid;
}

/* Our own file under a name nobody can know before. Its path, NULL if none can be made. */
static char *make_lock(const char *directory)
{
        g_autofree char *path = g_strdup_printf("%s/LTMP.XXXXXX", directory);
        g_autofree char *text = g_strdup_printf("%10d\n", (int)getpid());
        int fd = g_mkstemp_full(path, O_WRONLY | O_CLOEXEC, 0644);
        bool good;

        if (fd < 0)
                return NULL;
        good = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0644) == 0;
        close(fd);
        if (good)
                return g_steal_pointer(&path);
        unlink(path);
        return NULL;
}

/* 0, also if no lock file can be made here; -EBUSY if a living process has one. */
static int lock_take(const char *directory, const char *node, char **ret_path, char **ret_holder)
{
        const char *slash = strrchr(node, '/');
        g_autofree char *path = g_strdup_printf("%s/LCK..%s", directory, slash ? slash + 1 : node);
        g_autofree char *mine = make_lock(directory);
        pid_t owner;

        if (!mine) {
                log_warning("no lock file for %s can be made in %s", node, directory);
                return 0;
        }
        owner = lock_owner(path, node);
        if (owner) {
                unlink(mine);
                *ret_holder = process_name(owner);
                return -EBUSY;
        }
        /* In a directory that is everybody's a file of another user's stays, though nobody lives who needs it. */
        if (unlink(path) < 0 && errno != ENOENT) {
                log_warning(
                        "%s is of no process that has the port, and not ours to remove: no lock file is made for %s",
                        path, node);
                unlink(mine);
                return 0;
        }
        /* link() fails if somebody was faster, and is never half done. */
        if (link(mine, path) == 0)
                *ret_path = g_steal_pointer(&path);
        else
                log_warning("no lock file %s: %s", path, g_strerror(errno));
        unlink(mine);
        return 0;
}

/* ---- the line */

static const struct {
        unsigned rate;
        speed_t speed;
} speeds[] = { { 1200, B1200 },       { 2400, B2400 },       { 4800, B4800 },       { 9600, B9600 },
               { 19200, B19200 },     { 38400, B38400 },     { 57600, B57600 },     { 115200, B115200 },
               { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },   { 576000, B576000 },
               { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 }, { 1500000, B1500000 },
               { 2000000, B2000000 }, { 2500000, B2500000 }, { 3000000, B3000000 }, { 3500000, B3500000 },
               { 4000000, B4000000 } };

bool serial_has_rate(unsigned baud_rate)
{
        for (size_t i = 0; i < G_N_ELEMENTS(speeds); i++)
                if (speeds[i].rate == baud_rate)
                        return true;
        return false;
}

static speed_t speed_of(unsigned baud_rate)
{
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
        t.c_cflag |= CLOCAL | CREAD;              /* no carrier needed */
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

/* A number that became free is given to the next tty that comes, another module's DIAG port perhaps, before we hear of
 * it: whether the node still is the tty it was told to be, the kernel knows. */
static bool is_still(const char *node, const char *syspath)
{
        g_autofree char *name = g_path_get_basename(node), *link = g_build_filename("/sys/class/tty", name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        const char *devices = target ? strstr(target, "devices/") : NULL;

        return !syspath || (devices && g_str_has_suffix(syspath, devices));
}

/* The fd, or -errno as serial_open(). */
static int open_line(const char *node, const SerialSettings *settings, char **ret_holder)
{
        int fd, r;

        if (!is_still(node, settings->syspath))
                return -ENODEV;

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
        /* While it is open its number is not given away. */
        r = is_still(node, settings->syspath) ? 0 : -ENODEV;
        /* Until then the kernel echoes what the module says back into it. */
        if (r == 0)
                r = set_raw(fd, settings->baud_rate);
        if (r == 0 && ioctl(fd, TIOCEXCL) < 0)
                r = -errno;
        /* Once more: somebody may have come between the look and the lock. */
        if (r == 0 && (*ret_holder = find_holder(node)))
                r = -EBUSY;
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
                r = s->fd = open_line(node, settings, ret_holder);
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

/* ---- many bytes */

ssize_t serial_write_now(Serial *s, const void *bytes, size_t n)
{
        ssize_t written;

        do
                written = write(s->fd, bytes, n);
        while (written < 0 && errno == EINTR);
        if (written < 0)
                return errno == EAGAIN ? 0 : -errno;
        return written;
}

size_t serial_pending(Serial *s)
{
        int n = 0;

        return s->queue->len + (ioctl(s->fd, TIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0);
}

void serial_drop(Serial *s)
{
        g_byte_array_set_size(s->queue, 0);
        tcflush(s->fd, TCOFLUSH);
        update_events(s);
}

bool serial_set_flow_control(Serial *s, bool on)
{
        struct termios t;

        if (tcgetattr(s->fd, &t) < 0)
                return false;
        if (on)
                t.c_cflag |= CRTSCTS;
        else
                t.c_cflag &= ~CRTSCTS;
        /* A driver that cannot do it clears the flag, and succeeds. */
        return tcsetattr(s->fd, TCSANOW, &t) == 0 && tcgetattr(s->fd, &t) == 0 && !(t.c_cflag & CRTSCTS) == !on;
}

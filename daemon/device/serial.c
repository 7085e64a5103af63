/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tty: opening, locking, raw mode, bytes in and out, hang-up. Knows neither lines nor commands. */

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

#include "base/log.h"
#include "device/serial.h"

#define QUEUE_MAX 4096
#define KEPT_MAX  65536 /* bytes; an upgrade prints less in all its messages */

/* The share of the event loop that one port has, however much its module sends: bytes of one turn, and bytes a second,
 * which is more than a UART carries at 230400 bit/s. Those of one second may come at once. */
#define READ_SIZE  512
#define READ_RATE  32768
#define READ_PAUSE (G_USEC_PER_SEC / 20)
#define SCAN_MAX  (G_USEC_PER_SEC / 5) /* the longest search for the holder of a port: TIOCEXCL still follows */

struct Serial {
        int fd;
        char *lock; /* path of our lock file, NULL if there is none */
        sd_event_source *source;
        sd_event_source *pause; /* due when the port is read again; off while it is read */
        bool held;              /* bytes that are read are kept */
        GByteArray *kept;
        uint64_t spent_until;   /* µs of g_get_monotonic_time(), until when READ_RATE is used up */
        GByteArray *queue;
        const SerialObserver *observer;
        void *userdata;
};

/* The name of a process for messages. Every user can give a process any name, so control characters are replaced. */
static char *process_name(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid), *name = NULL;

        if (!g_file_get_contents(path, &name, NULL, NULL))
                return g_strdup_printf("process %d", (int)pid);
        g_strstrip(name);
        for (char *c = name; *c; c++)
                if (*c < ' ' || *c > '~')
                        *c = '?';
        return g_strdup_printf("%s (pid %d)", name, (int)pid);
}

/* ---- other processes that have the node open, with or without a lock file. Only root sees the files of all users'
 * processes. The daemon without root notices other users' processes only by their TIOCEXCL, which keeps all but root
 * from opening the port, or by their lock files. */

static bool same_node(const struct stat *a, const struct stat *b)
{
        return S_ISCHR(b->st_mode) && ((a->st_dev == b->st_dev && a->st_ino == b->st_ino) || a->st_rdev == b->st_rdev);
}

bool serial_is_same(const char *node, const char *other)
{
        struct stat a, b;

        return stat(node, &a) == 0 && stat(other, &b) == 0 && same_node(&a, &b);
}

/* 1 if the process has the node open, 0 if not, -errno if that cannot be seen. The id of a thread may stand for its
 * process: both have the same files. */
static int process_has_open(pid_t pid, const struct stat *node)
{
        g_autofree char *directory = g_strdup_printf("/proc/%d/fd", (int)pid);
        DIR *d = opendir(directory);
        struct dirent *entry;
        int r = 0;

        if (!d)
                return -errno;
        while (r != 1 && (entry = readdir(d))) {
                char target[sizeof("/dev/")];
                struct stat st;
                /* Reading the link is cheap; its target may be on a file system that does not answer. */
                ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof(target));

                if (n < 0 && (errno == EACCES || errno == EPERM))
                        r = -errno;
                else if (n == sizeof(target) && strncmp(target, "/dev/", 5) == 0 &&
                         fstatat(dirfd(d), entry->d_name, &st, 0) == 0 && same_node(node, &st))
                        r = 1;
        }
        closedir(d);
        return r;
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

                if (pid > 0 && pid != getpid() && process_has_open(pid, &st) > 0) {
                        g_autofree char *name = process_name(pid);

                        holder = g_strconcat("by ", name, NULL);
                }
        }
        if (proc)
                closedir(proc);
        return holder;
}

/* ---- lock files: LCK..ttyUSB1 with a pid in ten columns, as UUCP, pppd, minicom and their kin know them */

/* The process or thread that a lock file names; 0 if it does not exist, or is the daemon itself. */
static pid_t read_lock(const char *path, struct stat *ret_file)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        char text[32] = { 0 };
        ssize_t n = -1;
        int32_t binary;
        long pid;

        if (fd < 0)
                return 0;
        if (fstat(fd, ret_file) == 0 && S_ISREG(ret_file->st_mode))
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
        return (pid_t)pid;
}

/* Describes the holder of the port by its lock file, in the words of serial_open(); NULL if the file does not count.
 * All users may write to the directory, and a process may have ended without removing its file, while another process
 * has its number by now. So the file counts if the process has the node open. Where only root could see that, the file
 * counts if only root could write it, and if fotad did not have the port before. For all other processes the kernel is
 * asked, by opening the port. */
static char *lock_holder(const char *path, const char *node, bool was_ours)
{
        struct stat file = { 0 }, st = { 0 };
        pid_t pid = read_lock(path, &file);
        g_autofree char *name = NULL;
        int open;

        if (pid == 0)
                return NULL;
        (void)stat(node, &st); /* if there is no node, no process has it open */
        open = process_has_open(pid, &st);
        if (open == 0 || (open < 0 && (was_ours || file.st_uid != 0 || (file.st_mode & S_IWOTH))))
                return NULL;
        name = process_name(pid);
        if (open > 0)
                return g_strconcat("by ", name, NULL);
        return g_strdup_printf("by %s, a lock file says (%s of user root)", name, path);
}

/* Makes fotad's own lock file under a name that cannot be guessed. Returns its path, NULL if it cannot be made. */
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

char *serial_lock_name(const char *node)
{
        const char *slash = strrchr(node, '/');

        return g_strconcat("LCK..", slash ? slash + 1 : node, NULL);
}

/* Returns 0, or -EBUSY if another process has a lock file. The port may be used without a lock file, too:
 * *ret_complaint then says why there is none. */
static int lock_take(const char *node, const SerialSettings *settings, char **ret_path, char **ret_holder,
                     char **ret_complaint)
{
        const char *directory = settings->lock_directory;
        g_autofree char *name = serial_lock_name(node), *path = g_build_filename(directory, name, NULL);
        g_autofree char *mine = make_lock(directory);

        if (!mine) {
                *ret_complaint = g_strdup_printf("no lock file for %s can be made in %s", node, directory);
                return 0;
        }
        *ret_holder = lock_holder(path, node, settings->was_ours);
        if (*ret_holder) {
                unlink(mine);
                return -EBUSY;
        }
        /* In a directory that all users write to, the stale file of another user cannot be removed. */
        if (unlink(path) < 0 && errno != ENOENT) {
                *ret_complaint = g_strdup_printf(
                        "%s is of no process that is known to have the port, and not ours to remove: no lock file is "
                        "made for %s",
                        path, node);
                unlink(mine);
                return 0;
        }
        /* link() fails if another process was faster, and is never half done. */
        if (link(mine, path) == 0)
                *ret_path = g_steal_pointer(&path);
        else
                *ret_complaint = g_strdup_printf("no lock file %s: %s", path, g_strerror(errno));
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
        /* The result is not read back: the option driver ignores all settings, and reading would show that. */
        return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static bool is_paused(const Serial *s)
{
        int enabled = SD_EVENT_OFF;

        sd_event_source_get_enabled(s->pause, &enabled);
        return enabled != SD_EVENT_OFF;
}

static void update_events(Serial *s)
{
        sd_event_source_set_io_events(s->source, (s->kept->len >= KEPT_MAX || is_paused(s) ? 0 : EPOLLIN) |
                                                         (s->queue->len ? EPOLLOUT : 0));
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        update_events(userdata);
        return 0;
}

/* Counts bytes that were read, and pauses if there are too many. The kernel keeps what comes meanwhile, and holds the
 * module up if it has flow control. */
static void spend(Serial *s, size_t n)
{
        uint64_t now = (uint64_t)g_get_monotonic_time();

        s->spent_until = MAX(s->spent_until, now) + n * G_USEC_PER_SEC / READ_RATE;
        if (s->spent_until <= now + G_USEC_PER_SEC)
                return;
        sd_event_source_set_time_relative(s->pause, READ_PAUSE);
        sd_event_source_set_enabled(s->pause, SD_EVENT_ONESHOT);
        update_events(s);
}

static void flush_queue(Serial *s)
{
        while (s->queue->len) {
                ssize_t n = write(s->fd, s->queue->data, s->queue->len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN) {
                        /* The loss is noticed when the port is read. */
                        g_byte_array_set_size(s->queue, 0);
                        break;
                }
                if (n <= 0)
                        break;
                g_byte_array_remove_range(s->queue, 0, (guint)n);
        }
        update_events(s);
}

/* A tty that was hung up stays readable: the source is turned off. A port that is held is lost when it is released. */
static void lose(Serial *s, const char *why)
{
        sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
        if (!s->held)
                s->observer->lost(s->userdata, why);
}

static void keep(Serial *s, const void *bytes, size_t n)
{
        g_byte_array_append(s->kept, bytes, (guint)n);
        update_events(s);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Serial *s = userdata;
        uint8_t buffer[READ_SIZE];
        ssize_t n;

        if (events & EPOLLOUT)
                flush_queue(s);
        if (s->kept->len >= KEPT_MAX) {
                if (events & (EPOLLHUP | EPOLLERR)) /* which would be reported again and again */
                        sd_event_source_set_enabled(source, SD_EVENT_OFF);
                return 0;
        }
        if (is_paused(s) && !(events & (EPOLLHUP | EPOLLERR)))
                return 0;
        n = read(fd, buffer, sizeof(buffer));
        if (n > 0)
                spend(s, (size_t)n);
        /* The observer may close s, which is not used after these calls. */
        if (n > 0 && s->held)
                keep(s, buffer, (size_t)n);
        else if (n > 0)
                s->observer->bytes(s->userdata, buffer, (size_t)n);
        else if (n == 0)
                lose(s, "hung up");
        else if (errno != EAGAIN && errno != EINTR)
                lose(s, g_strerror(errno));
        else if (events & (EPOLLHUP | EPOLLERR))
                lose(s, "hung up");
        return 0;
}

/* The kernel gives a number that became free to the next tty, perhaps another module's DIAG port, before udev reports
 * it. Returns true if the node still is the tty at that path in sysfs. */
static bool is_still(const char *node, const char *syspath)
{
        g_autofree char *name = g_path_get_basename(node), *link = g_build_filename("/sys/class/tty", name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        const char *devices = target ? strstr(target, "devices/") : NULL;

        return !syspath || (devices && g_str_has_suffix(syspath, devices));
}

/* Returns the fd, or -errno as serial_open(). */
static int open_line(const char *node, const SerialSettings *settings, char **ret_holder)
{
        int fd, r;

        if (!is_still(node, settings->syspath))
                return -ENODEV;

        /* The search comes before the open, which the module and the other process would notice. */
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
        /* While the tty is open, the kernel gives its number to no other. */
        r = is_still(node, settings->syspath) ? 0 : -ENODEV;
        /* Before it is raw, the kernel echoes the output of the module back to it. */
        if (r == 0)
                r = set_raw(fd, settings->baud_rate);
        if (r == 0 && ioctl(fd, TIOCEXCL) < 0)
                r = -errno;
        /* Another process may have opened the tty between the search and the lock. */
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
        g_autofree char *complaint = NULL;
        int r;

        s->queue = g_byte_array_new();
        s->kept = g_byte_array_new();
        s->observer = observer;
        s->userdata = userdata;
        s->fd = -1;
        r = lock_take(node, settings, &s->lock, ret_holder, &complaint);
        if (r == 0)
                r = s->fd = open_line(node, settings, ret_holder);
        if (r >= 0)
                r = sd_event_add_io(event, &s->source, s->fd, EPOLLIN, on_io, s);
        if (r >= 0)
                r = sd_event_add_time(event, &s->pause, CLOCK_MONOTONIC, 0, 0, on_pause_over, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->pause, SD_EVENT_OFF);
        if (r < 0) {
                serial_close(s);
                return r;
        }
        if (complaint) /* logged once the port is open, not for each attempt that fails */
                log_warning("%s", complaint);
        *ret = s;
        return 0;
}

void serial_close(Serial *s)
{
        if (!s)
                return;
        sd_event_source_disable_unref(s->source);
        sd_event_source_disable_unref(s->pause);
        if (s->fd >= 0) {
                /* Otherwise close() waits half a minute for a port that takes no more bytes. */
                tcflush(s->fd, TCOFLUSH);
                close(s->fd);
        }
        if (s->lock)
                unlink(s->lock);
        g_free(s->lock);
        g_byte_array_unref(s->queue);
        g_byte_array_unref(s->kept);
        g_free(s);
}

void serial_hold(Serial *s)
{
        s->held = true;
}

void serial_release(Serial *s)
{
        g_autoptr(GByteArray) kept = s->kept;

        on_io(s->source, s->fd, EPOLLIN, s); /* the kernel may have more */
        s->held = false;
        s->kept = g_byte_array_new();
        sd_event_source_set_enabled(s->source, SD_EVENT_ON);
        update_events(s);
        if (kept->len > 0)
                s->observer->bytes(s->userdata, kept->data, kept->len);
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
        /* A driver without flow control clears the flag, and reports success. */
        return tcsetattr(s->fd, TCSANOW, &t) == 0 && tcgetattr(s->fd, &t) == 0 && !(t.c_cflag & CRTSCTS) == !on;
}

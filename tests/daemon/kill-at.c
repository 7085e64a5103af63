/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library that is preloaded into the daemon, in front of the C library: it names each point at which the daemon acts
 * on the outside, lists these points, and kills the daemon (SIGKILL) at a given one. The daemon and this library know
 * nothing of each other: the kind of the file descriptor decides about a point.
 *
 *   KILL_LIST=FILE  the name of each point is appended to FILE, one per line
 *   KILL_AT=NAME    kills the daemon at the point of that name
 *   KILL_NTH=N      at the N-th of that name; 1 if it is not set
 *
 * A name is the same in each run: it does not contain numbers that differ from run to run (of temporary files). The
 * kinds are "state" (the files below $STATE_DIRECTORY), "power" (sysfs), "at-out", "at-in", "device" (the udev monitor)
 * and "bus-out". A point is "after" a call. The state before a call is that after the previous point, unless the actions
 * between are no points of their own, as when a tty is opened: there, and in sysfs, "before" is a point as well. */

/* The names below are meant literally, not the headers' replacements for them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

typedef enum Kind { OTHER, STATE, POWER, TTY, MONITOR, BUS } Kind;

static const char *list_file, *kill_at, *state, *bus;
static char state_resolved[512];
static unsigned long kill_nth = 1, seen;
static bool active;

/* ---- a point */

/* Directly by system calls: these actions are not the daemon's. */
static void append(const char *line)
{
        int fd = (int)syscall(SYS_openat, AT_FDCWD, list_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        syscall(SYS_write, fd, line, strlen(line));
        syscall(SYS_close, fd);
}

static void point(const char *kind, const char *when, const char *what, const char *detail)
{
        char line[1024];

        snprintf(line, sizeof(line) - 1, "%s %s %s%s%s", kind, when, what, *what && *detail ? " " : "", detail);
        if (kill_at && strcmp(line, kill_at) == 0 && ++seen == kill_nth)
                syscall(SYS_kill, getpid(), SIGKILL);
        if (list_file) {
                strcat(line, "\n");
                append(line);
        }
}

/* ---- kinds of descriptors */

static Kind kind_of_socket(int fd)
{
        const char *bed = getenv("UMOCKDEV_DIR");
        union {
                struct sockaddr any;
                struct sockaddr_un unix_;
        } name = { 0 };
        socklen_t length = sizeof(name);

        if (syscall(SYS_getsockname, fd, &name, &length) < 0)
                return OTHER;
        if (name.any.sa_family == AF_NETLINK)
                return MONITOR;
        if (name.any.sa_family != AF_UNIX)
                return OTHER;
        if (bed && strncmp(name.unix_.sun_path, bed, strlen(bed)) == 0)
                return MONITOR; /* umockdev's replacement for a netlink socket */
        memset(&name, 0, sizeof(name));
        length = sizeof(name);
        if (bus && syscall(SYS_getpeername, fd, &name, &length) == 0 && strcmp(name.unix_.sun_path, bus) == 0)
                return BUS;
        return OTHER;
}

/* Without the suffix of mkstemp(). */
static void copy_name(char *name, size_t size, const char *path)
{
        char *dot;

        snprintf(name, size, "%s", path);
        dot = strrchr(name, '.');
        if (dot && strlen(dot) == strlen(".XXXXXX") && strcmp(dot, ".broken") != 0)
                memcpy(dot, ".XXXXXX", strlen(".XXXXXX"));
}

/* name: below the state directory. */
static bool is_state(const char *path, char *name, size_t size)
{
        const char *roots[] = { state, state_resolved };

        for (size_t i = 0; state && i < 2; i++) {
                size_t n = strlen(roots[i]);

                if (n && strncmp(path, roots[i], n) == 0 && (path[n] == '/' || path[n] == 0)) {
                        copy_name(name, size, path[n] ? path + n + 1 : ".");
                        return true;
                }
        }
        return false;
}

static Kind kind_of_file(int fd, char *name, size_t size)
{
        char link[32], path[512] = "";

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1) < 0)
                return OTHER;
        if (is_state(path, name, size))
                return STATE;
        return strstr(path, "/sys/devices/") ? POWER : OTHER;
}

/* name: of a file; NULL if the file does not matter. */
static Kind kind_of(int fd, char *name, size_t size)
{
        struct termios termios;
        struct stat st;

        if (name)
                *name = 0;
        if (!active || fd < 0 || syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) < 0)
                return OTHER;
        if (S_ISSOCK(st.st_mode))
                return kind_of_socket(fd);
        if (S_ISCHR(st.st_mode))
                return syscall(SYS_ioctl, fd, TCGETS, &termios) == 0 ? TTY : OTHER;
        return name ? kind_of_file(fd, name, size) : OTHER;
}

static void escape(char *text, size_t size, const void *bytes, size_t n)
{
        const uint8_t *b = bytes;
        size_t used = 0;

        for (size_t i = 0; i < n && used + 5 < size; i++)
                if (b[i] > ' ' || (b[i] == ' ' && used))
                        used += (size_t)snprintf(text + used, size - used, b[i] < 127 ? "%c" : "\\x%02x", b[i]);
                else if (b[i] != '\r' && b[i] != '\n')
                        used += (size_t)snprintf(text + used, size - used, "\\x%02x", b[i]);
        text[used] = 0;
}

/* ---- contents of a message */

/* The type of a bus message, with its interface and member: the fields of its header are "(yv)", each aligned to 8. */
static void name_message(char *text, size_t size, const uint8_t *m, size_t n)
{
        static const char *const types[] = { "?", "call", "reply", "error", "signal" };
        const char *path = "", *member = "";
        uint32_t length;
        size_t at = 16, end;

        if (n < 16 || (m[0] != 'l' && m[0] != 'B') || m[1] < 1 || m[1] > 4 || m[3] != 1) {
                snprintf(text, size, "handshake");
                return;
        }
        memcpy(&length, m + 12, sizeof(length));
        for (end = at + length; end <= n && at + 8 < end;) {
                uint8_t code, type;

                at = (at + 7) & ~(size_t)7;
                code = m[at], type = m[at + 2];
                at += 4;
                if (type == 's' || type == 'o') {
                        memcpy(&length, m + at, sizeof(length));
                        if (code == 1)
                                path = (const char *)m + at + 4;
                        else if (code == 3)
                                member = (const char *)m + at + 4;
                        at += 4 + length + 1;
                } else if (type == 'g') {
                        at += m[at] + 2u;
                } else if (type == 'u') {
                        at += 4;
                } else {
                        break;
                }
        }
        snprintf(text, size, "%s%s%s%s%s", types[m[1]], *path ? " " : "", path, *member ? " " : "", member);
}

static const char *property(const uint8_t *bytes, size_t n, const char *key)
{
        const uint8_t *found = memmem(bytes, n, key, strlen(key));

        return found && memchr(found, 0, n - (size_t)(found - bytes)) ? (const char *)found + strlen(key) : "?";
}

static void device_event(const uint8_t *bytes, size_t n)
{
        char text[512];

        snprintf(text, sizeof(text), "%s %s", property(bytes, n, "ACTION="), property(bytes, n, "DEVPATH="));
        point("device", "after", text, "");
}

/* ---- files: opened, written, renamed, removed */

static void state_call(const char *what, const char *path)
{
        char name[256];

        if (active && is_state(path, name, sizeof(name)))
                point("state", "after", what, name);
}

#define INTERPOSE_OPEN(function, PARAMETERS, ARGUMENTS)                                                                \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                mode_t mode = 0;                                                                                       \
                int fd;                                                                                                \
                                                                                                                       \
                if (flags & (O_CREAT | __O_TMPFILE)) {                                                                 \
                        va_list args;                                                                                  \
                                                                                                                       \
                        va_start(args, flags);                                                                         \
                        mode = va_arg(args, mode_t);                                                                   \
                        va_end(args);                                                                                  \
                }                                                                                                      \
                fd = NEXT(function) ARGUMENTS;                                                                         \
                if (fd >= 0 && (flags & O_CREAT))                                                                      \
                        state_call("open", path);                                                                      \
                return fd;                                                                                             \
        }

INTERPOSE_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
INTERPOSE_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
INTERPOSE_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
INTERPOSE_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

#define INTERPOSE_MKSTEMP(function, PARAMETERS, ARGUMENTS)                                                             \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                int fd = NEXT(function) ARGUMENTS;                                                                     \
                                                                                                                       \
                if (fd >= 0)                                                                                           \
                        state_call("open", path);                                                                      \
                return fd;                                                                                             \
        }

INTERPOSE_MKSTEMP(mkostemp, (char *path, int flags), (path, flags))
INTERPOSE_MKSTEMP(mkostemp64, (char *path, int flags), (path, flags))
INTERPOSE_MKSTEMP(mkstemp, (char *path), (path))
INTERPOSE_MKSTEMP(mkstemp64, (char *path), (path))

#define INTERPOSE_NAME(function, PARAMETERS, ARGUMENTS, named)                                                         \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                int r = NEXT(function) ARGUMENTS;                                                                      \
                                                                                                                       \
                if (r == 0)                                                                                            \
                        state_call(#function, named);                                                                  \
                return r;                                                                                              \
        }

INTERPOSE_NAME(rename, (const char *from, const char *to), (from, to), to)
INTERPOSE_NAME(renameat, (int at, const char *from, int at_to, const char *to), (at, from, at_to, to), to)
INTERPOSE_NAME(renameat2, (int at, const char *from, int at_to, const char *to, unsigned flags),
               (at, from, at_to, to, flags), to)
INTERPOSE_NAME(link, (const char *from, const char *to), (from, to), to)
INTERPOSE_NAME(unlink, (const char *path), (path), path)
INTERPOSE_NAME(unlinkat, (int at, const char *path, int flags), (at, path, flags), path)
INTERPOSE_NAME(mkdir, (const char *path, mode_t mode), (path, mode), path)

#define INTERPOSE_SYNC(function)                                                                                       \
        int function(int fd)                                                                                           \
        {                                                                                                              \
                char name[256];                                                                                        \
                int r = NEXT(function)(fd);                                                                            \
                                                                                                                       \
                if (r == 0 && kind_of(fd, name, sizeof(name)) == STATE)                                                \
                        point("state", "after", #function, name);                                                      \
                return r;                                                                                              \
        }

INTERPOSE_SYNC(fsync)
INTERPOSE_SYNC(fdatasync)

/* ---- bytes out */

static void outgoing(Kind kind, bool after, const char *name, struct iovec out)
{
        const char *when = after ? "after" : "before";
        char text[512];

        switch (kind) {
        case STATE:
                if (after)
                        point("state", when, "write", name);
                return;
        case TTY:
                escape(text, sizeof(text), out.iov_base, out.iov_len);
                point("at-out", when, "", text);
                return;
        case POWER:
                escape(text, sizeof(text), out.iov_base, out.iov_len);
                point("power", when, "", text);
                return;
        case BUS:
                if (!after)
                        return;
                name_message(text, sizeof(text), out.iov_base, out.iov_len);
                point("bus-out", when, "", text);
                return;
        case MONITOR:
        case OTHER: return;
        }
}

/* A message begins in the first piece. */
static struct iovec first(const struct iovec *iov, size_t count)
{
        return count ? *iov : (struct iovec){ 0 };
}

#define INTERPOSE_OUT(function, PARAMETERS, ARGUMENTS, out)                                                            \
        ssize_t function PARAMETERS                                                                                    \
        {                                                                                                              \
                char name[256];                                                                                        \
                Kind kind = kind_of(fd, name, sizeof(name));                                                           \
                ssize_t r;                                                                                             \
                                                                                                                       \
                outgoing(kind, false, name, out);                                                                      \
                r = NEXT(function) ARGUMENTS;                                                                          \
                if (r > 0)                                                                                             \
                        outgoing(kind, true, name, out);                                                               \
                return r;                                                                                              \
        }
#define PIECE(data, size) ((struct iovec){ (void *)(uintptr_t)(data), size })

INTERPOSE_OUT(write, (int fd, const void *data, size_t size), (fd, data, size), PIECE(data, size))
INTERPOSE_OUT(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), PIECE(data, size))
INTERPOSE_OUT(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), PIECE(data, size))
INTERPOSE_OUT(send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), PIECE(data, size))
INTERPOSE_OUT(writev, (int fd, const struct iovec *iov, int count), (fd, iov, count), first(iov, (size_t)count))
INTERPOSE_OUT(sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), first(m->msg_iov, m->msg_iovlen))

/* ---- bytes in */

/* Returns one line of a tty at a time, as a tty may do: each line is then a point, however many arrived together. */
static ssize_t read_line(int fd, uint8_t *bytes, size_t size)
{
        bool content = false;
        char text[512];
        size_t n = 0;

        while (n < size) {
                ssize_t r = NEXT(read)(fd, bytes + n, 1);
                bool end;

                if (r <= 0 && n == 0)
                        return r;
                if (r <= 0)
                        break;
                end = bytes[n] == '\r' || bytes[n] == '\n';
                n++;
                if (end && content)
                        break;
                content = content || !end;
        }
        if (content) {
                escape(text, sizeof(text), bytes, n);
                point("at-in", "after", "", text);
        }
        return (ssize_t)n;
}

ssize_t read(int fd, void *bytes, size_t size)
{
        return kind_of(fd, NULL, 0) == TTY ? read_line(fd, bytes, size) : NEXT(read)(fd, bytes, size);
}

ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room)
{
        if (size > room)
                abort();
        return read(fd, bytes, size);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
        ssize_t n = NEXT(recvmsg)(fd, m, flags);

        if (n > 0 && !(flags & MSG_PEEK) && kind_of(fd, NULL, 0) == MONITOR)
                device_event(m->msg_iov->iov_base, (size_t)n);
        return n;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
        ssize_t n = NEXT(recv)(fd, bytes, size, flags);

        if (n > 0 && !(flags & MSG_PEEK) && kind_of(fd, NULL, 0) == MONITOR)
                device_event(bytes, (size_t)n);
        return n;
}

/* ---- start */

__attribute__((constructor)) static void begin(void)
{
        const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS"), *nth = getenv("KILL_NTH");
        char link[32];
        int fd;

        list_file = getenv("KILL_LIST");
        kill_at = getenv("KILL_AT");
        if (nth)
                kill_nth = strtoul(nth, NULL, 10);
        bus = address && strncmp(address, "unix:path=", 10) == 0 ? address + 10 : NULL;
        state = getenv("STATE_DIRECTORY");
        fd = state ? (int)syscall(SYS_openat, AT_FDCWD, state, O_PATH | O_CLOEXEC, 0) : -1;
        if (fd >= 0) {
                snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                syscall(SYS_readlinkat, AT_FDCWD, link, state_resolved, sizeof(state_resolved) - 1);
                syscall(SYS_close, fd);
        }
        active = list_file || kill_at;
}

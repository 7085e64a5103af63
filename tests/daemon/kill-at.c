/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library that is preloaded into the daemon, in front of the C library: it names each point at which the daemon acts
 * on the outside, lists these points, and kills the daemon (SIGKILL) at a given one, or has the disk fail there. The
 * daemon and this library know nothing of each other: the kind of the file descriptor decides about a point.
 *
 *   KILL_LIST=FILE   the name of each point is appended to FILE, one per line
 *   KILL_AT=NAME     kills the daemon at the point of that name
 *   KILL_NTH=N       at the N-th of that name; 1 if it is not set
 *   TRACE=FILE       each change of the state directory, with its bytes, and each other point are appended to FILE, one
 *                    per line, for disk-model.c
 *   FAIL_LIST=FILE   the name of each call that changes the state directory is appended to FILE, before the call, or
 *                    "failed" for the call that FAIL_AT names
 *   FAIL_AT=NAME     that call fails, and does nothing
 *   FAIL_NTH=N       the N-th of that name; 1 if it is not set
 *   FAIL_SINCE=TEXT  calls are counted only after a write to the state directory that contains TEXT
 *   FAIL_WITH=ERROR  ENOSPC, EIO, EROFS, or SHORT: half of a write, and ENOSPC at the next one
 *   FAIL_WHILE=FILE  all such calls that can have the error fail from then on, as long as FILE exists
 *
 * A name is the same in each run: it does not contain numbers that differ from run to run (of temporary files). The
 * kinds are "state" (the files below $STATE_DIRECTORY), "power" (sysfs), "at-out", "at-in", "device" (the udev monitor)
 * and "bus-out". A point is "after" a call. The state before a call is that after the previous point, unless the
 * actions between are no points of their own, as when a tty is opened: there, and in sysfs, "before" is a point as
 * well. */

/* The names below are meant literally, not the headers' replacements for them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
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

static const char *list_file, *kill_at, *trace_file, *fail_list, *fail_at, *fail_with, *fail_while, *fail_since, *state,
        *bus;
static char state_resolved[512];
static unsigned long kill_nth = 1, seen, fail_nth = 1, asked;
static bool active, failing, short_write;

/* ---- a point */

/* Directly by system calls: these actions are not the daemon's. */
static void append(const char *file, const char *line)
{
        int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        syscall(SYS_write, fd, line, strlen(line));
        syscall(SYS_close, fd);
}

/* "CALL NAME [OTHER-NAME] [HEXADECIMAL BYTES]" */
static void trace(const char *call, const char *name, const char *other, const uint8_t *bytes, size_t n)
{
        size_t size = strlen(call) + strlen(name) + strlen(other) + 2 * n + 5, used;
        char *line = trace_file ? malloc(size) : NULL;

        if (!line)
                return;
        used = (size_t)snprintf(line, size, "%s %s%s%s%s", call, name, *other ? " " : "", other, n ? " " : "");
        for (size_t i = 0; i < n; i++)
                used += (size_t)snprintf(line + used, size - used, "%02x", bytes[i]);
        strcpy(line + used, "\n");
        append(trace_file, line);
        free(line);
}

static void point(const char *kind, const char *when, const char *what, const char *detail)
{
        char line[1024];

        snprintf(line, sizeof(line) - 1, "%s %s %s%s%s", kind, when, what, *what && *detail ? " " : "", detail);
        if (trace_file && strcmp(kind, "state") != 0)
                trace("point", line, "", NULL, 0);
        if (kill_at && strcmp(line, kill_at) == 0 && ++seen == kill_nth)
                syscall(SYS_kill, getpid(), SIGKILL);
        if (list_file) {
                strcat(line, "\n");
                append(list_file, line);
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
static void mask(char *name)
{
        char *dot = strrchr(name, '.');

        if (dot && strlen(dot) == strlen(".XXXXXX") && strcmp(dot, ".broken") != 0)
                memcpy(dot, ".XXXXXX", strlen(".XXXXXX"));
}

/* name: below the state directory, as it is. */
static bool is_state(const char *path, char *name, size_t size)
{
        const char *roots[] = { state, state_resolved };

        for (size_t i = 0; state && i < 2; i++) {
                size_t n = strlen(roots[i]);

                if (n && strncmp(path, roots[i], n) == 0 && (path[n] == '/' || path[n] == 0)) {
                        snprintf(name, size, "%s", path[n] ? path + n + 1 : ".");
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

/* ---- a disk that fails */

static int error_of(const char *call)
{
        if (strcmp(fail_with, "EIO") == 0)
                return EIO;
        if (strcmp(fail_with, "EROFS") == 0) /* what is open stays writable */
                return strstr(call, "write") || strstr(call, "sync") || strstr(call, "allocate") ? 0 : EROFS;
        return strstr(call, "unlink") || strstr(call, "directory") ? 0 : ENOSPC;
}

/* Returns the error with which the call is to fail, or 0. */
static int fault(const char *call, const char *name)
{
        char line[512];

        snprintf(line, sizeof(line) - 1, "%s %s", call, name);
        mask(line);
        if (fail_at && !fail_since && !failing && strcmp(line, fail_at) == 0 && ++asked == fail_nth) {
                if (fail_list)
                        append(fail_list, "failed\n");
                failing = true;
                short_write = strcmp(fail_with, "SHORT") == 0;
                return error_of(call);
        }
        if (fail_list) {
                strcat(line, "\n");
                append(fail_list, line);
        }
        return failing && fail_while && access(fail_while, F_OK) == 0 ? error_of(call) : 0;
}

/* ---- files: opened, written, renamed, removed */

/* path: relative to the directory at. name: "" of a file elsewhere. */
static void find_name(int at, const char *path, char *name, size_t size)
{
        char link[32], whole[1024] = "";
        ssize_t n = 0;

        if (*path != '/' && at != AT_FDCWD) {
                snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
                n = syscall(SYS_readlinkat, AT_FDCWD, link, whole, sizeof(whole) / 2);
                n += n >= 0 ? snprintf(whole + n, 2, "/") : 1;
        }
        snprintf(whole + n, sizeof(whole) - (size_t)n, "%s", path);
        if (!active || !is_state(whole, name, size))
                *name = 0;
}

/* Returns false, with errno, if the call is to fail. */
static bool allow(const char *call, const char *name)
{
        int error = *name ? fault(call, name) : 0;

        if (error)
                errno = error;
        return error == 0;
}

static void state_point(const char *call, const char *name)
{
        char masked[256];

        snprintf(masked, sizeof(masked), "%s", name);
        mask(masked);
        point("state", "after", call, masked);
}

/* other: another name in the trace, or "". */
static void note_call(const char *call, const char *name, const char *other)
{
        if (!*name)
                return;
        trace(call, *other ? other : name, *other ? name : "", NULL, 0);
        state_point(call, name);
}

#define INTERPOSE_OPEN(function, PARAMETERS, ARGUMENTS, at)                                                            \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                char name[256] = "";                                                                                   \
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
                if (flags & O_CREAT)                                                                                   \
                        find_name(at, path, name, sizeof(name));                                                       \
                fd = allow("open", name) ? NEXT(function) ARGUMENTS : -1;                                              \
                if (fd >= 0)                                                                                           \
                        note_call("open", name, "");                                                                   \
                return fd;                                                                                             \
        }

INTERPOSE_OPEN(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
INTERPOSE_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
INTERPOSE_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode), at)
INTERPOSE_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode), at)

#define INTERPOSE_RENAME(function, PARAMETERS, ARGUMENTS, at_from, at_to)                                              \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                char name[256], other[256];                                                                            \
                int r;                                                                                                 \
                                                                                                                       \
                find_name(at_to, to, name, sizeof(name));                                                              \
                find_name(at_from, from, other, sizeof(other));                                                        \
                r = allow("rename", name) ? NEXT(function) ARGUMENTS : -1;                                             \
                if (r == 0)                                                                                            \
                        note_call("rename", name, other);                                                              \
                return r;                                                                                              \
        }

INTERPOSE_RENAME(rename, (const char *from, const char *to), (from, to), AT_FDCWD, AT_FDCWD)
INTERPOSE_RENAME(renameat, (int at, const char *from, int at_to, const char *to), (at, from, at_to, to), at, at_to)

static bool is_missing(int at, const char *path)
{
        return faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

/* A directory that exists, and a file that does not, are errors before any of the disk is. */
#define INTERPOSE_NAME(function, call, PARAMETERS, ARGUMENTS, at, missing)                                             \
        int function PARAMETERS                                                                                        \
        {                                                                                                              \
                char name[256] = "";                                                                                   \
                int r;                                                                                                 \
                                                                                                                       \
                if (is_missing(at, path) == (missing))                                                                 \
                        find_name(at, path, name, sizeof(name));                                                       \
                r = allow(call, name) ? NEXT(function) ARGUMENTS : -1;                                                 \
                if (r == 0)                                                                                            \
                        note_call(call, name, "");                                                                     \
                return r;                                                                                              \
        }

INTERPOSE_NAME(unlink, "unlink", (const char *path), (path), AT_FDCWD, false)
INTERPOSE_NAME(unlinkat, "unlink", (int at, const char *path, int flags), (at, path, flags), at, false)
INTERPOSE_NAME(mkdir, "mkdir", (const char *path, mode_t mode), (path, mode), AT_FDCWD, true)

static bool is_directory(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

#define INTERPOSE_SYNC(function)                                                                                       \
        int function(int fd)                                                                                           \
        {                                                                                                              \
                char name[256];                                                                                        \
                int r;                                                                                                 \
                                                                                                                       \
                if (kind_of(fd, name, sizeof(name)) != STATE)                                                          \
                        return NEXT(function)(fd);                                                                     \
                r = allow(is_directory(fd) ? #function "-directory" : #function, name) ? NEXT(function)(fd) : -1;      \
                if (r == 0)                                                                                            \
                        note_call(#function, name, "");                                                                \
                return r;                                                                                              \
        }

INTERPOSE_SYNC(fsync)
INTERPOSE_SYNC(fdatasync)
INTERPOSE_SYNC(syncfs)

#define INTERPOSE_ALLOCATE(function, type)                                                                             \
        int function(int fd, int mode, type at, type size)                                                             \
        {                                                                                                              \
                char name[256];                                                                                        \
                                                                                                                       \
                if (kind_of(fd, name, sizeof(name)) == STATE && !allow("fallocate", name))                             \
                        return -1;                                                                                     \
                return NEXT(function)(fd, mode, at, size);                                                             \
        }

INTERPOSE_ALLOCATE(fallocate, off_t)
INTERPOSE_ALLOCATE(fallocate64, off64_t)

/* ---- bytes out */

static void outgoing(Kind kind, bool after, const char *name, struct iovec out)
{
        const char *when = after ? "after" : "before";
        char text[512];

        switch (kind) {
        case STATE:
                if (after)
                        state_point("write", name);
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

INTERPOSE_OUT(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), PIECE(data, size))
INTERPOSE_OUT(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), PIECE(data, size))
INTERPOSE_OUT(send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), PIECE(data, size))
INTERPOSE_OUT(writev, (int fd, const struct iovec *iov, int count), (fd, iov, count), first(iov, (size_t)count))
INTERPOSE_OUT(sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), first(m->msg_iov, m->msg_iovlen))

/* Returns false, with errno, if the write is to fail; *size becomes smaller if it is to be short. */
static bool allow_write(const char *name, size_t *size)
{
        bool after_short = short_write, allowed = allow("write", name);

        if (after_short) {
                short_write = false;
                errno = ENOSPC;
                return false;
        }
        if (short_write)
                *size = (*size + 1) / 2;
        return allowed || short_write;
}

ssize_t write(int fd, const void *data, size_t size)
{
        char name[256];
        Kind kind = kind_of(fd, name, sizeof(name));
        ssize_t r;

        if (kind == STATE && !allow_write(name, &size))
                return -1;
        outgoing(kind, false, name, PIECE(data, size));
        r = NEXT(write)(fd, data, size);
        if (r > 0 && kind == STATE)
                trace("write", name, "", data, (size_t)r);
        if (r > 0 && kind == STATE && fail_since && memmem(data, (size_t)r, fail_since, strlen(fail_since)))
                fail_since = NULL;
        if (r > 0)
                outgoing(kind, true, name, PIECE(data, size));
        return r;
}

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
        const char *nth_failing = getenv("FAIL_NTH");
        char link[32];
        int fd;

        list_file = getenv("KILL_LIST");
        kill_at = getenv("KILL_AT");
        if (nth)
                kill_nth = strtoul(nth, NULL, 10);
        trace_file = getenv("TRACE");
        fail_list = getenv("FAIL_LIST");
        fail_at = getenv("FAIL_AT");
        if (nth_failing)
                fail_nth = strtoul(nth_failing, NULL, 10);
        fail_with = getenv("FAIL_WITH");
        fail_while = getenv("FAIL_WHILE");
        fail_since = getenv("FAIL_SINCE");
        bus = address && strncmp(address, "unix:path=", 10) == 0 ? address + 10 : NULL;
        state = getenv("STATE_DIRECTORY");
        fd = state ? (int)syscall(SYS_openat, AT_FDCWD, state, O_PATH | O_CLOEXEC, 0) : -1;
        if (fd >= 0) {
                snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                syscall(SYS_readlinkat, AT_FDCWD, link, state_resolved, sizeof(state_resolved) - 1);
                syscall(SYS_close, fd);
        }
        active = list_file || kill_at || trace_file || fail_list || fail_at;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that is preloaded before libumockdev's, and does in its place everything that concerns files below /dev.
 * libumockdev keeps a table of open devices, without a lock, with room for fifty of them, in which devices that could
 * not be opened stay for ever; it aborts when the table is full, and when one thread closes any file while another opens
 * a device. It asks the simulator before each read, write and ioctl of a tty, which costs both processes several
 * switches of threads, and it aborts the simulator if a process is killed meanwhile.
 *
 * Here a process opens, reads and closes the ttys of the test bed as if they were any other file. The simulator is
 * asked by a socket for each tty (bed-host.h) before writes and three ioctls, in which it has a part.
 *
 * The same table of libumockdev holds the sockets by which a process receives uevents, so libumockdev hears of the end
 * of these files alone. libumockdev names such a socket by the number of its descriptor: it removes another process's
 * socket of that number, or is refused if that socket is another user's. Here the name contains the process id. These
 * sockets must be opened by one thread, as in all programs here.
 *
 * Last, libumockdev looks for each file of /proc in the test bed, which has none.
 *
 * guard-check.c tests all of these faults.
 */

/* The names below are meant literally, not the headers' replacements for them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include "bed-host.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#define LIBC(name) ((__typeof__(&(name)))dlsym(libc(), #name))
#define FDS_MAX    16384 /* no tty has a descriptor above, and every file there is taken for a socket of uevents */

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

struct tty {
        int host; /* the socket for the simulator */
        char name[sizeof(((struct bed_host_question *)NULL)->name)];
};

static atomic_bool listeners[FDS_MAX];     /* by descriptor: a socket of uevents */
static _Atomic(struct tty *) ttys[FDS_MAX]; /* by descriptor: NULL if it is no tty of the test bed */

/* Constructors of other libraries open files before one of this library has run. */
static void *libc(void)
{
        static _Atomic(void *) handle;

        if (!handle)
                handle = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
        return handle;
}

static bool is_below(const char *path, const char *directory)
{
        return strncmp(path, directory, strlen(directory)) == 0;
}

/* ---- the simulator */

/* Returns -1 if the simulator has ended. Without signals: a handler's own write would receive this answer. */
static int ask(const struct tty *tty, unsigned long request, size_t size)
{
        struct bed_host_question question = { .request = request, .size = size };
        sigset_t all, before;
        int32_t answer;

        memcpy(question.name, tty->name, sizeof question.name);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        if (syscall(SYS_sendto, tty->host, &question, sizeof question, MSG_NOSIGNAL, NULL, 0) < 0 ||
            syscall(SYS_recvfrom, tty->host, &answer, sizeof answer, 0, NULL, NULL) != sizeof answer)
                answer = -1;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return answer;
}

/* Takes over the tty of the test bed that was opened. Returns its descriptor, or -1 with errno. */
static int take_tty(int fd, const char *bed, const char *name)
{
        struct sockaddr_un host = { .sun_family = AF_UNIX };
        struct tty *tty = calloc(1, sizeof *tty);
        int error;

        if (tty && snprintf(tty->name, sizeof tty->name, "%s", name) < (int)sizeof tty->name && fd < FDS_MAX &&
            snprintf(host.sun_path, sizeof host.sun_path, "%s/" BED_HOST_SOCKET, bed) < (int)sizeof host.sun_path &&
            (tty->host = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) >= 0) {
                if (syscall(SYS_connect, tty->host, &host, sizeof host) == 0) {
                        atomic_store(&ttys[fd], tty);
                        return fd;
                }
                error = errno;
                syscall(SYS_close, tty->host);
        } else {
                error = errno ?: ENAMETOOLONG;
        }
        free(tty);
        syscall(SYS_close, fd);
        errno = error;
        return -1;
}

/* ---- files below /dev */

/* The place of a device: in the test bed, or, if it has none of that name, the machine's own. */
static const char *find_device(const char *path, const char *bed, char *buffer, size_t size)
{
        return bed && snprintf(buffer, size, "%s%s", bed, path) < (int)size &&
                               syscall(SYS_faccessat, AT_FDCWD, buffer, F_OK) == 0
                       ? buffer
                       : path;
}

static int open_device(const char *path, int flags, mode_t mode)
{
        const char *bed = getenv("UMOCKDEV_DIR"), *place;
        char buffer[PATH_MAX];
        int error = errno, fd;

        place = find_device(path, bed, buffer, sizeof buffer);
        fd = (int)syscall(SYS_openat, AT_FDCWD, place, flags, mode);
        if (fd < 0)
                return -1;
        errno = error;
        return place == buffer && is_below(path, "/dev/tty") ? take_tty(fd, bed, path + strlen("/dev/")) : fd;
}

#define GUARD_OPEN(function)                                                                                           \
        int function(const char *path, int flags, ...)                                                                 \
        {                                                                                                              \
                mode_t mode = 0;                                                                                       \
                                                                                                                       \
                if (flags & (O_CREAT | __O_TMPFILE)) {                                                                 \
                        va_list args;                                                                                  \
                                                                                                                       \
                        va_start(args, flags);                                                                         \
                        mode = va_arg(args, mode_t);                                                                   \
                        va_end(args);                                                                                  \
                }                                                                                                      \
                return is_below(path, "/dev/") ? open_device(path, flags, mode) : NEXT(function)(path, flags, mode);   \
        }

GUARD_OPEN(open)
GUARD_OPEN(open64)

/* The names of the two functions with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags)
{
        return is_below(path, "/dev/") ? open_device(path, flags, 0) : NEXT(__open_2)(path, flags);
}

int __open64_2(const char *path, int flags)
{
        return is_below(path, "/dev/") ? open_device(path, flags, 0) : NEXT(__open64_2)(path, flags);
}

#define GUARD_FOPEN(function)                                                                                          \
        FILE *function(const char *path, const char *mode)                                                             \
        {                                                                                                              \
                char buffer[PATH_MAX];                                                                                 \
                                                                                                                       \
                if (!is_below(path, "/dev/"))                                                                          \
                        return NEXT(function)(path, mode);                                                             \
                return LIBC(fopen)(find_device(path, getenv("UMOCKDEV_DIR"), buffer, sizeof buffer), mode);            \
        }

GUARD_FOPEN(fopen)
GUARD_FOPEN(fopen64)

ssize_t read(int fd, void *bytes, size_t n)
{
        return syscall(SYS_read, fd, bytes, n);
}

static const struct tty *find_tty(int fd)
{
        return fd >= 0 && fd < FDS_MAX ? atomic_load(&ttys[fd]) : NULL;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
        const struct tty *tty = find_tty(fd);

        if (tty)
                ask(tty, 0, n);
        return syscall(SYS_write, fd, bytes, n);
}

int ioctl(int fd, unsigned long request, ...)
{
        const struct tty *tty = find_tty(fd);
        va_list args;
        void *argument;
        int answer;

        va_start(args, request);
        argument = va_arg(args, void *);
        va_end(args);
        answer = tty && (request == TIOCEXCL || request == TIOCNXCL || request == TIOCOUTQ) ? ask(tty, request, 0) : -1;
        if (answer >= 0 && request == TIOCOUTQ)
                *(int *)argument = answer;
        else if (answer != 0)
                return (int)syscall(SYS_ioctl, fd, request, argument);
        return 0;
}

DIR *opendir(const char *path)
{
        return is_below(path, "/proc") ? LIBC(opendir)(path) : NEXT(opendir)(path);
}

/* ---- uevents */

int socket(int domain, int type, int protocol)
{
        int fd = NEXT(socket)(domain, type, protocol);

        if (domain == AF_NETLINK && fd >= 0 && fd < FDS_MAX)
                listeners[fd] = true;
        return fd;
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
        const char *bed = getenv("UMOCKDEV_DIR");
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        socklen_t n = sizeof(int);
        int domain = 0;

        if (!bed || address->sa_family != AF_NETLINK || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0 ||
            domain != AF_UNIX)
                return NEXT(bind)(fd, address, length);
        if (snprintf(name.sun_path, sizeof name.sun_path, "%s/event%d.%d", bed, (int)getpid(), fd) >=
            (int)sizeof name.sun_path) {
                errno = ENAMETOOLONG;
                return -1;
        }
        unlink(name.sun_path);
        return (int)syscall(SYS_bind, fd, &name, sizeof name);
}

/* ---- ends */

/* Returns false if libumockdev need not be called. */
static bool ends(int fd)
{
        struct tty *tty;

        if (fd < 0 || fd >= FDS_MAX)
                return true;
        tty = atomic_exchange(&ttys[fd], NULL);
        if (tty)
                syscall(SYS_close, tty->host);
        free(tty);
        return atomic_exchange(&listeners[fd], false);
}

int close(int fd)
{
        return ends(fd) ? NEXT(close)(fd) : (int)syscall(SYS_close, fd);
}

int fclose(FILE *file)
{
        return ends(fileno(file)) ? NEXT(fclose)(file) : LIBC(fclose)(file);
}

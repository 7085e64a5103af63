/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that is preloaded before libumockdev's. The latter keeps a table of the open devices, without a lock, and
 * aborts when one thread closes any file while another opens a device; and when opening devices has failed fifty times,
 * because those are never removed. This library reports the end of a file only if the file is a device, and of devices
 * that could not be opened. Devices must be opened by one thread, as in all programs here.
 *
 * libumockdev also names the socket by which a process receives uevents by the number of its descriptor alone: it
 * removes another process's socket of that number, or is refused if that socket is another user's. Here the name
 * contains the process id.
 *
 * guard-check.c tests all of these faults.
 *
 * libumockdev also asks the simulator before each read and each ioctl of a tty, which costs both processes several
 * switches of threads, and looks for each file of /proc in the test bed. The simulator has a part in three ioctls alone
 * (bed-ioctl.c), so everything else goes straight to the kernel.
 *
 * Last, libumockdev aborts the simulator when a process is killed while the simulator has an ioctl made on that
 * process's descriptor. Here the process makes its ioctls itself, and the simulator only hears of them.
 */

/* The names below are meant literally, not the headers' replacements for them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
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
#define FDS_MAX    1024 /* all descriptors above are taken for devices */

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

static atomic_bool devices[FDS_MAX]; /* by file descriptor: may be in libumockdev's table */
static int (*libc_fclose)(FILE *);
static DIR *(*libc_opendir)(const char *);

__attribute__((constructor)) static void set_up(void)
{
        void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);

        libc_fclose = libc ? (int (*)(FILE *))dlsym(libc, "fclose") : NULL;
        libc_opendir = libc ? (DIR * (*)(const char *)) dlsym(libc, "opendir") : NULL;
}

static bool is_below_dev(const char *path)
{
        return strncmp(path, "/dev/", strlen("/dev/")) == 0;
}

static int opened(int fd, bool device)
{
        int error = errno;

        if (!device)
                return fd;
        if (fd < 0)
                NEXT(close)(fd);
        else if (fd < FDS_MAX)
                devices[fd] = true;
        errno = error;
        return fd;
}

/* Returns false if libumockdev need not be called. */
static bool closes_device(int fd)
{
        return fd < 0 || fd >= FDS_MAX || atomic_exchange(&devices[fd], false);
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
                return opened(NEXT(function)(path, flags, mode), is_below_dev(path));                                  \
        }

GUARD_OPEN(open)
GUARD_OPEN(open64)

/* The names of the two functions with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags)
{
        return opened(NEXT(__open_2)(path, flags), is_below_dev(path));
}

int __open64_2(const char *path, int flags)
{
        return opened(NEXT(__open64_2)(path, flags), is_below_dev(path));
}

#define GUARD_FOPEN(function)                                                                                          \
        FILE *function(const char *path, const char *mode)                                                             \
        {                                                                                                              \
                FILE *file = NEXT(function)(path, mode);                                                               \
                                                                                                                       \
                if (file)                                                                                              \
                        opened(fileno(file), is_below_dev(path));                                                      \
                return file;                                                                                           \
        }

GUARD_FOPEN(fopen)
GUARD_FOPEN(fopen64)

int socket(int domain, int type, int protocol)
{
        return opened(NEXT(socket)(domain, type, protocol), domain == AF_NETLINK);
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

int close(int fd)
{
        return closes_device(fd) ? NEXT(close)(fd) : (int)syscall(SYS_close, fd);
}

int fclose(FILE *file)
{
        return closes_device(fileno(file)) || !libc_fclose ? NEXT(fclose)(file) : libc_fclose(file);
}

ssize_t read(int fd, void *bytes, size_t n)
{
        return syscall(SYS_read, fd, bytes, n);
}

DIR *opendir(const char *path)
{
        return libc_opendir && strncmp(path, "/proc", strlen("/proc")) == 0 ? libc_opendir(path) : NEXT(opendir)(path);
}

/* The simulator answers 1 if the ioctl is to be made here after it. */
int ioctl(int fd, unsigned long request, ...)
{
        va_list args;
        void *argument;
        int answer = 1;

        va_start(args, request);
        argument = va_arg(args, void *);
        va_end(args);
        if (request == TIOCEXCL || request == TIOCNXCL || request == TIOCOUTQ)
                answer = NEXT(ioctl)(fd, request, argument);
        return answer == 1 ? (int)syscall(SYS_ioctl, fd, request, argument) : answer;
}

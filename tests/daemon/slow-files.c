/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library that is preloaded into the daemon and simulates the files of a network or of a small disk, or small
 * and large sockets. The daemon knows nothing of it.
 *
 *   READS_WAIT=SOCKET     each pread() connects to that socket and waits until the connection is closed; without a
 *                         listener it goes on
 *   DISK_FREE=N           the free space that fstatvfs() returns, in bytes
 *   DISK_ROOM=N           bytes that can be written to one of the packages before the disk is full
 *   RECORDS_REFUSED=FILE  no record of a job can be written while FILE exists: the disk is full, or, if FILE is not
 * empty, has an I/O error SYNCS_REFUSED=FILE    no directory can be synchronized with the disk while FILE exists
 *   SOCKETS_SMALL=BYTES   the size of each send buffer that the daemon sets, whatever it asks for
 *   JOURNAL_LONG=1        the journal's socket takes as much as that of a machine with systemd: a datagram waits for
 * room SYNCS_COUNTED=FILE    FILE gets a byte for each file, directory or file system that is synchronized */

/* The names below are meant literally, not the headers' replacements for them. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* ---- a file that does not arrive */

static void wait_for_leave(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("READS_WAIT");
        char byte;
        int fd;

        if (!path)
                return;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                while (syscall(SYS_read, fd, &byte, 1) < 0 && errno == EINTR)
                        ;
        syscall(SYS_close, fd);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
        wait_for_leave();
        return NEXT(pread)(fd, bytes, size, at);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at)
{
        wait_for_leave();
        return NEXT(pread64)(fd, bytes, size, at);
}

/* ---- a small disk */

int fstatvfs(int fd, struct statvfs *ret)
{
        const char *room = getenv("DISK_FREE");
        int r = NEXT(fstatvfs)(fd, ret);

        if (room) {
                ret->f_frsize = 1;
                ret->f_bavail = strtoul(room, NULL, 10);
        }
        return r;
}

int fstatvfs64(int fd, struct statvfs64 *ret)
{
        const char *room = getenv("DISK_FREE");
        int r = NEXT(fstatvfs64)(fd, ret);

        if (room) {
                ret->f_frsize = 1;
                ret->f_bavail = strtoul(room, NULL, 10);
        }
        return r;
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
        if (!getenv("DISK_ROOM"))
                return NEXT(fallocate)(fd, mode, at, size);
        errno = EOPNOTSUPP; /* as in many file systems */
        return -1;
}

int fallocate64(int fd, int mode, off64_t at, off64_t size)
{
        if (!getenv("DISK_ROOM"))
                return NEXT(fallocate64)(fd, mode, at, size);
        errno = EOPNOTSUPP;
        return -1;
}

static int is_package(int fd)
{
        char link[32], path[512] = "";

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        return syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1) > 0 && strstr(path, "/packages/");
}

ssize_t write(int fd, const void *bytes, size_t size)
{
        const char *room = getenv("DISK_ROOM");
        off_t end;

        if (room && is_package(fd)) {
                end = lseek(fd, 0, SEEK_CUR);
                if (end >= strtol(room, NULL, 10)) {
                        errno = ENOSPC;
                        return -1;
                }
                if (end + (off_t)size > strtol(room, NULL, 10))
                        size = (size_t)(strtol(room, NULL, 10) - end);
        }
        return (ssize_t)syscall(SYS_write, fd, bytes, size);
}

static void count_sync(void)
{
        const char *path = getenv("SYNCS_COUNTED");
        int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC, 0) : -1;

        if (fd < 0)
                return;
        syscall(SYS_write, fd, "x", 1);
        syscall(SYS_close, fd);
}

int syncfs(int fd)
{
        count_sync();
        return NEXT(syncfs)(fd);
}

int fsync(int fd)
{
        const char *file = getenv("SYNCS_REFUSED");
        struct stat st;

        count_sync();
        if (file && access(file, F_OK) == 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
                errno = EIO;
                return -1;
        }
        return NEXT(fsync)(fd);
}

static int refuses(const char *path, int flags)
{
        const char *file = getenv("RECORDS_REFUSED");
        struct stat st;

        if (!file || !(flags & O_CREAT) || !strstr(path, "/jobs/") || access(file, F_OK) < 0)
                return 0;
        errno = stat(file, &st) == 0 && st.st_size > 0 ? EIO : ENOSPC;
        return 1;
}

#define INTERPOSE_OPEN(function)                                                                                       \
        int function(const char *path, int flags, ...)                                                                 \
        {                                                                                                              \
                mode_t mode = 0;                                                                                       \
                va_list args;                                                                                          \
                                                                                                                       \
                va_start(args, flags);                                                                                 \
                if (flags & (O_CREAT | __O_TMPFILE))                                                                   \
                        mode = va_arg(args, mode_t);                                                                   \
                va_end(args);                                                                                          \
                return refuses(path, flags) ? -1 : NEXT(function)(path, flags, mode);                                  \
        }

INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open64)

/* ---- a socket that takes little */

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
        const char *small = getenv("SOCKETS_SMALL");
        int bytes = small ? atoi(small) : 0;

        if (small && level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_SNDBUFFORCE))
                return NEXT(setsockopt)(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
        return NEXT(setsockopt)(fd, level, name, value, size);
}

/* ---- a journal with a long queue: Linux alone, without systemd's setting, lets 10 datagrams wait */

ssize_t sendto(int fd, const void *data, size_t size, int flags, __CONST_SOCKADDR_ARG address, socklen_t length)
{
        const struct sockaddr_un *to = (const struct sockaddr_un *)address.__sockaddr__;
        bool waits = getenv("JOURNAL_LONG") && to && to->sun_family == AF_UNIX &&
                     strcmp(to->sun_path, "/run/systemd/journal/socket") == 0;
        ssize_t n;

        do
                n = NEXT(sendto)(fd, data, size, flags, address, length);
        while (n < 0 && errno == EAGAIN && waits && poll(NULL, 0, 1) == 0);
        return n;
}

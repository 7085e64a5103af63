/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A library that is preloaded into the daemon and simulates a disk with slow writes, and a host that was suspended. The
 * daemon knows nothing of it.
 *
 *   SYNCS_WAIT=SOCKET    each fsync() and unlink() connects to that socket and waits until the connection is closed;
 *                        without a listener it goes on
 *   SYNCS_OF=TEXT        the same for files with that text in their paths alone
 *   RENAMES_OF=TEXT      each rename() of a file with that text in its path waits likewise
 *   REMOVALS_FAIL=FILE   no file with that text in its path can be removed while FILE exists: EROFS
 *   SUSPENDED=FILE       the host was suspended for the number of seconds in FILE: CLOCK_BOOTTIME is ahead by them
 *   LATER=FILE           the number of seconds in FILE has passed: both clocks are ahead by them */

#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* ---- the disk */

static void read_path(int fd, char *ret, size_t size)
{
        char link[32];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = syscall(SYS_readlinkat, AT_FDCWD, link, ret, size - 1);
        ret[n < 0 ? 0 : n] = 0;
}

static bool concerns(const char *path)
{
        const char *part = getenv("SYNCS_OF");

        return !part || strstr(path, part);
}

static void wait_for_test(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *socket_path = getenv("SYNCS_WAIT");
        char byte;
        int s;

        if (!socket_path)
                return;
        s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
        if (connect(s, (struct sockaddr *)&address, sizeof(address)) == 0)
                while (syscall(SYS_read, s, &byte, 1) < 0 && errno == EINTR)
                        ;
        syscall(SYS_close, s);
}

int fsync(int fd)
{
        char path[512];

        read_path(fd, path, sizeof(path));
        if (concerns(path))
                wait_for_test();
        return NEXT(fsync)(fd);
}

int unlink(const char *path)
{
        const char *fail = getenv("REMOVALS_FAIL");

        if (concerns(path))
                wait_for_test();
        if (fail && concerns(path) && access(fail, F_OK) == 0) {
                errno = EROFS;
                return -1;
        }
        return NEXT(unlink)(path);
}

int rename(const char *from, const char *to)
{
        const char *part = getenv("RENAMES_OF");

        if (part && strstr(from, part))
                wait_for_test();
        return NEXT(rename)(from, to);
}

/* ---- the clock */

static long seconds_in(const char *variable)
{
        const char *path = getenv(variable);
        char text[32] = "";
        int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;

        if (fd < 0)
                return 0;
        syscall(SYS_read, fd, text, sizeof(text) - 1);
        syscall(SYS_close, fd);
        return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        int r = (int)syscall(SYS_clock_gettime, clock, ret);

        if (r == 0 && clock == CLOCK_BOOTTIME)
                ret->tv_sec += seconds_in("SUSPENDED");
        if (r == 0 && (clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC))
                ret->tv_sec += seconds_in("LATER");
        return r;
}

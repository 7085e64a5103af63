/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Another program that has a tty open. Independent of the world and the daemon. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "squatter.h"

pid_t squat(const char *tty, bool exclusive)
{
        int ready[2], fd;
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                prctl(PR_SET_NAME, "squatter");
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                fd = tty ? open(tty, O_RDWR | O_NOCTTY) : -1;
                if ((tty && fd < 0) || (exclusive && ioctl(fd, TIOCEXCL) < 0))
                        _exit(1);
                if (write(ready[1], "r", 1) == 1)
                        for (;;)
                                pause();
                _exit(1);
        }
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
}

void evict(pid_t pid)
{
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

void end_exclusive(const char *tty)
{
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ioctl(fd, TIOCNXCL), 0);
        close(fd);
}

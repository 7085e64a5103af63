/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard-check TTY, as a COMMAND of modsim: kills processes in the midst of ioctls on the TTY, listens for uevents in
 * two processes, opens the TTY a hundred times, opens missing devices, and opens existing devices while another thread
 * opens and closes other files. Exit status 0 if it and modsim survive and both processes had a socket of their own;
 * without bed-guard.so the first fault aborts modsim, there is one socket, the third and the fourth fault abort
 * guard-check, and the fifth does so every other time.
 */

#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPENS  20000
#define ABSENT 100
#define TTYS   100
#define KILLED 100

static atomic_bool over;

static void *close_others(void *data)
{
        (void)data;
        while (!over) {
                int fds[2];

                if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                        abort();
                close(fds[0]);
                close(fds[1]);
        }
        return NULL;
}

static bool listen_for_uevents(void)
{
        struct sockaddr_nl all = { .nl_family = AF_NETLINK, .nl_groups = 2 };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

        return fd >= 0 && bind(fd, (struct sockaddr *)&all, sizeof all) == 0;
}

static size_t count_listeners(void)
{
        char pattern[4096];
        glob_t found;
        size_t n;

        snprintf(pattern, sizeof pattern, "%s/event[0-9]*", getenv("UMOCKDEV_DIR"));
        n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
        if (n)
                globfree(&found);
        return n;
}

/* Two processes listen by descriptors of the same number. */
static bool listen_twice(void)
{
        size_t before = count_listeners();

        for (int i = 0; i < 2; i++) {
                pid_t child = fork();
                int status;

                if (child == 0)
                        _exit(!listen_for_uevents());
                if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
                        return false;
        }
        return count_listeners() == before + 2;
}

/* Each process is killed after another number of its ioctls, so that the kill meets every step of one. */
static bool kill_in_ioctls(const char *tty)
{
        for (int i = 0; i < KILLED; i++) {
                int counted[2], status, bits;
                char byte;
                pid_t child;

                if (pipe(counted) < 0 || (child = fork()) < 0)
                        return false;
                if (child == 0) {
                        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

                        while (fd >= 0 && ioctl(fd, TIOCOUTQ, &bits) == 0 && ioctl(fd, FIONREAD, &bits) == 0 &&
                               ioctl(fd, TIOCEXCL) == 0 && write(counted[1], "", 1) == 1)
                                ;
                        _exit(EXIT_FAILURE);
                }
                close(counted[1]);
                for (int n = 0; n < 1 + i % 8; n++)
                        if (read(counted[0], &byte, 1) != 1)
                                return false;
                if (kill(child, SIGKILL) < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
                        return false;
                close(counted[0]);
        }
        return true;
}

static bool open_many(const char *tty)
{
        int fds[TTYS], waiting;

        for (int i = 0; i < TTYS; i++)
                if ((fds[i] = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 || ioctl(fds[i], TIOCOUTQ, &waiting) < 0)
                        return false;
        for (int i = 0; i < TTYS; i++)
                close(fds[i]);
        return true;
}

int main(int argc, char **argv)
{
        pthread_t others;

        if (argc != 2 || !kill_in_ioctls(argv[1]))
                return EXIT_FAILURE;
        if (!listen_twice() || !open_many(argv[1]))
                return EXIT_FAILURE;
        for (int i = 0; i < ABSENT; i++)
                if (open("/dev/ttyUSB99", O_RDWR | O_CLOEXEC) >= 0)
                        return EXIT_FAILURE;
        if (pthread_create(&others, NULL, close_others, NULL) != 0)
                return EXIT_FAILURE;
        for (int i = 0; i < OPENS; i++) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

                if (fd < 0)
                        return EXIT_FAILURE;
                close(fd);
        }
        over = true;
        pthread_join(others, NULL);
        return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard-check, as a COMMAND of modsim: listens for uevents in two processes, opens missing devices, and opens existing
 * devices while another thread opens and closes other files. Exit status 0 if it survives and both processes had a
 * socket of their own; without bed-guard.so there is one socket, the second fault aborts it, and the third does so
 * every other time.
 */

#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPENS  100000
#define ABSENT 100

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

int main(void)
{
        pthread_t others;

        if (!listen_twice())
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

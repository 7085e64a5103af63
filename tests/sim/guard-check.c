/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard-check, as a COMMAND of modsim: opens devices that are not there, and devices that are while another thread
 * opens and closes what is none. Exit status 0 if it lives; without bed-guard.so it is aborted over the former, and
 * every other time over the latter.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
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

int main(void)
{
        pthread_t others;

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps foreign files away from the event loop: carriers, and threads that close. Knows neither the bus nor packages.
 */

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/carrier.h"

/* Threads at a time. If all of them hang, files that come later stay open until the daemon ends. */
#define CLOSERS_MAX 64

/* A message of one byte and one descriptor. */
typedef struct Letter {
        char byte;
        struct iovec piece;
        union {
                struct cmsghdr head;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct msghdr header;
} Letter;

static void letter_init(Letter *l)
{
        *l = (Letter){ 0 };
        l->piece = (struct iovec){ &l->byte, 1 };
        l->header = (struct msghdr){ .msg_iov = &l->piece,
                                     .msg_iovlen = 1,
                                     .msg_control = l->control.bytes,
                                     .msg_controllen = sizeof(l->control.bytes) };
}

static void close_one(gpointer data, gpointer unused)
{
        (void)unused;
        close(GPOINTER_TO_INT(data));
}

void carrier_close(int fd)
{
        static gsize closers;

        if (g_once_init_enter(&closers))
                g_once_init_leave(&closers, (gsize)g_thread_pool_new(close_one, NULL, CLOSERS_MAX, FALSE, NULL));
        g_thread_pool_push((GThreadPool *)closers, GINT_TO_POINTER(fd), NULL);
}

static bool is_socket(int fd)
{
        socklen_t size = sizeof(int);
        int type;

        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* If the kernel refuses, the carrier is empty, and its file is one that cannot be had. */
static void put_in(int socket, int fd)
{
        Letter l;

        letter_init(&l);
        l.control.head.cmsg_level = SOL_SOCKET;
        l.control.head.cmsg_type = SCM_RIGHTS;
        l.control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&l.control.head), &fd, sizeof(int));
        (void)!sendmsg(socket, &l.header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int carrier_new(int fd)
{
        int pair[2], r;

        r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
        if (r == 0) {
                if (!is_socket(fd))
                        put_in(pair[0], fd);
                close(pair[0]);
        }
        carrier_close(fd);
        return r < 0 ? r : pair[1];
}

int carrier_open(int fd)
{
        Letter l;
        int file;

        letter_init(&l);
        if (recvmsg(fd, &l.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0 ||
            l.header.msg_controllen < CMSG_LEN(sizeof(int)) || l.control.head.cmsg_type != SCM_RIGHTS)
                return fd;
        memcpy(&file, CMSG_DATA(&l.control.head), sizeof(int));
        close(fd);
        return file;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The socket of the connection to the bus. sd-bus closes the descriptors of a message on the event loop, also of a
 * message that no method takes, and closing a file of a caller's may block for ever. So a thread reads from the bus,
 * replaces the descriptors by carriers, and passes the bytes on to sd-bus. What sd-bus writes goes to the bus directly.
 * Of messages only the type and the length are known here. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/carrier.h"
#include "bus/bus-socket.h"

#define ADDRESS     "unix:path=/run/dbus/system_bus_socket"
#define HEADER      16          /* bytes of a message, which hold the length of the rest */
#define CHUNK       (16 * 1024) /* bytes that are passed on at a time */
#define LONG        (64 * 1024) /* bytes of a message; more than any call for fotad, or signal, has */
#define DESCRIPTORS 253         /* the kernel passes no more at a time */

/* Types of messages. */
#define METHOD_RETURN 2
#define ERROR         3

/* Sizes of the queues in the kernel, bytes, of which the kernel makes twice as many: an answer waits for all that is
 * before it in the first one, and the bus reads 4 kB from each connection in turn. A call waits for all that is before
 * it in the second one. */
#define QUEUE_TO_BUS (32 * 1024)
#define QUEUE_TO_SD  (8 * 1024)

typedef struct Relay {
        int bus, inner;
        int gate;      /* an eventfd that can be read while the gate is open */
        uint64_t left; /* bytes of the present message that have not come yet */
        uint64_t skip; /* bytes behind them that are not passed on */
        uint8_t bytes[CHUNK + HEADER];
} Relay;

typedef struct Descriptors {
        int fds[DESCRIPTORS];
        size_t n;
} Descriptors;

typedef union Control {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
} Control;

/* ---- the thread */

/* Waits until the bus has written. Returns false if sd-bus has closed the connection. */
static bool wait_for_bus(const Relay *r)
{
        struct pollfd fds[] = { { .fd = r->bus, .events = POLLIN }, { .fd = r->inner } };

        while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
                if (errno != EINTR)
                        return false;
        return fds[1].revents == 0;
}

/* Waits until the gate is open. Returns false if sd-bus has closed the connection. */
static bool wait_for_gate(const Relay *r)
{
        struct pollfd fds[] = { { .fd = r->gate, .events = POLLIN }, { .fd = r->inner } };

        while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
                if (errno != EINTR)
                        return false;
        return fds[1].revents == 0;
}

/* Reads 1 to size bytes. 0 if there will be no more. */
static size_t receive(const Relay *r, uint8_t *bytes, size_t size, int flags, Descriptors *ret)
{
        struct iovec piece = { bytes, size };
        Control control;
        struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };
        ssize_t n;

        do {
                m.msg_control = control.bytes;
                m.msg_controllen = flags & MSG_PEEK ? 0 : sizeof(control.bytes);
                n = recvmsg(r->bus, &m, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        } while (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_bus(r))));
        ret->n = 0;
        if (n <= 0)
                return 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
                        ret->n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                        memcpy(ret->fds, CMSG_DATA(c), ret->n * sizeof(int));
                }
        return (size_t)n;
}

/* Passes bytes on, with the descriptors at the first of them. */
static bool pass_on(const Relay *r, uint8_t *bytes, size_t size, const Descriptors *d)
{
        size_t length = d->n * sizeof(int);
        Control control = { 0 };
        struct iovec piece = { bytes, size };
        struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };

        if (d->n > 0) {
                m.msg_control = control.bytes;
                m.msg_controllen = CMSG_SPACE(length);
                control.head.cmsg_level = SOL_SOCKET;
                control.head.cmsg_type = SCM_RIGHTS;
                control.head.cmsg_len = CMSG_LEN(length);
                memcpy(CMSG_DATA(&control.head), d->fds, length);
        }
        while (piece.iov_len > 0) {
                ssize_t n = sendmsg(r->inner, &m, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return false;
                m.msg_control = NULL;
                m.msg_controllen = 0;
                piece.iov_base = (uint8_t *)piece.iov_base + n;
                piece.iov_len -= (size_t)n;
        }
        return true;
}

/* Replaces the descriptors by carriers. All of them are closed if one cannot be replaced. */
static bool replace(Descriptors *d)
{
        size_t n = d->n;
        bool good = true;

        for (d->n = 0; d->n < n && good; d->n++) {
                int carrier = carrier_new(d->fds[d->n]);

                good = carrier >= 0;
                d->fds[d->n] = carrier;
        }
        for (size_t i = d->n; i < n; i++)
                carrier_close(d->fds[i]);
        d->n -= !good;
        return good;
}

/* Before the first message, which begins with the letter of a byte order, the bus writes lines in capitals. */
static bool pass_handshake(Relay *r)
{
        Descriptors none;

        while (receive(r, r->bytes, 1, MSG_PEEK, &none) > 0) {
                if (*r->bytes == 'l' || *r->bytes == 'B')
                        return true;
                do
                        if (receive(r, r->bytes, 1, 0, &none) == 0 || !pass_on(r, r->bytes, 1, &none))
                                return false;
                while (*r->bytes != '\n');
        }
        return false;
}

static uint32_t read_number(const uint8_t *bytes, bool big_endian)
{
        uint32_t n;

        memcpy(&n, bytes, sizeof(n));
        return big_endian ? GUINT32_FROM_BE(n) : GUINT32_FROM_LE(n);
}

/* Takes the arguments out of a call or signal that is too long, so that sd-bus need not read them; bus.c refuses such a
 * call. A message that is too long without its arguments is taken out as a whole; no caller can need one, and the call
 * gets no answer. */
static void begin_message(Relay *r, uint8_t *header)
{
        bool big_endian = *header == 'B', is_reply = header[1] == METHOD_RETURN || header[1] == ERROR;
        uint64_t fields = read_number(header + 12, big_endian), arguments = read_number(header + 4, big_endian);
        uint64_t begin = HEADER + ((fields + 7) & ~(uint64_t)7);

        r->left = begin + arguments;
        r->skip = 0;
        if (is_reply || r->left <= LONG)
                return;
        r->skip = begin <= LONG ? arguments : r->left;
        r->left -= r->skip;
        memset(header + 4, 0, sizeof(uint32_t));
}

static bool complete_header(Relay *r, size_t begin, size_t *size)
{
        while (*size < begin + HEADER) {
                Descriptors none; /* for they came with the first byte */
                size_t n = receive(r, r->bytes + *size, begin + HEADER - *size, 0, &none);

                for (size_t i = 0; i < none.n; i++)
                        carrier_close(none.fds[i]);
                if (n == 0)
                        return false;
                *size += n;
        }
        return true;
}

/* Follows the messages through the bytes that have come, and closes the gaps of what is taken out. *ret_last is where
 * the last of those begins that begin there, 0 if none does. */
static bool follow(Relay *r, size_t *size, size_t *ret_last)
{
        size_t kept = 0, n;

        *ret_last = 0;
        for (size_t at = 0; at < *size; at += n) {
                if (r->left == 0 && r->skip == 0) {
                        if (!complete_header(r, at, size))
                                return false;
                        begin_message(r, r->bytes + at);
                        *ret_last = kept;
                }
                n = (size_t)MIN(r->left ?: r->skip, *size - at);
                if (r->left == 0) {
                        r->skip -= n;
                        continue;
                }
                memmove(r->bytes + kept, r->bytes + at, n);
                kept += n;
                r->left -= n;
        }
        *size = kept;
        return true;
}

/* Passes on all that has come, at most CHUNK. The kernel ends a read behind the bytes that were sent with descriptors,
 * and the bus sends each message with descriptors by itself, so these belong to the last message that begins there. */
static bool pass(Relay *r)
{
        static const Descriptors none;
        Descriptors d;
        size_t size = receive(r, r->bytes, CHUNK, 0, &d), last = 0;
        bool good = size > 0 && replace(&d) && follow(r, &size, &last);

        if (d.n == 0)
                last = 0;
        good = good && pass_on(r, r->bytes, last, &none) && pass_on(r, r->bytes + last, size - last, &d);
        for (size_t i = 0; i < d.n; i++)
                close(d.fds[i]);
        return good;
}

static void close_any(int fd)
{
        if (fd >= 0)
                close(fd);
}

static void relay_free(Relay *r)
{
        close_any(r->bus);
        close_any(r->inner);
        close_any(r->gate);
        g_free(r);
}

static gpointer run(gpointer data)
{
        Relay *r = data;

        if (pass_handshake(r))
                while (wait_for_gate(r) && pass(r))
                        ;
        relay_free(r);
        return NULL;
}

/* ---- the connection */

/* Returns a socket that is connected to the bus. -EPROTONOSUPPORT if the address is no path. */
static int connect_socket(void)
{
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: ADDRESS, *path;
        struct sockaddr_un peer = { .sun_family = AF_UNIX };
        g_autofree char *escaped = NULL, *plain = NULL;
        int fd;

        if (!g_str_has_prefix(address, "unix:path="))
                return -EPROTONOSUPPORT;
        path = address + strlen("unix:path=");
        escaped = g_strndup(path, strcspn(path, ",;"));
        plain = g_uri_unescape_string(escaped, NULL);
        if (!plain || strlen(plain) >= sizeof(peer.sun_path))
                return -EINVAL;
        strcpy(peer.sun_path, plain);
        /* With its queue full, a bus that hangs would block a socket that waits. */
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0) {
                int r = -errno;

                close(fd);
                return r;
        }
        return fd;
}

static bool fill_relay(Relay *r, int bus, int *ret_outer)
{
        int pair[2], size = QUEUE_TO_SD;

        r->bus = fcntl(bus, F_DUPFD_CLOEXEC, 3);
        r->gate = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        if (r->bus < 0 || r->gate < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return false;
        *ret_outer = pair[0];
        r->inner = pair[1];
        return setsockopt(r->inner, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0;
}

/* Returns the end that sd-bus reads from. -errno, also if there can be no thread. */
static int begin_relay(int bus, int *ret_gate)
{
        Relay *r = g_new0(Relay, 1);
        GThread *thread = NULL;
        int outer = -1, gate = -1;

        r->bus = r->inner = r->gate = -1;
        if (fill_relay(r, bus, &outer) && (gate = fcntl(r->gate, F_DUPFD_CLOEXEC, 3)) >= 0)
                thread = g_thread_try_new("bus", run, r, NULL);
        if (thread) {
                g_thread_unref(thread); /* the thread is not joined */
                *ret_gate = gate;
                return outer;
        }
        relay_free(r);
        close_any(outer);
        close_any(gate);
        return -EAGAIN;
}

int bus_socket_open(sd_bus **ret, int *ret_gate)
{
        int fd = connect_socket(), socket = fd, inner, r, gate = -1, size = QUEUE_TO_BUS;
        sd_bus *bus = NULL;

        *ret_gate = -1;
        /* Other addresses are left to sd-bus, which then closes descriptors on the loop. */
        if (fd == -EPROTONOSUPPORT)
                return sd_bus_open_system(ret);
        if (fd < 0)
                return fd;
        inner = begin_relay(fd, &gate);
        r = inner < 0 ? inner : sd_bus_new(&bus);
        if (r >= 0 && (r = sd_bus_set_fd(bus, inner, fd)) >= 0) {
                inner = fd = -1;
                if ((r = sd_bus_set_bus_client(bus, true)) >= 0)
                        r = sd_bus_start(bus);
                /* sd-bus has set it to megabytes. */
                if (r >= 0 && setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
                        r = -errno;
        }
        close_any(inner);
        close_any(fd);
        if (r < 0) {
                close_any(gate);
                sd_bus_unref(bus);
                return r;
        }
        *ret = bus;
        *ret_gate = gate;
        return 0;
}

/* ---- the gate */

void bus_socket_close_gate(int gate)
{
        uint64_t n;

        while (read(gate, &n, sizeof(n)) < 0 && errno == EINTR)
                ;
}

void bus_socket_open_gate(int gate)
{
        static const uint64_t one = 1;

        while (write(gate, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

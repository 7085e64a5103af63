/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See usbip.h. This file handles connections and USB/IP's messages; it must not depend on a request's meaning.
 */
#include "usbip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (1 << 20) /* bytes; drivers ask for a few KB */

enum { SUBMIT = 1, UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

/* All in network byte order. */
struct header {
        uint32_t command, number, device, direction, endpoint;
        union {
                struct {
                        uint32_t flags, length, start_frame, packets, interval;
                        uint8_t setup[8];
                } submit;
                struct {
                        uint32_t status, length, start_frame, packets, errors;
                } ret_submit;
                struct {
                        uint32_t number;
                } unlink;
                struct {
                        uint32_t status;
                } ret_unlink;
                uint8_t room[28];
        };
};
G_STATIC_ASSERT(sizeof(struct header) == 48);

struct Usbip {
        int listener;
        guint source;
        int controller; /* -1: none yet */
        GPtrArray *devices;
};

struct UsbipDevice {
        Usbip *usbip;
        unsigned port;
        int fd; /* -1: not connected */
        guint source;
        const struct usbip_observer *observer;
        void *user;
};

/* --- messages --- */

static bool receive(UsbipDevice *device, void *bytes, size_t n)
{
        return n == 0 || recv(device->fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* A kernel reads at once; if it does not, it has stopped. */
static void transmit(int fd, const void *bytes, size_t n)
{
        const uint8_t *at = bytes;
        ssize_t sent;

        for (; n > 0; at += sent, n -= (size_t)sent)
                if ((sent = send(fd, at, n, MSG_NOSIGNAL)) <= 0)
                        return;
}

void usbip_answer(UsbipDevice *device, uint32_t number, int status, const void *bytes, size_t n)
{
        struct header header = { .command = htonl(RET_SUBMIT), .number = htonl(number) };

        header.ret_submit.status = htonl((uint32_t)status);
        header.ret_submit.length = htonl((uint32_t)n);
        transmit(device->fd, &header, sizeof header);
        if (bytes)
                transmit(device->fd, bytes, n);
}

static void on_unlink(UsbipDevice *device, const struct header *header)
{
        struct header answer = { .command = htonl(RET_UNLINK), .number = header->number };
        bool was_there = device->observer->unlinked(device->user, ntohl(header->unlink.number));

        answer.ret_unlink.status = htonl(was_there ? (uint32_t)-ECONNRESET : 0);
        transmit(device->fd, &answer, sizeof answer);
}

static bool on_submit(UsbipDevice *device, const struct header *header)
{
        struct usbip_request request = { .number = ntohl(header->number),
                                         .endpoint = ntohl(header->endpoint),
                                         .in = ntohl(header->direction) == 1,
                                         .length = ntohl(header->submit.length) };
        g_autofree uint8_t *bytes = NULL;

        if (request.length > REQUEST_MAX)
                return false;
        bytes = request.in ? NULL : g_malloc(request.length + 1);
        if (!request.in && !receive(device, bytes, request.length))
                return false;
        request.bytes = bytes;
        memcpy(request.setup, header->submit.setup, sizeof request.setup);
        device->observer->submitted(device->user, &request);
        return true;
}

static void disconnect(UsbipDevice *device)
{
        if (device->fd < 0)
                return;
        if (device->source)
                g_source_remove(device->source);
        device->source = 0;
        close(device->fd);
        device->fd = -1;
}

static gboolean on_readable(int fd, GIOCondition condition, void *data)
{
        UsbipDevice *device = data;
        struct header header;
        bool good;

        (void)fd, (void)condition;
        good = receive(device, &header, sizeof header);
        if (good && header.command == htonl(SUBMIT))
                good = on_submit(device, &header);
        else if (good && header.command == htonl(UNLINK))
                on_unlink(device, &header);
        else
                good = false;
        if (good)
                return G_SOURCE_CONTINUE;
        device->source = 0;
        disconnect(device);
        device->observer->gone(device->user);
        return G_SOURCE_REMOVE;
}

/* --- connections --- */

static void ask_for(UsbipDevice *device)
{
        g_autofree char *line = g_strdup_printf("plug %u\n", device->port);

        if (device->usbip->controller >= 0)
                transmit(device->usbip->controller, line, strlen(line));
}

/* A machine has started, maybe again: the devices that it had before are gone. */
static void take_controller(Usbip *usbip, int fd)
{
        if (usbip->controller >= 0)
                close(usbip->controller);
        usbip->controller = fd;
        for (guint i = 0; i < usbip->devices->len; i++) {
                UsbipDevice *device = g_ptr_array_index(usbip->devices, i);

                if (device->fd >= 0) {
                        disconnect(device);
                        device->observer->gone(device->user);
                }
                ask_for(device);
        }
}

static bool take_device(Usbip *usbip, unsigned port, int fd)
{
        for (guint i = 0; i < usbip->devices->len; i++) {
                UsbipDevice *device = g_ptr_array_index(usbip->devices, i);

                if (device->port != port || device->fd >= 0)
                        continue;
                device->fd = fd;
                device->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, device);
                return true;
        }
        return false; /* unplugged meanwhile */
}

/* The first line of a connection, ten bytes, says its purpose. */
static gboolean on_connection(int listener, GIOCondition condition, void *data)
{
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
        const struct timeval patience = {
                .tv_sec = 5
        }; /* the machine's power may fail in the middle of a message */
        char line[11] = "";
        unsigned port;

        (void)condition;
        if (fd < 0)
                return G_SOURCE_CONTINUE;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (recv(fd, line, 10, MSG_WAITALL) == 10 && g_str_equal(line, "controller"))
                take_controller(data, fd);
        else if (sscanf(line, "device %u", &port) != 1 || !take_device(data, port, fd))
                close(fd);
        return G_SOURCE_CONTINUE;
}

Usbip *usbip_new(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        Usbip *usbip = g_new0(Usbip, 1);

        usbip->devices = g_ptr_array_new();
        usbip->controller = -1;
        usbip->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(usbip->listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(usbip->listener, 16) < 0)
                g_error("no socket of TCP: %s", g_strerror(errno));
        usbip->source = g_unix_fd_add(usbip->listener, G_IO_IN, on_connection, usbip);
        return usbip;
}

void usbip_free(Usbip *usbip)
{
        g_source_remove(usbip->source);
        close(usbip->listener);
        if (usbip->controller >= 0)
                close(usbip->controller);
        g_ptr_array_unref(usbip->devices);
        g_free(usbip);
}

unsigned usbip_tcp_port(const Usbip *usbip)
{
        struct sockaddr_in address;
        socklen_t length = sizeof address;

        getsockname(usbip->listener, (struct sockaddr *)&address, &length);
        return ntohs(address.sin_port);
}

UsbipDevice *usbip_plug(Usbip *usbip, unsigned port, const struct usbip_observer *observer, void *user)
{
        UsbipDevice *device = g_new0(UsbipDevice, 1);

        device->usbip = usbip;
        device->port = port;
        device->fd = -1;
        device->observer = observer;
        device->user = user;
        g_ptr_array_add(usbip->devices, device);
        ask_for(device);
        return device;
}

/* For vhci_hcd the end of the connection is the device's disconnection. */
void usbip_unplug(UsbipDevice *device)
{
        disconnect(device);
        g_ptr_array_remove(device->usbip->devices, device);
        g_free(device);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices for the USB of another machine's kernel: its vhci_hcd takes a connection for each, over which requests come
 * and go as USB/IP has them (Documentation/usb/usbip_protocol.rst of the kernel). That machine connects to here
 * (tests/system/usb): once as its controller, which is told to plug something in, and then for each device.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Usbip Usbip;
typedef struct UsbipDevice UsbipDevice; /* one that is plugged in, or will be when there is a controller */

struct usbip_request {
        uint32_t number;
        unsigned endpoint;
        bool in; /* to the host */
        uint32_t length;
        uint8_t setup[8];     /* endpoint 0 */
        const uint8_t *bytes; /* from the host, as long as the call lasts */
};

struct usbip_observer {
        void (*submitted)(void *user, const struct usbip_request *request);
        /* The host takes one back; whether it was there still, and not answered. */
        bool (*unlinked)(void *user, uint32_t number);
        /* The host has let go of the device, or died. One that starts anew is shown it again. */
        void (*gone)(void *user);
};

Usbip *usbip_new(void);
/* All devices must be gone. */
void usbip_free(Usbip *usbip);
/* The TCP port, on the loopback. */
unsigned usbip_tcp_port(const Usbip *usbip);

/* port: 1 to 8 of the controller. */
UsbipDevice *usbip_plug(Usbip *usbip, unsigned port, const struct usbip_observer *observer, void *user);
void usbip_unplug(UsbipDevice *device);
/* Answers a request: bytes for the host, or as many as were taken of its own. status: 0, or a negative errno. */
void usbip_answer(UsbipDevice *device, uint32_t number, int status, const void *bytes, size_t n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices for the USB of another machine's kernel: its vhci_hcd has one connection for each, over which requests travel
 * in USB/IP's format (Documentation/usb/usbip_protocol.rst of the kernel). That machine connects to here
 * (tests/system/usb): once as its controller, which receives the order to plug something in, and then for each device.
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
        const uint8_t *bytes; /* from the host, valid during the call */
};

struct usbip_observer {
        void (*submitted)(void *user, const struct usbip_request *request);
        /* The host cancels a request; returns true if it still existed and was not answered. */
        bool (*unlinked)(void *user, uint32_t number);
        /* The host has released the device, or died. A host that starts again sees the device again. */
        void (*gone)(void *user);
};

Usbip *usbip_new(void);
/* All devices must have been freed. */
void usbip_free(Usbip *usbip);
/* The TCP port, on loopback. */
unsigned usbip_tcp_port(const Usbip *usbip);

/* port: 1 to 8 of the controller. */
UsbipDevice *usbip_plug(Usbip *usbip, unsigned port, const struct usbip_observer *observer, void *user);
void usbip_unplug(UsbipDevice *device);
/* Answers a request: bytes for the host, or the number of the host's bytes that were taken. status: 0, or a negative
 * errno. */
void usbip_answer(UsbipDevice *device, uint32_t number, int status, const void *bytes, size_t n);

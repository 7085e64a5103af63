/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB device as a host sees it, as plain data: the language between the model, which decides about the device's face,
 * and an attachment, which shows it to a host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum usb_role {
        USB_DIAG,
        USB_AT,
        USB_MODEM,
        USB_OTHER, /* no port of a module: for decoys and boot ROMs */
        _USB_ROLE_MAX,
};

#define USB_PORTS_MAX 8

struct usb_port {
        unsigned interface; /* bInterfaceNumber */
        unsigned endpoints;
        enum usb_role role;
        const char *label; /* the interface's string, "" if it has none */
};

/* All strings live as long as the call that the face is passed to. */
struct usb_face {
        unsigned vendor;
        unsigned product;
        const char *manufacturer;
        const char *product_name;
        const char *serial;
        const char *driver; /* "option", "ftdi_sio", "cdc_acm" */
        bool network;       /* interfaces 0 and 1 are a network adapter */
        bool bound;         /* the driver has the device's id: there are tty nodes */
        unsigned n_ports;
        struct usb_port ports[USB_PORTS_MAX];
};

/* Bytes of one write by a host. */
struct usb_piece {
        const uint8_t *bytes;
        size_t n;
        int64_t at;    /* µs, monotonic: time of the write */
        size_t write;  /* bytes of that write in total, or nearly so if the line was full */
        size_t behind; /* bytes of earlier writes that were not yet taken at that time */
        size_t before; /* bytes of it that came before these */
        size_t read;   /* bytes that came at once, of this write and others */
};

/* A host's settings of its end of a serial line. */
struct usb_line {
        bool crtscts;
        unsigned baud; /* 0: unknown */
};

/* "diag", "at", "modem", "other" */
const char *usb_role_name(enum usb_role role);

/* The chip's boot loader, and a serial adapter that is no module. */
extern const struct usb_face usb_boot_rom;
extern const struct usb_face usb_ftdi;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host sees of a USB device, as plain data: the language between the model, which decides how the
 * device looks, and an attachment, which makes a host see it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum usb_role {
        USB_DIAG,
        USB_AT,
        USB_MODEM,
        USB_OTHER, /* no port of a module: what a decoy or a boot ROM has */
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
        bool bound;         /* the driver knows the device: there are tty nodes */
        unsigned n_ports;
        struct usb_port ports[USB_PORTS_MAX];
};

/* Bytes a host sent, of one write. */
struct usb_piece {
        const uint8_t *bytes;
        size_t n;
        int64_t at;    /* µs, monotonic: when it was written */
        size_t write;  /* bytes of that write in all, or nearly so if the line was full */
        size_t behind; /* bytes of earlier writes that nobody had taken when it was made */
        size_t before; /* bytes of it that came before these */
        size_t read;   /* bytes that came at once, of this write and others */
};

/* How a host has set its end of a serial line. */
struct usb_line {
        bool crtscts;
        unsigned baud; /* 0: unknown */
};

/* "diag", "at", "modem", "other" */
const char *usb_role_name(enum usb_role role);

/* The chip's boot loader, and a serial adapter that is no module. */
extern const struct usb_face usb_boot_rom;
extern const struct usb_face usb_ftdi;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See descriptors.h. Data only: this file must not depend on URBs or files.
 */
#include "descriptors.h"

#include <glib.h>
#include <string.h>

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, INTERFACE = 4, ENDPOINT = 5, QUALIFIER = 6 };
enum { MANUFACTURER = 1, PRODUCT, SERIAL, MAC, NETWORK, LABEL /* of the first port, and so on */ };

#define PACKET 512 /* bulk, at high speed */

static int put_string(uint8_t *bytes, const char *text)
{
        size_t n = MIN(strlen(text), 126);

        bytes[0] = (uint8_t)(2 + 2 * n);
        bytes[1] = STRING;
        for (size_t i = 0; i < n; i++) {
                bytes[2 + 2 * i] = (uint8_t)text[i];
                bytes[3 + 2 * i] = 0;
        }
        return bytes[0];
}

static int string(const struct usb_face *face, unsigned index, uint8_t *bytes)
{
        static const uint8_t english[] = { 4, STRING, 0x09, 0x04 };

        switch (index) {
        case 0: memcpy(bytes, english, sizeof english); return sizeof english;
        case MANUFACTURER: return put_string(bytes, face->manufacturer);
        case PRODUCT: return put_string(bytes, face->product_name);
        case SERIAL: return put_string(bytes, face->serial);
        case MAC: return put_string(bytes, "020000000001");
        case NETWORK: return put_string(bytes, "Mobile ECM Network Adapter");
        default: return index - LABEL < face->n_ports ? put_string(bytes, face->ports[index - LABEL].label) : -1;
        }
}

static int device(const struct usb_face *face, uint8_t *bytes)
{
        const bool whole = !face->network; /* the class is the device's, not that of each interface */
        /* ftdi_sio identifies its chips by this number, and accepts only real ones: an FT232R. */
        const unsigned release = g_str_equal(face->driver, "ftdi_sio") ? 0x0600 : 0x0318;
        const uint8_t d[] = { 18,
                              DEVICE,
                              0x00,
                              0x02,
                              whole ? 0 : 0xef,
                              whole ? 0 : 2,
                              whole ? 0 : 1,
                              64,
                              (uint8_t)face->vendor,
                              (uint8_t)(face->vendor >> 8),
                              (uint8_t)face->product,
                              (uint8_t)(face->product >> 8),
                              (uint8_t)release,
                              (uint8_t)(release >> 8),
                              MANUFACTURER,
                              PRODUCT,
                              SERIAL,
                              1 };

        memcpy(bytes, d, sizeof d);
        return sizeof d;
}

static uint8_t *put(uint8_t *at, const uint8_t *bytes, size_t n)
{
        memcpy(at, bytes, n);
        return at + n;
}

static uint8_t *put_network(uint8_t *at)
{
        static const uint8_t d[] = {
                8,  0x0b, 0,    2,    2, 6,   0, 0,          /* interfaces 0 and 1 belong together */
                9,  INTERFACE, 0, 0, 1, 2, 6, 0, NETWORK,    /* control */
                5,  0x24, 0,    0x10, 1,                     /* CDC 1.10 */
                5,  0x24, 6,    0,    1,                     /* union of 0 and 1 */
                13, 0x24, 0x0f, MAC,  0, 0, 0, 0, 0xea, 5, 0, 0, 0, /* Ethernet, 1514 bytes */
                7,  ENDPOINT, 0x8e, 3, 16, 0, 9,
                9,  INTERFACE, 1, 0, 0, 10, 0, 0, 0,         /* data: off, and on */
                9,  INTERFACE, 1, 1, 2, 10, 0, 0, 0,
                7,  ENDPOINT, 0x80 | DESCRIPTORS_NETWORK_IN, 2, PACKET & 0xff, PACKET >> 8, 0,
                7,  ENDPOINT, DESCRIPTORS_NETWORK_IN, 2, PACKET & 0xff, PACKET >> 8, 0,
        };

        return put(at, d, sizeof d);
}

static uint8_t *put_port(uint8_t *at, const struct usb_face *face, unsigned index)
{
        const struct usb_port *port = &face->ports[index];
        const bool interrupts = port->endpoints >= 3;
        const uint8_t head[] = { 9,
                                 INTERFACE,
                                 (uint8_t)port->interface,
                                 0,
                                 interrupts ? 3 : 2,
                                 0xff,
                                 g_str_equal(face->driver, "option") ? 0x00 : 0xff,
                                 g_str_equal(face->driver, "option") ? 0x00 : 0xff,
                                 *port->label ? (uint8_t)(LABEL + index) : 0 };
        const uint8_t interrupt[] = { 7, ENDPOINT, (uint8_t)(0x80 | DESCRIPTORS_INTERRUPT(index)), 3, 16, 0, 9 };
        const uint8_t bulk[] = { 7, ENDPOINT, (uint8_t)(0x80 | DESCRIPTORS_BULK(index)), 2, PACKET & 0xff, PACKET >> 8,
                                 0, 7, ENDPOINT, (uint8_t)DESCRIPTORS_BULK(index), 2, PACKET & 0xff, PACKET >> 8, 0 };

        at = put(at, head, sizeof head);
        if (interrupts)
                at = put(at, interrupt, sizeof interrupt);
        return put(at, bulk, sizeof bulk);
}

static int configuration(const struct usb_face *face, uint8_t *bytes)
{
        uint8_t *at = bytes + 9;

        if (face->network)
                at = put_network(at);
        for (unsigned i = 0; i < face->n_ports; i++)
                at = put_port(at, face, i);
        size_t n = (size_t)(at - bytes);
        const uint8_t head[] = { 9, CONFIGURATION, (uint8_t)n, (uint8_t)(n >> 8),
                                 (uint8_t)(face->n_ports + (face->network ? 2 : 0)), 1, 0,
                                 0xa0 /* supports remote wake-up, without which nothing is suspended */, 250 };

        put(bytes, head, sizeof head);
        return (int)n;
}

int descriptors_get(const struct usb_face *face, unsigned type, unsigned index, uint8_t *bytes)
{
        static const uint8_t qualifier[] = { 10, QUALIFIER, 0, 2, 0, 0, 0, 64, 1, 0 };

        switch (type) {
        case DEVICE: return device(face, bytes);
        case CONFIGURATION: return configuration(face, bytes);
        case STRING: return string(face, index, bytes);
        case QUALIFIER: memcpy(bytes, qualifier, sizeof qualifier); return sizeof qualifier;
        default: return -1;
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* USB: the vendor of all modules, and the chip's boot loader that shows when there is no firmware to run. */
#define LAYOUT_VENDOR_ID           0x2c7c
#define LAYOUT_CHIP_VENDOR_ID      0x2ecc /* whose other products may be a module's Mini system, or no module's */
#define LAYOUT_BOOT_ROM_PRODUCT_ID 0x3004

bool layout_is_boot_rom(uint16_t vendor_id, uint16_t product_id);

/* A tty of a module. */
typedef struct LayoutPort {
        unsigned interface;         /* bInterfaceNumber */
        unsigned endpoints;         /* bNumEndpoints, 0 unknown */
        const char *interface_name; /* sysfs "interface", such as Mobile AT Interface; "" unknown */
} LayoutPort;

#define LAYOUT_NO_OVERRIDE (-1)

/* Which of a module's ttys is the AT port: its index, -1 if none is, or none is yet. interfaces has bit n set if the
 * device has interface n: while the interface that must be the AT port is there and only its tty is not, no other port
 * is taken for it. override is the interface number the configuration names for this product id, or
 * LAYOUT_NO_OVERRIDE. */
int layout_find_at_port(uint16_t product_id, int override, uint32_t interfaces, const LayoutPort *ports,
                        size_t n_ports);

/* Whether this interface is where firmware of this product id sends its URCs if told "usbat". */
bool layout_is_usual_at_port(uint16_t product_id, unsigned interface);

/* Whether the DIAG port is there: with it, and without an AT port, the module has crashed (field facts 1.3). */
bool layout_has_diag_port(uint16_t product_id, const LayoutPort *ports, size_t n_ports);

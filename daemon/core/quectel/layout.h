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

/* Returns the index of the AT port among a module's ttys, -1 if there is none yet. interfaces has bit n set if the
 * device has interface n: while the interface of the AT port is present without its tty, no other port is chosen.
 * override is the interface number that the configuration names for this product id, or LAYOUT_NO_OVERRIDE. */
int layout_find_at_port(uint16_t product_id, int override, uint32_t interfaces, const LayoutPort *ports,
                        size_t n_ports);

/* Returns true if firmware of this product id sends its URCs to this interface when set to "usbat". */
bool layout_is_usual_at_port(uint16_t product_id, unsigned interface);

/* Returns true if there is a DIAG port: a module with a DIAG port and without an AT port has crashed (field facts 1.3).
 */
bool layout_has_diag_port(uint16_t product_id, const LayoutPort *ports, size_t n_ports);

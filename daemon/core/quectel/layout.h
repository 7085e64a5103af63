/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYOUT_VENDOR_ID      0x2c7c /* USB: all modules */
#define LAYOUT_CHIP_VENDOR_ID 0x2ecc /* a Mini system may have it, too, and devices that are no modules */

/* Returns true if a USB device with these ids is a boot loader of the modules' chips. It stays if there is no firmware
 * to run; at some modules it shows for seconds at each boot. */
bool layout_is_boot_rom(uint16_t vendor_id, uint16_t product_id);

/* A tty of a module. */
typedef struct LayoutPort {
        unsigned interface;         /* bInterfaceNumber */
        unsigned endpoints;         /* bNumEndpoints, 0 unknown */
        const char *interface_name; /* sysfs "interface", such as Mobile AT Interface; "" unknown */
} LayoutPort;

#define LAYOUT_NO_OVERRIDE (-1)

/* Finds the AT port among a module's ttys: a port that is labelled as one, or else the one with the usual number.
 * Returns its index; -1 if there is none, or none yet. interfaces has bit n set if the device has interface n: while
 * the interface with the usual number is there without its tty, no other port is taken for it. override: the interface
 * that the configuration names for this product id, or LAYOUT_NO_OVERRIDE. */
int layout_find_at_port(uint16_t product_id, int override, uint32_t interfaces, const LayoutPort *ports,
                        size_t n_ports);

/* Finds a port that may be the AT port after all, because those in tried (bit n: interface n) do not answer: never DIAG
 * or NMEA. Returns its index, -1 if there is none. */
int layout_find_other_port(uint16_t product_id, uint32_t tried, const LayoutPort *ports, size_t n_ports);

/* Returns true if firmware of this product id sends its URCs to this interface when urcport is "usbat". */
bool layout_is_usual_at_port(uint16_t product_id, unsigned interface);

/* Returns true if the DIAG port is there. With it, and without an AT port, the module has crashed (field facts 1.3). */
bool layout_has_diag_port(uint16_t product_id, const LayoutPort *ports, size_t n_ports);

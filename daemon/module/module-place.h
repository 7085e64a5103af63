/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "device/ports.h"
#include "device/usb-watch.h"
#include "module/module-context.h"

/* The device at one place, and its ttys: present or gone, its ids, and the tty that is its AT port. For a module at a
 * UART only present, device number and times have a meaning. */
typedef struct Place Place;

/* Borrows context. Nothing is there yet. */
Place *place_new(const ModuleContext *context);
/* Takes NULL. */
void place_free(Place *place);

/* ---- events */

/* The device has come; of a UART only the number is read. Copies the device. */
void place_device_came(Place *place, const UsbDevice *device, uint64_t at);
/* The device and its ttys are gone; ids and sysfs paths stay readable. */
void place_device_left(Place *place, uint64_t at);
void place_tty_came(Place *place, const UsbTty *tty);
void place_tty_left(Place *place, const char *node);
/* Sets the number that place_device_number() returns, of a UART. */
void place_set_device_number(Place *place, unsigned number);
/* Reads at-interfaces of the configuration again. */
void place_reconfigure(Place *place);

/* ---- the device */

bool place_is_uart(const Place *place);
bool place_is_present(const Place *place);
/* Returns true if the device is the boot loader of the chip rather than a firmware. */
bool place_is_boot_rom(const Place *place);
uint16_t place_vendor_id(const Place *place);
uint16_t place_product_id(const Place *place);
/* Bus and device number: another one after each enumeration. Of a UART a number that counts restarts. */
unsigned place_device_number(const Place *place);
/* The path of the device in sysfs; NULL if none was seen, and for a UART. Belongs to the place. */
const char *place_syspath(const Place *place);
/* The UID of the device for ModemManager's InhibitDevice; NULL if none was seen. Belongs to the place. */
const char *place_uid(const Place *place);
/* The times of the last enumeration and the last disconnection, µs of clock_now(), 0 never. */
uint64_t place_came_at(const Place *place);
uint64_t place_left_at(const Place *place);
/* power/control of the USB device, auto or on; NULL if it has none. The caller frees it. */
char *place_power_control(const Place *place);
/* Sets power/control. Returns 0 or -errno. */
int place_set_power_control(const Place *place, const char *value);

/* ---- the ttys of a device on USB */

/* Belongs to the place. */
const Ports *place_ports(const Place *place);
/* The node of the AT port; NULL if there is none, or none yet. Belongs to the place. */
const char *place_at_node(const Place *place);
/* Returns true if number and label, the configuration or an earlier search suggest that this node is the AT port. */
bool place_is_suggested(const Place *place, const char *node);
/* Returns true if place_try_other_port() would change place_at_node(). */
bool place_has_other_port(const Place *place);
/* The port of place_at_node() does not answer. place_at_node() becomes the next port that may be the AT port, and after
 * the last the suggested one again, which it stays. */
void place_try_other_port(Place *place);
/* All ports may be tried again. */
void place_forget_mute_ports(Place *place);
/* The port of the node answers. If it is not the one that number and label suggest, it is remembered for this product
 * id, and used first after each enumeration. */
void place_port_answers(Place *place, const char *node);
/* The interface that at-interfaces of fotad.conf names for this product id, LAYOUT_NO_OVERRIDE if none. */
int place_at_interface(const Place *place);
/* Returns true if firmware of this product id usually has its AT port at that node. */
bool place_is_usual_at(const Place *place, const char *node);
bool place_has_diag(const Place *place);

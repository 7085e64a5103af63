/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "device/usb-watch.h"

/* The ttys of one module, and their purposes. */
typedef struct Ports Ports;

Ports *ports_new(void);
void ports_free(Ports *ports);

/* Adds a tty, which is copied; removes one; removes all. */
void ports_add(Ports *ports, const UsbTty *tty);
void ports_remove(Ports *ports, const char *node);
void ports_clear(Ports *ports);
bool ports_are_none(const Ports *ports);

/* The node of the AT port; NULL if there is none, or none yet. override as in core/quectel/layout.h. The node belongs
 * to the ports and is valid until the next change. */
const char *ports_find_at(const Ports *ports, uint16_t product_id, int override);
/* The node of a port that may be the AT port although its number and label do not say so, as layout_find_other_port();
 * NULL if there is none. Belongs to the ports. */
const char *ports_find_other(const Ports *ports, uint16_t product_id, uint32_t tried);
/* The interface of the node, -1 if the module has no such tty. */
int ports_interface(const Ports *ports, const char *node);
/* The path of the node in sysfs, NULL if the module has no such tty. Belongs to the ports. */
const char *ports_syspath(const Ports *ports, const char *node);
/* Returns true if firmware of this product id usually has its AT port at that node. */
bool ports_is_usual_at(const Ports *ports, uint16_t product_id, const char *node);
/* Returns true if one of the ttys is the DIAG port. */
bool ports_have_diag(const Ports *ports, uint16_t product_id);

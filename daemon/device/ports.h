/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "device/usb-watch.h"

/* The ttys of one module, and which of them is which. */
typedef struct Ports Ports;

Ports *ports_new(void);
void ports_free(Ports *ports);

void ports_add(Ports *ports, const UsbTty *tty);
void ports_remove(Ports *ports, const char *node);
void ports_clear(Ports *ports);
bool ports_are_none(const Ports *ports);

/* The node of the AT port, NULL if none is, or none is yet; override as in core/quectel/layout.h. */
const char *ports_find_at(const Ports *ports, uint16_t product_id, int override);
/* Where that node is in /sys. */
const char *ports_syspath(const Ports *ports, const char *node);
bool ports_is_usual_at(const Ports *ports, uint16_t product_id, const char *node);
bool ports_have_diag(const Ports *ports, uint16_t product_id);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A face as the descriptors that a USB host reads (USB 2.0, chapter 9; a network adapter as in CDC ECM 1.2).
 */
#pragma once

#include "usb.h"

/* Endpoint numbers: each port has one for bulk in and out, and one for interrupts if the face has three. */
#define DESCRIPTORS_BULK(index)      ((unsigned)(index) + 1)
#define DESCRIPTORS_INTERRUPT(index) ((unsigned)(index) + 5)
#define DESCRIPTORS_PORTS_MAX        4
#define DESCRIPTORS_NETWORK_IN       13

/* Writes the answer to GET_DESCRIPTOR(type, index), at most 1024 bytes; -1 if there is no such descriptor. */
int descriptors_get(const struct usb_face *face, unsigned type, unsigned index, uint8_t *bytes);

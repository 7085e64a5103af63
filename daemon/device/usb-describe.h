/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/record/recording.h"

/* Adds the USB device at that path in sysfs and its interfaces to the recording, as they are there now; ttys: its ttys,
 * too. Attributes that cannot be read are left out. */
void usb_describe(RecordingWriter *writer, uint64_t now, const char *syspath, bool ttys);

/* Adds that interface alone. */
void usb_describe_interface(RecordingWriter *writer, uint64_t now, const char *syspath, unsigned interface);

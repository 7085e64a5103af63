/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads power/control of the USB device at syspath, which permits autosuspend: "auto" or "on"; NULL if it has none. The
 * caller frees it. */
char *power_control_read(const char *syspath);

/* Writes power/control. Returns 0, or -errno: the user lacks the right, or the device is gone. */
int power_control_write(const char *syspath, const char *value);

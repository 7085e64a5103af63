/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* USB autosuspend of the device at syspath: its power/control, "auto" or "on". NULL if it has none. */
char *power_control_read(const char *syspath);

/* 0, or -errno: this user may not, or the device is gone. */
int power_control_write(const char *syspath, const char *value);

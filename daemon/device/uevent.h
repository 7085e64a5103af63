/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Makes the kernel report a USB device, and each port below it that ModemManager may use, once more ("change"), so that
 * udev applies its rules again and the listeners get the result. Returns 0 or the first -errno. */
int uevent_repeat(const char *syspath);

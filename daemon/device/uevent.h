/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has the kernel say again that a USB device, and each port below it that ModemManager may look at, are there
 * ("change"), so that udev's rules are applied once more and whoever listens hears of it. 0 or the first -errno. */
int uevent_repeat(const char *syspath);

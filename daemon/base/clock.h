/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* The current time in µs of CLOCK_BOOTTIME, which goes on while the host is suspended. */
uint64_t clock_now(void);

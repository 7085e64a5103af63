/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the clock that all deadlines of modules are measured on. Knows nothing of modules. */

#include <glib.h>
#include <time.h>

#include "base/clock.h"

uint64_t clock_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t)t.tv_sec * G_USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

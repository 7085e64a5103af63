/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* The rate of bytes to a module without flow control (guide 3.3.1.3): 32 bytes a write, 15 kB/s. Times are in µs on one
 * clock of the caller's. */
#define PACE_CHUNK        32
#define PACE_RATE         14500 /* bytes a second */
#define PACE_LAG_MAX      20000 /* µs of delay that are made up for: 290 bytes, less than the margin of a second */
#define PACE_GAP          1000  /* µs between two writes at least, meanwhile */
#define PACE_INTERVAL_MAX 1000  /* ms: the longest interval between two writes that can be set */

typedef struct Pace {
        uint64_t began;    /* the time at which the first byte was due */
        uint64_t written;  /* bytes */
        uint64_t last;     /* the time of the last write, 0 none yet */
        uint64_t interval; /* the least time between two writes, for slower modules; 0 none */
} Pace;

/* The time at which the next write is due. Counted from the beginning, so that delays do not add up. */
uint64_t pace_due(const Pace *pace);

/* Notes that bytes were written now. A delay of more than PACE_LAG_MAX is not made up for. */
void pace_wrote(Pace *pace, uint64_t bytes, uint64_t now);

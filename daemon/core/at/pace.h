/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* How fast bytes may go to a module without flow control (guide 3.3.1.3): 32 bytes a write, 15 kB/s. Times in µs of one
 * clock of the caller's. */
#define PACE_CHUNK   32
#define PACE_RATE    14500 /* bytes a second */
#define PACE_LAG_MAX 20000 /* µs behind its schedule that are made up for: 290 bytes, less than a second's leeway */
#define PACE_GAP     1000  /* µs between two writes at least, meanwhile */

typedef struct Pace {
        uint64_t began; /* of the schedule: when the first byte was due */
        uint64_t written;
        uint64_t last; /* when the last write was, 0 none yet */
} Pace;

/* When the next write is due. Counted from the beginning, so that no delay adds up. */
uint64_t pace_due(const Pace *pace);

/* So many bytes were written now. A delay of more than PACE_LAG_MAX is lost for good. */
void pace_wrote(Pace *pace, uint64_t bytes, uint64_t now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sending rate without flow control. Reads no clock. */

#include <glib.h>

#include "core/at/pace.h"

static uint64_t scheduled(const Pace *p)
{
        return p->began + p->written * G_USEC_PER_SEC / PACE_RATE;
}

uint64_t pace_due(const Pace *p)
{
        return p->last ? MAX(scheduled(p), p->last + MAX(PACE_GAP, p->interval)) : p->began;
}

void pace_wrote(Pace *p, uint64_t bytes, uint64_t now)
{
        uint64_t latest = scheduled(p) + PACE_LAG_MAX;

        if (now > latest)
                p->began += now - latest;
        p->written += bytes;
        p->last = now;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "upgrade-bench.h"

/* To AT+QFOTADL accepted; to the old Mini system; to the new one, which has begun. */
void go(Bench *bench);
void go_mini(Bench *bench);
void go_mini2(Bench *bench);

/* Into another system: off the bus, and back. */
void restart(Bench *bench, bool mini);

/* Which questions are asked on the way, is not the module's concern: answers as whoever runs now. */
void answer(Bench *bench, const char *revision);

/* Stalled, with all that must hold of that; the message says what it needs. */
void assert_stalled(Bench *bench, const char *needs);

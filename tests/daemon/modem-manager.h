/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A ModemManager on the world's bus, with the methods that fotad uses: it has the device at 1-1 and no other, and
 * releases it or not. A process of its own. */
typedef struct FakeMM FakeMM;

typedef enum FakeState {
        FAKE_UNKNOWN,  /* no such device */
        FAKE_PROBING,  /* known, and not on the bus yet */
        FAKE_EXPORTED, /* with the given revision */
        FAKE_TAKEN,    /* another program has inhibited it */
        FAKE_REFUSES,  /* refused by polkit */
        FAKE_SILENT,   /* no answer to InhibitDevice before the modem is exported */
} FakeState;

/* Returns when it owns its name. revision: that of all its modems. */
FakeMM *fake_mm_start(World *world, FakeState state, const char *revision);
/* Ends it, as by a crash. */
void fake_mm_stop(FakeMM *mm);

/* Sets the state that ModemManager reports for the device from now on. */
void fake_mm_set(FakeMM *mm, FakeState state);

/* The number of calls of InhibitDevice with that argument, without the daemon's question for its permission; the number
 * of devices that are inhibited by a client that is still on the bus. Await: until the number is reached. */
unsigned fake_mm_calls(const FakeMM *mm, bool inhibit);
unsigned fake_mm_held(const FakeMM *mm);
void fake_mm_await_calls(FakeMM *mm, bool inhibit, unsigned n);
void fake_mm_await_held(FakeMM *mm, unsigned n);
/* The argument of the last call; the caller frees it. */
char *fake_mm_uid(const FakeMM *mm);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A ModemManager on the world's bus, as far as fotad speaks with it: it knows the device at 1-1 and no other, and lets
 * go of it or not. A process of its own. */
typedef struct FakeMM FakeMM;

typedef enum FakeState {
        FAKE_UNKNOWN,  /* no such device */
        FAKE_PROBING,  /* known, and not on the bus yet */
        FAKE_EXPORTED, /* with the revision that it was given */
        FAKE_TAKEN,    /* another program has inhibited it */
        FAKE_REFUSES,  /* polkit says no */
        FAKE_SILENT,   /* no answer to InhibitDevice before it is exported */
} FakeState;

/* Returns when it has its name. revision: of all modems it has, for its whole life. */
FakeMM *fake_mm_start(World *world, FakeState state, const char *revision);
/* Its end, as by a crash. */
void fake_mm_stop(FakeMM *mm);

/* Sets the state that ModemManager reports of the device from now on. */
void fake_mm_set(FakeMM *mm, FakeState state);

/* How often InhibitDevice was called with that argument, but for the daemon's question whether it may; how many devices
 * are held by somebody who is still on the bus. Await: until it is so many. */
unsigned fake_mm_calls(const FakeMM *mm, bool inhibit);
unsigned fake_mm_held(const FakeMM *mm);
void fake_mm_await_calls(FakeMM *mm, bool inhibit, unsigned n);
void fake_mm_await_held(FakeMM *mm, unsigned n);
/* The argument of the last call; the caller frees it. */
char *fake_mm_uid(const FakeMM *mm);

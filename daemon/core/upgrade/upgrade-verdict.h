/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* A verdict needs a revision that was read twice alike in one enumeration, with the IMEI, and the last time, too. */
bool verdict_is_certain(const Upgrade *u);

/* The revision that was read so far may be another system's than that of the next answers: it does not count any more. At
 * a UART the restart between the two may go unseen. */
void verdict_forget_readings(Upgrade *u);
/* The same, except for the last reading. */
void verdict_drop_earlier_readings(Upgrade *u);

/* The readings do not make a verdict certain: asks for the identity again, the first time at once, and ends the job if
 * the readings still differ after the time-out `settle`. */
void verdict_read_again(Upgrade *u);

/* A time-out has passed. Returns true if it was the pause before the identity is asked for once more. */
bool verdict_reread(Upgrade *u);

/* Derives the result from the revision that the module reported. */
void verdict_judge(Upgrade *u);

/* The firmware runs, and the revision before and after may be the same: whether the upgrade took place is not known. */
void verdict_cannot_tell(Upgrade *u);

/* DFOTA: the module reported its revision while the upgrade may still go on; either that decides, or it is followed.
 * asked_again: the identity was asked for again, to make a verdict certain. */
void verdict_follow(Upgrade *u, bool asked_again);

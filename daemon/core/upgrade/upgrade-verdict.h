/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* A verdict needs a revision that was read twice alike in one enumeration, with the IMEI. */
bool verdict_is_certain(const Upgrade *u);

/* Asks for the identity again at once, to confirm the revision that was read. Returns false if that was done before. */
bool verdict_confirm(Upgrade *u);

/* A time-out has passed. Returns true if it was the pause before the identity is asked for once more. */
bool verdict_reread(Upgrade *u);

/* Derives the result from the revision that the module reported. */
void verdict_judge(Upgrade *u);

/* The firmware runs, and the revision before and after may be the same: whether the upgrade took place is not known. */
void verdict_cannot_tell(Upgrade *u);

/* DFOTA: the module reported its revision while the upgrade may still go on; either that decides, or it is followed.
 * confirms: the revision confirms an earlier reading, which was to decide. */
void verdict_follow(Upgrade *u, bool confirms);

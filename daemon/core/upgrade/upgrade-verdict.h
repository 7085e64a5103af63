/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Derives the result from the revision that the module reported. */
void verdict_judge(Upgrade *u);

/* The firmware runs, and the revision before and after may be the same: whether the upgrade took place is not known. */
void verdict_cannot_tell(Upgrade *u);

/* DFOTA: the module reported its revision while the upgrade may still go on; either that decides, or it is followed. */
void verdict_follow(Upgrade *u);

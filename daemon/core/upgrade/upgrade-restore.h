/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Returns true if a setting of the module is still to be put back. */
bool restore_is_due(const Job *job);

/* Puts the settings back, one command a setting; NEXT_FINISH follows. */
void restore_begin(Upgrade *u);
void restore_answer(Upgrade *u, const UpgradeEvent *event);

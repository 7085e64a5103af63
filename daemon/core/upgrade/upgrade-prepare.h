/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Sets the module up for AT+QFOTADL, one command a step; NEXT_FLOW or NEXT_COMMAND follows. */
void prepare_begin(Upgrade *u);
void prepare_answer(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Sets hardware flow control on both sides, if that can be had (guide 3.3.1.3); NEXT_COMMAND follows. */
void flow_begin(Upgrade *u);
void flow_answer(Upgrade *u, const UpgradeEvent *event);

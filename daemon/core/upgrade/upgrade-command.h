/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Sends AT+QFOTADL (guide 3.3.1), after the record that says so. */
void command_send(Upgrade *u);

void command_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_QFOTADL */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Checks the package's server, if that was asked for, then the module; NEXT_PREPARE follows if no rule is broken. */
void check_begin(Upgrade *u);
void check_server(Upgrade *u, const UpgradeEvent *event); /* UPGRADE_EVENT_SOURCE */
void check_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_INSPECT */

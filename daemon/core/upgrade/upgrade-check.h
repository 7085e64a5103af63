/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Checks the package's server, if that was asked for, then the module; NEXT_PREPARE follows if no rule is broken. */
void check_begin(Upgrade *u);
void check_server(Upgrade *u, const UpgradeEvent *event); /* UPGRADE_EVENT_SOURCE */
void check_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_INSPECT */

/* A sentence without its full stop, if the module reported that it has no SIM or that the SIM is locked, before
 * AT+QFOTADL and to this daemon; else NULL. The caller frees it. */
char *check_sim_problem(Upgrade *u);

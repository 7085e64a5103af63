/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Begins to give the download up, for job->abandon. */
void abandon_begin(Upgrade *u);

/* The same once the module answers AT. */
void abandon_now(Upgrade *u);

/* Resets the module by AT+CFUN=1,1. */
void abandon_reset(Upgrade *u);

void abandon_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_RADIO_OFF or STEP_RESET */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void abandon_begin(Upgrade *u);
void abandon_now(Upgrade *u);
void abandon_reset(Upgrade *u);
void abandon_answer(Upgrade *u, const UpgradeEvent *event);

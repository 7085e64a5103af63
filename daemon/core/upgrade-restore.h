/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void restore_begin(Upgrade *u);
void restore_answer(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void prepare_begin(Upgrade *u);
void prepare_answer(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void flow_begin(Upgrade *u);
void flow_answer(Upgrade *u, const UpgradeEvent *event);

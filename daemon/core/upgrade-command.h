/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void command_send(Upgrade *u);
void command_answer(Upgrade *u, const UpgradeEvent *event);

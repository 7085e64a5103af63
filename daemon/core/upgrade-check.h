/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void check_begin(Upgrade *u);
void check_server(Upgrade *u, const UpgradeEvent *event);
void check_answer(Upgrade *u, const UpgradeEvent *event);

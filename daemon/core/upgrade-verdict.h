/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void verdict_judge(Upgrade *u);
void verdict_follow(Upgrade *u);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void upgrade_keep_revision(Upgrade *u);
void upgrade_judge(Upgrade *u, const UpgradeEvent *event);
void upgrade_follow(Upgrade *u, const UpgradeEvent *event);

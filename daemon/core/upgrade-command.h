/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void upgrade_rejected(Upgrade *u, const char *command, const UpgradeEvent *event);
void prepare_send_upgrade(Upgrade *u, const UpgradeEvent *event);
void command_answer(Upgrade *u, const UpgradeEvent *event);

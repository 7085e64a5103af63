/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void file_prepare_begin(Upgrade *u, const UpgradeEvent *event);
void file_prepare_answer(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void end_settle(Upgrade *u, const UpgradeEvent *event); /* u->decision */
void end_wind_up(Upgrade *u, const UpgradeEvent *event);
void end_finish(Upgrade *u); /* all is done: the record is closed */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void wind_up(Upgrade *u, const UpgradeEvent *event);
void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail, const UpgradeEvent *event);
void upgrade_fail(Upgrade *u, HostCode code, const char *detail, const UpgradeEvent *event);
void upgrade_abandoned(Upgrade *u, const UpgradeEvent *event);
void upgrade_not_stopped(Upgrade *u, const UpgradeEvent *event);

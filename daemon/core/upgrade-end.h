/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

/* Writes the result of u->decision into the record, then winds up. */
void end_settle(Upgrade *u, const UpgradeEvent *event);

/* Reads which revision runs, if the module answers, and has the settings put back; else the job is finished. */
void end_wind_up(Upgrade *u, const UpgradeEvent *event);

/* Closes the record: secrets are wiped, the message names the settings that were not put back, the result is
 * announced, the module is released. */
void end_finish(Upgrade *u);

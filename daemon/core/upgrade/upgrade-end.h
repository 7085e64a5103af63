/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Writes the result of u->decision into the record, then winds up. */
void end_settle(Upgrade *u, const UpgradeEvent *event);

/* Reads which revision runs, if the module answers, and has the settings put back; else the job is finished. */
void end_wind_up(Upgrade *u, const UpgradeEvent *event);

/* Closes the record: secrets are wiped, the message names the settings that were not put back, the result is
 * announced, the module is released. */
void end_finish(Upgrade *u);

/* The closed record can neither be written nor removed, for the reason in why. A job whose end is not on disk has not
 * ended, or the next daemon would take it up: the job is open again, and closing it is repeated. */
void end_leave_pending(Upgrade *u, const char *why);

/* Any event of such a job: closes it again once the deadline has passed. */
void end_pending(Upgrade *u, const UpgradeEvent *event);

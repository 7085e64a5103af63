/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Takes the present values of the job as known. */
void history_begin(Upgrade *u);
void history_end(Upgrade *u);

/* Appends to the job's log each change that the event has led to. Call it when the event has been handled, and before
 * the actions that follow from it are carried out, so that the record has the lines, too. */
void history_follow(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text);
void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout);
void upgrade_identify(Upgrade *u); /* the port does not only listen any more */

/* The next action in order, NULL if there is none. The caller frees it. */
UpgradeAction *upgrade_pop(Upgrade *upgrade);

/* A PERSIST failed: forgets what was to follow it. UPGRADE_EVENT_DISK comes next. */
void upgrade_drop_actions(Upgrade *upgrade);

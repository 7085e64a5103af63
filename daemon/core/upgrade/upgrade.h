/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-types.h"

/* How one upgrade goes on: an event and the time go in, actions come out. The record of the job is the state. */

typedef struct Upgrade Upgrade;

/* Borrows both: they must outlive it. */
Upgrade *upgrade_new(Job *job, const Timeouts *timeouts);
void upgrade_free(Upgrade *upgrade);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Upgrade, upgrade_free)

void upgrade_handle(Upgrade *upgrade, const UpgradeEvent *event);

/* The next action in order, NULL if there is none. The caller frees it. */
UpgradeAction *upgrade_pop(Upgrade *upgrade);

/* A PERSIST failed: forgets what was to follow it. UPGRADE_EVENT_DISK comes next. */
void upgrade_drop_actions(Upgrade *upgrade);

/* When UPGRADE_EVENT_TICK is due, UINT64_MAX for never. */
uint64_t upgrade_deadline(const Upgrade *upgrade);

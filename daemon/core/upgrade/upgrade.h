/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-types.h"

/* The upgrade of a module: events go in, actions come out. The record of the job is its durable state. */

/* Borrows both: they must outlive it. */
Upgrade *upgrade_new(Job *job, const Timeouts *timeouts);
void upgrade_free(Upgrade *upgrade);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Upgrade, upgrade_free)

/* Handles one event; the actions that follow from it are taken by upgrade_pop(). An event that cannot come now
 * (upgrade_expects()) is refused and logged. */
void upgrade_handle(Upgrade *upgrade, const UpgradeEvent *event);

/* The time at which UPGRADE_EVENT_TICK is due, in µs of the events' clock; UINT64_MAX for never. */
uint64_t upgrade_deadline(const Upgrade *upgrade);

/* The time until which the upgrade is left to go on without news before it is judged or called stalled; UINT64_MAX for
 * never, as while a module that is stalled is there. Later than upgrade_deadline() where only a question is due by then.
 */
uint64_t upgrade_patience(const Upgrade *upgrade);

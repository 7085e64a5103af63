/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Appends an action; text is copied, NULL none. */
void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text);

/* Appends a command to the module: step becomes the step under way, timeout is in µs. secret: the command or its answer
 * is not logged. */
void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout);

/* Appends the question for the module's identity; the port may be written to from then on. */
void upgrade_identify(Upgrade *u);

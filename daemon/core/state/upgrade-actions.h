/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Appends an action; text is copied, NULL none. The job is written and announced as it is when the action is carried
 * out, so news that wait come after the record, and once. */
void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text);

/* Puts power/control of the USB device back before anything else: once the record says that the job has ended, no
 * later daemon does. */
void upgrade_restore_power(Upgrade *u, const char *value);

/* Appends a command to the module: step becomes the step under way, timeout is in µs. secret: the command or its answer
 * is not logged. */
void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout);

/* Appends the question for the module's identity; the port may be written to from then on. */
void upgrade_identify(Upgrade *u);

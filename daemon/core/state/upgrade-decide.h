/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* These record what happens after the event was handled; upgrade.c carries it out. The last call counts. */

void upgrade_next(Upgrade *u, Next next);

/* The job ends with this result. detail: part of a sentence that goes into the middle of the code's text, NULL none;
 * copied. */
void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail);

/* The job fails with a host code. */
void upgrade_fail(Upgrade *u, HostCode code, const char *detail);

/* The same, with a message of its own instead of the code's text; copied. */
void upgrade_fail_saying(Upgrade *u, HostCode code, const char *message);

/* The job fails because the module answered ERROR to command, or did not answer: event is that answer. */
void upgrade_rejected(Upgrade *u, const char *command, const UpgradeEvent *event);

/* The download was given up for job->abandon, and the module certainly keeps its old firmware. */
void upgrade_abandoned(Upgrade *u);

/* The download was to be given up, and may go on all the same. */
void upgrade_not_stopped(Upgrade *u);

/* The revision that the module reported last becomes ToRevision. */
void upgrade_keep_revision(Upgrade *u);

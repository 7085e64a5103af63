/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

/* What comes next; the last one said counts. */
void upgrade_next(Upgrade *u, Next next);
void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail);
void upgrade_fail(Upgrade *u, HostCode code, const char *detail);
void upgrade_fail_saying(Upgrade *u, HostCode code, const char *message);
void upgrade_rejected(Upgrade *u, const char *command, const UpgradeEvent *event);
void upgrade_abandoned(Upgrade *u);   /* it was given up, and the module certainly keeps its old firmware */
void upgrade_not_stopped(Upgrade *u); /* it was to be given up, and could not be stopped for certain */

/* What answered last is what the job ends with. */
void upgrade_keep_revision(Upgrade *u);

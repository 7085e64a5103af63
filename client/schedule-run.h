/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "objects.h"
#include "schedule.h"

/* Finds the module of the schedule, also while it is off the bus. *ret belongs to objects. Returns an exit status and
 * has printed the failure. */
int schedule_find_module(Ctl *ctl, const Objects *objects, const Schedule *schedule, const Object **ret);

/* Upgrades the module unless it has the expected revision, and follows the job to its end. request_id: the option of
 * the upgrade, NULL for the id of a run that systemd started. Waits up to patience seconds
 * (0: not at all) for a module that is not there or has not reported its revision, and probes it. Returns an exit
 * status, and has reported the reason to systemd, too. */
int schedule_run(Ctl *ctl, const Schedule *schedule, const char *request_id, unsigned patience);

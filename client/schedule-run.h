/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "objects.h"
#include "schedule.h"

/* The module that the schedule means, also while it is off the bus. Exit status, the failure reported. */
int schedule_find_module(Ctl *ctl, const Objects *objects, const Schedule *schedule, const Object **ret);

/* Upgrades the module, if it has another revision than is expected, and follows that to its end. One that is not there
 * yet, or has not told its revision, is waited for, and asked for it: patience seconds, 0 not at all. Exit status, the
 * reason told to systemd as well. */
int schedule_run(Ctl *ctl, const Schedule *schedule, unsigned patience);

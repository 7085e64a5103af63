/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "schedule.h"

/* Returns when the module that the schedule means has told its revision, or is held by a job, or after patience
 * seconds, 0 at once. What is said of it meanwhile must be listened for already: follow_new(). Exit status, the failure
 * reported; that nothing came is none. SIGINT and SIGTERM are reported and then end the program. */
int schedule_await_module(Ctl *ctl, const Schedule *schedule, unsigned patience);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "schedule.h"

/* Waits until the module of the schedule has reported its revision or is held by a job, for patience seconds at most
 * (0: returns at once). The caller must have called follow_new(), so that no signal is missed. Returns an exit status
 * and has printed the failure; that no module came is not a failure. SIGINT and SIGTERM are reported and then end the
 * program. */
int schedule_await_module(Ctl *ctl, const Schedule *schedule, unsigned patience);

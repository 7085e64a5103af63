/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* Starts the time-out of the present situation anew: there was news of the module. */
void upgrade_reset_deadline(Upgrade *u);

/* The only function that changes the job's state. Starts the state's time-out; the record is written, then announced.
 */
void upgrade_enter_state(Upgrade *u, JobState state);

/* Sets the percentage of the whole job, 0 to 99, if that is more than before. An advance counts as progress: the
 * counters of restarts and of daemon starts without progress begin anew. */
void upgrade_set_percent(Upgrade *u, unsigned percent);

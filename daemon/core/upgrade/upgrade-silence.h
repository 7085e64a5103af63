/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* u->deadline has passed. */
void upgrade_timed_out(Upgrade *u);

/* The host was suspended: the time-out of the present phase begins anew, and the module is asked for its identity where
 * a question cannot disturb it. */
void upgrade_resumed(Upgrade *u);

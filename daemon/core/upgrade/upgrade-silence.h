/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* u->deadline has passed. */
void upgrade_timed_out(Upgrade *u);

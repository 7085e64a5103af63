/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void upgrade_wait(Upgrade *u); /* news has come: the patience begins anew */
void upgrade_enter(Upgrade *u, JobState state);
void upgrade_advance(Upgrade *u, unsigned percent);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* A line of the module that answers no command: event->text. */
void upgrade_urc(Upgrade *u, const UpgradeEvent *event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void uart_begin(Upgrade *u, const UpgradeEvent *event);
void uart_sent(Upgrade *u, const UpgradeEvent *event);
bool uart_asks(Upgrade *u, const UpgradeEvent *event);
void uart_ready(Upgrade *u);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void uart_begin(Upgrade *u);
void uart_sent(Upgrade *u);
bool uart_asks(Upgrade *u);
void uart_ready(Upgrade *u);

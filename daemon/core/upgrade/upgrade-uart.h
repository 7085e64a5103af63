/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* A module at a UART: these do nothing for one on USB. */

void uart_begin(Upgrade *u);

/* AT+QFOTADL was answered, or was not in time: a MiniFOTA has left its firmware, or may have. */
void uart_sent(Upgrade *u);

/* Returns true if the firmware of a MiniFOTA may still print messages although AT+QFOTADL was sent, which say nothing
 * about the system that follows: no restart was seen yet. */
bool uart_may_leave(const Job *job);

/* A time-out has passed. Returns true if the module is asked for its identity before anything is concluded, which
 * happens once. */
bool uart_asks(Upgrade *u);

/* The module reported its identity. If it was asked for the reason above, it may have restarted before. */
void uart_ready(Upgrade *u);

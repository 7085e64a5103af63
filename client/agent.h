/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* True if stdin is a terminal, so that a user can be asked for a password. */
bool agent_has_person(void);

/* Starts the agent that asks the user for passwords until agent_close(). Returns its process id; 0 if there is no
 * terminal, no agent could be started, or the user is root, whom polkit never asks. */
pid_t agent_open(void);
void agent_close(pid_t agent);

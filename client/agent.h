/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Whether there is a person here, at a terminal, who could be asked for a password. */
bool agent_has_person(void);

/* Until agent_close() that person is whom polkit asks. 0: there is none, or root, who is not asked. */
pid_t agent_open(void);
void agent_close(pid_t agent);

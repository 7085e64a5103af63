/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef struct Manager Manager;

/* Makes a module for each UART that the configuration names, present or not. */
void manager_make_uarts(Manager *m);

/* Looks which of their nodes are there, and which are ports of USB modules, and passes it on to the modules. */
void manager_look_at_uarts(Manager *m);

/* Removes the modules of UARTs that the configuration does not name any more, but for those that a job or a check
 * needs, and reports each to the observer. */
void manager_drop_uarts(Manager *m);

/* The same from the loop, for callers that are called by a module. */
void manager_drop_uarts_soon(Manager *m);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manager/manager.h"

/* The line that systemctl status shows for the service: "Idle, 2 modules", "job 3 on usb-1-1: downloading 37 %". */
typedef struct Status Status;

/* Borrows the manager. */
Status *status_new(Manager *manager);
void status_free(Status *status);

/* Reports the result of a reload: failure is the reason why the old configuration stays in force, NULL if the new one
 * does. A failure is shown until the next reload. */
void status_reloaded(Status *status, const char *failure);

/* Sends the line to the service manager if it has changed. */
void status_update(Status *status);

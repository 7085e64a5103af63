/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manager/manager.h"

/* What systemctl status shows beside the service: "Idle, 2 modules", "job 3 on usb-1-1: downloading 37 %". */
typedef struct Status Status;

/* Borrows the manager. */
Status *status_new(Manager *manager);
void status_free(Status *status);

/* The configuration was to be read again. failure: why the old one stays in force, NULL it does not; that is said until
 * the next time. */
void status_reloaded(Status *status, const char *failure);

/* Says how things are, if that is not what was said last. */
void status_update(Status *status);

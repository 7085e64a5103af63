/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The claim on a module that a job holds: a file of its Id's name, which the shipped udev rule turns into
 * ID_MM_DEVICE_IGNORE for whatever appears at that place meanwhile (field facts 7.2). It outlives the daemon. */
typedef struct Claims Claims;

/* directory is made when it is first needed. */
Claims *claims_new(const char *directory);
void claims_free(Claims *claims);

/* Neither fails: without a claim the upgrade goes on, and the log says so. id is a module's of USB, as in usb-1-1.2. */
void claims_take(Claims *claims, const char *id);
void claims_drop(Claims *claims, const char *id);

/* What a daemon before this one has left, except where it is wanted still. */
void claims_sweep(Claims *claims, bool (*is_wanted)(void *userdata, const char *id), void *userdata);

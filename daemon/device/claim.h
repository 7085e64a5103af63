/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The claims on modules that a job holds. A claim is a file in the directory claims/ with the module's Id as its name.
 * By the shipped udev rule, a device that appears at the place of a claimed USB module gets ID_MM_DEVICE_IGNORE (field
 * facts 7.2). While no claim is held there is a file idle beside the directory. fotad-upgrading.target follows both.
 * The files outlive the daemon. */
typedef struct Claims Claims;

/* runtime: the directory for claims/ and idle, which is made when it is first needed. */
Claims *claims_new(const char *runtime);
/* Takes NULL. The files stay. */
void claims_free(Claims *claims);

/* Takes or drops the claim on a module by its Id. A slash in the Id (the tty of a UART that is named by a link) becomes
 * a ! in the file's name. Errors are logged only: without its claim file the upgrade goes on. A caller that moves from
 * one module to another takes the new claim before dropping the old one. */
void claims_take(Claims *claims, const char *id);
void claims_drop(Claims *claims, const char *id);

/* Removes the claims that an earlier daemon left and this one has not taken, and calls dropped() with the name of each.
 * Makes the file idle if no claim is left. */
void claims_sweep(Claims *claims, void (*dropped)(void *userdata, const char *name), void *userdata);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The claim on a module that a job holds: a file of its Id's name in the directory claims/. The shipped udev rule turns
 * that of a USB module into ID_MM_DEVICE_IGNORE for whatever appears at that place meanwhile (field facts 7.2). While
 * none is held there is a file idle beside the directory. fotad-upgrading.target follows both. All of it outlives the
 * daemon. */
typedef struct Claims Claims;

/* runtime: the directory for claims/ and idle, made when it is first needed. */
Claims *claims_new(const char *runtime);
void claims_free(Claims *claims);

/* Neither fails: without a claim the upgrade goes on, and the log says so. id is a module's; a slash in it (the tty of
 * a UART that is named by a link) is a ! in the file's name. Who goes on from one module to another takes that one
 * before he drops this one. */
void claims_take(Claims *claims, const char *id);
void claims_drop(Claims *claims, const char *id);

/* What a daemon before this one has left and this one has not taken goes, and each is told of;
 * if none is left idle is there. */
void claims_sweep(Claims *claims, void (*dropped)(void *userdata, const char *name), void *userdata);

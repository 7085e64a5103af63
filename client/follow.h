/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "props.h"

/* Follows one job until it ends. */
typedef struct Follow Follow;

/* --timeout and --until. */
extern const GOptionEntry follow_options[];

/* Checks the values of these options; prints the error and returns STATUS_USAGE if one is wrong. */
int follow_options_check(Ctl *ctl);

/* Returns true if one of these options was given. */
bool follow_options_given(void);

void follow_free(Follow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follow, follow_free)

/* Starts to listen to the daemon, so that no signal is lost between learning the job's path and follow_run(). Returns
 * an exit status and has printed the failure. The caller frees *ret. */
int follow_new(Ctl *ctl, Follow **ret);

/* Prints the progress of the job at that object path until it ends, the user leaves, or an option of this file ends the
 * run. Returns the exit status that tells how the run ended. */
int follow_run(Follow *follow, const char *path);

/* The job's properties as last received, owned by follow; NULL if none were. */
const Props *follow_job(const Follow *follow);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "props.h"

/* Follows one job to its end. */
typedef struct Follow Follow;

void follow_free(Follow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follow, follow_free)

/* Listens from now on, so that nothing is lost between learning the job's path and follow_run(). Exit status, the
 * failure reported. */
int follow_new(Ctl *ctl, Follow **ret);

/* Shows the job's course until it ends or the user leaves; the exit status says how it ended. */
int follow_run(Follow *follow, const char *path);

/* The job as it was seen last; NULL if it never was. */
const Props *follow_job(const Follow *follow);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "module/module.h"

typedef struct Manager Manager;

/* Claims the module at the job's place and begins the job on it. The module must be in the list, without a job. The job
 * stays the Manager's; it may have ended when this returns. */
void manager_begin(Manager *manager, Job *job);

/* Has udev apply its rules to the module's device and ports again, after a change of its claim. A failure is only
 * logged. Does nothing for a module that is absent or at a UART. */
void manager_apply_udev_rules(Manager *manager, Module *module);

/* The rest is for the manager*.c files. */

/* Removes the claim of a job that has ended, and has udev apply its rules to the module again. */
void manager_end_claim(Manager *m, const Job *job);

/* Removes the claims of an earlier daemon whose jobs were not taken up again, and has udev apply its rules to their
 * modules again. Call it once all jobs are taken up. */
void manager_sweep_claims(Manager *m);

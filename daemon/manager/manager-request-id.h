/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/refusal.h"
#include "core/job/job.h"

typedef struct Manager Manager;

/* The job that was begun with this option request-id, the newest if there are several. Borrowed. NULL if there is none,
 * or if the id is NULL. */
Job *manager_find_requested(Manager *manager, const char *request_id);

/* Compares a call that has the request id of a job with the call that began the job. false and a refusal if the
 * arguments differ. Passwords and the values in the query of a URL are not compared: the record does not have them. Of
 * a package on the host the name is compared, and the checksum if the options have it; the file is not read. */
bool manager_judge_repeated(Manager *manager, const Job *job, const char *module, const char *source, bool file,
                            const Options *options, Refusal *ret_refusal);

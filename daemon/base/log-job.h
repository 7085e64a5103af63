/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "base/log.h"

/* A line about a job: what the journal files it under is in the job's record. message_id: of message-ids.h, NULL if
 * nobody acts on it. */
void log_job(int level, const char *message_id, const Job *job, const char *format, ...) G_GNUC_PRINTF(4, 5);

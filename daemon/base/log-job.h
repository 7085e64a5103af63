/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "base/log.h"

/* Logs a line about a job, with journal fields from the job's record. message_id: of message-ids.h, NULL for a line
 * that needs no action. */
void log_job(int level, const char *message_id, const Job *job, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "base/log.h"

/* Logs a line about a job, with journal fields from the job's record, and appends it to the job's own log, unless it is
 * for debugging. message_id: of message-ids.h, NULL for a line that needs no action. */
void log_job(int level, const char *message_id, const Job *job, const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The two parts of log_job(). The job's own log has no use for "job 1 on usb-1-1: " in front of a text. */
void log_job_line(int level, const char *message_id, const Job *job, const char *text);
void log_job_note(int level, const Job *job, const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The journal fields of a line about a job. Decides nothing, and passes on nothing secret: the source stays in the
 * record. */

#include <stdarg.h>

#include "base/log-job.h"

/* The code is settled before the job has ended, and logged only when it has. */
static char *code_of(const Job *job)
{
        if (job->state != JOB_FINISHED || job->domain == CODE_DOMAIN_NONE)
                return NULL;
        return g_strdup_printf("%s/%d", code_domain_to_string(job->domain), job->code);
}

void log_job(int level, const char *message_id, const Job *job, const char *format, ...)
{
        /* An adopted job may have the IMEI of the module that was there before. */
        bool known = job->origin != JOB_ORIGIN_ADOPTED || job->confirmed;
        g_autofree char *code = code_of(job);
        LogEvent event = { .message_id = message_id,
                           .job = job->id,
                           .module = job_place(job),
                           .imei = known ? job->imei : NULL,
                           .state = job_state_to_string(job->state),
                           .code = code };
        va_list args;

        va_start(args, format);
        log_event_v(level, &event, format, args);
        va_end(args);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines about a job: their journal fields, and their copies in the job's own log. Decides nothing, and passes on
 * nothing secret: the source stays in the record. */

#include <stdarg.h>
#include <string.h>

#include "base/log-job.h"

/* The code is settled before the job has ended, and logged only when it has. */
static char *code_of(const Job *job)
{
        if (job->state != JOB_FINISHED || job->domain == CODE_DOMAIN_NONE)
                return NULL;
        return g_strdup_printf("%s/%d", code_domain_to_string(job->domain), job->code);
}

void log_job_line(int level, const char *message_id, const Job *job, const char *text)
{
        /* An adopted job may have the IMEI of the module that was there before. */
        bool known = job->origin != JOB_ORIGIN_ADOPTED || job->confirmed;
        g_autofree char *code = code_of(job);

        log_event(level,
                  &(LogEvent){ .message_id = message_id,
                               .job = job->id,
                               .module = job_place(job),
                               .imei = known ? job->imei : NULL,
                               .state = job_state_to_string(job->state),
                               .code = code },
                  "%s", text);
}

static const char *skip(const char *text, const char *prefix)
{
        return g_str_has_prefix(text, prefix) ? text + strlen(prefix) : text;
}

void log_job_note(int level, const Job *job, const char *text)
{
        g_autofree char *job_on = g_strdup_printf("job %s on %s: ", job->id, job_place(job));
        g_autofree char *job_alone = g_strdup_printf("job %s: ", job->id);

        if (level <= LOG_INFO)
                job_log_add(job->log, (uint64_t)g_get_real_time(),
                            level <= LOG_ERR       ? JOB_LOG_ERROR
                            : level <= LOG_WARNING ? JOB_LOG_WARNING
                                                   : JOB_LOG_NOTE,
                            skip(skip(text, job_on), job_alone));
}

void log_job(int level, const char *message_id, const Job *job, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list args;

        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        log_job_note(level, job, text);
        log_job_line(level, message_id, job, text);
}

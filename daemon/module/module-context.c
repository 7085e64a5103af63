/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock of a module, and log lines about it, for the module itself and for each of its objects. */

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/log-job.h"
#include "module/module-context.h"

#define INTERVAL        (10 * G_USEC_PER_SEC)
#define LINES_MAX       100 /* in an interval: an upgrade has about 50 */
#define DEBUG_LINES_MAX 2000

uint64_t context_now(const ModuleContext *context)
{
        return clock_now() - context->still;
}

uint64_t context_read_until(const ModuleContext *context)
{
        return clock_read_until() - context->still;
}

uint64_t context_deadline(const ModuleContext *context, uint64_t at)
{
        return at == UINT64_MAX ? at : at + context->still;
}

void context_record(const ModuleContext *context, RecordingWord word, const char *text)
{
        if (context->recording)
                recording_writer_add(context->recording, clock_now(), word, text);
}

const char *context_tty(const char *node)
{
        return g_str_has_prefix(node, "/dev/") ? node + strlen("/dev/") : node;
}

uint64_t log_context_deadline(const ModuleContext *context)
{
        return context->log->dropped > 0 ? context->log->until : UINT64_MAX;
}

static void log_line(int level, const ModuleContext *context, const char *text)
{
        g_autofree char *line = g_strdup_printf("%s: %s", context->id, text);

        if (context->job)
                log_job_line(level, NULL, context->job, line);
        else
                log_event(level, &(LogEvent){ .module = context->id }, "%s", line);
}

void log_context_dropped(const ModuleContext *context)
{
        g_autofree char *text = g_strdup_printf("%u lines were dropped", context->log->dropped);

        context->log->dropped = 0;
        log_line(LOG_WARNING, context, text);
}

/* Counts a line. Returns false if it is one too many. */
static bool may_log(const ModuleContext *context, int level)
{
        LogShare *share = context->log;

        if (clock_now() >= share->until) {
                if (share->dropped > 0)
                        log_context_dropped(context);
                *share = (LogShare){ .until = clock_now() + INTERVAL };
        }
        if (level == LOG_DEBUG ? share->debug_lines++ < DEBUG_LINES_MAX : share->lines++ < LINES_MAX)
                return true;
        share->dropped++;
        return false;
}

void log_context_v(int level, const ModuleContext *context, const char *format, va_list args)
{
        g_autofree char *text = NULL;
        bool shown = level <= log_get_level();

        if (!shown && (!context->job || level > LOG_INFO))
                return;
        text = g_strdup_vprintf(format, args);
        if (context->job)
                log_job_note(level, context->job, text);
        if (shown && may_log(context, level))
                log_line(level, context, text);
}

void log_context_history(const ModuleContext *context, const JobLogLine *line)
{
        g_autofree char *text = NULL;

        if ((line->kind != JOB_LOG_PHASE && line->kind != JOB_LOG_CODE && line->kind != JOB_LOG_DECISION) ||
            LOG_INFO > log_get_level() || !may_log(context, LOG_INFO))
                return;
        text = g_strdup_printf("job %s on %s: %s: %s", context->job->id, context->id,
                               job_log_kind_to_string(line->kind), line->text);
        log_job_line(LOG_INFO, NULL, context->job, text);
}

void log_context(int level, const ModuleContext *context, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        log_context_v(level, context, format, args);
        va_end(args);
}

void log_context_job(int level, const ModuleContext *context, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list args;

        if (level > log_get_level() || !may_log(context, level))
                return;
        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        log_job(level, NULL, context->job, "job %s on %s: %s", context->job->id, context->id, text);
}

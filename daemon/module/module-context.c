/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Log lines about a module, for the module itself and for each of its objects. */

#include <stdarg.h>

#include "base/log-job.h"
#include "module/module-context.h"

void log_context_v(int level, const ModuleContext *context, const char *format, va_list args)
{
        g_autofree char *text = NULL;

        if (level > log_get_level())
                return;
        text = g_strdup_vprintf(format, args);
        if (context->job)
                log_job(level, NULL, context->job, "%s: %s", context->id, text);
        else
                log_event(level, &(LogEvent){ .module = context->id }, "%s: %s", context->id, text);
}

void log_context(int level, const ModuleContext *context, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        log_context_v(level, context, format, args);
        va_end(args);
}

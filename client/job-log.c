/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the history of a job from the daemon, and tells its lines in the user's language. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "job-log.h"
#include "message.h"
#include "names.h"
#include "report.h"
#include "text.h"

static void line_free(gpointer data)
{
        LogLine *line = data;

        g_free(line->kind);
        g_free(line->text);
        g_free(line);
}

static int read_lines(sd_bus_message *reply, GPtrArray *lines)
{
        const char *kind, *text;
        uint64_t time;
        int r = sd_bus_message_enter_container(reply, SD_BUS_TYPE_ARRAY, "(tss)");

        while (r >= 0 && (r = sd_bus_message_read(reply, "(tss)", &time, &kind, &text)) > 0) {
                LogLine *line = g_new0(LogLine, 1);

                line->time = time;
                line->kind = g_strdup(kind);
                line->text = g_strdup(text);
                g_ptr_array_add(lines, line);
        }
        return r;
}

int job_log_read(Ctl *ctl, const char *path, GPtrArray **ret)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(line_free);
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        int status, r;

        status = bus_new_call(ctl, path, FOTAD_JOB_INTERFACE, "GetLog", &call);
        if (status == STATUS_DONE)
                status = bus_call(ctl, call, &reply);
        if (status != STATUS_DONE)
                return status;
        r = read_lines(reply, lines);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        *ret = g_steal_pointer(&lines);
        return STATUS_DONE;
}

const char *job_log_kind(const char *kind)
{
        static const char *const kinds[] = {
                N_("request"), N_("phase"),    N_("progress"), N_("restart"),  N_("message"),
                N_("code"),    N_("revision"), N_("setting"),  N_("decision"), N_("result"),
                N_("at"),      N_("note"),     N_("warning"),  N_("error"),    N_("dropped"),
        };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (strcmp(kinds[i], kind) == 0)
                        return _(kinds[i]);
        return kind;
}

char *job_log_text(const Props *job, const LogLine *line)
{
        static const char *const quoted[] = { "at", "message", "progress", NULL };
        const char *result = props_text(job, "Result"), *message = line->text + strlen(result);

        if (g_strv_contains(quoted, line->kind))
                return text_clean(line->text);
        /* The result, a colon, and the message of the job's end, whose texts depend on the code. */
        if (*result && g_str_has_prefix(line->text, result) && g_str_has_prefix(message, ": ")) {
                g_autofree char *clean = text_clean(message + 2), *words = message_words_of(job, clean);

                return text_pair(_(result), words);
        }
        return sentence_words(line->text);
}

char *job_log_time(uint64_t time)
{
        g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_local((gint64)(time / G_USEC_PER_SEC));
        g_autofree char *text = seconds ? g_date_time_format(seconds, "%Y-%m-%d %H:%M:%S") : g_strdup("?");

        return g_strdup_printf("%s.%03u", text, (unsigned)(time % G_USEC_PER_SEC / 1000));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl log: the history of an upgrade, as lines, as JSON or as a picture. Reads only. */

#include "config.h"

#include <string.h>

#include "job-log.h"
#include "job-picture.h"
#include "json.h"
#include "names.h"
#include "objects.h"
#include "recording-file.h"
#include "report.h"
#include "text.h"

enum { TIME_COLUMNS = 25, KIND_COLUMNS = 8 };

static char *svg;

static const GOptionEntry entries[] = {
        { "svg", 0, 0, G_OPTION_ARG_FILENAME, &svg, N_("Draw it to FILE instead; - is standard output"), "FILE" },
        { NULL },
};

static TextColour colour_of(const char *kind)
{
        if (g_str_equal(kind, "error") || g_str_equal(kind, "code"))
                return TEXT_BAD;
        if (g_str_equal(kind, "warning"))
                return TEXT_WARN;
        return g_str_equal(kind, "result") || g_str_equal(kind, "phase") ? TEXT_BOLD : TEXT_NONE;
}

static void print_lines(const Props *job, const GPtrArray *lines)
{
        int columns = KIND_COLUMNS;

        for (guint i = 0; i < lines->len; i++)
                columns = MAX(columns, text_columns(job_log_kind(((LogLine *)g_ptr_array_index(lines, i))->kind)));
        for (guint i = 0; i < lines->len; i++) {
                const LogLine *line = g_ptr_array_index(lines, i);
                g_autofree char *time = job_log_time(line->time), *kind = text_clean(job_log_kind(line->kind));
                g_autofree char *label = g_strdup_printf("%-*s%s", TIME_COLUMNS, time, kind);
                g_autofree char *text = job_log_text(job, line);

                text_field_at(label, text, TIME_COLUMNS + columns + 2, colour_of(line->kind));
        }
}

static void print_json(const GPtrArray *lines)
{
        g_autoptr(Json) json = json_new();

        json_begin(json, NULL, '[');
        for (guint i = 0; i < lines->len; i++) {
                const LogLine *line = g_ptr_array_index(lines, i);

                json_begin(json, NULL, '{');
                json_unsigned(json, "time", line->time);
                json_string(json, "kind", line->kind);
                json_string(json, "text", line->text);
                json_end(json, '}');
        }
        json_end(json, ']');
        json_print(json);
}

static int draw(Ctl *ctl, const Props *job, const GPtrArray *lines)
{
        g_autofree char *picture = job_picture(job, lines), *why = NULL;

        if (strcmp(svg, "-") == 0)
                g_print("%s", picture);
        else if (!file_save(svg, picture, &why))
                return fail(ctl, STATUS_OUTPUT, ERROR_USAGE, _("the picture cannot be written: %s"), why);
        return STATUS_DONE;
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) objects = NULL;
        g_autoptr(GPtrArray) lines = NULL;
        const Object *job = NULL;
        int status;

        status = objects_read_job(ctl, args[0], true, &objects, &job);
        if (status != STATUS_DONE)
                return status;
        if (!job)
                return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB,
                            _("there is no upgrade, neither under way nor remembered"));
        status = job_log_read(ctl, job->path, &lines);
        if (status != STATUS_DONE)
                return status;
        if (lines->len == 0 && (svg || !ctl->json)) {
                text_wrap(_("This upgrade has no log: it was begun with an earlier fotad."), 0);
                return STATUS_DONE;
        }
        if (svg)
                return draw(ctl, job->props, lines);
        if (ctl->json)
                print_json(lines);
        else
                print_lines(job->props, lines);
        return STATUS_DONE;
}

const Verb verb_log = {
        .name = "log",
        .args = "[JOB]",
        .summary = N_("the history of an upgrade, line by line"),
        .description = N_("Without JOB the only upgrade under way; if there is none, the newest."),
        .max_args = 1,
        .entries = entries,
        .run = run,
};

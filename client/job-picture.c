/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Draws the history of an upgrade as SVG, from the log's lines alone. The texts are English, as the log's are: pictures
 * go into reports. Coordinates are whole numbers, which look alike in every locale. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "job-log.h"
#include "job-picture.h"
#include "text.h"

enum {
        WIDTH = 1200,
        LEFT = 60,
        RIGHT = WIDTH - 30,
        TOP = 170, /* of the curve: 100 % */
        BOTTOM = 370,
        BAND = 385, /* the phases, below the curve */
        BAND_HEIGHT = 26,
        AXIS = BAND + BAND_HEIGHT,
        LEGEND = AXIS + 60,
        LEGEND_COLUMN = 190,
        LEGEND_ROW = 22,
        MARK_ROWS = 4, /* labels of neighbouring marks stand in different rows */
        MARK_ROW = 18,
        TICKS_MAX = 10,
        LETTER = 7 /* width */
};

/* Light enough for black letters. The names are those of the log's phases. */
static const struct {
        const char *phase, *colour;
} colours[] = {
        { "waiting", "#e8e8e8" },    { "checking", "#d4e4f1" },    { "preparing", "#b5d0e6" },
        { "command", "#8fb8da" },    { "downloading", "#6aaee0" }, { "sending", "#4f96d6" },
        { "abandoning", "#f2c14e" }, { "away", "#aaaaaa" },        { "updating", "#eb9a55" },
        { "mini", "#d98a4f" },       { "stalled", "#e0604f" },     { "verifying", "#7cc088" },
        { "ending", "#a8d5b0" },
};

typedef struct Picture {
        GString *svg;
        const GPtrArray *lines;
        uint64_t begin, end; /* µs */
        unsigned marks;
        bool labels;                           /* of the marks, which are drawn over all lines */
        uint64_t spent[G_N_ELEMENTS(colours)]; /* in each phase, µs */
} Picture;

static const LogLine *line_at(const Picture *p, guint i)
{
        return g_ptr_array_index(p->lines, i);
}

static int column_of(const Picture *p, uint64_t time)
{
        time = CLAMP(time, p->begin, p->end);
        return LEFT + (int)((double)(time - p->begin) * (RIGHT - LEFT) / (double)(p->end - p->begin));
}

static void add_text(Picture *p, int x, int y, const char *style, const char *text)
{
        g_autofree char *clean = text_clean(text), *escaped = g_markup_escape_text(clean, -1);

        g_string_append_printf(p->svg, "<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y, style, escaped);
}

static void add_line(Picture *p, int x1, int y1, int x2, int y2, const char *style)
{
        g_string_append_printf(p->svg, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" %s/>\n", x1, y1, x2, y2, style);
}

/* ---- the phases */

static int phase_index(const char *text)
{
        size_t length = strcspn(text, ",");

        for (size_t i = 0; i < G_N_ELEMENTS(colours); i++)
                if (strlen(colours[i].phase) == length && strncmp(colours[i].phase, text, length) == 0)
                        return (int)i;
        return -1;
}

static void add_phase(Picture *p, const char *text, uint64_t from, uint64_t to)
{
        int i = phase_index(text), x = column_of(p, from), width = column_of(p, to) - x;

        if (i < 0)
                return;
        p->spent[i] += to - from;
        g_string_append_printf(
                p->svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"><title>%s</title></rect>\n", x,
                BAND, MAX(width, 1), BAND_HEIGHT, colours[i].colour, colours[i].phase);
        if (width > LETTER * (int)strlen(colours[i].phase) + 6)
                add_text(p, x + width / 2, BAND + 18, " text-anchor=\"middle\" class=\"on\"", colours[i].phase);
}

static void add_phases(Picture *p)
{
        const LogLine *phase = NULL;

        for (guint i = 0; i < p->lines->len; i++) {
                const LogLine *line = line_at(p, i);

                if (strcmp(line->kind, "phase") != 0)
                        continue;
                if (phase && line->time > phase->time)
                        add_phase(p, phase->text, phase->time, line->time);
                phase = line;
        }
        if (phase)
                add_phase(p, phase->text, phase->time, MAX(p->end, phase->time));
}

static void add_legend(Picture *p)
{
        int n = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(colours); i++) {
                int x = LEFT + n % 6 * LEGEND_COLUMN, y = LEGEND + n / 6 * LEGEND_ROW;
                g_autofree char *time = text_duration((int)(p->spent[i] / G_USEC_PER_SEC)), *text = NULL;

                if (p->spent[i] == 0)
                        continue;
                text = g_strdup_printf("%s %s", colours[i].phase, time);
                g_string_append_printf(p->svg, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", x,
                                       y - 12, colours[i].colour);
                add_text(p, x + 20, y, "", text);
                n++;
        }
}

/* ---- the curve */

static int row_of(int percent)
{
        return BOTTOM - CLAMP(percent, 0, 100) * (BOTTOM - TOP) / 100;
}

static void add_grid(Picture *p)
{
        for (int percent = 0; percent <= 100; percent += 25) {
                g_autofree char *label = g_strdup_printf("%d %%", percent);

                add_line(p, LEFT, row_of(percent), RIGHT, row_of(percent), "stroke=\"#dddddd\"");
                add_text(p, LEFT - 8, row_of(percent) + 4, " text-anchor=\"end\"", label);
        }
}

/* The percentage stays until the next one is reported. */
static void add_curve(Picture *p)
{
        int percent = 0;

        g_string_append_printf(p->svg, "<polyline fill=\"none\" stroke=\"#1f4e79\" stroke-width=\"2\" points=\"%d,%d",
                               LEFT, BOTTOM);
        for (guint i = 0; i < p->lines->len; i++) {
                const LogLine *line = line_at(p, i);
                int x = column_of(p, line->time);

                if (strcmp(line->kind, "progress") != 0)
                        continue;
                g_string_append_printf(p->svg, " %d,%d", x, row_of(percent));
                percent = (int)g_ascii_strtoull(line->text, NULL, 10);
                g_string_append_printf(p->svg, " %d,%d", x, row_of(percent));
        }
        g_string_append_printf(p->svg, " %d,%d\"/>\n", column_of(p, p->end), row_of(percent));
}

/* ---- marks, axis, frame */

static void add_mark(Picture *p, uint64_t time, const char *colour, const char *label)
{
        int x = column_of(p, time), y = TOP - 18 - (int)(p->marks++ % MARK_ROWS) * MARK_ROW;
        bool left = x + LETTER * (int)strlen(label) > WIDTH;
        g_autofree char *line = g_strdup_printf("stroke=\"%s\" stroke-dasharray=\"4 3\"", colour);
        g_autofree char *style = g_strdup_printf(" fill=\"%s\"%s", colour, left ? " text-anchor=\"end\"" : "");

        if (p->labels)
                add_text(p, left ? x - 3 : x + 3, y, style, label);
        else
                add_line(p, x, y + 4, x, AXIS, line);
}

static void add_marks(Picture *p, bool labels)
{
        p->labels = labels;
        p->marks = 0;
        for (guint i = 0; i < p->lines->len; i++) {
                const LogLine *line = line_at(p, i);
                const char *end = strstr(line->text, ": ");
                g_autofree char *start = g_strndup(line->text, end ? (gsize)(end - line->text) : strlen(line->text));
                g_autofree char *restart = g_strdup_printf("restart %s", start);

                if (strcmp(line->kind, "restart") == 0)
                        add_mark(p, line->time, "#555555", restart);
                else if (strcmp(line->kind, "code") == 0)
                        add_mark(p, line->time, "#b3261e", start);
                else if (strcmp(line->kind, "request") == 0 && i > 0)
                        add_mark(p, line->time, "#6a3d9a", start);
                else if (strcmp(line->kind, "decision") == 0 && g_str_has_prefix(line->text, "no longer cancellable"))
                        add_mark(p, line->time, "#8a5a00", "no longer cancellable");
                else if (strcmp(line->kind, "decision") == 0 && g_str_has_prefix(line->text, "stalled"))
                        add_mark(p, line->time, "#b3261e", "stalled");
        }
}

/* Seconds between two ticks: the shortest of these with few enough ticks. */
static unsigned tick_of(uint64_t seconds)
{
        static const unsigned steps[] = { 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200 };

        for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
                if (seconds / steps[i] <= TICKS_MAX)
                        return steps[i];
        return (unsigned)(seconds / TICKS_MAX + 1);
}

static void add_axis(Picture *p)
{
        uint64_t seconds = (p->end - p->begin) / G_USEC_PER_SEC;
        unsigned tick = tick_of(seconds);

        add_line(p, LEFT, AXIS, RIGHT, AXIS, "stroke=\"#333333\"");
        for (uint64_t t = 0; t <= seconds; t += tick) {
                int x = column_of(p, p->begin + t * G_USEC_PER_SEC);
                g_autofree char *label = text_duration((int)t);

                add_line(p, x, AXIS, x, AXIS + 6, "stroke=\"#333333\"");
                add_text(p, x, AXIS + 22, " text-anchor=\"middle\"", label);
        }
}

static void add_heading(Picture *p, const Props *job)
{
        const char *from = props_text(job, "FromRevision"), *to = props_text(job, "ToRevision");
        const char *result = props_text(job, "Result"), *error = props_text(job, "ErrorName");
        g_autofree char *module = bus_path_id(props_string(job, "Module")), *begin = job_log_time(p->begin);
        g_autofree char *title = NULL, *second = NULL;

        title = g_strdup_printf("Job %s on %s: %s%s%s", props_text(job, "Id"), module,
                                *result ? result : props_text(job, "State"), *error ? ", " : "", error);
        second = g_strdup_printf("%s, %s to %s, begun %s", props_text(job, "Method"), *from ? from : "?",
                                 *to ? to : "?", begin);
        add_text(p, LEFT, 34, " class=\"title\"", title);
        add_text(p, LEFT, 58, "", second);
}

char *job_picture(const Props *job, const GPtrArray *lines)
{
        Picture p = { .svg = g_string_new(NULL), .lines = lines };

        p.begin = p.end = line_at(&p, 0)->time;
        for (guint i = 0; i < lines->len; i++) {
                p.begin = MIN(p.begin, line_at(&p, i)->time);
                p.end = MAX(p.end, line_at(&p, i)->time);
        }
        p.end = MAX(p.end, p.begin + G_USEC_PER_SEC);
        g_string_append_printf(
                p.svg,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                "font-size=\"13\" fill=\"#222222\">\n"
                "<style>text{paint-order:stroke;stroke:white;stroke-width:3px}"
                ".title{font-size:20px;font-weight:bold}.on{font-size:12px;stroke:none}</style>\n"
                "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                WIDTH, LEGEND + 2 * LEGEND_ROW + 10);
        add_heading(&p, job);
        add_grid(&p);
        add_phases(&p);
        add_marks(&p, false);
        add_curve(&p);
        add_marks(&p, true);
        add_axis(&p);
        add_legend(&p);
        g_string_append(p.svg, "</svg>\n");
        return g_string_free(p.svg, FALSE);
}

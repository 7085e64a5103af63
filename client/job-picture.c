/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Draws the history of an upgrade as SVG, from the log's lines alone, in the user's language. Coordinates are whole
 * numbers, which look alike in every locale. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "job-log.h"
#include "job-picture.h"
#include "message.h"
#include "show.h"
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
        MARK_ROW = 18,
        LABEL_MAX = 40, /* characters of a mark's label */
        HEAD = 88,      /* the title and the line below it, above the labels of the marks */
        TICKS_MAX = 10,
        LETTER = 8 /* at most, of the fonts in use, on average */
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

typedef struct Mark {
        int x, row; /* rows are counted upwards */
        const char *colour;
        char *label;
} Mark;

typedef struct Picture {
        GString *svg;
        const GPtrArray *lines;
        uint64_t begin, end; /* µs */
        GArray *marks;
        int width, rows, bottom;
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

static int columns_width(const char *text)
{
        return LETTER * text_columns(text);
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
                BAND, MAX(width, 1), BAND_HEIGHT, colours[i].colour, _(colours[i].phase));
        if (width > columns_width(_(colours[i].phase)) + 6)
                add_text(p, x + width / 2, BAND + 18, " text-anchor=\"middle\" class=\"on\"", _(colours[i].phase));
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
                text = g_strdup_printf("%s %s", _(colours[i].phase), time);
                g_string_append_printf(p->svg, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", x,
                                       y - 12, colours[i].colour);
                add_text(p, x + 20, y, "", text);
                p->bottom = y + LEGEND_ROW;
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

static void mark_clear(gpointer data)
{
        Mark *mark = data;

        g_free(mark->label);
}

/* Returns the text cleaned and not too long. */
static char *make_label(const char *text)
{
        char *clean = text_clean(text);
        g_autofree char *begin = NULL;

        if (g_utf8_strlen(clean, -1) <= LABEL_MAX)
                return clean;
        begin = g_utf8_substring(clean, 0, LABEL_MAX - 1);
        g_free(clean);
        return g_strconcat(begin, "…", NULL);
}

static void take_mark(Picture *p, const LogLine *line, const char *colour, const char *label)
{
        const Mark mark = { .x = column_of(p, line->time), .colour = colour, .label = make_label(label) };

        g_array_append_vals(p->marks, &mark, 1);
}

static void find_marks(Picture *p)
{
        for (guint i = 0; i < p->lines->len; i++) {
                const LogLine *line = line_at(p, i);
                const char *end = strstr(line->text, ": ");
                g_autofree char *start = g_strndup(line->text, end ? (gsize)(end - line->text) : strlen(line->text));
                g_autofree char *words = sentence_words(start), *restart = g_strdup_printf(_("restart %s"), start);

                if (strcmp(line->kind, "restart") == 0)
                        take_mark(p, line, "#555555", restart);
                else if (strcmp(line->kind, "code") == 0)
                        take_mark(p, line, "#b3261e", words);
                else if (strcmp(line->kind, "request") == 0 && i > 0)
                        take_mark(p, line, "#6a3d9a", words);
                else if (strcmp(line->kind, "decision") == 0 && g_str_has_prefix(line->text, "no longer cancellable"))
                        take_mark(p, line, "#8a5a00", _("no longer cancellable"));
                else if (strcmp(line->kind, "decision") == 0 && g_str_has_prefix(line->text, "stalled"))
                        take_mark(p, line, "#b3261e", _("stalled"));
        }
}

static int by_place(gconstpointer a, gconstpointer b)
{
        return ((const Mark *)b)->x - ((const Mark *)a)->x;
}

/* Labels stand to the right of their marks, whose lines go down from there. From the right to the left, each gets the
 * lowest row in which it reaches neither another label nor the line of a mark above that row. */
static void place_marks(Picture *p)
{
        g_autoptr(GArray) begins = g_array_new(FALSE, FALSE, sizeof(int)); /* of the leftmost label in each row */

        g_array_sort(p->marks, by_place);
        for (guint i = 0; i < p->marks->len; i++) {
                Mark *mark = &g_array_index(p->marks, Mark, i);
                int end = mark->x + columns_width(mark->label) + 2 * LETTER;

                p->width = MAX(p->width, end);
                for (guint row = 0; row < begins->len; row++)
                        if (g_array_index(begins, int, row) < end)
                                mark->row = (int)row + 1;
                if ((guint)mark->row == begins->len)
                        g_array_set_size(begins, begins->len + 1);
                g_array_index(begins, int, mark->row) = mark->x;
        }
        p->rows = (int)begins->len;
}

static int label_of(const Mark *mark)
{
        return TOP - MARK_ROW - mark->row * MARK_ROW;
}

static void add_mark_lines(Picture *p)
{
        for (guint i = 0; i < p->marks->len; i++) {
                const Mark *mark = &g_array_index(p->marks, Mark, i);
                g_autofree char *style = g_strdup_printf("stroke=\"%s\" stroke-dasharray=\"4 3\"", mark->colour);

                add_line(p, mark->x, label_of(mark) + 4, mark->x, AXIS, style);
        }
}

static void add_mark_labels(Picture *p)
{
        for (guint i = 0; i < p->marks->len; i++) {
                const Mark *mark = &g_array_index(p->marks, Mark, i);
                g_autofree char *style = g_strdup_printf(" fill=\"%s\" class=\"mark\"", mark->colour);

                add_text(p, mark->x + 3, label_of(mark), style, mark->label);
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

static void add_heading(Picture *p, const Props *job, int top)
{
        const char *from = props_text(job, "FromRevision"), *to = props_text(job, "ToRevision");
        const char *result = props_text(job, "Result"), *error = props_text(job, "ErrorName");
        g_autofree char *module = bus_path_id(props_string(job, "Module")), *begin = job_log_time(p->begin);
        g_autofree char *title = NULL, *second = NULL;

        title = g_strdup_printf(_("Job %s on %s: %s"), props_text(job, "Id"), module,
                                *result ? _(result) : state_word(job));
        second = g_strdup_printf(_("%s, from %s to %s, begun %s%s%s"), props_text(job, "Method"), *from ? from : "?",
                                 *to ? to : "?", begin, *error ? "; " : "", error);
        add_text(p, LEFT, top + 34, " class=\"title\"", title);
        add_text(p, LEFT, top + 58, "", second);
        p->width = MAX(p->width, LEFT + columns_width(second));
}

static char *framed(const Picture *p, int top)
{
        return g_strdup_printf(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 %d %d %d\" font-family=\"sans-serif\" "
                "font-size=\"13\" fill=\"#222222\">\n"
                "<style>text{paint-order:stroke;stroke:white;stroke-width:3px}"
                ".title{font-size:20px;font-weight:bold}.on{font-size:12px;stroke:none}</style>\n"
                "<rect y=\"%d\" width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n%s</svg>\n",
                top, p->width, p->bottom - top, top, p->svg->str);
}

char *job_picture(const Props *job, const GPtrArray *lines)
{
        g_autoptr(GArray) marks = g_array_new(FALSE, TRUE, sizeof(Mark));
        g_autoptr(GString) svg = g_string_new(NULL);
        Picture p = { .svg = svg, .lines = lines, .marks = marks, .width = WIDTH, .bottom = LEGEND };
        int top;

        g_array_set_clear_func(marks, mark_clear);
        p.begin = p.end = line_at(&p, 0)->time;
        for (guint i = 0; i < lines->len; i++) {
                p.begin = MIN(p.begin, line_at(&p, i)->time);
                p.end = MAX(p.end, line_at(&p, i)->time);
        }
        p.end = MAX(p.end, p.begin + G_USEC_PER_SEC);
        find_marks(&p);
        place_marks(&p);
        top = TOP - HEAD - p.rows * MARK_ROW;
        add_heading(&p, job, top);
        add_grid(&p);
        add_phases(&p);
        add_mark_lines(&p);
        add_curve(&p);
        add_mark_labels(&p);
        add_axis(&p);
        add_legend(&p);
        return framed(&p, top);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the progress of one job on stdout, a bar on a terminal and lines elsewhere. Knows no bus and no timer. */

#include "config.h"

#include <string.h>

#include "message.h"
#include "progress.h"
#include "show.h"
#include "text.h"

enum {
        STATE_COLUMNS = 12,
        BAR_MIN = 8,
        BAR_MAX = 60,
        MARGIN = 3, /* columns left free for the cursor and the "^C" that a terminal echoes */
};

struct Progress {
        bool live;
        bool drawn;    /* the line of the cursor holds a bar */
        char *line;    /* state, tens of percent and restarts of the last plain line */
        char *message; /* the job's last message */
};

Progress *progress_new(void)
{
        Progress *progress = g_new0(Progress, 1);

        progress->live = text_is_terminal();
        return progress;
}

void progress_free(Progress *progress)
{
        if (!progress)
                return;
        g_free(progress->line);
        g_free(progress->message);
        g_free(progress);
}

bool progress_is_live(const Progress *progress)
{
        return progress->live;
}

void progress_clear(Progress *progress)
{
        if (progress->drawn)
                g_print("\r\033[K");
        progress->drawn = false;
}

void progress_note(Progress *progress, const char *note)
{
        progress_clear(progress);
        text_wrap(note, 0);
}

static char *describe_restarts(const Props *job)
{
        unsigned n = (unsigned)props_number(job, "Restarts");

        return n > 0 ? g_strdup_printf(ngettext("%u restart", "%u restarts", n), n) : g_strdup("");
}

/* The time-out, in the states in which no percentage shows that the upgrade goes on. */
static char *describe_deadline(const Props *job)
{
        const char *state = props_string(job, "State");

        return strcmp(state, "restarting") == 0 || strcmp(state, "verifying") == 0 ? job_deadline(job) : g_strdup("");
}

static char *describe_time(const Props *job)
{
        int seconds = job_seconds(job);

        return seconds >= 0 ? text_duration(seconds) : g_strdup("");
}

/* Appends the words if the line then still has room for the shortest bar. */
static void append_if_it_fits(GString *tail, const char *words, int head, int width)
{
        if (*words && head + 2 + BAR_MIN + 2 + 1 + text_columns(tail->str) + 2 + text_columns(words) <= width)
                g_string_append_printf(tail, "  %s", words);
}

/* Draws "restarting   [######------]  45 %  3:07  2 restarts  waits until 14:32 at most". Where the line is too narrow,
 * the words are left out first, then the bar. */
static void draw(Progress *progress, const Props *job)
{
        int percent = CLAMP((int)props_number(job, "Percent"), 0, 100), width = text_width() - MARGIN;
        g_autofree char *elapsed = describe_time(job), *restarts = describe_restarts(job);
        g_autofree char *deadline = describe_deadline(job);
        g_autofree char *number = g_strdup_printf("%3d %%", percent);
        const char *state = state_word(job);
        g_autoptr(GString) line = g_string_new(NULL), tail = g_string_new(number);
        int head = MAX(STATE_COLUMNS, text_columns(state)), bar;

        if (*elapsed)
                g_string_append_printf(tail, "  %s", elapsed);
        append_if_it_fits(tail, restarts, head, width);
        append_if_it_fits(tail, deadline, head, width);
        bar = MIN(BAR_MAX, width - head - 2 - 2 - text_columns(tail->str));

        g_string_append_printf(line, "%s%*s ", state, head - text_columns(state), "");
        if (bar >= BAR_MIN) {
                int done = bar * percent / 100;
                g_string_append_c(line, '[');
                for (int i = 0; i < bar; i++)
                        g_string_append_c(line, i < done ? '#' : '-');
                g_string_append(line, "] ");
        }
        if (text_columns(line->str) + text_columns(tail->str) <= width)
                g_string_append(line, tail->str);
        else
                g_string_assign(line, number);
        g_print("\r%s\033[K", line->str);
        progress->drawn = true;
}

static void print_line(Progress *progress, const Props *job)
{
        g_autofree char *state = job_progress(job), *restarts = describe_restarts(job);
        g_autofree char *deadline = describe_deadline(job);
        g_autofree char *line = g_strconcat(state, *restarts ? ", " : "", restarts, *deadline ? ", " : "", deadline,
                                            NULL);
        /* Without a terminal, a line for every ten percent. */
        g_autofree char *key = g_strdup_printf("%s %d %s", props_string(job, "State"),
                                               (int)props_number(job, "Percent") / 10, restarts);

        if (g_strcmp0(key, progress->line) == 0)
                return;
        g_print("%s\n", line);
        g_free(progress->line);
        progress->line = g_steal_pointer(&key);
}

void progress_update(Progress *progress, const Props *job)
{
        const char *message = props_text(job, "Message");

        if (g_strcmp0(message, progress->message) != 0) {
                g_autofree char *words = message_words(job);
                if (*words)
                        progress_note(progress, words);
                g_free(progress->message);
                progress->message = g_strdup(message);
        }
        if (progress->live)
                draw(progress, job);
        else
                print_line(progress, job);
}

void progress_tick(Progress *progress, const Props *job)
{
        if (progress->live)
                draw(progress, job);
}

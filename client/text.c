/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prepares text for the terminal: cleaned, measured, wrapped, coloured. Knows terminals, not the meaning of texts. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <glib.h>

#include "ctl.h"
#include "text.h"

enum { FALLBACK_WIDTH = 80, ROOM = 16 /* minimum width of a value */ };

static bool is_harmful(gunichar c)
{
        GUnicodeType type = g_unichar_type(c);

        return !g_unichar_isprint(c) || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
               type == G_UNICODE_PRIVATE_USE;
}

char *text_clean(const char *s)
{
        g_autofree char *valid = g_utf8_make_valid(s ?: "", -1);
        GString *clean = g_string_new(NULL);

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (g_unichar_isspace(c))
                        g_string_append_c(clean, ' ');
                else if (is_harmful(c))
                        g_string_append_c(clean, '?');
                else
                        g_string_append_unichar(clean, c);
        }
        return g_string_free(clean, FALSE);
}

int text_columns(const char *s)
{
        int columns = 0;

        for (; *s; s = g_utf8_next_char(s)) {
                gunichar c = g_utf8_get_char(s);
                columns += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
        }
        return columns;
}

bool text_is_terminal(void)
{
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

int text_width(void)
{
        struct winsize size = { 0 };

        if (!isatty(STDOUT_FILENO))
                return 0;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return FALLBACK_WIDTH;
        return size.ws_col;
}

const char *text_colour(TextColour colour)
{
        static const char *const sequences[] = {
                [TEXT_NONE] = "",        [TEXT_PLAIN] = "\033[0m", [TEXT_GOOD] = "\033[32m",
                [TEXT_BAD] = "\033[31m", [TEXT_WARN] = "\033[33m", [TEXT_BOLD] = "\033[1m",
        };

        const char *no_colour = getenv("NO_COLOR");

        return text_is_terminal() && !(no_colour && *no_colour) ? sequences[colour] : "";
}

const char *text_colour_end(TextColour colour)
{
        return text_colour(colour == TEXT_NONE ? TEXT_NONE : TEXT_PLAIN);
}

/* Chinese and Japanese punctuation that must not begin a line. */
static bool closes(gunichar c)
{
        static const char marks[] = "，。、；：？！）］｝》」』”’…";

        return g_utf8_strchr(marks, -1, c) != NULL;
}

/* Chinese and Japanese punctuation that must not end a line. */
static bool opens(gunichar c)
{
        static const char marks[] = "([{（［｛《「『“‘";

        return g_utf8_strchr(marks, -1, c) != NULL;
}

/* The end of the text that must stay together: a word, or one character of a script without blanks between words. */
static const char *unit_end(const char *s)
{
        gunichar before = g_utf8_get_char(s);

        for (s = g_utf8_next_char(s); *s && *s != ' '; s = g_utf8_next_char(s)) {
                gunichar c = g_utf8_get_char(s);
                bool joined = closes(c) || opens(before) || g_unichar_iszerowidth(c);
                if (!joined && (g_unichar_iswide(before) || g_unichar_iswide(c)))
                        break;
                before = c;
        }
        return s;
}

/* A command to be pasted stays in one line: these words begin one, perhaps in brackets, and that many more belong to
 * it. */
static const char *command_end(const char *s, const char *end)
{
        static const struct {
                const char *word;
                int more;
        } commands[] = { { "modprobe ", 6 }, { "systemctl ", 2 }, { "fotactl ", 2 }, { "mmcli ", 1 } };
        int more = 0;

        while (*s && opens(g_utf8_get_char(s)))
                s = g_utf8_next_char(s);
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
                if (g_str_has_prefix(s, commands[i].word))
                        more = commands[i].more;
        for (; more > 0 && *end == ' ' && end[1] && !strchr(").", end[-1]); more--)
                end = unit_end(end + 1);
        return end;
}

/* Ends the colour before the end of the line. */
static void print_wrapped(const char *s, int indent, TextColour colour)
{
        g_autofree char *clean = text_clean(s);
        g_autoptr(GString) out = g_string_new(text_colour(colour));
        int width = text_width(), column = indent;

        for (const char *p = clean, *end; *p; p = end) {
                bool blank = *p == ' ';

                while (*p == ' ')
                        p++;
                end = *p ? command_end(p, unit_end(p)) : p;
                g_autofree char *unit = g_strndup(p, (gsize)(end - p));
                int columns = text_columns(unit), gap = blank && column > indent;

                if (column > indent && width > 0 && column + gap + columns > width) {
                        g_string_append_printf(out, "%s\n%*s%s", text_colour_end(colour), indent, "",
                                               text_colour(colour));
                        column = indent;
                        gap = 0;
                }
                g_string_append_printf(out, "%*s%s", gap, "", unit);
                column += gap + columns;
        }
        g_print("%s%s\n", out->str, text_colour_end(colour));
}

void text_wrap(const char *s, int indent)
{
        print_wrapped(s, indent, TEXT_NONE);
}

void text_say(TextColour colour, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        print_wrapped(text, 0, colour);
}

/* True if the value should begin below its label, because there is hardly room beside it or a word would be broken. */
static bool is_cramped(const char *value, int indent)
{
        int width = text_width(), longest = 0;

        if (width == 0 || indent + text_columns(value) <= width)
                return false;
        for (const char *p = value, *end; *p; p = end) {
                end = unit_end(p);
                g_autofree char *unit = g_strndup(p, (gsize)(end - p));
                longest = MAX(longest, text_columns(unit));
        }
        return width - indent < ROOM || indent + longest > width;
}

void text_field_at(const char *label, const char *value, int indent, TextColour colour)
{
        int columns = text_columns(label);

        if (!value || !*value)
                return;
        g_autofree char *clean = text_clean(value);
        indent = MAX(columns + 1, indent);
        if (is_cramped(clean, indent)) {
                indent = 2;
                g_print("%s\n%*s", label, indent, "");
        } else {
                g_print("%s%*s", label, indent - columns, "");
        }
        print_wrapped(clean, indent, colour);
}

void text_field(const char *label, const char *value)
{
        text_field_at(label, value, FIELD_INDENT, TEXT_NONE);
}

char *text_pair(const char *head, const char *detail)
{
        return g_strdup_printf(_("%s: %s"), head, detail);
}

char *text_duration(int seconds)
{
        if (seconds < 3600)
                return g_strdup_printf("%d:%02d", seconds / 60, seconds % 60);
        return g_strdup_printf("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

char *text_time(unsigned long long usec)
{
        g_autoptr(GDateTime) time = usec > 0 ? g_date_time_new_from_unix_local((gint64)(usec / G_USEC_PER_SEC)) : NULL;

        return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("");
}

char *text_clock(unsigned long long usec)
{
        enum { NEAR_SEC = 12 * 3600 };
        g_autoptr(GDateTime) time = usec > 0 ? g_date_time_new_from_unix_local((gint64)(usec / G_USEC_PER_SEC)) : NULL;
        gint64 ahead = ((gint64)usec - g_get_real_time()) / G_USEC_PER_SEC;

        return time && ABS(ahead) < NEAR_SEC ? g_date_time_format(time, "%H:%M") : text_time(usec);
}

static char *ago(unsigned seconds)
{
        unsigned minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

        if (minutes == 0)
                return g_strdup(_("just now"));
        if (hours == 0)
                return g_strdup_printf(ngettext("%u minute ago", "%u minutes ago", minutes), minutes);
        if (days == 0)
                return g_strdup_printf(ngettext("%u hour ago", "%u hours ago", hours), hours);
        return g_strdup_printf(ngettext("%u day ago", "%u days ago", days), days);
}

char *text_when(unsigned long long usec)
{
        g_autofree char *time = text_time(usec), *words = NULL;
        gint64 now = g_get_real_time();

        if (!*time || !text_is_terminal() || now < (gint64)usec)
                return g_steal_pointer(&time);
        words = ago((unsigned)((now - (gint64)usec) / G_USEC_PER_SEC));
        return g_strdup_printf(_("%s (%s)"), time, words);
}

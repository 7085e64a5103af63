/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text for people: made harmless, measured, wrapped, coloured where that is wanted. It knows terminals, not what the
 * text is about. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <glib.h>

#include "text.h"

enum { FIELD_INDENT = 15, FALLBACK_WIDTH = 80 };

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
                [TEXT_PLAIN] = "\033[0m", [TEXT_GOOD] = "\033[32m", [TEXT_BAD] = "\033[31m",
                [TEXT_WARN] = "\033[33m", [TEXT_BOLD] = "\033[1m",
        };

        return text_is_terminal() && !getenv("NO_COLOR") ? sequences[colour] : "";
}

void text_wrap(const char *s, int indent)
{
        g_autofree char *clean = text_clean(s);
        g_auto(GStrv) words = g_strsplit(clean, " ", -1);
        g_autoptr(GString) out = g_string_new(NULL);
        int width = text_width(), column = indent;

        for (int i = 0; words[i]; i++) {
                int columns = text_columns(words[i]);
                if (columns == 0)
                        continue;
                if (column > indent && width > 0 && column + 1 + columns > width) {
                        g_string_append_printf(out, "\n%*s", indent, "");
                        column = indent;
                } else if (column > indent) {
                        g_string_append_c(out, ' ');
                        column++;
                }
                g_string_append(out, words[i]);
                column += columns;
        }
        g_print("%s\n", out->str);
}

void text_field_at(const char *label, const char *value, int indent)
{
        int columns = text_columns(label);

        if (!value || !*value)
                return;
        g_print("%s%*s", label, MAX(1, indent - columns), "");
        text_wrap(value, MAX(columns + 1, indent));
}

void text_field(const char *label, const char *value)
{
        text_field_at(label, value, FIELD_INDENT);
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

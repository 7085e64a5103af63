/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes become lines whatever stands between them: every kind of line end, the noise of a booting module, lines that
 * are too long to have a meaning. */

#include "core/at/at-line.h"
#include "testing.h"

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AtLine, at_line_reset)

/* All lines of the bytes, joined by |. */
static char *lines_of(AtLine *line, const char *bytes, size_t n)
{
        GString *all = g_string_new(NULL);

        for (size_t i = 0; i < n; i++) {
                const char *got = at_line_push(line, (uint8_t)bytes[i]);

                if (got)
                        g_string_append_printf(all, "%s|", got);
        }
        return g_string_free(all, FALSE);
}

#define assert_lines(bytes, expected)                                             \
        do {                                                                      \
                g_auto(AtLine) line_ = { 0 };                                     \
                g_autofree char *got_ = lines_of(&line_, bytes, sizeof(bytes) - 1); \
                ck_assert_str_eq(got_, expected);                                 \
        } while (0)

START_TEST(every_kind_of_line_end)
{
        assert_lines("\r\nOK\r\n", "OK|");
        assert_lines("OK\r", "OK|");
        assert_lines("OK\n", "OK|");
        assert_lines("AT\r\r\nOK\r\n", "AT|OK|");
        assert_lines("\r\n\r\n\n\r\r", "");
        assert_lines("RDY\r\n\r\n+CFUN: 1\r\n", "RDY|+CFUN: 1|");
        assert_lines("OK", "");
}
END_TEST

START_TEST(blanks_around_a_line)
{
        assert_lines("  OK  \r\n", "OK|");
        assert_lines("a  b\r\n", "a  b|");
        assert_lines("    \r\n", "");
}
END_TEST

START_TEST(noise_is_dropped_inside_the_line)
{
        assert_lines("\0\0R\0DY\0\r\n", "RDY|");
        assert_lines("\x07\x1b" "OK\x7f\r\n", "OK|");
        assert_lines("\t+QIND: \"FOTA\",\t\"START\"\r\n", "+QIND: \"FOTA\",\"START\"|");
        assert_lines("\xff\xfe\r\nOK\r\n", "\xff\xfe|OK|");
        assert_lines("\0 \0OK\r\n", "OK|");
}
END_TEST

/* The longest line that is kept, and the shortest that is dropped. */
START_TEST(length_limit)
{
        for (size_t n = AT_LINE_MAX - 1; n <= AT_LINE_MAX + 2; n++) {
                g_auto(AtLine) line = { 0 };
                g_autofree char *body = g_strnfill(n, 'x'), *text = g_strconcat(body, "\r\nOK\r\n", NULL);
                g_autofree char *got = lines_of(&line, text, strlen(text));
                g_autofree char *kept = g_strconcat(body, "|OK|", NULL);

                ck_assert_str_eq(got, n <= AT_LINE_MAX ? kept : "OK|");
        }
}
END_TEST

START_TEST(endless_line_then_a_good_one)
{
        g_auto(AtLine) line = { 0 };
        g_autofree char *long_text = g_strnfill(100000, '+');
        g_autofree char *first = lines_of(&line, long_text, strlen(long_text));
        g_autofree char *second = lines_of(&line, "\r\nRDY\r\n", 7);

        ck_assert_str_eq(first, "");
        ck_assert_str_eq(second, "RDY|");
}
END_TEST

START_TEST(reset_drops_half_a_line)
{
        g_auto(AtLine) line = { 0 };
        g_autofree char *first = lines_of(&line, "half a ", 7), *second = NULL, *long_text = NULL;

        at_line_reset(&line);
        second = lines_of(&line, "OK\r", 3);
        ck_assert_str_eq(first, "");
        ck_assert_str_eq(second, "OK|");

        long_text = g_strnfill(AT_LINE_MAX + 10, 'x');
        g_free(first);
        g_free(second);
        first = lines_of(&line, long_text, strlen(long_text));
        at_line_reset(&line);
        second = lines_of(&line, "OK\r", 3);
        ck_assert_str_eq(second, "OK|");
}
END_TEST

/* Every byte value at the start, in the middle and at the end of a line: only text is returned. */
START_TEST(every_byte)
{
        g_auto(AtLine) line = { 0 };
        char bytes[] = "?a?b?\r";
        g_autofree char *got = NULL;

        bytes[0] = bytes[2] = bytes[4] = (char)_i;
        got = lines_of(&line, bytes, sizeof(bytes) - 1);
        for (const char *p = got; *p; p++)
                ck_assert((unsigned char)*p >= ' ' && *p != 0x7f);
        ck_assert(strchr(got, 'a') && strchr(got, 'b'));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("at-line");

        tcase_add_test(t, every_kind_of_line_end);
        tcase_add_test(t, blanks_around_a_line);
        tcase_add_test(t, noise_is_dropped_inside_the_line);
        tcase_add_test(t, length_limit);
        tcase_add_test(t, endless_line_then_a_good_one);
        tcase_add_test(t, reset_drops_half_a_line);
        tcase_add_loop_test(t, every_byte, 0, 256);
        return testing_run(t, "at-line");
}

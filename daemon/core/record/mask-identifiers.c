/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides which digits and words in any text are identifiers: long runs of digits, also with blanks, dashes or dots
 * between them, numbers behind a +, and long hexadecimal words. Knows no commands.
 */

#include <stdbool.h>
#include <string.h>

#include "core/record/mask-identifiers.h"

#define SPLIT_MIN  14 /* digits with blanks, dashes or dots between them: a revision has 10 such digits */
#define SPACED_MIN 11 /* the same with blanks or dashes: a date with its hour has 10 */
#define HEX_MIN    16

static bool is_separator(char c)
{
        return c == ' ' || c == '-' || c == '.';
}

/* The digits that begin there, with single separators between them, which may be dots: the length of the text, and
 * *ret_digits of them. */
static size_t measure_split(const char *p, bool dots, size_t *ret_digits)
{
        size_t length = 0;

        for (*ret_digits = 0; g_ascii_isdigit(p[length]); length++) {
                ++*ret_digits;
                if (is_separator(p[length + 1]) && (dots || p[length + 1] != '.') && g_ascii_isdigit(p[length + 2]))
                        length++;
        }
        return length;
}

/* The digits among those bytes. */
static GString *take_digits(const char *p, size_t length)
{
        GString *digits = g_string_sized_new(length);

        for (size_t i = 0; i < length; i++)
                if (g_ascii_isdigit(p[i]))
                        g_string_append_c(digits, p[i]);
        return digits;
}

/* Appends the stand-in of the digits in those bytes, and everything else there as it is. */
static void append_digits(StandIns *s, GString *out, const char *p, size_t length)
{
        g_autoptr(GString) digits = take_digits(p, length), stand_in = g_string_new(NULL);
        const char *next;

        stand_ins_append(s, stand_in, digits->str);
        g_assert(stand_in->len == digits->len);
        next = stand_in->str;
        for (size_t i = 0; i < length; i++)
                g_string_append_c(out, g_ascii_isdigit(p[i]) ? *next++ : p[i]);
        explicit_bzero(digits->str, digits->len);
}

/* A word that is the content of a SIM's file in hexadecimal digits, a digest, or an ICCID with letters. */
static bool is_opaque(const char *word, size_t length)
{
        size_t digits = 0, hex = 0;

        for (size_t i = 0; i < length; i++) {
                digits += g_ascii_isdigit(word[i]);
                hex += g_ascii_isxdigit(word[i]);
        }
        return (length >= HEX_MIN && hex == length && digits > 0) ||
               (length >= MASK_CARD_MIN && strncmp(word, "89", 2) == 0 && digits >= MASK_RUN_MIN);
}

size_t mask_measure_word(const char *p)
{
        size_t length = 0;

        while (g_ascii_isalnum(p[length]))
                length++;
        return length;
}

/* The length of the digits that are to be replaced at p, 0 none. before: the byte in front of them. */
static size_t measure_identifier(const char *p, char before)
{
        size_t plain = strspn(p, MASK_DIGITS), digits, split = measure_split(p, true, &digits), spaced;

        if (digits >= SPLIT_MIN)
                return split;
        spaced = measure_split(p, false, &digits);
        if (digits >= SPACED_MIN || (before == '+' && plain < MASK_NUMBER_MIN && digits >= MASK_NUMBER_MIN))
                return spaced;
        return plain >= MASK_RUN_MIN || (before == '+' && plain >= MASK_NUMBER_MIN) ? plain : 0;
}

void mask_identifiers(StandIns *s, GString *out, const char *text)
{
        char before = 0;

        for (const char *p = text; *p;) {
                size_t word = g_ascii_isalnum(before) ? 0 : mask_measure_word(p), digits = strspn(p, MASK_DIGITS);
                size_t n = digits > 0 ? measure_identifier(p, before) : 0;

                if (word > digits && is_opaque(p, word)) {
                        g_autofree char *original = g_strndup(p, word);

                        g_string_append(out, stand_ins_of_word(s, original));
                        n = word;
                } else if (n > 0) {
                        append_digits(s, out, p, n);
                } else {
                        n = MAX(digits, 1);
                        g_string_append_len(out, p, (gssize)n);
                }
                before = p[n - 1];
                p += n;
        }
}

void mask_skip_identifiers(StandIns *s, const char *text)
{
        static const char word[] = "hidden-";

        for (const char *p = text; *p;) {
                size_t plain = strspn(p, MASK_DIGITS), n, split = measure_split(p, true, &n);
                g_autoptr(GString) digits = NULL, all = NULL;

                if (g_str_has_prefix(p, word)) {
                        p += strlen(word);
                        plain = strspn(p, MASK_DIGITS);
                        stand_ins_skip_word(s, p, plain);
                        p += plain;
                        continue;
                }
                digits = take_digits(p, plain);
                stand_ins_skip_digits(s, digits->str);
                if (n >= SPACED_MIN && n <= MASK_CARD_MIN + 2 && split > plain) {
                        all = take_digits(p, split);
                        stand_ins_skip_digits(s, all->str);
                }
                p += MAX(plain, 1);
        }
}

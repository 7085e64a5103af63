/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides which stand-in an original gets: digits get as many digits, in the form of an IMEI, an IMSI or an ICCID if
 * the original has it, and words get hidden-1, hidden-2, ... Other files decide which texts are replaced.
 */

#include <stdbool.h>
#include <string.h>

#include "core/quectel/identity.h"
#include "core/record/mask-stand-ins.h"

#define TAC_DIGITS    8  /* of an IMEI: they tell the model, and stay */
#define IMEI_DIGITS   15 /* the last one is the check digit */
#define IMEISV_DIGITS 16 /* two digits of the software version in place of the check digit */
#define BODY_DIGITS   14 /* common to both */
#define SERIALS_FROM  990001
#define IMSI_PREFIX   "00101" /* the network of test SIMs */
#define STAND_INS_MAX 4096    /* what comes later is not told apart */

struct StandIns {
        GHashTable *digits; /* original -> as many digits, both owned */
        GHashTable *words;  /* other originals -> stand-in, both owned */
        GHashTable *issued; /* the stand-ins, borrowed */
        unsigned imeis, imsis, cards, numbers, hidden;
};

static void wipe(void *text)
{
        explicit_bzero(text, strlen(text));
        g_free(text);
}

StandIns *stand_ins_new(void)
{
        StandIns *s = g_new0(StandIns, 1);

        s->digits = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, g_free);
        s->words = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, g_free);
        s->issued = g_hash_table_new(g_str_hash, g_str_equal);
        return s;
}

void stand_ins_free(StandIns *s)
{
        if (!s)
                return;
        g_hash_table_unref(s->issued);
        g_hash_table_unref(s->digits);
        g_hash_table_unref(s->words);
        g_free(s);
}

/* A stand-in is its own, so that what is masked already stays. NULL: there is none yet. */
static const char *find(const StandIns *s, GHashTable *originals, const char *original)
{
        return g_hash_table_lookup(originals, original) ?: g_hash_table_lookup(s->issued, original);
}

/* Takes the stand-in. */
static const char *remember(StandIns *s, GHashTable *originals, const char *original, char *stand_in)
{
        g_hash_table_insert(originals, g_strdup(original), stand_in);
        g_hash_table_insert(s->issued, stand_in, stand_in);
        return stand_in;
}

static bool is_full(const StandIns *s)
{
        return s->imeis + s->imsis + s->cards + s->numbers + s->hidden >= STAND_INS_MAX;
}

const char *stand_ins_of_word(StandIns *s, const char *word)
{
        const char *known = find(s, s->words, word);

        if (known || is_full(s))
                return known ?: "hidden";
        return remember(s, s->words, word, g_strdup_printf("hidden-%u", ++s->hidden));
}

/* ---- digits */

static bool has_check_digit(const char *digits, size_t n)
{
        return digits[n - 1] == identity_check_digit(digits, n - 1);
}

/* The bodies that give out the type allocation codes of IMEIs. */
static bool may_be_imei(const char *digits)
{
        static const char *const bodies[] = { "01", "35", "86", "99" };

        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++)
                if (strncmp(digits, bodies[i], 2) == 0)
                        return true;
        return false;
}

/* The first 14 digits, common to the IMEI and the IMEISV of a module. */
static const char *body_of(StandIns *s, const char *digits)
{
        g_autofree char *body = g_strndup(digits, BODY_DIGITS);
        const char *known = find(s, s->digits, body);
        char *stand_in = NULL;

        if (known)
                return known;
        do {
                g_free(stand_in);
                stand_in = g_strdup_printf("%.*s%06u", TAC_DIGITS, digits, SERIALS_FROM + s->imeis++);
        } while (strcmp(stand_in, body) == 0);
        return remember(s, s->digits, body, stand_in);
}

static char *new_imei(StandIns *s, const char *digits, size_t n)
{
        const char *body = body_of(s, digits);

        if (n == IMEI_DIGITS)
                return g_strdup_printf("%s%c", body, identity_check_digit(body, BODY_DIGITS));
        return g_strconcat(body, digits + BODY_DIGITS, NULL);
}

/* Its check digit, as an IMEI's, is wrong. */
static char *new_imsi(StandIns *s)
{
        char *imsi = NULL;

        do {
                g_free(imsi);
                imsi = g_strdup_printf(IMSI_PREFIX "%010u", ++s->imsis);
        } while (has_check_digit(imsi, IMEI_DIGITS));
        return imsi;
}

/* Returns n digits: zeros, and the number at the end. */
static char *new_number(unsigned number, size_t n)
{
        g_autofree char *text = g_strdup_printf("%0*u", (int)n, number);

        return g_strdup(text + strlen(text) - n);
}

/* An ICCID or EID; of 19 and 20 digits the last one is a check digit. */
static char *new_card(StandIns *s, size_t n)
{
        g_autofree char *number = new_number(++s->cards, n - 3);
        g_autofree char *body = g_strconcat("89", number, NULL);

        return g_strdup_printf("%s%c", body, identity_check_digit(body, n - 1));
}

static bool is_zeros(const char *digits)
{
        return digits[strspn(digits, "0")] == 0;
}

static bool is_imei(const char *digits, size_t n)
{
        return (n == IMEI_DIGITS && has_check_digit(digits, n)) ||
               ((n == BODY_DIGITS || n == IMEISV_DIGITS) && may_be_imei(digits));
}

void stand_ins_append(StandIns *s, GString *out, const char *digits)
{
        const char *known = find(s, s->digits, digits);
        size_t n = strlen(digits);

        if (known || is_zeros(digits))
                g_string_append(out, known ?: digits);
        else if (is_full(s))
                g_string_append_printf(out, "%0*u", (int)n, 0U);
        else if (is_imei(digits, n) && n == BODY_DIGITS)
                g_string_append(out, body_of(s, digits));
        else
                g_string_append(out, remember(s, s->digits, digits,
                                              is_imei(digits, n) ? new_imei(s, digits, n)
                                              : n == IMEI_DIGITS ? new_imsi(s)
                                              : n >= MASK_CARD_MIN && strncmp(digits, "89", 2) == 0
                                                      ? new_card(s, n)
                                                      : new_number(++s->numbers, n)));
}

/* ---- stand-ins of an earlier mask */

static void skip_below(unsigned *counter, const char *digits, size_t length)
{
        g_autofree char *text = g_strndup(digits, length);
        guint64 number = g_ascii_strtoull(text, NULL, 10);

        if (number <= STAND_INS_MAX)
                *counter = MAX(*counter, (unsigned)number);
}

void stand_ins_skip_word(StandIns *s, const char *number, size_t length)
{
        skip_below(&s->hidden, number, length);
}

void stand_ins_skip_digits(StandIns *s, const char *digits)
{
        size_t n = strlen(digits);

        if (n >= BODY_DIGITS && n <= IMEISV_DIGITS && strncmp(digits + TAC_DIGITS, "99", 2) == 0)
                skip_below(&s->imeis, digits + TAC_DIGITS + 2, BODY_DIGITS - TAC_DIGITS - 2);
        if (n == IMEI_DIGITS && g_str_has_prefix(digits, IMSI_PREFIX))
                skip_below(&s->imsis, digits + strlen(IMSI_PREFIX), n - strlen(IMSI_PREFIX));
        if (n >= MASK_CARD_MIN && g_str_has_prefix(digits, "89"))
                skip_below(&s->cards, digits + 2, n - 3);
        if (n >= MASK_NUMBER_MIN)
                skip_below(&s->numbers, digits, n);
}

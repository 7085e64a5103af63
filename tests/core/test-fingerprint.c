/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The answers that show that a system has a command, or lacks it, and the system that two fingerprints identify. */

#include "core/quectel/fingerprint.h"
#include "testing.h"

static const struct {
        AtResult result;
        int error;
        const char *information;
        bool answered, refused;
} answers[] = {
        { AT_RESULT_OK, AT_ERROR_NONE, "+CMGF: 0", true, false },
        { AT_RESULT_OK, AT_ERROR_NONE, "", false, false },
        { AT_RESULT_OK, AT_ERROR_NONE, "+CMGS: 0", false, false },
        { AT_RESULT_TIMEOUT, AT_ERROR_NONE, "", false, false },
        { AT_RESULT_ERROR, AT_ERROR_NONE, "", false, true },
        { AT_RESULT_ERROR, AT_ERROR_WORDS, "", false, false },
        { AT_RESULT_ERROR, 3, "", false, false },
        { AT_RESULT_ERROR, 4, "", false, true },
        { AT_RESULT_ERROR, 10, "", false, false },
        { AT_RESULT_ERROR, 14, "", false, false },
        { AT_RESULT_ERROR, 50, "", false, true },
        { AT_RESULT_ERROR, 100, "", false, true },
        { AT_RESULT_ERROR, 303, "", false, true },
        { AT_RESULT_ERROR, 310, "", false, false },
        { AT_RESULT_ERROR, 322, "", false, false },
};

START_TEST(answer)
{
        Fingerprint f;

        fingerprint_begin(&f, FINGERPRINT_SMS);
        ck_assert_str_eq(fingerprint_next(&f), "AT+CMGF?");
        fingerprint_answer(&f, answers[_i].result, answers[_i].error, answers[_i].information);
        ck_assert_ptr_null(fingerprint_next(&f));
        ck_assert_uint_eq(f.answered, answers[_i].answered ? FINGERPRINT_SMS : 0);
        ck_assert_uint_eq(f.refused, answers[_i].refused ? FINGERPRINT_SMS : 0);
        fingerprint_answer(&f, AT_RESULT_OK, AT_ERROR_NONE, "+CMGF: 0"); /* no question was sent */
        ck_assert_uint_eq(f.answered, answers[_i].answered ? FINGERPRINT_SMS : 0);
}
END_TEST

/* Each row is queried once, by a command that only reads. */
START_TEST(questions)
{
        const char *asked[FINGERPRINT_ROWS + 1];
        unsigned n = 0;
        Fingerprint f;

        fingerprint_begin(&f, ~0u);
        for (const char *command; (command = fingerprint_next(&f));) {
                ck_assert_uint_lt(n, FINGERPRINT_ROWS);
                ck_assert(g_str_has_suffix(command, "?") || strcmp(command, "AT+QCFG=\"usbnet\"") == 0);
                for (unsigned i = 0; i < n; i++)
                        ck_assert_str_ne(command, asked[i]);
                asked[n++] = command;
                fingerprint_answer(&f, AT_RESULT_TIMEOUT, AT_ERROR_NONE, "");
        }
        ck_assert_uint_eq(n, FINGERPRINT_ROWS);
        ck_assert_uint_eq(f.answered | f.refused, 0);
}
END_TEST

static const struct {
        unsigned known, answered, refused;
        bool never_asked;
        MiniMarker marker;
} systems[] = {
        { 0x1f, 0x1f, 0, false, MINI_MARKER_FIRMWARE },
        { 0x1f, 0, 0x1f, false, MINI_MARKER_MINI },
        { 0x1f, 0x01, 0x1e, false, MINI_MARKER_MINI }, /* a Mini system with SMS */
        { 0x1f, 0x1c, 0x03, false, MINI_MARKER_MINI },
        { 0x1f, 0x1e, 0x01, false, MINI_MARKER_UNKNOWN },
        { 0x1f, 0x18, 0, false, MINI_MARKER_FIRMWARE }, /* the SIM is locked */
        { 0x1f, 0x10, 0, false, MINI_MARKER_UNKNOWN },
        { 0x1f, 0, 0, false, MINI_MARKER_UNKNOWN },
        { 0x18, 0x18, 0, false, MINI_MARKER_FIRMWARE }, /* firmware without SMS */
        { 0x18, 0, 0x18, false, MINI_MARKER_MINI },
        { 0x18, 0x10, 0x08, false, MINI_MARKER_UNKNOWN },
        { 0x18, 0x18, 0x07, false, MINI_MARKER_FIRMWARE },
        { 0x01, 0x01, 0, false, MINI_MARKER_FIRMWARE }, /* a record of fotad 0.1.0 */
        { 0x01, 0, 0x01, false, MINI_MARKER_MINI },
        { 0x01, 0, 0, false, MINI_MARKER_UNKNOWN },
        { 0, 0x1f, 0, false, MINI_MARKER_FIRMWARE }, /* queried too early */
        { 0, 0x18, 0x07, false, MINI_MARKER_UNKNOWN },
        { 0, 0x1e, 0x01, false, MINI_MARKER_FIRMWARE }, /* firmware without SMS that had refused all rows by mistake */
        { 0, 0, 0x1f, false, MINI_MARKER_UNKNOWN },
        { 0, 0x1f, 0, true, MINI_MARKER_FIRMWARE },
        { 0, 0x1c, 0x03, true, MINI_MARKER_FIRMWARE },
        { 0, 0x18, 0x07, true, MINI_MARKER_UNKNOWN },
        { 0, 0, 0x1f, true, MINI_MARKER_MINI },
        { 0, 0, 0x01, true, MINI_MARKER_UNKNOWN },
        { 0, 0, 0, true, MINI_MARKER_UNKNOWN },
};

START_TEST(comparison)
{
        Fingerprint f = { .answered = systems[_i].answered, .refused = systems[_i].refused };

        ck_assert_int_eq(fingerprint_compare(&f, systems[_i].known, systems[_i].never_asked), systems[_i].marker);
}
END_TEST

/* A system that reports no revision: NULL is ERROR, "" a bare OK. */
static const struct {
        const char *qfotadl, *creg, *row;
        bool found;
        unsigned questions;
} nameless[] = {
        { "", "+CREG: 0,2", NULL, true, 2 + FINGERPRINT_ROWS },
        { "+QFOTADL: <url>", "+CREG: 0,1", NULL, true, 2 + FINGERPRINT_ROWS },
        { NULL, NULL, NULL, false, 1 },             /* firmware that is still starting */
        { "", NULL, NULL, false, 2 },               /* and has AT+QFOTADL already */
        { "", "", NULL, false, 2 },                 /* answers OK to every command */
        { "", "+CREG: 0,1", "+CMGF: 0", false, 3 }, /* firmware that reports no revision */
        { NULL, "+CREG: 0,1", NULL, false, 1 },
};

START_TEST(signs_of_a_mini_system)
{
        MiniSigns s;
        unsigned asked = 0;

        mini_signs_begin(&s);
        for (const char *command; (command = mini_signs_next(&s));) {
                const char *text = strcmp(command, "AT+QFOTADL=?") == 0 ? nameless[_i].qfotadl
                                   : strcmp(command, "AT+CREG?") == 0   ? nameless[_i].creg
                                                                        : nameless[_i].row;

                asked++;
                mini_signs_answer(&s, text ? AT_RESULT_OK : AT_RESULT_ERROR, AT_ERROR_NONE, text ?: "");
        }
        ck_assert(mini_signs_found(&s) == nameless[_i].found);
        ck_assert_uint_eq(asked, nameless[_i].questions); /* none more than are needed */
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("fingerprint");

        tcase_add_loop_test(t, answer, 0, G_N_ELEMENTS(answers));
        tcase_add_test(t, questions);
        tcase_add_loop_test(t, comparison, 0, G_N_ELEMENTS(systems));
        tcase_add_loop_test(t, signs_of_a_mini_system, 0, G_N_ELEMENTS(nameless));
        return testing_run(t, "fingerprint");
}

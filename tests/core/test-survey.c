/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The questions of a survey only read. */

#include <stdbool.h>

#include "core/record/survey.h"
#include "testing.h"

/* Commands that read although they have the form of others. */
static bool only_reads(const char *command)
{
        static const char *const actions[] = { "ATI",     "AT+CGMI", "AT+CGMM", "AT+GMR", "AT+CGMR",
                                               "AT+QGMR", "AT+CGSN", "AT+CLAC", "AT+CSQ", NULL };
        static const char *const forms[] = {
                "^AT\\+[A-Z0-9]+\\?$",                          /* read */
                "^AT\\+[A-Z0-9]+=\\?$",                         /* test */
                "^AT\\+(QCFG|QURCCFG|QINDCFG)=\"[a-zA-Z/]+\"$", /* read, by the name of a setting alone */
                "^AT\\+QFLDS=\"UFS\"$",                         /* free space */
        };

        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
                if (g_regex_match_simple(forms[i], command, 0, 0))
                        return true;
        return g_strv_contains(actions, command);
}

START_TEST(every_question_only_reads)
{
        unsigned n = 0;

        for (; survey_question(n); n++)
                ck_assert_msg(only_reads(survey_question(n)), "%s", survey_question(n));
        ck_assert_uint_ge(n, 30);
        ck_assert_ptr_null(survey_question(n + 1));
}
END_TEST

START_TEST(no_question_comes_twice)
{
        for (unsigned i = 0; survey_question(i); i++)
                for (unsigned k = 0; k < i; k++)
                        ck_assert_str_ne(survey_question(i), survey_question(k));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("survey");

        tcase_add_test(t, every_question_only_reads);
        tcase_add_test(t, no_question_comes_twice);
        return testing_run(t, "survey");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by all programs of this folder: running one test case under check, and a few comparisons that check lacks. */

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define TESTING_TIMEOUT 300 /* s: the loops over all cuts are slow under the sanitizers */

/* Runs the case and prints check's closing line. Returns main()'s value. */
static inline int testing_run(TCase *tcase, const char *name)
{
        Suite *suite = suite_create(name);
        SRunner *runner;
        int failed;

        tcase_set_timeout(tcase, TESTING_TIMEOUT);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The path of a file of tests/data; the caller frees it. Automake's make check sets the source directory. */
static inline char *testing_data(const char *name)
{
        return g_build_filename(g_getenv("srcdir") ?: ".", "tests", "data", name, NULL);
}

#define assert_has(text, part) \
        ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" does not hold \"%s\"", (text), (part))
#define assert_has_not(text, part) \
        ck_assert_msg(strstr((text), (part)) == NULL, "\"%s\" holds \"%s\"", (text), (part))

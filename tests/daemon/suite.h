/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <stdlib.h>

/* One case a test function, looped from..to; nothing here takes as long as the limit. */
#define SUITE_SECONDS 180

#define suite_add(suite, name, function, from, to)                                                                     \
        do {                                                                                                           \
                TCase *tcase_ = tcase_create(name);                                                                    \
                tcase_set_timeout(tcase_, SUITE_SECONDS);                                                              \
                tcase_add_loop_test(tcase_, function, from, (int)(to));                                                \
                suite_add_tcase(suite, tcase_);                                                                        \
        } while (0)

static inline int suite_run(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int failed;

        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

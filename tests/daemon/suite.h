/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>

/* Each test function is a case, looped from..to; no case takes as long as the limit. */
#define SUITE_SECONDS 180

#define suite_add(suite, name, function, from, to)                                                                     \
        do {                                                                                                           \
                TCase *tcase_ = tcase_create(name);                                                                    \
                tcase_set_timeout(tcase_, SUITE_SECONDS);                                                              \
                tcase_add_loop_test(tcase_, function, from, (int)(to));                                                \
                suite_add_tcase(suite, tcase_);                                                                        \
        } while (0)

/* Returns the program's exit status. The tests' files are in a directory of this run's own, in memory if root runs it,
 * and are removed (FOTAD_TEST_KEEP=1: they are on disk and stay). If a test failed, the last lines of the daemons' and
 * simulators' logs are printed first. */
int suite_run(Suite *suite);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>

/* One case a test function, looped from..to; nothing here takes as long as the limit. */
#define SUITE_SECONDS 180

#define suite_add(suite, name, function, from, to)                                                                     \
        do {                                                                                                           \
                TCase *tcase_ = tcase_create(name);                                                                    \
                tcase_set_timeout(tcase_, SUITE_SECONDS);                                                              \
                tcase_add_loop_test(tcase_, function, from, (int)(to));                                                \
                suite_add_tcase(suite, tcase_);                                                                        \
        } while (0)

/* The program's exit status. What the tests make lies in a directory of this run's own, which is removed
 * (FOTAD_TEST_KEEP=1: it stays); of what a test that failed has left, the last words of daemons and simulators are
 * printed first. */
int suite_run(Suite *suite);

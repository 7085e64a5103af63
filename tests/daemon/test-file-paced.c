/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package of 5 MB without flow control, as the receiver sees it: writes of at most 32 bytes, between 14 and 15 kB/s
 * over the whole of it, never more than 15 000 bytes in a second, and nothing lost (guide 3.3.1.3). It takes six
 * minutes, and runs beside the others. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "suite.h"

#define SIZE    5000000
#define SECONDS 900 /* for all of it, however slow the machine */

static unsigned truth(World *w, const char *name)
{
        g_autofree char *value = world_sim(w, "get 1-1 %s", name);

        return (unsigned)atoi(value);
}

START_TEST(test_paced)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3", SIZE);
        g_autofree char *job = file_start(w, MODULE_1, "none");

        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        for (int percent = 10; percent < 100; percent += 10) /* each of them is half a minute */
                g_free(world_sim(w, "wait 1-1 file:%d 1", percent));
        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, "1-1");
        ck_assert_uint_le(truth(w, "file-write-max"), 32);
        ck_assert_uint_le(truth(w, "file-rate-max"), 15000);
        ck_assert_uint_ge(truth(w, "file-rate-mean"), 14000);
        ck_assert_uint_le(truth(w, "file-rate-mean"), 15000);
        world_assert_sim(w, "0", "get 1-1 file-crtscts");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("file-paced");
        TCase *t = tcase_create("paced");

        tcase_set_timeout(t, SECONDS);
        tcase_add_test(t, test_paced);
        suite_add_tcase(s, t);
        return suite_run(s);
}

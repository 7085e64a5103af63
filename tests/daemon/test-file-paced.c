/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package of 5 MB over the main UART without flow control, as the receiver sees it: writes of at most 32 bytes, 14 to
 * 15 kB in its busiest second and no more on average, and nothing lost (guide 3.3.1.3). It takes six minutes, and runs
 * beside the others. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "files.h"
#include "suite.h"
#include "uart.h"

#define SIZE    5000000
#define AHEAD   (-15)
#define SECONDS 900 /* for the whole test, however slow the machine */

static unsigned truth(World *w, const char *name)
{
        g_autofree char *value = world_sim(w, "get " UART " %s", name);

        return (unsigned)atoi(value);
}

START_TEST(test_paced)
{
        g_autofree char *job = NULL;
        unsigned mean, most;
        World *w;

        /* A receiver that waits for the processor delays the sender, and other tests run beside this one: it gets a
         * higher priority, if possible. tests/core/test-pace is exact. */
        (void)setpriority(PRIO_PROCESS, 0, AHEAD);
        w = uart_world("ec200a,urcport=usbat", UART_QUICK "download-idle=3\n");
        file_make(w, SIZE);
        job = file_start(w, MODULE_UART, "none");
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        for (int percent = 10; percent < 100; percent += 10) /* each of them is half a minute */
                g_free(world_sim(w, "wait " UART " file:%d 1", percent));
        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, UART);
        ck_assert_uint_le(truth(w, "file-write-max"), 32);
        most = truth(w, "file-rate-max");
        mean = truth(w, "file-rate-mean");
        printf("%u bytes/s, %u in the busiest second\n", mean, most);
        ck_assert_uint_le(most, 15000);
        ck_assert_uint_ge(most, 14000);
        ck_assert_uint_le(mean, 15000);
        ck_assert_uint_ge(mean, 11000);
        world_assert_sim(w, "0", "get " UART " file-crtscts");
        world_assert_sim(w, "0,0", "get " UART " ifc");
        world_assert_sim(w, "usbat", "get " UART " urcport");
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancel: before the point of no return the old revision stays and the module is restored; after that point, the call
 * changes nothing (guide 2.3.1.1, field facts 5). */

#include <check.h>
#include <string.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

static char *begin(World *w, const char *point)
{
        char *job;

        if (point)
                g_free(world_sim(w, "hold 1-1 %s", point));
        world_await_module(w, MODULE_1);
        job = world_upgrade(w);
        if (point)
                g_free(world_sim(w, "held 1-1"));
        return job;
}

static void check_cancelled(World *w, const char *job, const char *point)
{
        g_autofree char *url = world_http(w, "up.bin"), *again = NULL;

        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "auto", "get 1-1 power-control");

        /* The next upgrade succeeds. */
        if (point)
                g_free(world_sim(w, "release 1-1 %s", point));
        world_await_module(w, MODULE_1);
        again = world_start(w, "", url, NULL);
        ck_assert_msg(again != NULL, "%s", world_error_message(w));
        world_assert_result(w, again, "success", "", "");
}

static const char *const early[] = { "qfotadl", "accepted", "downloading:1", "downloading:99", "downloaded" };

START_TEST(test_early)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1" },
                                   .config = "[timeouts]\nstart=2\nsettle=2\n" };
        World *w = world_new(&settings);
        const char *point = early[_i];
        g_autofree char *job = begin(w, point);

        if (strcmp(point, "downloaded") == 0)
                world_await_property(w, job, "Percent", "50");
        world_assert_property(w, job, "Cancellable", "1");
        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        world_assert_property(w, job, "Cancellable", "0");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        if (strcmp(point, "qfotadl") == 0) {
                point = "accepted"; /* the module stays at this point until its radio is switched off */
                g_free(world_sim(w, "hold 1-1 %s", point));
                g_free(world_sim(w, "release 1-1"));
        }
        check_cancelled(w, job, point);
        world_free(w);
}
END_TEST

/* Before AT+QFOTADL is sent. */
START_TEST(test_preparing)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1" } };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *url = NULL;

        url = world_publish(w);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 answer:AT+QURCCFG=\"urcport\",\"usbat\""));
        job = world_start(w, "", url, NULL);
        g_free(world_sim(w, "held 1-1"));
        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        g_free(world_sim(w, "release 1-1"));
        world_await_property(w, job, "State", "finished");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        check_cancelled(w, job, NULL);
        world_free(w);
}
END_TEST

/* A module whose download goes on without the radio is reset. */
START_TEST(test_ignores_radio)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1,abort=600000" },
                                   .config = "[timeouts]\nstart=1\nsettle=2\n" };
        World *w = world_new(&settings);
        g_autofree char *job = begin(w, "downloading:40");

        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        g_free(world_sim(w, "wait 1-1 rx:AT+CFUN=1,1"));
        check_cancelled(w, job, "downloading:40");
        world_free(w);
}
END_TEST

static const char *const late[] = { "off:1", "updater", "updating:50", "end", "off:2" };

START_TEST(test_late)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *job = begin(w, late[_i]);

        if (strstr(late[_i], "off"))
                world_await_property(w, job, "State", "restarting");
        else
                world_await_property(w, job, "Restarts", "1");
        world_assert_property(w, job, "Cancellable", "0");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("cancel");

        suite_add(s, "early", test_early, 0, G_N_ELEMENTS(early));
        suite_add(s, "preparing", test_preparing, 0, 1);
        suite_add(s, "ignores-radio", test_ignores_radio, 0, 1);
        suite_add(s, "late", test_late, 0, G_N_ELEMENTS(late));
        return suite_run(s);
}

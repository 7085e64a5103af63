/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cancelling a MiniFOTA: possible until the module disconnects for its Mini system, and never from then on. The refusal
 * at each later point is tested by test-mini. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"
#include "suite.h"

#define QUICK "settle=5\nstall=20\n" /* no case here may stall */

static void check_cancelled(Course *c)
{
        World *w = c->w;

        world_assert_result(w, c->job, "cancelled", "host", "cancelled");
        world_assert_property(w, c->job, "ToRevision", c->old);
        world_assert_property(w, MODULE_1, "System", "normal");
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, c->old, "get 1-1 revision");
        world_assert_sim(w, "none", "get 1-1 stage");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_assert_sim(w, "0", "get 1-1 fetches");
        world_assert_sim(w, "0", "count 1-1 mini");
}

/* Before the module disconnects: the old revision stays, and the next upgrade succeeds. 0: before AT+QFOTADL; 1: before
 * its OK; 2: after it. */
START_TEST(test_cancel)
{
        static const char *const holds[] = { NULL, "qfotadl", "accepted" };
        static const char *const modules[] = { "ec600m", "ec800m-4", "eg800k-2", "eg800k-4" };
        g_autofree char *module = g_strconcat(modules[_i / 3], ",urcport=uart1", NULL);
        g_autofree char *systems = NULL;
        const char *hold = holds[_i % 3];
        Course *c = course_new(module, QUICK);
        World *w = c->w;

        course_publish(c, NULL);
        if (hold) {
                g_free(world_sim(w, "hold 1-1 accepted"));
                course_begin_and_hold(c, hold);
        } else {
                g_free(world_sim(w, "hold 1-1 answer:AT+QURCCFG=\"urcport\",\"usbat\""));
                course_begin(c);
                g_free(world_sim(w, "held 1-1"));
        }
        world_assert_property(w, c->job, "Cancellable", "1");
        ck_assert_msg(world_call(w, c->job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        world_assert_property(w, c->job, "Cancellable", "0");
        ck_assert(!world_call(w, c->job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        if (_i % 3 == 1)
                g_free(world_sim(w, "release 1-1 qfotadl"));
        else if (!hold)
                g_free(world_sim(w, "release 1-1"));
        check_cancelled(c);
        world_assert_sim(w, hold ? "1" : "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, hold ? "1" : "0", "get 1-1 restarts");
        world_assert_property(w, c->job, "Restarts", hold ? "1" : "0");
        systems = course_history(c, MODULE_1, "System");

        if (hold)
                g_free(world_sim(w, "release 1-1 accepted"));
        world_await_module(w, MODULE_1);
        course_begin(c);
        world_assert_result(w, c->job, "success", "", "");
        world_assert_property(w, c->job, "ToRevision", c->new);
        world_assert_sim(w, c->new, "get 1-1 revision");
        ck_assert_str_eq(systems, "normal"); /* until the job was cancelled */
        course_free(c);
}
END_TEST

static int on_cancel_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)error;
        *(char **)userdata = g_strdup(sd_bus_message_get_error(m) ? sd_bus_message_get_error(m)->name : "taken");
        return 0;
}

/* Requested while the module disconnects: whether or not the cancel is accepted, the module goes on, and so does the
 * job. The daemon sees neither until both have happened. */
START_TEST(test_cancel_late)
{
        Course *c = course_new("ec600m", QUICK);
        g_autofree char *answer = NULL;

        course_publish(c, NULL);
        course_begin_and_hold(c, "accepted");
        world_assert_property(c->w, c->job, "Cancellable", "1");
        g_free(world_sim(c->w, "hold 1-1 %s", _i == 0 ? "off:1" : "mini"));
        kill(world_daemon_pid(c->w), SIGSTOP);
        ck_assert_int_ge(sd_bus_call_method_async(world_bus(c->w), NULL, "org.fotad1", c->job, "org.fotad1.Job",
                                                  "Cancel", on_cancel_answer, &answer, ""),
                         0);
        ck_assert_int_ge(sd_bus_flush(world_bus(c->w)), 0);
        g_free(world_sim(c->w, "set 1-1 drain 0"));
        g_free(world_sim(c->w, "release 1-1"));
        g_free(world_sim(c->w, "held 1-1 %s", _i == 0 ? "off:1" : "mini"));
        kill(world_daemon_pid(c->w), SIGCONT);
        world_await_property(c->w, c->job, "Cancellable", "0");
        g_free(world_sim(c->w, "release 1-1"));
        course_assert_success(c, "4");
        ck_assert_ptr_nonnull(answer);
        ck_assert(strcmp(answer, "taken") == 0 || strcmp(answer, "org.fotad1.Error.NotCancellable") == 0);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "4", "get 1-1 restarts");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("mini-cancel");

        suite_add(s, "cancel", test_cancel, 0, 12);
        suite_add(s, "cancel-late", test_cancel_late, 0, 2);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that start or cancel an upgrade while the disk takes long to write a record: they are answered when the disk
 * has the record, and not carried out if their callers have left or given up. */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "presets.h"
#include "suite.h"

/* ---- the first record */

/* The call is answered, and the job appears, when the disk has its record. The module is taken before. */
START_TEST(test_start)
{
        World *w = held_world(NULL);
        g_autofree char *url = world_http(w, "up.bin");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        held_assert_no_job(w);
        ck_assert_ptr_null(world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        ck_assert_str_eq(c->job, JOB_1);
        held_assert_success(w);
        caller_free(c);
        world_free(w);
}
END_TEST

/* A caller that has left leaves neither a job nor a file. */
START_TEST(test_caller_left)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);
        g_autofree char *url = world_http(w, "up.bin"), *next = NULL;

        hold_await(h, "State=queued");
        caller_leave(c, w);
        held_assert_no_job(w);
        hold_release(h);
        held_await_no_files(w, "state/jobs");
        held_await_no_files(w, "state/packages");
        held_assert_no_job(w);
        next = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        ck_assert_str_ne(next, JOB_1);
        world_assert_result(w, next, "success", "", "");
        world_free(w);
}
END_TEST

/* ---- two calls with the same request id at the same time */

/* Both return the job of the first one. */
START_TEST(test_repeated)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, _i, "r1"), *second, *other;

        hold_await(h, "State=queued");
        second = call_start_with(w, _i, "r1");
        other = call_start_with(w, 1 - _i, "r1");
        caller_settle(second);
        caller_settle(other);
        caller_assert_waits(first);
        caller_assert_waits(second);
        caller_assert_waits(other);
        hold_release(h);
        caller_await(first);
        caller_await(second);
        ck_assert_str_eq(first->job, JOB_1);
        ck_assert_str_eq(second->job, JOB_1);
        caller_await_answer(other);
        ck_assert_msg(other->error && g_str_has_prefix(other->error, "request-id: job 1 "), "%s", other->error);
        held_assert_success(w);
        caller_free(first);
        caller_free(second);
        caller_free(other);
        world_free(w);
}
END_TEST

/* The first caller leaves, and nothing is left of its job: the second call begins one. */
START_TEST(test_repeated_left)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, _i, "r1"), *second;

        hold_await(h, "State=queued");
        second = call_start_with(w, _i, "r1");
        caller_settle(second);
        caller_leave(first, w);
        held_assert_no_job(w);
        caller_assert_waits(second);
        hold_release(h);
        caller_await(second);
        ck_assert_str_ne(second->job, JOB_1);
        world_assert_result(w, second->job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        caller_free(second);
        world_free(w);
}
END_TEST

/* 0: the second caller leaves while it waits, 1: it has given up. The first one has its job. */
START_TEST(test_repeated_not_needed)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, 0, "r1"), *second;

        hold_await(h, "State=queued");
        second = call_start_with(w, 0, "r1");
        caller_settle(second);
        if (_i == 0) {
                caller_leave(second, w);
                hold_release(h);
                caller_await(first);
                held_assert_success(w);
        } else {
                held_let_pass(w, "30");
                hold_await_removal(h);
                hold_release(h);
                caller_await_refusal(first);
                caller_await_refusal(second);
                held_assert_no_job(w);
                caller_free(second);
        }
        caller_free(first);
        world_free(w);
}
END_TEST

/* One caller has sent both calls, and leaves when the second one is too late, while the package is still copied. The
 * end of the first call ends the second one. */
START_TEST(test_repeated_late)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        Caller *c, *next;
        Hold *h;

        held_start_daemon_of(w, "/packages/");
        h = hold_new(w);
        c = call_start_file(w, "r1");
        hold_await_any(h);
        call_start_file_again(c, w, "r1");
        caller_settle(c);
        caller_assert_waits(c);
        held_let_pass(w, "30");
        caller_leave(c, w);
        held_assert_no_job(w);
        hold_release(h);
        held_await_no_files(w, "state/packages");
        next = call_start_file(w, "r1");
        caller_await(next);
        world_assert_result(w, next->job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        caller_free(next);
        world_free(w);
}
END_TEST

/* ---- calls that their callers have given up, as clients do after 25 seconds, are not carried out */

START_TEST(test_start_given_up)
{
        World *w = held_world(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, 0);

        hold_await(h, "State=queued");
        held_let_pass(w, "30");
        hold_await_removal(h);
        held_assert_no_job(w);
        caller_assert_waits(c);
        hold_release(h);
        caller_await_refusal(c);
        held_assert_no_job(w);
        ck_assert(!held_has_files(w, "state/jobs"));
        caller_free(c);
        world_free(w);
}
END_TEST

/* 0: the call was given up, 1: the caller has left. The disk does not remove the record, which the next daemon would
 * begin. So there is a job, which is cancelled. */
START_TEST(test_record_stays)
{
        World *w = held_world(NULL);
        g_autofree char *refuse = world_path(w, "refuse");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, 0);

        ck_assert(g_file_set_contents(refuse, "", -1, NULL));
        hold_await(h, "State=queued");
        if (_i == 0)
                held_let_pass(w, "30");
        else
                caller_leave(c, w);
        held_assert_no_job(w); /* the answers follow the news that the caller has left */
        hold_release(h);
        if (_i == 0)
                caller_await_refusal(c);
        ck_assert(world_await_signal(w, JOB_1, "Result", NULL));
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert_int_eq(unlink(refuse), 0);
        world_start_daemon(w);
        world_await_port(w);
        world_assert_property(w, JOB_1, "Result", "cancelled");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        if (_i == 0)
                caller_free(c);
        world_free(w);
}
END_TEST

/* 0: by the job, 1: by the manager. */
START_TEST(test_cancel_given_up)
{
        World *w = held_world(NULL);
        Hold *h = hold_before_command(w);
        Caller *c = call_cancel(_i);

        caller_settle(c);
        held_let_pass(w, "30");
        hold_release(h);
        caller_await_refusal(c);
        held_assert_success(w);
        caller_free(c);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("slow-starts");

        suite_add(s, "start", test_start, 0, 2);
        suite_add(s, "caller-left", test_caller_left, 0, 2);
        suite_add(s, "repeated", test_repeated, 0, 2);
        suite_add(s, "repeated-left", test_repeated_left, 0, 2);
        suite_add(s, "repeated-not-needed", test_repeated_not_needed, 0, 2);
        suite_add(s, "repeated-late", test_repeated_late, 0, 1);
        suite_add(s, "start-given-up", test_start_given_up, 0, 1);
        suite_add(s, "record-stays", test_record_stays, 0, 2);
        suite_add(s, "cancel-given-up", test_cancel_given_up, 0, 2);
        return suite_run(s);
}

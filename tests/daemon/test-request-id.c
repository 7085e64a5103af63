/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The option request-id: a call that is repeated returns the job of the first call and starts nothing, also after a
 * restart of the daemon, unless its arguments differ. Two calls at the same time are in test-slow-starts, calls without
 * the right in test-access, and adopted upgrades in test-adoption. */

#include <check.h>
#include <signal.h>
#include <string.h>

#include "packages.h"
#include "presets.h"
#include "suite.h"
#include "world.h"
#include "../templates.h"

#define ID "night-1"

/* ---- the two ways to start an upgrade */

enum { FROM_URL, FROM_FILE, N_WAYS };

/* Calls with the id for the module of that name. */
static char *start(Bench *b, int way, const char *module)
{
        g_autofree char *url = world_http(b->w, "up.bin");

        return way == FROM_URL ? world_start(b->w, module, url, "request-id", "s", ID, NULL)
                               : world_start_file(b->w, module, b->path, "up.bin", "request-id", "s", ID, NULL);
}

static void assert_job_1(Bench *b, char *taken)
{
        g_autofree char *job = world_expect_job(b->w, taken);

        ck_assert_str_eq(job, JOB_1);
}

static void assert_commands(Bench *b, const char *count)
{
        world_assert_sim(b->w, count, "get 1-1 qfotadl-count");
}

static Bench *bench_with_url(const WorldSettings *settings)
{
        Bench *b = bench_new(settings);

        g_free(world_publish(b->w));
        return b;
}

/* ---- tests */

/* While the job runs, and when it has ended. */
START_TEST(test_repeated)
{
        Bench *b = bench_with_url(&WORLD_EC200A);

        unsigned added;

        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        assert_job_1(b, start(b, _i, ""));
        added = world_count_signals(b->w, "/org/fotad1", "InterfacesAdded");
        world_assert_property(b->w, JOB_1, "RequestId", ID);
        g_free(world_sim(b->w, "held 1-1 updating:50"));
        assert_job_1(b, start(b, _i, ""));
        g_free(world_sim(b->w, "release 1-1 updating:50"));
        world_assert_result(b->w, JOB_1, "success", "", "");
        assert_job_1(b, start(b, _i, ""));
        assert_commands(b, "1");
        ck_assert_uint_eq(world_count_signals(b->w, "/org/fotad1", "InterfacesAdded"), added);
        bench_free(b);
}
END_TEST

/* The job has failed, and a new id begins another one. */
START_TEST(test_failed)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *url = world_http(b->w, "none.bin"), *next = NULL;

        assert_job_1(b, world_start(b->w, "", url, "request-id", "s", ID, NULL));
        world_assert_result(b->w, JOB_1, "failed", "http", "url-error");
        assert_job_1(b, world_start(b->w, "", url, "request-id", "s", ID, NULL));
        assert_commands(b, "1");
        next = world_expect_job(b->w, world_start(b->w, "", url, "request-id", "s", "night-2", NULL));
        ck_assert_str_ne(next, JOB_1);
        world_assert_result(b->w, next, "failed", "http", "url-error");
        assert_commands(b, "2");
        bench_free(b);
}
END_TEST

/* A call that expects no reply repeats one whose job has ended: the next job is that of the call behind it. */
START_TEST(test_no_reply)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *url = world_http(b->w, "none.bin"), *next = NULL;
        sd_bus_message *m = NULL;

        assert_job_1(b, world_start(b->w, "", url, "request-id", "s", ID, NULL));
        world_assert_result(b->w, JOB_1, "failed", "http", "url-error");
        world_await_property(b->w, MODULE_1, "Job", "/");
        ck_assert_int_ge(sd_bus_message_new_method_call(world_bus(b->w), &m, "org.fotad1", "/org/fotad1",
                                                        "org.fotad1.Manager", "StartUpgrade"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "ssa{sv}", "", url, 1, "request-id", "s", ID), 0);
        ck_assert_int_ge(sd_bus_message_set_expect_reply(m, false), 0);
        ck_assert_int_ge(sd_bus_send(world_bus(b->w), m, NULL), 0);
        sd_bus_message_unref(m);
        next = world_expect_job(b->w, world_start(b->w, "", url, NULL));
        ck_assert_str_eq(next, "/org/fotad1/job/_32");
        world_assert_result(b->w, next, "failed", "http", "url-error");
        assert_commands(b, "2");
        bench_free(b);
}
END_TEST

/* Calls without an id are as many jobs as calls. */
START_TEST(test_without)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *url = world_http(b->w, "none.bin"), *next = NULL;

        assert_job_1(b, world_start(b->w, "", url, NULL));
        world_assert_property(b->w, JOB_1, "RequestId", "");
        world_assert_result(b->w, JOB_1, "failed", "http", "url-error");
        next = world_expect_job(b->w, world_start(b->w, "", url, NULL));
        ck_assert_str_ne(next, JOB_1);
        world_assert_result(b->w, next, "failed", "http", "url-error");
        bench_free(b);
}
END_TEST

/* The names of the module of job 1 but its tty, which is known only while the module is there. */
static const char *const names[] = { "", "usb-1-1", MODULE_1, "867710050000013" };

static void restart(Bench *b, bool killed)
{
        if (killed)
                world_kill_daemon(b->w);
        else
                ck_assert_int_eq(world_stop_daemon(b->w), 0);
        world_start_daemon(b->w);
}

/* The next daemon knows the id, also after the end of the job, and when the module was unplugged and is not in the list
 * any more. */
START_TEST(test_restarted)
{
        Bench *b = bench_with_url(&WORLD_EC200A);
        g_autofree char *port = NULL;

        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        assert_job_1(b, start(b, FROM_URL, "usb-1-1"));
        g_free(world_sim(b->w, "held 1-1 updating:50"));
        restart(b, _i == 1);
        assert_job_1(b, start(b, FROM_URL, "usb-1-1"));
        world_assert_property(b->w, JOB_1, "RequestId", ID);
        g_free(world_sim(b->w, "release 1-1 updating:50"));
        world_assert_result(b->w, JOB_1, "success", "", "");
        port = world_property(b->w, MODULE_1, "Port");
        assert_job_1(b, start(b, FROM_URL, port));
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        g_free(world_sim(b->w, "detach 1-1"));
        world_start_daemon(b->w);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                assert_job_1(b, start(b, FROM_URL, names[i]));
        ck_assert_ptr_null(start(b, FROM_URL, "usb-1-9"));
        ck_assert_str_eq(world_error(b->w), "InvalidOption");
        bench_free(b);
}
END_TEST

/* fotad dies when the record is on the disk: the call has no answer, and there is a job. */
START_TEST(test_answer_lost)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/kill-at.so",
                                   .no_daemon = true };
        Bench *b = bench_with_url(&settings);

        world_set_environment(b->w, "KILL_AT", "state after rename jobs/1.job");
        world_start_daemon(b->w);
        world_await_module(b->w, MODULE_1);
        ck_assert_ptr_null(start(b, _i, ""));
        ck_assert_int_eq(world_await_end(b->w), -SIGKILL);
        world_set_environment(b->w, "KILL_AT", NULL);
        world_start_daemon(b->w);
        assert_job_1(b, start(b, _i, ""));
        world_assert_outcome(b->w, JOB_1, "success", "", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* Each argument that differs, in the words of the refusal. */
static const struct {
        const char *module, *source, *key, *type, *value, *argument;
} others[] = {
        { "usb-1-2", "up.bin", NULL, NULL, NULL, "another value of module (usb-1-1)" },
        { MODULE_2, "up.bin", NULL, NULL, NULL, "another value of module (usb-1-1)" },
        { "usb-1-1", "other.bin", NULL, NULL, NULL, "another value of source (http" },
        { "usb-1-1", "up.bin", "expected-revision", "s", NEW_REVISION,
          "another value of options (upgrade-mode=0, req" },
        { "usb-1-1", "up.bin", "upgrade-mode", "u", "1", "another value of options (upgrade-mode=0, req" },
        { "usb-1-1", "up.bin", "allow-unchanged", "b", "1", "another value of options (upgrade-mode=0, req" },
};

static void refuse(World *w, int i)
{
        g_autofree char *url = world_http(w, others[i].source);
        bool other_mode = g_strcmp0(others[i].key, "upgrade-mode") == 0;

        ck_assert_ptr_null(world_start(w, others[i].module, url, "request-id", "s", ID, "upgrade-mode", "u",
                                       other_mode ? others[i].value : "0", other_mode ? NULL : others[i].key,
                                       others[i].type, others[i].value, NULL));
        ck_assert_str_eq(world_error(w), "InvalidOption");
        ck_assert_msg(g_str_has_prefix(world_error_message(w), "request-id: job 1 "), "%s", world_error_message(w));
        ck_assert_msg(strstr(world_error_message(w), others[i].argument) != NULL, "no '%s' in: %s", others[i].argument,
                      world_error_message(w));
        assert_has_templates(world_error_message(w));
}

/* A call with other arguments is refused and changes nothing, before and after the end of the job. */
START_TEST(test_other_arguments)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } });
        g_autofree char *url = world_publish(w), *job = NULL;
        unsigned added;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_expect_job(w,
                               world_start(w, "usb-1-1", url, "request-id", "s", ID, "upgrade-mode", "u", "0", NULL));
        g_free(world_sim(w, "held 1-1 updating:50"));
        added = world_count_signals(w, "/org/fotad1", "InterfacesAdded");
        refuse(w, _i);
        g_free(world_sim(w, "release 1-1 updating:50"));
        world_assert_result(w, job, "success", "", "");
        refuse(w, _i);
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-2 qfotadl-count");
        ck_assert_uint_eq(world_count_signals(w, "/org/fotad1", "InterfacesAdded"), added);
        world_free(w);
}
END_TEST

/* Another module is at the place of the job's module, and only the IMEI still names that one. */
START_TEST(test_replaced)
{
        Bench *b = bench_with_url(&WORLD_EC200A);

        assert_job_1(b, start(b, _i, ""));
        world_assert_result(b->w, JOB_1, "success", "", "");
        g_free(world_sim(b->w, "detach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "0");
        assert_job_1(b, start(b, _i, ""));
        g_free(world_sim(b->w, "set 1-1 imei 867710050000024"));
        g_free(world_sim(b->w, "set 1-1 revision " OLD_REVISION));
        g_free(world_sim(b->w, "attach 1-1"));
        world_await_property(b->w, MODULE_1, "Imei", "867710050000024");
        for (size_t i = 0; i < 3; i++) {
                ck_assert_ptr_null(start(b, _i, names[i]));
                ck_assert_str_eq(world_error(b->w), "InvalidOption");
                ck_assert_msg(strstr(world_error_message(b->w), "another value of module (867710050000013)") != NULL,
                              "%s", world_error_message(b->w));
        }
        assert_job_1(b, start(b, _i, names[3]));
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* Of a package the name and the options are compared, and the checksum if it is an option; the file is not read. */
START_TEST(test_other_file)
{
        Bench *b = bench_with_url(&WORLD_EC200A);
        g_autofree char *other = world_path(b->w, "other.bin"), *sums = g_strnfill(64, '0');

        world_make_package(b->w, "other.bin", NEW_REVISION, OLD_REVISION, 30000);
        assert_job_1(b, world_start_file(b->w, "", b->path, "up.bin", "request-id", "s", ID, "sha256", "s", b->sha256,
                                         NULL));
        ck_assert_ptr_null(
                world_start_file(b->w, "", b->path, "down.bin", "request-id", "s", ID, "sha256", "s", b->sha256, NULL));
        ck_assert_str_eq(world_error(b->w), "InvalidOption");
        ck_assert_ptr_null(
                world_start_file(b->w, "", other, "up.bin", "request-id", "s", ID, "sha256", "s", sums, NULL));
        ck_assert_str_eq(world_error(b->w), "InvalidOption");
        ck_assert_ptr_null(start(b, FROM_URL, ""));
        ck_assert_str_eq(world_error(b->w), "InvalidOption");
        assert_job_1(
                b, world_start_file(b->w, "", other, "up.bin", "request-id", "s", ID, "sha256", "s", b->sha256, NULL));
        world_assert_result(b->w, JOB_1, "success", "", "");
        bench_free(b);
}
END_TEST

/* Secrets are not compared, because the record of a job that has ended does not have them. */
START_TEST(test_secrets)
{
        World *w = world_new_idle(&WORLD_EC200A);
        g_autofree char *up = world_publish(w), *first = world_ftp(w, "test:s3cret@", "up.bin");
        g_autofree char *second = world_ftp(w, "test:0ther@", "up.bin"), *job = NULL, *again = NULL;

        (void)up;
        job = world_expect_job(w, world_start(w, "", first, "request-id", "s", ID, "cid", "u", "2", "apn", "s", "net",
                                              "apn-user", "s", "gw", "apn-password", "s", "s3cret-apn", NULL));
        again = world_expect_job(w, world_start(w, "", second, "request-id", "s", ID, "cid", "u", "2", "apn", "s",
                                                "net", "apn-user", "s", "gw2", "apn-password", "s", "0ther", NULL));
        ck_assert_str_eq(again, job);
        world_free(w);
}
END_TEST

/* A job that was removed from the history is not known any more. */
START_TEST(test_pruned)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[jobs]\nhistory=1\n" };
        Bench *b = bench_new(&settings);
        g_autofree char *url = world_http(b->w, "none.bin"), *other = NULL, *anew = NULL;

        assert_job_1(b, world_start(b->w, "", url, "request-id", "s", ID, NULL));
        world_assert_result(b->w, JOB_1, "failed", "http", "url-error");
        other = world_expect_job(b->w, world_start(b->w, "", url, NULL));
        world_assert_result(b->w, other, "failed", "http", "url-error");
        ck_assert(world_await_signal(b->w, "/org/fotad1", "InterfacesRemoved", JOB_1));
        anew = world_expect_job(b->w, world_start(b->w, "", url, "request-id", "s", ID, NULL));
        ck_assert_str_ne(anew, JOB_1);
        ck_assert_str_ne(anew, other);
        world_assert_result(b->w, anew, "failed", "http", "url-error");
        assert_commands(b, "3");
        bench_free(b);
}
END_TEST

/* A refused call leaves no id behind. */
START_TEST(test_refused_first)
{
        Bench *b = bench_with_url(&WORLD_EC200A);

        ck_assert_ptr_null(world_start(b->w, "", "http://host/", "request-id", "s", ID, NULL));
        ck_assert_str_eq(world_error(b->w), "InvalidSource");
        ck_assert_ptr_null(world_start(b->w, "", "http://host/a.bin", "request-id", "s", "", NULL));
        ck_assert_str_eq(world_error(b->w), "InvalidOption");
        assert_has_templates(world_error_message(b->w));
        assert_job_1(b, start(b, FROM_URL, ""));
        world_assert_result(b->w, JOB_1, "success", "", "");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("request-id");

        suite_add(s, "repeated", test_repeated, 0, N_WAYS);
        suite_add(s, "failed", test_failed, 0, 1);
        suite_add(s, "no-reply", test_no_reply, 0, 1);
        suite_add(s, "without", test_without, 0, 1);
        suite_add(s, "restarted", test_restarted, 0, 2);
        suite_add(s, "answer-lost", test_answer_lost, 0, N_WAYS);
        suite_add(s, "other-arguments", test_other_arguments, 0, G_N_ELEMENTS(others));
        suite_add(s, "replaced", test_replaced, 0, N_WAYS);
        suite_add(s, "other-file", test_other_file, 0, 1);
        suite_add(s, "secrets", test_secrets, 0, 1);
        suite_add(s, "pruned", test_pruned, 0, 1);
        suite_add(s, "refused-first", test_refused_first, 0, 1);
        return suite_run(s);
}

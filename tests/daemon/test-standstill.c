/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only time in which the daemon listens counts: a stopped daemon, a suspended host, or a disk with slow writes does not
 * end the job of a healthy module, even if that lasts longer than any time-out. The module is held meanwhile and goes
 * on afterwards. */

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "mini.h"
#include "presets.h"
#include "source-checks.h"
#include "suite.h"
#include "world.h"

#define TIMEOUT 4 /* seconds: each time-out; the daemon listens for one or two of them */
#define LONGER   7 /* seconds that a standstill lasts */
#define TIMEOUTS "command=4\nstart=4\ndownload-idle=4\nupdate-idle=4\nrestart=4\nsettle=4\nstall=4\nsource=4\n"
#define AGES     "100000" /* seconds that a suspend lasts */

static const char *const points[] = { "qfotadl",      "accepted", "downloading:40", "downloaded", "off:1",
                                      "updating:50",  "end",      "ended",          "off:2" };
static const char *const mini_points[] = { "qfotadl", "off:1", "mini",   "mini-1:50", "off:2",
                                           "updating:30", "off:3", "mini-2", "updating:76", "end", "off:4" };

static World *world_with(const char *module, const char *point)
{
        WorldSettings settings = { .modules = { module },
                                   .config = TIMEOUTS,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *syncs = world_path(w, "syncs"), *suspended = world_path(w, "suspended");

        world_set_environment(w, "SYNCS_WAIT", syncs);
        world_set_environment(w, "SUSPENDED", suspended);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 %s", point));
        return w;
}

static char *begin_dfota(World *w)
{
        g_autofree char *url = NULL;
        char *job;

        url = world_publish(w);
        job = world_expect_job(w, world_start(w, "", url, "expected-revision", "s", NEW_REVISION, NULL));
        return job;
}

/* The daemon has finished its work: it answers calls in order. */
static void let_daemon_run(World *w)
{
        for (unsigned i = 0; i < 10; i++)
                g_free(world_property(w, JOB_1, "State"));
}

/* 0: the daemon is stopped; 1: the host is suspended. */
static void stand_still(World *w, int how)
{
        g_autofree char *suspended = world_path(w, "suspended");

        kill(world_daemon_pid(w), SIGSTOP);
        if (how == 0)
                poll(NULL, 0, LONGER * 1000); /* this time is the subject of the test */
        else
                ck_assert(g_file_set_contents(suspended, AGES, -1, NULL));
        kill(world_daemon_pid(w), SIGCONT);
        let_daemon_run(w);
}

static void assert_goes_on(World *w, const char *revision)
{
        g_autofree char *state = world_property(w, JOB_1, "State");

        ck_assert_str_ne(state, "finished");
        ck_assert_str_ne(state, "stalled");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, JOB_1, "success", "", "");
        world_assert_property(w, JOB_1, "ToRevision", revision);
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=0");
        world_assert_sim(w, "0", "count 1-1 rx:AT+CFUN=1,1");
}

static void await_point(World *w)
{
        g_free(world_sim(w, "held 1-1"));
        let_daemon_run(w);
}

static void run_dfota(const char *point, int how)
{
        World *w = world_with("1-1=ec200a", point);
        g_autofree char *job = begin_dfota(w);

        await_point(w);
        stand_still(w, how);
        assert_goes_on(w, NEW_REVISION);
        world_free(w);
}

START_TEST(test_stopped)
{
        run_dfota(points[_i], 0);
}
END_TEST

START_TEST(test_suspended)
{
        run_dfota(points[_i], 1);
}
END_TEST

static void run_mini(const char *point, int how)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" },
                                   .config = TIMEOUTS,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        Course *c = course_new_world(&settings);
        World *w = c->w;
        g_autofree char *suspended = world_path(w, "suspended");

        world_set_environment(w, "SUSPENDED", suspended);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        course_publish(c, NULL);
        g_free(world_sim(w, "hold 1-1 %s", point));
        course_begin(c);
        await_point(w);
        stand_still(w, how);
        assert_goes_on(w, c->new);
        course_free(c);
}

START_TEST(test_mini_stopped)
{
        run_mini(mini_points[_i], 0);
}
END_TEST

START_TEST(test_mini_suspended)
{
        run_mini(mini_points[_i], 1);
}
END_TEST

/* After a suspend the module is asked for its identity, if a question cannot disturb it. */
START_TEST(test_identity_after_suspend)
{
        World *w = world_with("1-1=ec200a", "downloading:40");
        g_autofree char *job = begin_dfota(w), *asked = NULL;

        await_point(w);
        asked = world_sim(w, "count 1-1 rx:AT+QGMR");
        stand_still(w, 1);
        g_free(world_sim(w, "wait 1-1 rx:AT+QGMR %lu", strtoul(asked, NULL, 10) + 1));
        assert_goes_on(w, NEW_REVISION);
        world_free(w);
}
END_TEST

/* The record that AT+QFOTADL was accepted takes longer to write than the time-out `start` lasts. */
START_TEST(test_slow_disk)
{
        World *w = world_with("1-1=ec200a", "qfotadl");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), sync;
        g_autofree char *path = world_path(w, "syncs"), *job = begin_dfota(w);

        await_point(w);
        g_free(world_sim(w, "hold 1-1 accepted"));
        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(path, 0666), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        g_free(world_sim(w, "release 1-1 qfotadl"));
        sync = accept(listener, NULL, NULL);
        ck_assert_int_ge(sync, 0);
        poll(NULL, 0, LONGER * 1000); /* this time is the subject of the test */
        ck_assert_int_eq(unlink(path), 0);
        close(listener);
        close(sync);
        let_daemon_run(w);
        assert_goes_on(w, NEW_REVISION);
        world_free(w);
}
END_TEST

/* A server answers while the daemon is stopped for longer than `source`: the answer counts. */
START_TEST(test_server)
{
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        World *w = world_with("1-1=ec200a", "qfotadl");
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;
        g_autofree char *url = NULL, *job = NULL;
        char byte;

        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        source_checks_serve(w);
        url = g_strdup_printf("http://127.0.0.1:%u/up.bin", ntohs(address.sin_port));
        job = world_expect_job(w, world_start(w, "", url, "check-source", "b", "1", NULL));
        connection = accept(listener, NULL, NULL);
        ck_assert_int_eq(read(connection, &byte, 1), 1);
        kill(world_daemon_pid(w), SIGSTOP);
        ck_assert_int_eq(write(connection, answer, strlen(answer)), (ssize_t)strlen(answer));
        poll(NULL, 0, LONGER * 1000); /* this time is the subject of the test */
        kill(world_daemon_pid(w), SIGCONT);
        let_daemon_run(w);
        world_assert_property(w, job, "Message", "");
        g_free(world_sim(w, "held 1-1"));
        close(connection);
        close(listener);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("standstill");

        suite_add(s, "stopped", test_stopped, 0, G_N_ELEMENTS(points));
        suite_add(s, "suspended", test_suspended, 0, G_N_ELEMENTS(points));
        suite_add(s, "mini-stopped", test_mini_stopped, 0, G_N_ELEMENTS(mini_points));
        suite_add(s, "mini-suspended", test_mini_suspended, 0, G_N_ELEMENTS(mini_points));
        suite_add(s, "identity-after-suspend", test_identity_after_suspend, 0, 1);
        suite_add(s, "slow-disk", test_slow_disk, 0, 1);
        suite_add(s, "server", test_server, 0, 1);
        return suite_run(s);
}

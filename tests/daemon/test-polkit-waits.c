/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* While polkit decides the daemon goes on, loses no call, and does nothing for callers that have disconnected; and a
 * system without polkit. polkit's rules are tested by test-polkit. */

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "polkit.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define NAME     "org.fotad1"
#define TIMEOUT 60000 /* ms, far longer than any test needs */

/* The calls of one user, and of all, before the daemon reports too many. */
#define CALLS_MAX 8
#define CROWD_MAX 64

#define LONG 100000 /* bytes, more than any call needs */

/* alice may start upgrades of one module. */
#define RULES                                                                                                          \
        "polkit.addRule(function(action, subject) {\n"                                                                 \
        "  if (subject.user == 'alice' && action.id == 'org.fotad1.start' && action.lookup('module') == 'usb-1-1')\n"  \
        "    return polkit.Result.YES;\n"                                                                              \
        "});\n"

static World *begin(char **ret_url)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } };
        World *w;

        polkit_prepare(RULES);
        w = world_new(&settings);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        *ret_url = world_http(w, "up.bin");
        return w;
}

static int start(sd_bus *bus, const void *url, sd_bus_error *e)
{
        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", e, NULL, "ssa{sv}",
                                  "usb-1-1", url, 0);
}

/* The same option again and again. */
static int start_repeating(sd_bus *bus, const void *url, sd_bus_error *e)
{
        sd_bus_message *m = NULL;
        int r;

        ck_assert_int_ge(
                sd_bus_message_new_method_call(bus, &m, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade"), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "ss", "usb-1-1", url), 0);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        for (unsigned i = 0; i < LONG / strlen("internet"); i++)
                ck_assert_int_ge(sd_bus_message_append(m, "{sv}", "apn", "s", "internet"), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        r = sd_bus_call(bus, m, 0, e, NULL);
        sd_bus_message_unref(m);
        return r;
}

static int probe(sd_bus *bus, const void *path, sd_bus_error *e)
{
        return sd_bus_call_method(bus, NAME, path, "org.fotad1.Module", "Probe", e, NULL, NULL);
}

/* Returns the index of one that is answered, and the number of those that are. */
static unsigned await_some(const UserCall *calls, unsigned n, int *ret_answered)
{
        struct pollfd fds[CROWD_MAX + 1];

        for (unsigned i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = calls[i].fd, .events = POLLIN };
        *ret_answered = poll(fds, n, TIMEOUT);
        for (unsigned i = 0; i < n; i++)
                if (fds[i].revents)
                        return i;
        ck_abort_msg("none");
}

/* Returns the index of the first one that is answered. */
static unsigned await_one(const UserCall *calls, unsigned n)
{
        int answered;
        unsigned i = await_some(calls, n, &answered);

        ck_assert_int_eq(answered, 1);
        return i;
}

/* alice's calls, all of which wait for polkit on return: the refusal of one call too many shows that the others have
 * arrived. */
static void call_often(UserCall *calls, UserFunc func, const char *url)
{
        unsigned refused;

        for (unsigned i = 0; i < CALLS_MAX + 1; i++)
                calls[i] = user_begin(&alice, false, func, url);
        refused = await_one(calls, CALLS_MAX + 1);
        user_assert(user_await(calls[refused]), "LimitsExceeded", "polkit");
        calls[refused] = calls[CALLS_MAX];
}

/* ---- polkit alone */

START_TEST(test_none)
{
        g_autofree char *url = NULL;
        World *w = begin(&url);

        user_assert(user_do(&alice, false, start, url), "AccessDenied", "there is no polkit");
        user_assert(user_do(&alice, true, start, url), "AccessDenied", "there is no polkit");
        user_assert(user_do(&carol, true, probe, MODULE_1), "AccessDenied", "there is no polkit");
        user_assert(user_do(&member, false, start, url), "done", "");
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* Other callers do not wait; a call is judged by the state at the time of polkit's answer. */
START_TEST(test_frozen)
{
        g_autofree char *url = NULL, *job = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);
        UserCall calls[CALLS_MAX + 1];

        kill(polkitd, SIGSTOP);
        call_often(calls, start, url);
        ck_assert(world_call(w, MODULE_2, "org.fotad1.Module", "Probe"));
        user_assert(user_do(&member, false, probe, MODULE_1), "done", "");
        world_assert_property(w, MODULE_1, "Job", "/");
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        kill(polkitd, SIGCONT);
        for (unsigned i = 0; i < CALLS_MAX; i++)
                user_assert(user_await(calls[i]), "Busy", "job 1");
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* The bus is killed while calls wait for polkit: nothing is left of them on the next bus. */
START_TEST(test_bus_killed)
{
        g_autofree char *url = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);
        UserCall calls[CALLS_MAX + 1];

        kill(polkitd, SIGSTOP);
        call_often(calls, start, url);
        world_kill_bus(w);
        world_start_bus(w);
        world_await_daemon(w);
        kill(polkitd, SIGKILL);
        polkit_start(w);
        world_assert_property(w, MODULE_1, "Job", "/");
        user_assert(user_do(&alice, false, start, url), "done", "");
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* So many seconds pass for the daemon. */
static void let_pass(World *w, const char *seconds)
{
        g_autofree char *later = world_path(w, "later");

        ck_assert(g_file_set_contents(later, seconds, -1, NULL));
}

/* From now on the daemon waits for this test before it synchronizes a record of job 1. */
static int hold_records(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(path, 0666), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        return listener;
}

/* The time that polkit takes counts for a caller that allows no interaction, as does the disk's: together they take
 * longer than callers wait, and nothing is begun. */
START_TEST(test_given_up)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        g_autofree char *url = NULL, *syncs = NULL, *later = NULL;
        UserCall calls[CALLS_MAX + 1];
        int listener, record, answered;
        pid_t polkitd;
        World *w;

        polkit_prepare(RULES);
        w = world_new(&settings);
        syncs = world_path(w, "syncs");
        later = world_path(w, "later");
        world_set_environment(w, "LATER", later);
        world_set_environment(w, "SYNCS_WAIT", syncs);
        world_set_environment(w, "SYNCS_OF", "/1.job");
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        url = world_publish(w);
        polkitd = polkit_start(w);
        listener = hold_records(syncs);
        kill(polkitd, SIGSTOP);
        call_often(calls, start, url);
        let_pass(w, "10");
        kill(polkitd, SIGCONT);
        record = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(record, 0);
        for (unsigned n = CALLS_MAX; n > 1; n--) {
                unsigned i = await_some(calls, n, &answered);

                user_assert(user_await(calls[i]), "Busy", "job 1");
                calls[i] = calls[n - 1];
        }
        let_pass(w, "25");
        ck_assert_int_eq(unlink(syncs), 0);
        close(listener);
        close(record);
        user_assert(user_await(calls[0]), "Timeout", "the disk took too long");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

/* Several users together cannot make the daemon keep an unlimited number of calls; privileged users are not counted. */
START_TEST(test_crowd)
{
        UserCall calls[CROWD_MAX + 1];
        g_autofree char *url = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);
        unsigned refused;

        kill(polkitd, SIGSTOP);
        for (unsigned i = 0; i < CROWD_MAX + 1; i++) {
                User user = { .uid = GUEST_UID + i / CALLS_MAX, .group = GUEST_UID };

                calls[i] = user_begin(&user, false, start, url);
        }
        refused = await_one(calls, CROWD_MAX + 1);
        user_assert(user_await(calls[refused]), "LimitsExceeded", "polkit");
        calls[refused] = calls[CROWD_MAX];
        user_assert(user_do(&member, false, probe, MODULE_1), "done", "");
        for (unsigned i = 0; i < CROWD_MAX; i++)
                user_kill(calls[i]);
        world_free(w);
}
END_TEST

/* Little memory is used for a call that waits, whatever its caller has put into it. */
START_TEST(test_long)
{
        g_autofree char *url = NULL, *more = g_strnfill(LONG, 'x'), *longer = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);

        longer = g_strconcat(url, more, NULL);
        kill(polkitd, SIGSTOP);
        user_assert(user_do(&alice, false, start, longer), "LimitsExceeded", "too long");
        user_assert(user_do(&alice, false, start_repeating, url), "LimitsExceeded", "too long");
        world_free(w);
}
END_TEST

/* Callers that have disconnected get nothing, and are not counted. */
START_TEST(test_caller_disconnects)
{
        g_autofree char *url = NULL, *second = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);
        UserCall calls[CALLS_MAX + 1], last;

        kill(polkitd, SIGSTOP);
        call_often(calls, start, url);
        for (unsigned i = 0; i < CALLS_MAX; i++)
                user_kill(calls[i]);
        call_often(calls, start, url);
        for (unsigned i = 0; i < CALLS_MAX; i++)
                user_kill(calls[i]);
        last = user_begin(&alice, false, start, url);
        kill(polkitd, SIGCONT);
        user_assert(user_await(last), "done", "");
        world_assert_result(w, JOB_1, "success", "", "");
        second = world_path(w, "state/jobs/2.job");
        ck_assert(!g_file_test(second, G_FILE_TEST_EXISTS));
        world_free(w);
}
END_TEST

static int start_only(sd_bus *bus, const void *url, sd_bus_error *e)
{
        return sd_bus_call_method(bus, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", e, NULL, "ssa{sv}",
                                  "", url, 0);
}

/* polkit's answer about the only module at the time of the call does not apply to another module that is now the only
 * one. */
START_TEST(test_other)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        UserCall calls[CALLS_MAX + 1];
        g_autofree char *url = NULL, *first = NULL;
        World *w;
        pid_t polkitd;

        polkit_prepare(RULES);
        w = world_new(&settings);
        world_await_module(w, MODULE_1);
        url = world_http(w, "up.bin");
        polkitd = polkit_start(w);
        kill(polkitd, SIGSTOP);
        call_often(calls, start_only, url);
        g_free(world_sim(w, "move 1-1 1-2"));
        world_await_module(w, MODULE_2);
        kill(polkitd, SIGCONT);
        for (unsigned i = 0; i < CALLS_MAX; i++)
                user_assert(user_await(calls[i]), "InteractiveAuthorizationRequired", "org.fotad1.start");
        first = world_path(w, "state/jobs/1.job");
        ck_assert(!g_file_test(first, G_FILE_TEST_EXISTS));
        world_free(w);
}
END_TEST

/* Callers get an error from a polkit that never answers, or dies, and from a daemon that ends. */
START_TEST(test_dies)
{
        g_autofree char *url = NULL, *first = NULL;
        World *w = begin(&url);
        pid_t polkitd = polkit_start(w);
        UserCall calls[CALLS_MAX + 1];

        kill(polkitd, SIGSTOP);
        call_often(calls, start, url);
        if (_i == 1)
                kill(polkitd, SIGKILL);
        else if (_i == 2)
                ck_assert_int_eq(world_stop_daemon(w), 0);
        for (unsigned i = 0; i < CALLS_MAX; i++)
                user_assert(user_await(calls[i]), _i == 2 ? "NoReply" : "AccessDenied",
                            _i == 2 ? "" : "polkit did not answer");
        if (_i == 2) {
                world_start_daemon(w);
                kill(polkitd, SIGCONT);
                world_await_module(w, MODULE_1);
                user_assert(user_do(&alice, false, start, url), "done", "");
                world_assert_result(w, JOB_1, "success", "", "");
        }
        first = world_path(w, "state/jobs/2.job");
        ck_assert(!g_file_test(first, G_FILE_TEST_EXISTS));
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("polkit-waits");

        suite_add(s, "none", test_none, 0, 1);
        suite_add(s, "frozen", test_frozen, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "given-up", test_given_up, 0, 1);
        suite_add(s, "crowd", test_crowd, 0, 1);
        suite_add(s, "long", test_long, 0, 1);
        suite_add(s, "caller-disconnects", test_caller_disconnects, 0, 1);
        suite_add(s, "dies", test_dies, 0, 3);
        suite_add(s, "other", test_other, 0, 1);
        return suite_run(s);
}

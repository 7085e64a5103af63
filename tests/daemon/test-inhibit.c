/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* While a module upgrades, logind must keep the gateway on. The logind here is the test's, on the private bus: it hands
 * out the writing end of a pipe, and sees at the other end when the last copy is closed. */

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define LOGIND   "org.freedesktop.login1"
#define TIMEOUT 60000 /* ms, far longer than any test needs */

typedef struct Logind {
        sd_bus *bus;
        bool refuses;
        unsigned calls;
        int given[8]; /* reading ends, by the number of the call, -1 none */
} Logind;

static int on_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *what, *who, *why, *mode;
        Logind *l = userdata;
        int ends[2], r;

        ck_assert_int_ge(sd_bus_message_read(m, "ssss", &what, &who, &why, &mode), 0);
        ck_assert_str_eq(what, "shutdown:sleep");
        ck_assert_str_eq(who, "fotad");
        ck_assert_str_ne(why, "");
        ck_assert_str_eq(mode, "block");
        ck_assert_uint_lt(l->calls, G_N_ELEMENTS(l->given));
        if (l->refuses) {
                l->given[l->calls++] = -1;
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "not today");
        }
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        l->given[l->calls++] = ends[0];
        r = sd_bus_reply_method_return(m, "h", ends[1]);
        close(ends[1]);
        return r;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Inhibit", "ssss", "h", on_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static Logind *logind_new(bool refuses)
{
        Logind *l = g_new0(Logind, 1);

        l->refuses = refuses;
        ck_assert_int_ge(sd_bus_open_system(&l->bus), 0);
        ck_assert_int_ge(sd_bus_add_object_vtable(l->bus, NULL, "/org/freedesktop/login1",
                                                  "org.freedesktop.login1.Manager", vtable, l),
                         0);
        ck_assert_int_ge(sd_bus_request_name(l->bus, LOGIND, 0), 0);
        return l;
}

static void logind_free(Logind *l)
{
        for (unsigned i = 0; i < l->calls; i++)
                if (l->given[i] >= 0)
                        close(l->given[i]);
        sd_bus_flush_close_unref(l->bus);
        g_free(l);
}

/* Answers the calls that have arrived. All calls that the daemon sent before an event on the bus have then arrived. */
static void logind_work(Logind *l)
{
        while (sd_bus_process(l->bus, NULL) > 0)
                ;
        sd_bus_flush(l->bus); /* the message's copy of the descriptor goes with it */
}

static void logind_await_calls(Logind *l, unsigned n)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT * 1000;

        for (logind_work(l); l->calls < n; logind_work(l)) {
                ck_assert_msg(g_get_monotonic_time() < end, "Inhibit is called %u times instead of %u", l->calls, n);
                sd_bus_wait(l->bus, G_USEC_PER_SEC);
        }
        ck_assert_uint_eq(l->calls, n);
}

static void logind_assert_held(Logind *l, unsigned call)
{
        struct pollfd end = { .fd = l->given[call] };

        ck_assert_msg(poll(&end, 1, 0) == 0, "number %u is not held", call);
}

static void logind_await_released(Logind *l, unsigned call)
{
        struct pollfd end = { .fd = l->given[call] };

        ck_assert_msg(poll(&end, 1, TIMEOUT) == 1, "number %u is not released", call);
}

static unsigned count_in_log(World *w, const char *part)
{
        g_autofree char *log = world_log(w);
        unsigned n = 0;

        for (const char *p = log; (p = strstr(p, part)); p++)
                n++;
        return n;
}

/* A job whose module is held at that point. */
static char *start_and_hold(World *w, const char *name, const char *module, const char *point)
{
        g_autofree char *url = world_http(w, "up.bin");
        char *job;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, module);
        g_free(world_sim(w, "hold %s %s", name + strlen("usb-"), point));
        job = world_expect_job(w, world_start(w, name, url, NULL));
        g_free(world_sim(w, "held %s", name + strlen("usb-")));
        return job;
}

/* Two upgrades share one inhibitor, from the first AT+QFOTADL to the end of the last. */
START_TEST(test_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" },
                                   .config = "[timeouts]\nupdate-idle=60\n" };
        World *w = world_new(&settings);
        Logind *l = logind_new(false);
        g_autofree char *first = start_and_hold(w, "usb-1-1", MODULE_1, PREPARING), *second = NULL;

        world_await_property(w, first, "State", "preparing");
        logind_await_calls(l, 0);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        g_free(world_sim(w, "release 1-1 %s", PREPARING));
        g_free(world_sim(w, "held 1-1 downloading:50"));
        world_await_property(w, first, "State", "downloading");
        logind_await_calls(l, 1);
        logind_assert_held(l, 0);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        g_free(world_sim(w, "release 1-1 downloading:50"));
        g_free(world_sim(w, "held 1-1 updating:50"));
        world_await_property(w, first, "State", "updating");
        logind_await_calls(l, 1);
        second = start_and_hold(w, "usb-1-2", MODULE_2, "updating:50");
        world_await_property(w, second, "State", "updating");
        logind_await_calls(l, 1);

        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, first, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        logind_await_calls(l, 1);
        logind_assert_held(l, 0);
        g_free(world_sim(w, "release 1-2"));
        world_assert_result(w, second, "success", "", "");
        logind_await_released(l, 0);
        logind_await_calls(l, 1);
        world_free(w);
        logind_free(l);
}
END_TEST

/* A download that is cancelled leaves no inhibitor behind. */
START_TEST(test_cancelled)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *l = logind_new(false);
        g_autofree char *job = start_and_hold(w, "usb-1-1", MODULE_1, "downloading:50");

        world_await_property(w, job, "State", "downloading");
        logind_await_calls(l, 1);
        ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        logind_await_released(l, 0);
        logind_await_calls(l, 1);
        world_free(w);
        logind_free(l);
}
END_TEST

/* The inhibitor ends with the daemon, and the next one takes another when it resumes the job. */
START_TEST(test_killed)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *l = logind_new(false);
        g_autofree char *job = start_and_hold(w, "usb-1-1", MODULE_1, "updating:50");

        world_await_property(w, job, "State", "updating");
        logind_await_calls(l, 1);
        logind_assert_held(l, 0);
        world_kill_daemon(w);
        logind_await_released(l, 0);
        world_start_daemon(w);
        logind_await_calls(l, 2);
        logind_assert_held(l, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_outcome(w, job, "success", "", "");
        logind_await_released(l, 1);
        world_free(w);
        logind_free(l);
}
END_TEST

/* The bus is killed: the inhibitor is held until logind gives another one on the next bus, and released at the end. */
START_TEST(test_bus_killed)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *before = logind_new(false), *l;
        g_autofree char *job = start_and_hold(w, "usb-1-1", MODULE_1, "updating:50");

        world_await_property(w, job, "State", "updating");
        logind_await_calls(before, 1);
        /* The bus passes the reply on before it answers this, and the daemon reads the reply before the next call. */
        ck_assert_int_ge(sd_bus_call_method(before->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
        world_assert_property(w, job, "State", "updating");
        logind_assert_held(before, 0);
        world_kill_bus(w);
        world_start_bus(w);
        world_await_daemon(w);
        world_assert_property(w, job, "State", "updating"); /* the daemon has moved to the next bus */
        logind_assert_held(before, 0);
        l = logind_new(false);
        logind_await_calls(l, 1);
        logind_await_released(before, 0);
        logind_assert_held(l, 0);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        logind_await_released(l, 0);
        world_free(w);
        logind_free(before);
        logind_free(l);
}
END_TEST

/* A logind that starts again, or starts late, is called; the earlier inhibitor is kept until then. */
START_TEST(test_restarted)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *l = _i == 0 ? logind_new(false) : NULL;
        g_autofree char *job = start_and_hold(w, "usb-1-1", MODULE_1, "updating:50");
        unsigned last = _i == 0;

        world_await_property(w, job, "State", "updating");
        if (l) {
                logind_await_calls(l, 1);
                ck_assert_int_ge(sd_bus_release_name(l->bus, LOGIND), 0);
                ck_assert_int_ge(sd_bus_request_name(l->bus, LOGIND, 0), 0);
                logind_await_calls(l, 2);
                logind_await_released(l, 0);
        } else {
                l = logind_new(false);
                logind_await_calls(l, 1);
        }
        logind_assert_held(l, last);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        logind_await_released(l, last);
        logind_await_calls(l, last + 1);
        world_free(w);
        logind_free(l);
}
END_TEST

/* Without logind, or if it refuses: one line in the log, over two jobs. */
START_TEST(test_none)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *l = _i == 0 ? NULL : logind_new(true);
        g_autofree char *job = start_and_hold(w, "usb-1-1", MODULE_1, "updating:50"), *url = world_http(w, "back.bin");
        g_autofree char *next = NULL;

        world_await_property(w, job, "State", "updating");
        if (l)
                logind_await_calls(l, 1);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        world_package(w, "back.bin", NEW_REVISION, OLD_REVISION, NULL);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        next = world_start(w, "", url, NULL);
        ck_assert_msg(next != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, next, "State", "updating");
        if (l)
                logind_await_calls(l, 2);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, next, "success", "", "");
        ck_assert_uint_eq(count_in_log(w, "shutdown is not blocked during this upgrade"), 1);
        world_free(w);
        if (l)
                logind_free(l);
}
END_TEST

/* A MiniFOTA, which cannot be cancelled once the module has left its firmware. */
START_TEST(test_mini)
{
        Course *c = course_new("ec600m", "settle=5\nstall=20\n");
        Logind *l = logind_new(false);

        course_publish(c, NULL);
        course_begin_and_hold(c, "mini");
        logind_await_calls(l, 1);
        logind_assert_held(l, 0);
        g_free(world_sim(c->w, "release 1-1 mini"));
        course_assert_success(c, NULL);
        logind_await_released(l, 0);
        logind_await_calls(l, 1);
        course_free(c);
        logind_free(l);
}
END_TEST

/* A package on the host. */
START_TEST(test_file)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        Logind *l = logind_new(false);
        g_autofree char *job = NULL;

        file_make(w, 100000);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 fileend"));
        job = file_start(w, "", NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        file_await_all_out(w);
        logind_await_calls(l, 1);
        logind_assert_held(l, 0);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        logind_await_released(l, 0);
        world_free(w);
        logind_free(l);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("inhibit");

        suite_add(s, "held", test_held, 0, 1);
        suite_add(s, "cancelled", test_cancelled, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "killed", test_killed, 0, 1);
        suite_add(s, "restarted", test_restarted, 0, 2);
        suite_add(s, "none", test_none, 0, 2);
        suite_add(s, "mini", test_mini, 0, 1);
        suite_add(s, "file", test_file, 0, 1);
        return suite_run(s);
}

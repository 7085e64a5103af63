/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Upgrades that the daemon did not begin or has no record of: the upgrades that are adopted, and their modules. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "client-run.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"

#define MODULE_5   "/org/fotad1/module/usb_2d1_2d5"
#define JOB_2      "/org/fotad1/job/_32"
#define OTHER_IMEI "867710050000024"
#define NOWHERE    "http://127.0.0.1:1/" UP
#define NAMELESS   "ec600m,mini-revision=" /* its Mini system reports no revision */
#define QUICK      "settle=6\nstall=20\n"  /* long enough for three probes without a revision */

/* ---- adoption */

static void begin_by_hand(Course *c, const char *source)
{
        g_autofree char *tty = world_tty(c->w, "1-1", "at"), *line = NULL;
        int fd;

        line = g_strdup_printf("AT+QFOTADL=\"%s\"\r", source ?: c->url);
        fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
        g_free(world_sim(c->w, "wait 1-1 accepted"));
        close(fd);
}

/* A world without a daemon, in which another program starts an upgrade of the module, which is held at a point. */
static Course *begun_by_hand(const char *module, const char *source, const char *point, const char *config)
{
        g_autofree char *first = g_strconcat("1-1=", module, NULL);
        WorldSettings settings = { .modules = { first }, .config = config, .no_daemon = true };
        Course *c = course_new_world(&settings);

        course_publish_any(c);
        g_free(world_sim(c->w, "hold 1-1 %s", point));
        begin_by_hand(c, source);
        g_free(world_sim(c->w, "held 1-1 %s", point));
        return c;
}

static void await_adopted(Course *c)
{
        world_await_property(c->w, MODULE_1, "Job", JOB_1);
        c->job = g_strdup(JOB_1);
        course_assert_history(c, JOB_1, "added", "yes");
        world_assert_property(c->w, JOB_1, "Origin", "adopted");
        world_assert_property(c->w, JOB_1, "Source", "");
        world_assert_property(c->w, JOB_1, "Cancellable", "0");
        world_assert_property(c->w, JOB_1, "Result", "");
        world_assert_property(c->w, JOB_1, "Module", MODULE_1);
        ck_assert(!world_call(c->w, JOB_1, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(c->w), "NotCancellable");
}

/* How a module that is held at a point is adopted. */
typedef enum Sign {
        STILL,   /* at that point, by its AT port */
        MESSAGE, /* after its next message: its port does not answer, and stays open */
        ANSWERS, /* the same, but its port answers, and is closed then */
} Sign;

/* Starts the daemon while the module is held at a point. The first question is not answered yet, so that the port stays
 * open for the messages after the point, which come behind the answer. */
static void start_asking(Course *c)
{
        g_free(world_sim(c->w, "hold 1-1 answer:ATI"));
        world_start_daemon(c->w);
        g_free(world_sim(c->w, "held 1-1 answer:ATI"));
}

/* Starts the daemon while the module is held at a point, and checks the job: there, if its AT port identifies the
 * upgrade, else after its next message, at the next point. A download may go unheard until the update begins. */
static void adopt(Course *c, const char *point, Sign sign)
{
        if (sign == ANSWERS)
                start_asking(c);
        else
                world_start_daemon(c->w);
        if (sign == STILL) {
                await_adopted(c);
                world_assert_property(c->w, MODULE_1, "System", "mini");
                g_free(world_sim(c->w, "hold 1-1 end"));
                g_free(world_sim(c->w, "release 1-1 %s", point));
                world_pass(c->w, "end"); /* its END is the only evidence */
                return;
        }
        g_free(world_sim(c->w, "hold 1-1 end"));
        if (g_str_has_prefix(point, "downloading")) {
                g_free(world_sim(c->w, "hold 1-1 updater"));
                g_free(world_sim(c->w, "release 1-1"));
                point = "updater";
        }
        world_pass(c->w, point);
        g_free(world_sim(c->w, "held 1-1 end"));
        if (sign == ANSWERS)
                g_free(world_sim(c->w, "release 1-1 answer:ATI"));
        await_adopted(c);
        g_free(world_sim(c->w, "release 1-1"));
}

static void check_adopted_success(Course *c, const char *method, unsigned qfotadl)
{
        g_autofree char *count = g_strdup_printf("%u", qfotadl);

        world_assert_result(c->w, c->job, "success", "", "");
        world_assert_property(c->w, c->job, "Origin", "adopted");
        world_assert_property(c->w, c->job, "Method", method);
        world_assert_property(c->w, c->job, "ToRevision", c->new);
        world_assert_property(c->w, MODULE_1, "Revision", c->new);
        world_assert_property(c->w, MODULE_1, "System", "normal");
        world_assert_property(c->w, MODULE_1, "Job", "/");
        world_assert_sim(c->w, c->new, "get 1-1 revision");
        world_assert_sim(c->w, count, "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "0", "get 1-1 diag-bytes");
        world_assert_sim(c->w, "auto", "get 1-1 power-control");
        course_assert_history(c, JOB_2, "added", "");
}

/* The point at which the daemon starts, and the evidence of the upgrade. */
static const struct {
        const char *module, *point;
        const char *method;
        Sign sign;
        const char *restarts; /* NULL: depends on the first message that is heard */
} founds[] = {
        { "ec800m-4", "mini", "minifota", STILL, "3" },
        { "ec800m-4", "mini-2", "minifota", STILL, "1" },
        { "ec800m-4,mini-imei=1", "mini-1:50", "minifota", STILL, "3" },
        { NAMELESS, "mini", "minifota", STILL, "3" },
        { NAMELESS, "mini-2", "minifota", STILL, "1" },
        { "ec600m,mini-revision=new", "mini-2", "minifota", ANSWERS, "1" },
        { "ec600m", "updater", "minifota", MESSAGE, "2" },
        { "ec600m", "updating:30", "minifota", MESSAGE, "2" },
        { "ec600m", "mini-2", "minifota", ANSWERS, "1" },
        { "ec600m", "updating:76", "minifota", ANSWERS, "1" },
        { "eg800k-2", "mini-2", "minifota", MESSAGE, "1" },
        { "ec200a", "downloading:40", "dfota", MESSAGE, NULL },
        { "ec200a", "updater", "dfota", MESSAGE, "1" },
        { "ec200a", "updating:50", "dfota", MESSAGE, "1" },
};

START_TEST(test_found)
{
        Course *c = begun_by_hand(founds[_i].module, NULL, founds[_i].point, QUICK);

        adopt(c, founds[_i].point, founds[_i].sign);
        check_adopted_success(c, founds[_i].method, 1);
        if (strcmp(founds[_i].method, "minifota") == 0) /* only the Mini system was ever probed */
                world_assert_property(c->w, c->job, "FromRevision", "");
        if (founds[_i].restarts)
                world_assert_property(c->w, c->job, "Restarts", founds[_i].restarts);
        course_free(c);
}
END_TEST

/* A Mini system that answers as the firmware does, and then closes its port, is identified by its messages during the
 * probe. */
START_TEST(test_found_as_firmware)
{
        Course *c = begun_by_hand("ec600m,sms=0,mini-at=full,mini-revision=new", NULL, "updating:76", QUICK);

        g_free(world_sim(c->w, "hold 1-1 answer:ATI"));
        g_free(world_sim(c->w, "hold 1-1 end"));
        world_start_daemon(c->w);
        g_free(world_sim(c->w, "held 1-1 answer:ATI"));
        g_free(world_sim(c->w, "release 1-1 updating:76"));
        g_free(world_sim(c->w, "held 1-1 end"));
        g_free(world_sim(c->w, "release 1-1 answer:ATI"));
        await_adopted(c);
        g_free(world_sim(c->w, "release 1-1 end"));
        check_adopted_success(c, "minifota", 1);
        world_assert_property(c->w, c->job, "Restarts", "1");
        course_free(c);
}
END_TEST

/* fotad dies when the first record of an adopted upgrade is on the disk, and starts again beside a Mini system that
 * reports the revision of the firmware: the record keeps that a message about an upgrade was seen. */
START_TEST(test_killed_at_adoption)
{
        WorldSettings settings = {
                .modules = { "1-1=ec600m" }, .config = QUICK, .no_daemon = true, .preload = "tests/daemon/kill-at.so"
        };
        Course *c = course_new_world(&settings);
        g_autofree char *asked = NULL;

        course_publish_any(c);
        g_free(world_sim(c->w, "hold 1-1 updating:76"));
        begin_by_hand(c, NULL);
        g_free(world_sim(c->w, "held 1-1 updating:76"));
        world_set_environment(c->w, "KILL_AT", "state after rename jobs/1.job");
        start_asking(c);
        g_free(world_sim(c->w, "hold 1-1 end"));
        world_pass(c->w, "updating:76");
        g_free(world_sim(c->w, "release 1-1 answer:ATI"));
        ck_assert_int_eq(world_await_end(c->w), -SIGKILL);
        world_set_environment(c->w, "KILL_AT", NULL);
        g_free(world_sim(c->w, "held 1-1 end"));
        world_start_daemon(c->w);
        await_adopted(c);
        g_free(world_sim(c->w, "wait 1-1 rx:AT+IFC? 1")); /* the last question about the system */
        asked = world_sim(c->w, "count 1-1 rx:AT+CGSN");
        g_free(world_sim(c->w, "wait 1-1 rx:AT+CGSN %d", atoi(asked) + 1)); /* the job goes on */
        world_pass(c->w, "end");
        check_adopted_success(c, "minifota", 1);
        course_free(c);
}
END_TEST

/* StartUpgrade gives an adopted upgrade its source. Until then the source is unknown, and does not exist. */
START_TEST(test_start_on_adopted)
{
        Course *c = begun_by_hand(_i ? NAMELESS : "ec800m-4", NOWHERE, "mini", QUICK);
        g_autofree char *path = NULL, *again = NULL;

        world_start_daemon(c->w);
        await_adopted(c);
        ck_assert_ptr_null(world_start(c->w, "", "http://host/up.bin", NULL));
        ck_assert_str_eq(world_error(c->w), "InvalidSource");
        ck_assert_ptr_null(world_start(c->w, "", c->url, "cid", "u", "1", NULL));
        ck_assert_str_eq(world_error(c->w), "InvalidOption");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        g_free(world_sim(c->w, "hold 1-1 accepted"));
        path = world_start(c->w, "", c->url, "expected-revision", "s", c->new, "request-id", "s", "r1", NULL);
        ck_assert_msg(path != NULL, "%s: %s", world_error(c->w), world_error_message(c->w));
        ck_assert_str_eq(path, JOB_1);
        world_assert_property(c->w, JOB_1, "RequestId", "r1");
        g_free(world_sim(c->w, "wait 1-1 qfotadl 2"));
        world_await_property(c->w, JOB_1, "Source", c->url);
        ck_assert_ptr_null(world_start(c->w, "", c->url, NULL)); /* the source is now known */
        ck_assert_str_eq(world_error(c->w), "NotStalled");
        again = world_start(c->w, "", c->url, "expected-revision", "s", c->new, "request-id", "s", "r1", NULL);
        ck_assert_msg(again != NULL, "%s: %s", world_error(c->w), world_error_message(c->w));
        ck_assert_str_eq(again, JOB_1);
        g_free(world_sim(c->w, "release 1-1 accepted"));
        check_adopted_success(c, "minifota", 2);
        world_assert_property(c->w, JOB_1, "Source", c->url);
        world_assert_sim(c->w, c->url, "get 1-1 last-qfotadl");
        course_free(c);
}
END_TEST

/* A schedule's run does so as well, and follows the job; the revision that the Mini system reports is not part of its
 * URL. */
START_TEST(test_schedule_on_adopted)
{
        Course *c = begun_by_hand(NAMELESS, NOWHERE, "mini", QUICK);
        g_autofree char *directory = world_path(c->w, "schedule"), *path = world_path(c->w, "schedule/night.conf");
        g_autofree char *run = g_strdup_printf("schedule --directory '%s' run night", directory), *text = NULL;
        g_autofree char *show = g_strdup_printf("schedule --directory '%s' show night", directory), *bad = NULL;

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
        world_start_daemon(c->w);
        await_adopted(c);
        bad = g_strdup_printf("[upgrade]\nsource=http://host/%%{revision}.mini_1\nexpected-revision=%s\n", c->new);
        ck_assert(g_file_set_contents(path, bad, -1, NULL));
        client_assert(c->w, run, NULL, 2, "", "source needs the module's revision, which is not known");
        text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=%s\n", c->url, c->new);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        client_assert(c->w, show, NULL, 0, "job 1 was found under way", "");
        client_assert(c->w, run, NULL, 0, "night: the upgrade succeeded", "");
        check_adopted_success(c, "minifota", 2);
        world_assert_sim(c->w, c->url, "get 1-1 last-qfotadl");
        course_free(c);
}
END_TEST

/* An adopted upgrade stalls like any other, and can be retried by Retry or by StartUpgrade. */
START_TEST(test_stalled_adopted)
{
        Course *c = begun_by_hand(_i < 2 ? "ec800m-4" : NAMELESS, NULL, "mini-2", "settle=6\nstall=3\n");
        g_autofree char *fixed = world_http(c->w, "fixed.mini_1"), *path = NULL;

        course_unpublish(c, "up.mini_2");
        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        world_start_daemon(c->w);
        await_adopted(c);
        g_free(world_sim(c->w, "release 1-1"));
        world_await_property(c->w, JOB_1, "State", "stalled");
        course_await_message(c, "fotactl retry");
        world_await_property(c->w, MODULE_1, "System", "mini");
        if (_i % 2 == 0) {
                course_assert_retry(c, fixed);
        } else {
                path = world_start(c->w, "usb-1-1", fixed, NULL);
                ck_assert_msg(path != NULL, "%s: %s", world_error(c->w), world_error_message(c->w));
                ck_assert_str_eq(path, JOB_1);
        }
        check_adopted_success(c, "minifota", 2);
        world_assert_property(c->w, JOB_1, "Source", fixed);
        course_free(c);
}
END_TEST

/* The id that gave an adopted upgrade its source stays: a retry with another one is refused, one without an id is not.
 * Calls with the first id return the job, as it was begun. */
START_TEST(test_id_of_adopted)
{
        Course *c = begun_by_hand("ec800m-4", NULL, "mini-2", "settle=6\nstall=3\n");
        g_autofree char *fixed = world_http(c->w, "fixed.mini_1"), *missing = world_http(c->w, "missing.mini_1");
        g_autofree char *path = NULL, *again = NULL;

        course_unpublish(c, "up.mini_2");
        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        world_start_daemon(c->w);
        await_adopted(c);
        g_free(world_sim(c->w, "release 1-1"));
        world_await_property(c->w, JOB_1, "State", "stalled");
        course_await_message(c, "fotactl retry");
        path = world_expect_job(c->w, world_start(c->w, "", missing, "request-id", "s", "r1", NULL));
        g_free(world_sim(c->w, "wait 1-1 qfotadl 2"));
        course_await_message(c, "missing.mini_2");
        world_await_property(c->w, JOB_1, "State", "stalled");
        ck_assert_ptr_null(world_start(c->w, "", fixed, "request-id", "s", "r2", NULL));
        ck_assert_str_eq(world_error(c->w), "InvalidOption");
        ck_assert_str_eq(world_error_message(c->w), "request-id: job 1 has the id r1 already: leave the option out");
        world_assert_property(c->w, JOB_1, "RequestId", "r1");
        course_assert_retry(c, fixed);
        world_assert_property(c->w, JOB_1, "RequestId", "r1");
        check_adopted_success(c, "minifota", 3);
        again = world_expect_job(c->w, world_start(c->w, "", missing, "request-id", "s", "r1", NULL));
        ck_assert_str_eq(again, JOB_1);
        course_free(c);
}
END_TEST

/* A module that is silent for longer than the time-out of an identity, and then goes on. */
START_TEST(test_late)
{
        Course *c = begun_by_hand("eg800k-2", NULL, "mini-2", "settle=2\nstall=20\n");
        g_autofree char *port = NULL, *problem = NULL;

        world_start_daemon(c->w);
        port = world_property(c->w, MODULE_1, "Port");
        problem = g_strconcat("it does not answer at ", port, NULL);
        world_await_property(c->w, MODULE_1, "Problem", problem);
        world_assert_property(c->w, MODULE_1, "Job", "/");
        g_free(world_sim(c->w, "hold 1-1 end"));
        g_free(world_sim(c->w, "release 1-1 mini-2"));
        g_free(world_sim(c->w, "held 1-1 end"));
        await_adopted(c);
        g_free(world_sim(c->w, "release 1-1"));
        check_adopted_success(c, "minifota", 1);
        course_free(c);
}
END_TEST

/* Re-plugged in its Mini system, which does not report its IMEI: it may be the module that a job is waiting for, so the
 * job's end is awaited; then the module is adopted. */
START_TEST(test_replugged)
{
        Course *c = course_stall_in_second("ec800m-4");

        world_await_property(c->w, c->job, "State", "stalled");
        g_free(world_sim(c->w, "move 1-1 1-5"));
        world_assert_result(c->w, c->job, "failed", "host", "module-lost");
        world_await_property(c->w, MODULE_5, "Job", JOB_2);
        world_assert_property(c->w, JOB_2, "Origin", "adopted");
        world_assert_property(c->w, MODULE_5, "System", "mini");
        course_publish_as(c, "up.mini_2", NULL);
        world_assert_result(c->w, JOB_2, "success", "", "");
        world_assert_property(c->w, JOB_2, "ToRevision", c->new);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* The state directory is emptied between two lives of the daemon. */
static const struct {
        const char *module, *point;
        Sign sign;
} emptied[] = {
        { "ec800m-4", "mini", STILL },    { "ec800m-4", "mini-2", STILL },      { NAMELESS, "mini", STILL },
        { NAMELESS, "mini-2", STILL },    { "ec600m", "updater", MESSAGE },     { "ec600m", "updating:76", ANSWERS },
        { "ec200a", "updater", MESSAGE }, { "ec200a", "updating:50", MESSAGE }, { "ec200a", "downloading:40", MESSAGE }
};

static void empty_state(Course *c)
{
        g_autofree char *state = world_path(c->w, "state"), *command = g_strdup_printf("rm -r '%s'/*", state);

        ck_assert_int_eq(system(command), 0);
}

START_TEST(test_emptied)
{
        g_autofree char *module = g_strconcat(emptied[_i].module, ",unopened=keep", NULL);
        Course *c = course_new(module, QUICK);
        bool dfota = strcmp(emptied[_i].module, "ec200a") == 0;

        course_publish_any(c);
        course_begin_and_hold(c, emptied[_i].point);
        world_kill_daemon(c->w);
        empty_state(c);
        g_ptr_array_set_size(c->seen, 0);
        g_clear_pointer(&c->job, g_free);
        adopt(c, emptied[_i].point, emptied[_i].sign);
        world_await_property(c->w, c->job, "State", "finished");
        world_assert_property(c->w, c->job, "Result", "success");
        world_assert_property(c->w, c->job, "ToRevision", c->new);
        world_assert_property(c->w, c->job, "Method", dfota ? "dfota" : "minifota");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* A module that no longer reports a revision gets one job, which fails, and not a series of jobs. A message of progress
 * is new evidence. */
START_TEST(test_once)
{
        Course *c = course_new("ec200a,qgmr=error,sms=0,services=0,usbnet=0,ifc=",
                               "settle=6\nupdate-idle=2\nstart=2\ndownload-idle=2\n");
        g_autofree char *log = NULL;

        g_free(world_sim(c->w, "set 1-1 revision "));
        g_free(world_sim(c->w, "power-cut 1-1"));
        world_await_property(c->w, MODULE_1, "Job", JOB_1);
        world_await_property(c->w, JOB_1, "State", "finished");
        world_assert_property(c->w, JOB_1, "Result", "failed");
        for (unsigned i = 0; i < 2; i++) { /* 1: after the next restart */
                g_free(world_sim(c->w, "wait 1-1 rx:AT+QFOTADL=? +2"));
                course_assert_history(c, JOB_2, "added", "");
                g_free(world_sim(c->w, "power-cut 1-1"));
        }
        log = world_log(c->w);
        ck_assert_ptr_nonnull(strstr(log, "not adopted again after job 1"));
        g_free(world_sim(c->w, "wait 1-1 rx:AT+QFOTADL=? +1"));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"FOTA\",\"UPDATING\",7"));
        world_await_property(c->w, MODULE_1, "Job", JOB_2);
        course_free(c);
}
END_TEST

/* A module that runs its firmware is in no upgrade, whatever it reports about an earlier one. */
static const char *const healthy[] = {
        "ec200a", "ec600m", "ec800m-4", "eg800k-2", "ec600m,sms=0", "ec600m,sms=0,usbnet=0", "ec200a,qfotadl-test=ok"
};

START_TEST(test_healthy)
{
        Course *c = course_new(healthy[_i], QUICK);

        ck_assert(world_call(c->w, MODULE_1, "org.fotad1.Module", "Probe"));
        g_free(world_sim(c->w, "hold 1-1 answer:ATI"));
        g_free(world_sim(c->w, "power-cut 1-1"));
        world_await_property(c->w, MODULE_1, "System", "unknown");
        g_free(world_sim(c->w, "held 1-1"));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"FOTA\",\"END\",0"));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"FOTA\",\"HTTPEND\",0"));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"FOTA\",\"HTTPEND\",711"));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"ABFOTA\",\"UPDATING\",50"));
        g_free(world_sim(c->w, "release 1-1"));
        world_await_property(c->w, MODULE_1, "System", "normal");
        world_await_module(c->w, MODULE_1);
        world_assert_property(c->w, MODULE_1, "Job", "/");
        course_assert_history(c, JOB_1, "added", "");
        world_assert_sim(c->w, "0", "get 1-1 qfotadl-count");
        if (strstr(healthy[_i], "sms=0")) { /* nor does that prevent its own upgrade */
                course_publish(c, NULL);
                course_begin(c);
                g_free(world_sim(c->w, "wait 1-1 accepted"));
                world_assert_property(c->w, c->job, "Origin", "request");
        }
        course_free(c);
}
END_TEST

/* Firmware that reports no revision, with any method, is not adopted, however often it is probed. */
static const char *const unnamed[] = { "ec200a,gmr=error,qgmr=error", "ec600m,gmr=error,qgmr=error",
                                       "ec600m,gmr=error,qgmr=error,sms=0,usbnet=0" };

START_TEST(test_unnamed)
{
        g_autofree char *first = g_strconcat("1-1=", unnamed[_i], NULL);
        WorldSettings settings = { .modules = { first }, .config = QUICK, .no_daemon = true };
        Course *c = course_new_world(&settings);

        world_start_daemon(c->w);
        g_free(world_sim(c->w, "wait 1-1 rx:AT+CGSN 5"));
        world_await_property(c->w, MODULE_1, "ProblemName", "mini-system");
        world_assert_property(c->w, MODULE_1, "Job", "/");
        course_assert_history(c, JOB_1, "added", "");
        world_assert_sim(c->w, "0", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* Firmware that is built without these two commands is firmware all the same: nothing else points to a Mini system. */
#define WITHOUT_COMMANDS "ec600m,sms=0,usbnet=0"

START_TEST(test_without_commands)
{
        Course *c = course_new(WITHOUT_COMMANDS, QUICK);
        g_autoptr(GPtrArray) rows = NULL;

        world_assert_property(c->w, MODULE_1, "Revision", c->old);
        world_assert_property(c->w, MODULE_1, "System", "normal");
        world_assert_property(c->w, MODULE_1, "Problem", "");
        course_publish(c, NULL);
        rows = check_call(c->w, "", c->url, NULL, NULL);
        ck_assert_ptr_nonnull(rows);
        check_assert(rows, "module", true, c->old);
        course_begin(c);
        world_assert_property(c->w, c->job, "Origin", "request");
        course_assert_success(c, "4");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

/* ---- jobs that fotad 0.1.0 adopted, and its records */

#define ADOPTED_BEFORE                                                                                                 \
        "[Job]\nVersion=1\nId=1\nOrigin=adopted\nMethod=minifota\nCreated=1700000000000000\nFinished=0\n"              \
        "PackageSize=0\nProduct=0\nTakeUps=0\nSystem=mini\nSent=true\nAccepted=true\nLeft=true\nModule=usb-1-1\n"

static void write_adopted(Course *c, const char *more)
{
        g_autofree char *jobs = world_path(c->w, "state/jobs"), *path = world_path(c->w, "state/jobs/1.job");
        g_autofree char *text = g_strconcat(ADOPTED_BEFORE, more, NULL);

        ck_assert_int_eq(g_mkdir_with_parents(jobs, 0755), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* A module that reported its revision was adopted because it lacks two commands: the job ends, and the module is
 * free. */
static const char *const adopted_firmware[] = {
        "State=downloading\nPercent=0\nRestarts=0\nReturns=0\nFromRevision=EC600MCNLER06A08M08\n",
        "State=stalled\nStalled=true\nPercent=0\nRestarts=0\nReturns=0\nConfirmed=true\n"
        "Message=The module is in its Mini system and waits for its .mini_1 package: publish that very file.\n",
};

START_TEST(test_adopted_firmware)
{
        WorldSettings settings = { .modules = { "1-1=" WITHOUT_COMMANDS }, .config = QUICK, .no_daemon = true };
        Course *c = course_new_world(&settings);

        write_adopted(c, adopted_firmware[_i]);
        world_start_daemon(c->w);
        world_assert_result(c->w, JOB_1, "failed", "host", "interrupted");
        world_assert_property(c->w, JOB_1, "ToRevision", c->old);
        world_await_property(c->w, MODULE_1, "Job", "/");
        world_await_property(c->w, MODULE_1, "System", "normal");
        ck_assert_int_eq(world_stop_daemon(c->w), 0);
        world_start_daemon(c->w);
        world_assert_property(c->w, JOB_1, "Result", "failed");
        world_await_module(c->w, MODULE_1);
        world_assert_property(c->w, MODULE_1, "Job", "/");
        world_assert_sim(c->w, "0", "get 1-1 qfotadl-count");
        course_publish(c, NULL);
        course_begin(c);
        ck_assert_str_eq(c->job, JOB_2);
        course_assert_success(c, "4");
        course_free(c);
}
END_TEST

/* If it was a Mini system after all, the job goes on: with evidence in the record whatever the module reports, and
 * without evidence as long as the module reports no revision. */
static const struct {
        const char *module, *record;
} adopted_minis[] = {
        { "ec600m,mini-revision=new", "State=updating\nPercent=60\nUpdating=true\nRestarts=1\nReturns=1\n" },
        { "ec600m,mini-revision=new", "State=downloading\nPercent=0\nRestarts=2\nReturns=2\n" },
        { NAMELESS, "State=stalled\nStalled=true\nPercent=0\nRestarts=0\nReturns=0\nMessage=Stalled.\n" },
};

START_TEST(test_adopted_mini)
{
        Course *c = begun_by_hand(adopted_minis[_i].module, NULL, "mini-2", QUICK);
        g_autofree char *asked = NULL;

        write_adopted(c, adopted_minis[_i].record);
        asked = world_sim(c->w, "count 1-1 rx:AT+CGSN");
        world_start_daemon(c->w);
        await_adopted(c);
        g_free(world_sim(c->w, "wait 1-1 rx:AT+CGSN %d", atoi(asked) + 3));
        world_assert_property(c->w, JOB_1, "Result", "");
        world_pass(c->w, "mini-2");
        world_assert_result(c->w, JOB_1, "success", "", "");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

/* An upgrade with a record is not adopted a second time. */
static const struct {
        const char *module, *point;
} with_record[] = {
        { "ec800m-4", "mini" }, { "ec800m-4", "mini-2" }, { "ec600m", "updating:76" }, { "ec200a", "updating:50" }
};

START_TEST(test_with_record)
{
        Course *c = course_new(with_record[_i].module, QUICK);

        course_publish_any(c);
        course_begin_and_hold(c, with_record[_i].point);
        world_kill_daemon(c->w);
        world_start_daemon(c->w);
        if (strncmp(with_record[_i].point, "mini", 4) == 0) {
                /* As often as an adoption would need. */
                g_autofree char *asked = world_sim(c->w, "count 1-1 rx:AT+CGSN");

                g_free(world_sim(c->w, "wait 1-1 rx:AT+CGSN %d", atoi(asked) + 4));
        }
        world_pass(c->w, with_record[_i].point);
        world_assert_result(c->w, c->job, "success", "", "");
        world_assert_property(c->w, c->job, "Origin", "request");
        course_assert_history(c, JOB_2, "added", "");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* ---- identity */

/* The module in the Mini system is another one than was at that place before, which the Mini system does not report:
 * the difference shows at the end, or as soon as its IMEI is read. From then on the module is known, and any other is
 * another one. Its messages alone prove the upgrade then, for its former revision is not known: none may be lost. */
static const struct {
        const char *module;
        bool known, replaced;
} other_modules[] = { { "ec800m-4,unopened=keep", false, false },
                      { "ec600m,mini-imei=1,unopened=keep", true, false },
                      { "ec600m,mini-imei=1,unopened=keep", true, true } };

START_TEST(test_other_module)
{
        Course *c = course_new(other_modules[_i].module, QUICK);
        World *w = c->w;

        course_publish(c, NULL);
        g_free(world_sim(w, "wait 1-1 closed"));
        g_free(world_sim(w, "hold 1-1 mini"));
        if (other_modules[_i].known) /* its Mini system reports a revision, and its messages get it adopted */
                g_free(world_sim(w, "hold 1-1 answer:ATI"));
        begin_by_hand(c, NULL);
        g_free(world_sim(w, "set 1-1 imei " OTHER_IMEI));
        if (other_modules[_i].known) {
                g_free(world_sim(w, "held 1-1 answer:ATI"));
                g_free(world_sim(w, "urc 1-1 +QIND: \"FOTA\",\"DOWNLOADING\",10"));
                g_free(world_sim(w, "release 1-1 answer:ATI"));
        }
        await_adopted(c);
        if (!other_modules[_i].known) {
                world_assert_property(w, JOB_1, "FromRevision", c->old);
        } else if (other_modules[_i].replaced) {
                g_autofree char *file = world_path(w, "state/jobs/1.job");

                world_await_file(w, file, "Confirmed=true");
                world_kill_daemon(w);
                world_start_daemon(w);
                g_free(world_sim(w, "set 1-1 imei 867710050000032"));
        }
        g_free(world_sim(w, "held 1-1 mini"));
        g_free(world_sim(w, "release 1-1 mini"));
        if (other_modules[_i].replaced) {
                world_assert_result(w, JOB_1, "failed", "host", "module-replaced");
        } else {
                check_adopted_success(c, "minifota", 1);
                world_assert_property(w, JOB_1, "FromRevision", "");
                world_assert_property(w, MODULE_1, "Imei", OTHER_IMEI);
        }
        course_free(c);
}
END_TEST

/* In its Mini system it shows the chip's vendor id: during a job that is the module, with any product id. */
static const char *const chips[] = { "ec800m-4,mini-vid=2ecc", "ec800m-4,mini-vid=2ecc,mini-pid=3005",
                                     "ec600m,mini-vid=2ecc,mini-pid=3005" };

START_TEST(test_vendor_id)
{
        Course *c = course_new(chips[_i], QUICK);
        bool other = strstr(chips[_i], "3005") != NULL;

        course_publish(c, NULL);
        course_begin_and_hold(c, "mini-2");
        world_await_property(c->w, MODULE_1, "VendorId", "11980");
        world_assert_property(c->w, MODULE_1, "ProductId", other ? "12293" : "24577");
        world_kill_daemon(c->w);
        world_start_daemon(c->w);
        world_assert_property(c->w, MODULE_1, "VendorId", "11980");
        world_assert_property(c->w, MODULE_1, "Job", c->job);
        world_pass(c->w, "mini-2");
        course_assert_success(c, "4");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

/* Without a job it is no module: other vendors use that chip as well. */
START_TEST(test_vendor_id_without_job)
{
        Course *c = begun_by_hand("ec800m-4,mini-vid=2ecc,mini-pid=3005", NULL, "mini-2", QUICK);
        g_autofree char *opened = world_sim(c->w, "count 1-1 opened");

        world_start_daemon(c->w);
        ck_assert(!world_call(c->w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(c->w), "org.freedesktop.DBus.Error.UnknownObject");
        world_assert_sim(c->w, opened, "count 1-1 opened");
        g_free(world_sim(c->w, "release 1-1"));
        ck_assert(world_await_signal(c->w, "/org/fotad1", "InterfacesAdded", NULL));
        world_await_property(c->w, MODULE_1, "Revision", c->new);
        course_assert_history(c, JOB_1, "added", "");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("adoption");

        suite_add(s, "found", test_found, 0, G_N_ELEMENTS(founds));
        suite_add(s, "found-as-firmware", test_found_as_firmware, 0, 1);
        suite_add(s, "killed-at-adoption", test_killed_at_adoption, 0, 1);
        suite_add(s, "once", test_once, 0, 1);
        suite_add(s, "late", test_late, 0, 1);
        suite_add(s, "replugged", test_replugged, 0, 1);
        suite_add(s, "start-on-adopted", test_start_on_adopted, 0, 2);
        suite_add(s, "id-of-adopted", test_id_of_adopted, 0, 1);
        suite_add(s, "schedule-on-adopted", test_schedule_on_adopted, 0, 1);
        suite_add(s, "stalled-adopted", test_stalled_adopted, 0, 4);
        suite_add(s, "emptied", test_emptied, 0, G_N_ELEMENTS(emptied));
        suite_add(s, "healthy", test_healthy, 0, G_N_ELEMENTS(healthy));
        suite_add(s, "unnamed", test_unnamed, 0, G_N_ELEMENTS(unnamed));
        suite_add(s, "without-commands", test_without_commands, 0, 1);
        suite_add(s, "adopted-firmware", test_adopted_firmware, 0, G_N_ELEMENTS(adopted_firmware));
        suite_add(s, "adopted-mini", test_adopted_mini, 0, G_N_ELEMENTS(adopted_minis));
        suite_add(s, "with-record", test_with_record, 0, G_N_ELEMENTS(with_record));
        suite_add(s, "other-module", test_other_module, 0, G_N_ELEMENTS(other_modules));
        suite_add(s, "vendor-id", test_vendor_id, 0, G_N_ELEMENTS(chips));
        suite_add(s, "vendor-id-without-job", test_vendor_id_without_job, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MiniFOTA that succeeds, from the outside (guide 2.3.1.2): one call, four restarts, two packages, with every
 * appearance and output of the Mini system, and with a power cut at any of its steps. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"
#include "suite.h"

#define QUICK "settle=5\nstall=20\n" /* no case here may stall */

/* The point at which the module is held, and the properties there. */
static const struct {
        const char *point;
        const char *system, *state, *percent, *restarts;
        bool cancellable;
} points[] = {
        { "accepted", "normal", "downloading", "0", "0", true },
        { "off:1", "unknown", "restarting", "0", "0", false },
        { "mini", "mini", "downloading", "0", "1", false },
        { "mini-1:2k", "mini", "downloading", "0", "1", false },
        { "mini-1:50", "mini", "downloading", "0", "1", false },
        { "mini-1-done", "mini", "downloading", "0", "1", false },
        { "off:2", "unknown", "restarting", "0", "1", false },
        { "updater", "unknown", "downloading", "0", "2", false },
        { "updating:30", "updating", "updating", "30", "2", false },
        { "update-1-done", "updating", "updating", "60", "2", false },
        { "off:3", "unknown", "restarting", "60", "2", false },
        { "mini-2", "mini", "updating", "60", "3", false },
        { "updating:76", "mini", "updating", "76", "3", false },
        { "end", "mini", "updating", "96", "3", false },
        { "ended", "mini", "verifying", "96", "3", false },
        { "off:4", "unknown", "restarting", "96", "3", false },
};

static void check_point(Course *c, unsigned i)
{
        World *w = c->w;

        world_await_property(w, c->job, "State", points[i].state);
        world_await_property(w, c->job, "Percent", points[i].percent);
        world_await_property(w, MODULE_1, "System", points[i].system);
        world_assert_property(w, c->job, "Restarts", points[i].restarts);
        world_assert_property(w, c->job, "Cancellable", points[i].cancellable ? "1" : "0");
        world_assert_property(w, c->job, "Result", "");
        world_assert_property(w, c->job, "Message", "");
        world_assert_property(w, MODULE_1, "Job", c->job);
        world_assert_property(w, MODULE_1, "Present", strstr(points[i].point, "off:") ? "0" : "1");
        if (points[i].cancellable)
                return;
        ck_assert(!world_call(w, c->job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
}

/* All conditions for one good upgrade, at each of its points. */
START_TEST(test_course)
{
        Course *c = course_new("ec600m,mini-boot-urcs=RDY/+CPIN: READY", QUICK);
        World *w = c->w;

        world_assert_property(w, MODULE_1, "FlashSize", "8");
        world_assert_property(w, MODULE_1, "Method", "minifota");
        course_publish(c, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(points); i++)
                g_free(world_sim(w, "hold 1-1 %s", points[i].point));
        course_begin(c);
        ck_assert_str_eq(c->job, JOB_1);
        for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
                g_autofree char *held = world_sim(w, "held 1-1");

                ck_assert_str_eq(held, points[i].point);
                check_point(c, i);
                if (strcmp(held, "updater") == 0 || strcmp(held, "mini-2") == 0)
                        world_pass(c->w, held);
                else
                        g_free(world_sim(w, "release 1-1"));
        }
        course_assert_success(c, "4");
        course_assert_history(c, MODULE_1, "System", "normal mini updating mini normal");
        course_assert_history(c, c->job, "Percent", COURSE_SERIES);
        course_assert_history(c, c->job, "Restarts", "1 2 3 4");
        course_assert_history(c, c->job, "Cancellable", "0");
        course_assert_history(
                c, c->job, "State",
                "preparing downloading restarting downloading restarting downloading updating restarting updating "
                "verifying restarting verifying finished");
        world_assert_property(w, c->job, "Source", c->url);
        world_assert_property(w, c->job, "Module", MODULE_1);
        world_assert_property(w, c->job, "Origin", "request");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, c->url, "get 1-1 last-qfotadl");
        world_assert_sim(w, "4", "get 1-1 restarts");
        world_assert_sim(w, "2", "get 1-1 fetches");
        world_assert_sim(w, "0", "get 1-3 bytes");
        course_free(c);
}
END_TEST

/* ---- sources */

#define LOGIN "gateway:s3cret-Pa55@"

static const struct {
        const char *module;
        const char *scheme;
        const char *restarts; /* that are seen on the bus */
        const char *refused;  /* NULL: success */
} sources[] = {
        { "ec600m", "http", "4", NULL },
        { "ec600m", "ftp", "4", NULL },
        { "ec600m,https=1", "https", "4", NULL },
        { "ec800m-4", "http", "4", NULL },
        { "ec800m-4", "ftp", "", "InvalidSource" },
        { "ec800m-4,https=1", "https", "4", NULL },
        { "eg800k-2", "http", "3", NULL },
        { "eg800k-2", "ftp", "", "InvalidSource" },
        { "eg800k-2", "https", "", "InvalidSource" },
        { "eg800k-4", "http", "2", NULL },
        { "eg800k-4", "ftp", "", "InvalidSource" },
        { "eg800k-4,https=1", "https", "2", NULL },
};

START_TEST(test_source)
{
        Course *c = course_new(sources[_i].module, QUICK);
        bool https = strcmp(sources[_i].scheme, "https") == 0, ftp = strcmp(sources[_i].scheme, "ftp") == 0;
        g_autofree char *url = https ? world_https(c->w, UP) : ftp ? world_ftp(c->w, LOGIN, UP) : g_strdup(c->url);
        g_autofree char *log = NULL;

        course_publish(c, NULL);
        if (https) { /* only a client with the right login gets it */
                ck_assert_ptr_null(world_start(c->w, "", url, NULL));
                ck_assert_str_eq(world_error(c->w), "InvalidSource");
        }
        if (sources[_i].refused) {
                ck_assert_ptr_null(world_start(c->w, "", url, "allow-https", "b", "1", NULL));
                ck_assert_str_eq(world_error(c->w), sources[_i].refused);
                world_assert_sim(c->w, "0", "get 1-1 qfotadl-count");
                world_assert_property(c->w, MODULE_1, "Job", "/");
                course_free(c);
                return;
        }
        course_begin_with(c, url, https ? "allow-https" : NULL, "b", "1");
        course_assert_success(c, sources[_i].restarts);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, url, "get 1-1 last-qfotadl");
        world_assert_sim(c->w, "4", "get 1-1 restarts");
        world_assert_sim(c->w, "2", "get 1-1 fetches");
        log = world_log(c->w);
        ck_assert(!strstr(log, "s3cret"));
        course_free(c);
}
END_TEST

/* ---- kinds of modules */

#define SEEN_4 "normal mini updating mini normal"

static const struct {
        const char *module;
        const char *restarts; /* that are seen on the bus */
        const char *percents;
} kinds[] = {
        /* the appearance of the Mini system */
        { "ec600m,mini-pid=6001", "4", COURSE_SERIES },
        { "ec600m,mini-pid=0999", "4", COURSE_SERIES },
        { "ec600m,mini-pid=0999,updater-pid=6026", "4", COURSE_SERIES },
        { "ec600m,mini-ports=none", "4", COURSE_FIRST },
        { "ec600m,mini-ports=none,updater-ports=none", "4", "100" },
        { "ec600m,mini-ports=at", "4", COURSE_SERIES },
        { "ec600m,mini-ports=diag/at", "4", COURSE_SERIES },
        { "ec600m,mini-pid=0999,mini-ports=at,labels=0", "4", COURSE_SERIES },
        { "ec600m,mini-usb=0", "2", COURSE_FIRST },
        { "ec600m,updater-usb=0", "3", COURSE_SECOND },
        { "ec600m,mini-usb=0,updater-usb=0", "1", "100" },
        { "ec800m-4,updater-usb=0", "3", COURSE_SECOND },
        { "eg800k-2,updater-usb=1", "4", COURSE_SERIES },
        /* the answers of the Mini system */
        { "ec600m,mini-at=none,mini-revision=", "4", COURSE_SERIES },
        { "ec600m,mini-at=none,mini-revision=same", "4", COURSE_SERIES },
        { "ec600m,mini-at=none,mini-revision=new", "4", COURSE_SERIES },
        { "ec600m,mini-at=upgrade,mini-revision=", "4", COURSE_SERIES },
        { "ec600m,mini-at=upgrade,mini-revision=new", "4", COURSE_SERIES },
        { "ec600m,mini-at=full,mini-revision=", "4", COURSE_SERIES },
        { "ec600m,mini-at=full,mini-revision=same", "4", COURSE_SERIES },
        { "ec600m,mini-at=full,mini-revision=new", "4", COURSE_SERIES },
        { "ec600m,mini-at=full,mini-revision=new,mini-sms=1", "4", COURSE_SERIES },
        { "ec600m,mini-revision=MINIR01A01M08", "4", COURSE_SERIES },
        { "ec600m,mini-imei=1", "4", COURSE_SERIES },
        { "ec600m,mini-at=full,mini-imei=1,mini-revision=new", "4", COURSE_SERIES },
        { "ec800m-4,mini-imei=1", "4", COURSE_SECOND },
        { "ec600m,updater-at=1", "4", COURSE_SERIES },
        /* the same, without a command that distinguishes the systems */
        { "ec600m,sms=0", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-revision=", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-revision=new", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-at=full,mini-revision=new", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-at=full,mini-revision=new,lost=updating,unopened=keep", "4", "100" },
        { "ec600m,sms=0,mini-at=full,mini-revision=new,lost=end", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-at=full,mini-revision=new,updater-usb=0", "3", COURSE_SECOND },
        { "ec600m,sms=0,lost=updating/end", "4", "100" },
        { "ec800m-4,sms=0", "4", COURSE_SECOND },
        { "eg800k-2,sms=0", "3", COURSE_SECOND },
        { "eg800k-4,sms=0", "2", COURSE_FIRST },
        { "eg800k-4,sms=0,lost=updating/end", "2", "100" },
        /* the messages of the Mini system */
        { "ec600m,mini-boot-urcs=", "4", COURSE_SERIES },
        { "ec600m,mini-boot-urcs=RDY/+CFUN: 1/+CPIN: READY/+QIND: SMS DONE/+QIND: PB DONE", "4", COURSE_SERIES },
        { "ec600m,sms=0,mini-revision=new,mini-boot-urcs=RDY/+CFUN: 1/+CPIN: READY", "4", COURSE_SERIES },
        { "ec600m,lost=updating", "4", "100" },
        { "ec600m,lost=end", "4", COURSE_SERIES },
        { "ec600m,lost=updating/end", "4", "100" },
        { "ec600m,lost=start/downloading/download-start/download-end", "4", COURSE_SERIES },
        { "ec800m-4,lost=updating/end", "4", "100" },
        { "eg800k-2,lost=updating/end", "3", "100" },
        { "eg800k-4,lost=updating/end", "2", "100" },
        { "ec600m,end-twice=1", "4", COURSE_SERIES },
        { "ec600m,start-after-end=1", "4", COURSE_SERIES },
        { "ec600m,blank=1", "4", COURSE_SERIES },
        { "ec600m,noise=1", "4", COURSE_SERIES },
        { "ec600m,inside=RDY", "4", COURSE_SERIES },
        { "ec600m,urc-write=split", "4", COURSE_SERIES },
        { "ec600m,urc-write=coalesced", "4", COURSE_SERIES },
        { "ec600m,mini-tells=1", "4", COURSE_SERIES },
        { "ec600m,mini-probes-url=1", "4", COURSE_SERIES },
        { "ec600m,mini-updating=10/20/30/40/50/59,mini-updating-2=61/80/99", "4", "10 20 30 40 50 59 61 80 99 100" },
        { "ec600m,mini-updating=30/60,mini-updating-2=60/100", "4", "30 60 99 100" },
        /* the style of its output, its connections and disconnections */
        { "ec600m,same-numbers=1", "4", COURSE_SERIES },
        { "ec600m,order=reverse", "4", COURSE_SERIES },
        { "ec600m,gap=10", "4", COURSE_SERIES },
        { "ec600m,gap=10,order=reverse,hangup=after", "4", COURSE_SERIES },
        { "ec600m,hangup=after", "4", COURSE_SERIES },
        { "ec600m,mute=200", "4", COURSE_SERIES },
        { "ec600m,echo=0", "4", COURSE_SERIES },
        { "ec600m,cmee=0", "4", COURSE_SERIES },
        { "ec600m,cooked=1,unopened=keep", "4", COURSE_SERIES },
        { "ec600m,qgmr=build", "4", COURSE_SERIES },
        { "ec600m,qgmr=error", "4", COURSE_SERIES },
        { "ec600m,qfotadl=no-ok", "4", COURSE_SERIES },
        { "ec600m,urcport=uart1", "4", COURSE_SERIES },
        { "ec600m,network=0", "4", COURSE_SERIES },
        { "ec600m,off=600", "4", COURSE_SERIES },
};

/* Modules of every kind, with Mini systems of every kind. */
START_TEST(test_kind)
{
        Course *c = course_new(kinds[_i].module, "command=2\n" QUICK);

        course_publish(c, NULL);
        course_follow(c, kinds[_i].percents);
        course_assert_success(c, kinds[_i].restarts);
        course_assert_history(c, c->job, "Percent", kinds[_i].percents);
        course_assert_no_problem(c);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "2", "get 1-1 fetches");
        if (strcmp(kinds[_i].percents, COURSE_SERIES) == 0) /* no message was suppressed */
                course_assert_history(c, MODULE_1, "System", SEEN_4);
        course_free(c);
}
END_TEST

/* A revision that does not determine the upgrade method. */
START_TEST(test_method)
{
        Course *c = course_new("ec600m,revision=EC600MCNLER06A08", QUICK);

        g_free(c->new);
        c->new = g_strdup("EC600MCNLER06A09");
        course_publish(c, NULL);
        world_assert_property(c->w, MODULE_1, "Method", "unknown");
        ck_assert_ptr_null(world_start(c->w, "", c->url, NULL));
        ck_assert_str_eq(world_error(c->w), "Unsupported");
        g_free(world_sim(c->w, "hold 1-1 updater"));
        g_free(world_sim(c->w, "hold 1-1 mini-2"));
        course_begin_with(c, c->url, "method", "s", "minifota");
        world_pass(c->w, "updater");
        world_pass(c->w, "mini-2");
        world_assert_result(c->w, c->job, "success", "", "");
        world_assert_property(c->w, c->job, "Method", "minifota");
        world_assert_property(c->w, c->job, "Restarts", "4");
        world_assert_property(c->w, c->job, "ToRevision", c->new);
        course_assert_history(c, MODULE_1, "System", SEEN_4);
        course_assert_history(c, c->job, "Percent", COURSE_SERIES);
        world_assert_sim(c->w, c->new, "get 1-1 revision");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-parameters");
        course_free(c);
}
END_TEST

/* The expected revision, and the result. */
static const struct {
        const char *module;
        const char *expected;
        const char *result, *domain, *name;
        const char *after;
} outcomes[] = {
        { "ec600m", "EC600MCNLER06A09M08", "success", "", "", "EC600MCNLER06A09M08" },
        { "ec600m", "EC600MCNLER06A10M08", "failed", "host", "revision-mismatch", "EC600MCNLER06A09M08" },
        { "ec600m,revision-after=EC600MCNLER06A11M08", NULL, "success", "", "", "EC600MCNLER06A11M08" },
        { "ec600m,revision-after=EC600MCNLER06A11M08", "EC600MCNLER06A09M08", "failed", "host", "revision-mismatch",
          "EC600MCNLER06A11M08" },
        { "ec600m,revision-after=unchanged", NULL, "failed", "host", "unchanged", "EC600MCNLER06A08M08" },
        { "ec600m,revision-after=unchanged,lost=end", NULL, "failed", "host", "unchanged", "EC600MCNLER06A08M08" },
};

START_TEST(test_outcome)
{
        Course *c = course_new(outcomes[_i].module, QUICK);

        course_publish(c, NULL);
        course_begin_with(c, c->url, outcomes[_i].expected ? "expected-revision" : NULL, "s", outcomes[_i].expected);
        world_assert_result(c->w, c->job, outcomes[_i].result, outcomes[_i].domain, outcomes[_i].name);
        world_assert_property(c->w, c->job, "ToRevision", outcomes[_i].after);
        world_assert_property(c->w, c->job, "Restarts", "4");
        course_assert_message(c, outcomes[_i].after);
        if (strcmp(outcomes[_i].name, "revision-mismatch") == 0)
                course_assert_message(c, outcomes[_i].expected);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, outcomes[_i].after, "get 1-1 revision");
        course_free(c);
}
END_TEST

/* ---- power cuts */

/* Power fails at a point, and the module repeats the step according to the guide: its points before and after. */
static const struct {
        const char *point;
        const char *before, *after;
        const char *restarts; /* as seen on the bus */
        const char *percent;  /* before it */
} cuts[] = {
        { "mini", "", "updater mini-2", "5", "0" },
        { "mini-1:2k", "", "updater mini-2", "5", "0" },
        { "mini-1:50", "", "updater mini-2", "5", "0" },
        { "mini-1-done", "", "updater mini-2", "5", "0" },
        { "updater", "", "updater mini-2", "5", "0" },
        { "updating:39", "updater", "updater mini-2", "5", "39" },
        { "update-1-done", "updater", "updater mini-2", "5", "60" },
        { "mini-2", "updater", "mini-2", "5", "60" },
        { "updating:76", "updater mini-2", "mini-2", "5", "76" },
        { "end", "updater mini-2", "mini-2", "5", "96" },
        { "ended", "updater mini-2", "", "4", "96" },
};

static void pass(Course *c, const char *where)
{
        g_auto(GStrv) list = g_strsplit(where, " ", -1);

        for (char **point = list; *point; point++) {
                world_pass(c->w, *point);
                g_free(world_sim(c->w, "hold 1-1 %s", *point)); /* for the next time */
        }
}

START_TEST(test_cut)
{
        Course *c = course_new("ec600m", QUICK);

        course_publish(c, NULL);
        g_free(world_sim(c->w, "hold 1-1 updater"));
        g_free(world_sim(c->w, "hold 1-1 mini-2"));
        g_free(world_sim(c->w, "hold 1-1 %s", cuts[_i].point));
        course_begin(c);
        pass(c, cuts[_i].before);
        g_free(world_sim(c->w, "held 1-1 %s", cuts[_i].point));
        world_await_property(c->w, c->job, "Percent", cuts[_i].percent);
        course_cut_power(c);
        world_assert_property(c->w, c->job, "Cancellable", "0");
        if (strcmp(cuts[_i].point, "updater") != 0 && strcmp(cuts[_i].point, "mini-2") != 0)
                g_free(world_sim(c->w, "release 1-1 %s", cuts[_i].point));
        pass(c, cuts[_i].after);
        course_assert_success(c, cuts[_i].restarts);
        course_assert_history(c, c->job, "Percent", COURSE_SERIES);
        course_assert_history(c, MODULE_1, "System", SEEN_4);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* In .mini_2 the module repeats all its messages: the percentage stays until there is progress. Six times, which is
 * more restarts than the guide counts. */
START_TEST(test_repeated)
{
        Course *c = course_new("ec600m", QUICK);

        course_publish(c, NULL);
        g_free(world_sim(c->w, "hold 1-1 updating:92"));
        course_follow(c, COURSE_SERIES);
        g_free(world_sim(c->w, "held 1-1"));
        for (unsigned i = 0; i < 6; i++) {
                g_autofree char *restarts = g_strdup_printf("%u", 4 + i), *sixties = NULL;

                world_await_property(c->w, c->job, "Percent", "92");
                sixties = world_sim(c->w, "count 1-1 updating:60");
                course_cut_power(c);
                g_free(world_sim(c->w, "wait 1-1 updating:60 %d", atoi(sixties) + 1));
                g_free(world_sim(c->w, "held 1-1"));
                world_await_property(c->w, c->job, "State", "updating");
                world_assert_property(c->w, c->job, "Percent", "92");
                world_assert_property(c->w, c->job, "Restarts", restarts);
                world_await_property(c->w, MODULE_1, "System", "mini");
        }
        g_free(world_sim(c->w, "release 1-1"));
        course_assert_success(c, "10");
        course_assert_history(c, c->job, "Percent", COURSE_SERIES);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("mini");

        suite_add(s, "course", test_course, 0, 1);
        suite_add(s, "source", test_source, 0, G_N_ELEMENTS(sources));
        suite_add(s, "kind", test_kind, 0, G_N_ELEMENTS(kinds));
        suite_add(s, "method", test_method, 0, 1);
        suite_add(s, "outcome", test_outcome, 0, G_N_ELEMENTS(outcomes));
        suite_add(s, "cut", test_cut, 0, G_N_ELEMENTS(cuts));
        suite_add(s, "repeated", test_repeated, 0, 1);
        return suite_run(s);
}

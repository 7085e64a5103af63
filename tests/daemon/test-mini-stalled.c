/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MiniFOTA with failures (guide 5): the module falls back to its old firmware, or loops in its Mini system until
 * network, package or source are repaired. An upgrade that may still finish is never called failed. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"
#include "suite.h"

#define BACK    "settle=2\nstart=1\nstall=20\n"
#define STALLS  COURSE_STALLS
#define NOWHERE "http://nowhere.invalid/" UP

/* Firmware without any of the commands that distinguish it from a Mini system. */
#define WITHOUT_FINGERPRINT "sms=0,services=0,usbnet=0,ifc="

/* Mini systems that support SMS, report the old revision, and print the firmware's messages. */
#define LIKE_FIRMWARE \
        "ec600m,mini-at=full,mini-sms=1,mini-boot-urcs=RDY/+CFUN: 1/+CPIN: READY/+QIND: SMS DONE/+QIND: PB DONE"

/* ---- scenarios 1 and 2: the old firmware runs again */

/* The fault: of the server (404: the package is not published), or of the package, as modsim's --break. */
static const struct {
        const char *what;
        bool package;
        const char *said;   /* with mini-tells=1 */
        const char *likely; /* and the message that follows from it */
} wrongs[] = {
        { "404", false, "HTTP code 711: The module rejected the URL", "the package could not be downloaded" },
        { "down", false, "HTTP code 716: The module could not connect to the server", "the package could not be downloaded" },
        { "dns", false, "HTTP code 714: The module could not resolve the server's name",
          "the package could not be downloaded" },
        { "from", true, "code 507: The package was made for another revision than the one that runs",
          "the package does not fit this module" },
        { "project", true, "code 552: The package was made for another model", "the package does not fit this module" },
        { "baseline", true, "code 553: The package was made for another baseline",
          "the package does not fit this module" },
        { "magic", true, "code 505: The package failed the module's check", "the package does not fit this module" },
};

static char *wrong_source(Course *c, unsigned i)
{
        if (wrongs[i].package)
                course_publish(c, wrongs[i].what);
        if (strcmp(wrongs[i].what, "down") == 0)
                return g_strdup("http://127.0.0.1:1/" UP);
        return g_strdup(strcmp(wrongs[i].what, "dns") == 0 ? NOWHERE : c->url);
}

static void check_begun_anew(Course *c, const char *restarts)
{
        g_autofree char *failed = g_steal_pointer(&c->job);

        course_publish(c, NULL);
        course_begin(c);
        ck_assert_str_ne(c->job, failed);
        course_assert_success(c, restarts);
        world_assert_sim(c->w, "2", "get 1-1 qfotadl-count");
        world_assert_property(c->w, failed, "Result", "failed");
}

START_TEST(test_fell_back)
{
        unsigned wrong = (unsigned)_i / 2;
        bool tells = _i % 2;
        Course *c = course_new(tells ? "ec600m,mini-tells=1" : "ec600m", BACK);
        g_autofree char *source = wrong_source(c, wrong);

        g_free(world_sim(c->w, "hold 1-1 mini"));
        course_begin_with(c, source, NULL, NULL, NULL);
        world_pass(c->w, "mini");
        course_assert_failed(c, "host", "fell-back");
        world_assert_property(c->w, c->job, "Restarts", "2");
        world_assert_property(c->w, c->job, "Percent", "0");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "2", "get 1-1 restarts");
        course_assert_history(c, MODULE_1, "System", "normal mini normal");
        course_assert_message(c, "The Mini system gave up and the old firmware runs again");
        if (tells) {
                course_assert_message(c, wrongs[wrong].said);
                course_assert_message(c, wrongs[wrong].likely);
        } else {
                course_assert_message(c, "without having said why");
                course_assert_message(c, "likelier the package could not be downloaded");
        }
        check_begun_anew(c, "4");
        course_free(c);
}
END_TEST

/* Mini systems of every kind that give up. Restarts as seen on the bus, and of the upgrade that follows. */
static const struct {
        const char *module;
        const char *restarts, *next;
} give_ups[] = {
        { "ec800m-4", "2", "4" },
        { "eg800k-2", "2", "3" },
        { "eg800k-4", "1", "2" },
        { "eg800k-4,sms=0,boot-urcs=RDY/+CPIN: READY", "1", "2" },
        { "ec600m,sms=0,unopened=keep", "2", "4" },
        { "ec600m,sms=0,mini-at=full,mini-revision=same,unopened=keep", "2", "4" },
        { "ec600m,mini-at=none", "2", "4" },
        { "ec600m,mini-ports=none", "2", "4" },
        { "ec600m,boot-urcs=", "2", "4" },
        { "ec600m,mini-tries=10,mini-boot-urcs=RDY/+CPIN: READY", "2", "4" },
};

START_TEST(test_gives_up)
{
        Course *c = course_new(give_ups[_i].module, BACK);

        if (_i % 2)
                course_publish(c, "from");
        course_begin(c);
        course_assert_failed(c, "host", "fell-back");
        world_assert_property(c->w, c->job, "Restarts", give_ups[_i].restarts);
        course_assert_message(c, "without having said why");
        check_begun_anew(c, give_ups[_i].next);
        course_free(c);
}
END_TEST

/* The module's Mini systems never show on the bus, and it does not support SMS: the messages of its firmware at the end
 * of the boot decide. */
START_TEST(test_boot_messages)
{
        Course *c = course_new("eg800k-4,unopened=keep," WITHOUT_FINGERPRINT, BACK);

        course_begin(c);
        course_assert_failed(c, "host", "fell-back");
        course_assert_history(c, MODULE_1, "System", "normal mini normal");
        check_begun_anew(c, "2");
        course_free(c);
}
END_TEST

/* Without these messages either: after one restart the running system is unknown. The job is not called failed for
 * that; a retry is the remedy. */
START_TEST(test_unknown_system)
{
        Course *c = course_new("eg800k-4,boot-urcs=RDY/+CPIN: READY," WITHOUT_FINGERPRINT, BACK);
        g_autofree char *idle = NULL;

        course_begin(c);
        world_await_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Result", "");
        course_publish(c, NULL);
        idle = world_sim(c->w, "count 1-1 idle");
        course_assert_retry(c, c->url);
        g_free(world_sim(c->w, "wait 1-1 idle %d", atoi(idle) + 1));
        world_assert_sim(c->w, c->new, "get 1-1 revision");
        world_await_property(c->w, c->job, "Restarts", "3");
        world_await_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Result", "");
        g_free(world_sim(c->w, "urc 1-1 +QIND: PB DONE")); /* one message is enough */
        world_assert_result(c->w, c->job, "success", "", "");
        world_assert_sim(c->w, "2", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* Newer firmware requests the package first, and stays (field facts 3). */
static const struct {
        unsigned wrong;
        const char *name, *code;
} probes[] = { { 0, "url-error", "711" }, { 1, "socket-connect-failed", "716" }, { 2, "dns-failed", "714" } };

START_TEST(test_probe)
{
        Course *c = course_new("ec600m,mini-probes-url=1", BACK "start=10\n");
        g_autofree char *source = wrong_source(c, probes[_i].wrong);

        course_begin_with(c, source, NULL, NULL, NULL);
        course_assert_failed(c, "http", probes[_i].name);
        world_assert_property(c->w, c->job, "ErrorCode", probes[_i].code);
        world_assert_property(c->w, c->job, "Restarts", "0");
        world_assert_sim(c->w, "0", "get 1-1 restarts");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_assert_history(c, MODULE_1, "System", "normal");
        check_begun_anew(c, "4");
        course_free(c);
}
END_TEST

/* ---- scenario 3: the network fails in .mini_1 */

static void check_cannot_cancel(Course *c)
{
        ck_assert(!world_call(c->w, c->job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(c->w), "NotCancellable");
}

static const struct {
        const char *module;
        const char *restarts; /* NULL: any number */
} networks[] = {
        { "ec600m", "4" },
        { "ec600m,sms=0,mini-at=full", "4" },
        { LIKE_FIRMWARE, "4" },
        { "ec600m,mini-tells=1", "4" },
        { "ec800m-4", "4" },
        { "eg800k-2", "3" },
        { "ec600m,mini-ports=none", "4" },
        { "ec600m,mini-retry-restarts=1,off=20,boot=20", NULL },
};

START_TEST(test_network)
{
        Course *c = course_new(networks[_i].module, STALLS);
        World *w = c->w;
        g_autofree char *fetches = NULL;

        course_publish(c, NULL);
        course_begin_and_hold(c, "mini-1:50");
        world_await_property(w, c->job, "Restarts", "1");
        world_assert_property(w, c->job, "State", "downloading");
        world_assert_property(w, c->job, "Message", "");
        g_free(world_sim(w, "set 1-1 registered 0"));
        g_free(world_sim(w, "release 1-1 mini-1:50"));
        g_free(world_sim(w, "wait 1-1 retry 3"));
        course_await_stalled(c, c->url);
        course_assert_no_message(c, "cannot go back");
        world_await_property(w, c->job, "Deadline", "0");
        world_await_property(w, c->job, "StallReason",
                             strstr(networks[_i].module, "mini-tells") ? "waiting-network" : "no-progress");
        if (strstr(networks[_i].module, "mini-tells")) {
                course_await_message(c, "restore the module's network");
                course_assert_message(c, "It last reported HTTP code 707");
        } else {
                course_assert_message(c, "it may be downloading slowly");
                course_assert_no_message(c, "publish");
        }
        world_await_property(w, MODULE_1, "System", "mini");
        world_assert_property(w, c->job, "Percent", "0");
        world_assert_sim(w, "mini-1", "get 1-1 stage");
        check_cannot_cancel(c);

        g_free(world_sim(w, "set 1-1 registered 1"));
        course_assert_success(c, networks[_i].restarts);
        world_assert_property(w, c->job, "StallReason", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        if (networks[_i].restarts)
                world_assert_sim(w, "4", "get 1-1 restarts");
        course_free(c);
}
END_TEST

/* ---- scenario 4: .mini_2 is missing */

static const struct {
        const char *module;
        const char *restarts, *percent;
} seconds[] = {
        { "ec600m", "4", "60" },
        { "ec600m,sms=0,mini-at=full,mini-revision=new", "4", "60" },
        { LIKE_FIRMWARE, "4", "60" },
        { "ec600m,mini-at=none", "4", "60" },
        { "ec600m,mini-ports=none", "4", "60" },
        { "ec600m,mini-retry-restarts=1,off=20,boot=20", NULL, "60" },
        { "ec600m,lost=updating", "4", "0" },
        { "ec800m-4", "4", "0" },
        { "eg800k-2", "3", "0" },
};

static void assert_no_tty(Course *c)
{
        g_autofree char *problem = world_property(c->w, MODULE_1, "Problem");

        ck_assert_msg(g_str_has_prefix(problem, "no tty is bound to it: "), "%s", problem);
}

/* Repaired by publishing the package. */
START_TEST(test_second)
{
        Course *c = course_stall_in_second(seconds[_i].module);
        g_autofree char *package = course_second_url(c);

        course_await_stalled(c, package);
        world_assert_property(c->w, c->job, "StallReason", "no-progress");
        if (strstr(seconds[_i].module, "mini-ports=none")) /* the message may name the missing package */
                assert_no_tty(c);
        if (strcmp(seconds[_i].percent, "60") == 0) {
                course_assert_message(c, "cannot go back");
                course_assert_no_message(c, c->url);
        } else {
                course_assert_message(c, c->url); /* either package may be missing: both are named */
        }
        world_assert_property(c->w, c->job, "Percent", seconds[_i].percent);
        world_await_property(c->w, MODULE_1, "System", "mini");
        world_assert_sim(c->w, "mini-2", "get 1-1 stage");
        check_cannot_cancel(c);

        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, seconds[_i].restarts);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* The daemon dies while the job is stalled: the job is kept, and nothing is sent again. */
START_TEST(test_stalled_crash)
{
        Course *c = course_stall_in_second(_i == 0 ? "ec600m" : "ec800m-4");
        g_autofree char *message = NULL;

        world_await_property(c->w, c->job, "State", "stalled");
        message = world_property(c->w, c->job, "Message");
        for (unsigned i = 0; i < 3; i++) {
                world_kill_daemon(c->w);
                world_start_daemon(c->w);
                world_assert_property(c->w, c->job, "State", "stalled");
                world_assert_property(c->w, c->job, "StallReason", "no-progress");
                world_assert_property(c->w, c->job, "Message", message);
        }
        world_await_property(c->w, MODULE_1, "System", "mini");
        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, "4");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* ---- packages with damage after the header */

static const struct {
        const char *break_;
        const char *percent;
        const char *message;
} damages[] = {
        { "digest", "0", "waits for" },
        { "truncated", "0", "waits for" },
        { "flash", "30", "code 504" }, /* END,504 of the updater: back to the old Mini system */
};

/* The module loops with restarts, more than any upgrade has, and is not given up. */
START_TEST(test_damaged)
{
        Course *c = course_new("ec600m,off=20,boot=20,unopened=keep", STALLS);

        course_publish(c, damages[_i].break_);
        course_begin(c);
        world_await_property(c->w, c->job, "State", "stalled");
        course_await_message(c, damages[_i].message); /* a repeated message ends the stall, once */
        world_assert_property(c->w, c->job, "Percent", damages[_i].percent);
        g_free(world_sim(c->w, "wait 1-1 returned +12"));
        world_await_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Result", "");
        check_cannot_cancel(c);
        course_publish(c, NULL);
        course_assert_success(c, NULL);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* The same for .mini_2: no restart, and all messages are repeated again and again. The first repetition counts as
 * progress. */
START_TEST(test_damaged_second)
{
        /* The module's pause between two downloads is longer than the daemon's time-out for progress: it may be asked
         * for its identity. */
        Course *c = course_new("ec600m,mini-retry=3000", STALLS);

        course_publish_as(c, UP, NULL);
        course_publish_as(c, "up.mini_2", _i == 0 ? "digest" : "truncated");
        course_begin(c);
        for (unsigned stalls = 0; stalls < 2;) {
                g_autofree char *states = NULL;

                world_await_property(c->w, c->job, "State", "stalled");
                g_free(world_sim(c->w, "wait 1-1 updating:96 +2"));
                states = course_history(c, c->job, "State");
                stalls = 0;
                for (const char *s = states; (s = strstr(s, "stalled")); s++)
                        stalls++;
        }
        world_await_property(c->w, c->job, "State", "stalled");
        g_free(world_sim(c->w, "wait 1-1 updating:96 +5"));
        course_await_stalled(c, ".mini_2");
        course_assert_message(c, "cannot go back");
        world_assert_property(c->w, c->job, "Percent", "96");
        world_assert_property(c->w, MODULE_1, "System", "mini");
        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, "4");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* ---- modules that hang, stay away, or come back as something else */

/* A power cut is the remedy. */
static const struct {
        const char *module;
        const char *system, *percent, *message, *reason;
} hangs[] = {
        { "ec600m,stall=mini-1:50", "mini", "0", "waits for", "no-progress" },
        { "ec600m,stall=updating:30,unopened=keep", "updating", "30", "keep it powered", "updater-silent" },
        { "ec600m,stall=updating:76,unopened=keep", "mini", "76", "cannot go back", "no-progress" },
        { "ec600m,return=diag,return-at=1", "mini", "0", "", "no-progress" },
        { "ec600m,return=diag,return-at=2", NULL, "0", "", "no-progress" },
        { "ec600m,return=diag,return-at=3", NULL, "60", "", "no-progress" },
};

START_TEST(test_hang)
{
        Course *c = course_new(hangs[_i].module, STALLS);
        bool says_before_it_goes = strcmp(hangs[_i].percent, "60") == 0;
        g_autofree char *system = NULL;

        course_publish(c, NULL);
        if (says_before_it_goes)
                g_free(world_sim(c->w, "hold 1-1 updater"));
        course_begin(c);
        if (says_before_it_goes)
                world_pass(c->w, "updater");
        world_await_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Percent", hangs[_i].percent);
        world_assert_property(c->w, c->job, "Result", "");
        course_assert_message(c, hangs[_i].message);
        world_assert_property(c->w, c->job, "StallReason", hangs[_i].reason);
        system = world_property(c->w, MODULE_1, "System");
        g_free(world_sim(c->w, "set 1-1 stall "));
        g_free(world_sim(c->w, "power-cut 1-1"));
        course_assert_success(c, "5");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        if (hangs[_i].system)
                ck_assert_str_eq(system, hangs[_i].system);
        course_free(c);
}
END_TEST

static const struct {
        const char *module;
        const char *name, *restarts;
        bool new;
} losses[] = {
        { "return=never,return-at=1", "module-lost", "0", false },
        { "return=never,return-at=2", "module-lost", "1", false },
        { "return=never,return-at=3", "module-lost", "2", false },
        { "return=never,return-at=4", "module-lost", "3", true },
        { "return=boot-rom,return-at=1", "boot-rom", "0", false },
        { "return=boot-rom,return-at=2", "boot-rom", "1", false },
        { "return=boot-rom,return-at=3", "boot-rom", "2", false },
        { "return=boot-rom,return-at=4", "boot-rom", "3", true },
        { "return=diag,return-at=4", "crashed", "4", true },
};

START_TEST(test_lost)
{
        g_autofree char *module = g_strconcat("ec600m,", losses[_i].module, NULL);
        Course *c = course_new(module, "restart=2\nsettle=2\nstall=20\n");

        course_publish(c, NULL);
        course_begin(c);
        world_assert_result(c->w, c->job, "failed", "host", losses[_i].name);
        world_assert_property(c->w, c->job, "Restarts", losses[_i].restarts);
        world_assert_property(c->w, MODULE_1, "Job", "/");
        world_assert_property(c->w, MODULE_1, "System", "unknown");
        world_assert_sim(c->w, losses[_i].new ? c->new : c->old, "get 1-1 revision");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "0", "get 1-1 diag-bytes");
        course_free(c);
}
END_TEST

/* ---- between two questions */

/* How often the loop of the daemon has waited for events. */
static unsigned long waits(World *w)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)world_daemon_pid(w)), *text = NULL;
        const char *line;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        line = strstr(text, "\nvoluntary_ctxt_switches:");
        ck_assert_ptr_nonnull(line);
        return strtoul(strchr(line, ':') + 1, NULL, 10);
}

/* A module that is stalled for days is asked again and again; fotad sleeps from one question to the next, which is 8
 * seconds here. */
START_TEST(test_asleep)
{
        Course *c = course_new("ec600m,mini-retry=100000", "settle=8\nstall=8\ncommand=300\n");
        unsigned long before;

        course_publish_as(c, UP, NULL);
        course_begin(c);
        world_await_property(c->w, c->job, "State", "stalled");
        g_free(world_sim(c->w, "wait 1-1 rx:ATI +5")); /* the interval has grown */
        g_free(world_sim(c->w, "wait 1-1 rx:AT+IFC? +1"));
        g_free(world_sim(c->w, "set 1-1 delay 600000")); /* the next question is not answered */
        world_assert_property(c->w, c->job, "State", "stalled");
        before = waits(c->w);
        g_free(world_sim(c->w, "wait 1-1 rx:ATI +1"));
        ck_assert_uint_lt(waits(c->w) - before, 6);
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("mini-stalled");

        suite_add(s, "fell-back", test_fell_back, 0, 2 * G_N_ELEMENTS(wrongs));
        suite_add(s, "gives-up", test_gives_up, 0, G_N_ELEMENTS(give_ups));
        suite_add(s, "boot-messages", test_boot_messages, 0, 1);
        suite_add(s, "unknown-system", test_unknown_system, 0, 1);
        suite_add(s, "probe", test_probe, 0, G_N_ELEMENTS(probes));
        suite_add(s, "network", test_network, 0, G_N_ELEMENTS(networks));
        suite_add(s, "second", test_second, 0, G_N_ELEMENTS(seconds));
        suite_add(s, "stalled-crash", test_stalled_crash, 0, 2);
        suite_add(s, "damaged", test_damaged, 0, G_N_ELEMENTS(damages));
        suite_add(s, "damaged-second", test_damaged_second, 0, 2);
        suite_add(s, "hang", test_hang, 0, G_N_ELEMENTS(hangs));
        suite_add(s, "asleep", test_asleep, 0, 1);
        suite_add(s, "lost", test_lost, 0, G_N_ELEMENTS(losses));
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A module that waits in its Mini system for a network, for a day or a week: the daemon is nearly idle meanwhile, and
 * the network's return suffices. The day itself is simulated in tests/core/test-upgrade-mini-stalled; here the program
 * is measured over a few of its own intervals.
 *
 * Allowed while a job is stalled: the module is asked for its identity once per `stall` because it is stalled and once
 * per `settle` because its firmware did not answer, independently of each other. A port without an answer is probed
 * once a second at most. There is no news, so nothing is written and nothing is logged. */

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "mini.h"
#include "suite.h"
#include "workers.h"

#define STALL   2 /* seconds; settle is the same */
#define PERIODS 6 /* the number of them that the measurement lasts */
#define CONFIG  "command=1\nsettle=2\nstall=2\n"

#define QUESTIONS 9 /* lines in a row at most: three for the synchronization, five for an identity, one for the
                       system */
#define WAKE_UPS                                                                                                       \
        12 /* for a line, most of them the test bed's: each read and write of a tty is a message to its server */

static const struct {
        const char *module;
        const char *point, *package; /* the module's point when the network fails, and the package that it then waits
                                        for */
        const char *percent;         /* value of its first UPDATING after the network's return */
        bool mute;
} courses[] = {
        { "ec600m", "mini-2", "up.mini_2", "60", false },
        { "ec600m,mini-at=none", "mini-2", "up.mini_2", "60", true },
        { "ec600m,mini-tries=999999", "mini", "up.mini_1", "2", false },
        { "ec600m,mini-tries=999999,mini-tells=1", "mini", "up.mini_1", "2", false },
        { "ec800m-4", "mini-2", "up.mini_2", "60", false },
        { "ec800m-4,mini-at=none", "mini-2", "up.mini_2", "60", true },
        { "ec800m-4,mini-tries=999999", "mini", "up.mini_1", "64", false },
        { "eg800k-2,mini-tries=999999", "mini", "up.mini_1", "64", true },
};

typedef struct Effort {
        unsigned long switches, lines, log, fotas;
        unsigned signals;
} Effort;

/* The number of times that the daemon's threads were scheduled. */
static unsigned long count_switches(World *w)
{
        g_autofree char *directory = g_strdup_printf("/proc/%d/task", (int)world_daemon_pid(w));
        DIR *tasks = opendir(directory);
        unsigned long n = 0;
        struct dirent *task;

        ck_assert_ptr_nonnull(tasks);
        while ((task = readdir(tasks))) {
                g_autofree char *status = g_build_filename(directory, task->d_name, "status", NULL), *text = NULL;

                if (*task->d_name == '.' || !g_file_get_contents(status, &text, NULL, NULL))
                        continue;
                n += strtoul(strstr(text, "\nvoluntary_ctxt_switches:") + 25, NULL, 10);
        }
        closedir(tasks);
        return n;
}

/* Bytes of the log without --debug: without the dialogue on the AT port. */
static unsigned long count_log(World *w)
{
        g_autofree char *log = world_log(w);
        g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
        unsigned long n = 0;

        for (char **line = lines; *line; line++)
                if (!g_str_has_prefix(*line, "usb-1-1: > ") && !g_str_has_prefix(*line, "usb-1-1: < "))
                        n += strlen(*line) + 1;
        return n;
}

static unsigned long count_fotas(World *w)
{
        g_autofree char *log = world_log(w);
        unsigned long n = 0;

        for (const char *p = log; (p = strstr(p, "usb-1-1: < +QIND: \"FOTA\"")); p++)
                n++;
        return n;
}

/* Lines that the module received, including those that it ignored. */
static unsigned long count_lines(World *w)
{
        g_autofree char *path = world_path(w, "truth.log"), *truth = NULL;
        unsigned long n = 0;

        ck_assert(g_file_get_contents(path, &truth, NULL, NULL));
        for (const char *p = truth; (p = strstr(p, " 1-1 rx ")); p++)
                n++;
        return n;
}

static Effort measure(World *w)
{
        return (Effort){
                .switches = count_switches(w),
                .lines = count_lines(w),
                .log = count_log(w),
                .fotas = count_fotas(w),
                .signals = world_count_signals(w, JOB_1, "Progress") +
                           world_count_signals(w, JOB_1, "PropertiesChanged") +
                           world_count_signals(w, MODULE_1, "PropertiesChanged"),
        };
}

/* Reads all writes within that many milliseconds; true if there were any. */
static bool was_written(int writes, int timeout)
{
        struct pollfd fd = { .fd = writes, .events = POLLIN };
        char events[4096];

        if (poll(&fd, 1, timeout) <= 0)
                return false;
        while (read(writes, events, sizeof(events)) > 0)
                ;
        return true;
}

/* No call is made to the daemon meanwhile; its signals are read afterwards. */
static void let_pass(int seconds)
{
        gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;

        while (g_get_monotonic_time() < end)
                poll(NULL, 0, (int)((end - g_get_monotonic_time()) / 1000) + 1);
}

static void stay_away(unsigned i, void *data)
{
        g_autofree char *module = g_strconcat(courses[i].module, ",unopened=keep", NULL);
        Course *c = course_new(module, CONFIG);
        World *w = c->w;
        g_autofree char *jobs = world_path(w, "state/jobs"), *message = NULL, *stalled = NULL;
        g_autofree char *history = NULL, *later = NULL, *went_on = g_strdup_printf("updating %s", courses[i].percent);
        unsigned long asks = PERIODS + 1 + PERIODS + 1, lines = asks * QUESTIONS, said;
        int writes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        Effort before, after;

        (void)data;
        course_publish(c, NULL);
        course_begin_and_hold(c, courses[i].point);
        g_free(world_sim(w, "set 1-1 registered 0"));
        g_free(world_sim(w, "release 1-1"));
        world_await_property(w, c->job, "State", "stalled");
        g_free(world_sim(w, "wait 1-1 retry +1"));

        /* Over some of its intervals, once the state has been reported in full. */
        ck_assert_int_ge(inotify_add_watch(writes, jobs, IN_ALL_EVENTS & ~(IN_ACCESS | IN_OPEN | IN_CLOSE_NOWRITE)), 0);
        for (unsigned n = 0; was_written(writes, STALL * 1000); n++)
                ck_assert_msg(n < PERIODS, "it writes to its state directory again and again");
        before = measure(w);
        let_pass(PERIODS * STALL);
        after = measure(w);
        printf("%s at %s, in %u s: %lu switches, %lu lines, %lu upgrade URCs, %lu bytes of log, %u signals\n",
               courses[i].module, courses[i].point, PERIODS * STALL, after.switches - before.switches,
               after.lines - before.lines, after.fotas - before.fotas, after.log - before.log,
               after.signals - before.signals);
        fflush(stdout);
        if (courses[i].mute)
                lines = PERIODS * STALL + asks;
        said = after.lines - before.lines;
        ck_assert_uint_gt(said, 0); /* the daemon still has the job */
        ck_assert_uint_le(said, lines);
        said += after.fotas - before.fotas; /* messages of the module must be read */
        ck_assert_uint_le(after.switches - before.switches, said * WAKE_UPS + asks);
        ck_assert_msg(!was_written(writes, 0), "it wrote to its state directory");
        ck_assert_uint_eq(after.log - before.log, 0);
        ck_assert_uint_eq(after.signals - before.signals, 0);
        world_assert_property(w, c->job, "State", "stalled");
        world_assert_property(w, c->job, "Cancellable", "0");
        stalled = world_property(w, c->job, "Message");
        history = course_history(c, c->job, "State");
        ck_assert_msg(g_str_has_suffix(history, " stalled"), "%s", history);

        /* The network is available again. */
        g_free(world_sim(w, "hold 1-1 updating:%s", courses[i].percent)); /* each line causes a signal of its own */
        g_free(world_sim(w, "set 1-1 registered 1"));
        g_free(world_sim(w, "held 1-1 updating:%s", courses[i].percent));
        ck_assert(world_await_signal(w, c->job, "Progress", went_on));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, c->job, "success", "", "");
        later = course_history(c, c->job, "State");
        ck_assert_msg(g_str_has_prefix(later, history) && strstr(later + strlen(history), " updating"), "%s", later);
        message = course_history(c, c->job, "Message");
        ck_assert_msg(strstr(message, " \"\" ") != NULL, "not taken back: %s", message);
        world_assert_property(w, c->job, "ToRevision", c->new);
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        ck_assert_msg(strstr(stalled, courses[i].package) != NULL, "no '%s' in: %s", courses[i].package, stalled);
        close(writes);
        course_free(c);
}

/* All at once, since most of the time is spent waiting. */
START_TEST(test_away)
{
        workers_run("course", 0, G_N_ELEMENTS(courses) - 1, stay_away, NULL);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("away");

        suite_add(s, "away", test_away, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A module that reports upgrades again and again, as fast as it can: the daemon makes few jobs and few lines of it, keeps
 * the history of the jobs that were requested, and serves the module beside it as ever. */

#include <check.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client-run.h"
#include "files.h"
#include "presets.h"
#include "squatter.h"
#include "suite.h"

#define HONEST_IMEI "867710050000021"
#define JOBS_MAX    1   /* of the chatty module within [timeouts] settle */
#define LINES_MAX   100 /* about the chatty module in the log, but for its dialogue, within ten seconds */
#define STEP        10  /* ms between two texts of a chatty module */

/* Upgrades that begin and end at once. */
#define PAIR_WITH(code)                                                                                               \
        "\\r\\n+QIND: \"FOTA\",\"HTTPSTART\"\\r\\n\\r\\n+QIND: \"FOTA\",\"HTTPEND\"," code "\\r\\n"
#define PAIR PAIR_WITH("701")

/* A process that has the module send the text again and again, until evict(). */
static pid_t chatter(World *w, const char *module, const char *text)
{
        g_autofree char *command = g_strdup_printf("bytes %s %s%s%s%s", module, text, text, text, text);
        pid_t parent = getpid(), pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid > 0)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        world_connect_anew(w);
        while (getppid() == parent) {
                g_free(world_sim(w, "%s", command));
                poll(NULL, 0, STEP);
        }
        _exit(1);
}

static unsigned count_lines(World *w, const char *start, const char *part)
{
        g_autofree char *log = world_log(w);
        g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
        unsigned n = 0;

        for (char **line = lines; *line; line++)
                n += g_str_has_prefix(*line, start) && strstr(*line, part) && !strstr(*line, ": < ") &&
                     !strstr(*line, ": > ");
        return n;
}

/* The lines about a module in an interval of time are bounded. */
static void assert_lines(World *w, const char *start, const char *part, gint64 since)
{
        unsigned intervals = (unsigned)((g_get_monotonic_time() - since) / (10 * G_USEC_PER_SEC)) + 2;

        ck_assert_uint_le(count_lines(w, start, part), intervals * LINES_MAX);
}

static int on_probed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        bool *pending = userdata;

        (void)m, (void)error;
        *pending = false;
        return 0;
}

/* Has the identity of the chatty module read again and again, which opens its port, until the job has ended. */
static void probe_until_finished(World *w, const char *job)
{
        gint64 end = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
        static bool pending; /* a reply may come after the return */

        pending = false;
        for (;;) {
                g_autofree char *state = world_property(w, job, "State");

                if (strcmp(state, "finished") == 0)
                        break;
                ck_assert_int_lt(g_get_monotonic_time(), end);
                if (!pending)
                        ck_assert_int_ge(sd_bus_call_method_async(world_bus(w), NULL, "org.fotad1", MODULE_1,
                                                                  "org.fotad1.Module", "Probe", on_probed, &pending,
                                                                  NULL),
                                         0);
                pending = true;
                sd_bus_wait(world_bus(w), G_USEC_PER_SEC / 100);
                while (sd_bus_process(world_bus(w), NULL) > 0)
                        ;
        }
        ck_assert_int_ge(sd_bus_flush(world_bus(w)), 0);
}

/* The module beside it is upgraded, from a URL (0) and from a package on the host (1). */
START_TEST(test_honest)
{
        WorldSettings settings = { .modules = { "1-1=ec200a",
                                                "1-2=ec200a,urcport=uart1,fota-cid=3,imei=" HONEST_IMEI },
                                   .config = "[timeouts]\nsettle=300\n",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        gint64 since = g_get_monotonic_time();
        g_autofree char *url = NULL, *job = NULL;
        pid_t pid;

        file_make(w, 1000000);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        pid = chatter(w, "1-1", PAIR);
        world_start_daemon(w);
        world_await_module(w, MODULE_2);
        job = _i == 0 ? world_start(w, MODULE_2, url, NULL) : file_start(w, MODULE_2, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        probe_until_finished(w, job);
        world_assert_result(w, job, "success", "", "");
        if (_i == 1)
                file_assert_whole(w, "1-2");
        evict(pid);
        ck_assert_uint_ge(count_lines(w, "job ", "on usb-1-1: adopted"), 1);
        ck_assert_uint_le(count_lines(w, "job ", "on usb-1-1: adopted"), JOBS_MAX);
        assert_lines(w, "job ", " on usb-1-1: ", since);
        world_free(w);
}
END_TEST

/* Has the module report an upgrade that ends at once, until the job with that number is adopted, and waits for its end.
 * The module stands still meanwhile, so that its port is open. */
static void adopt(World *w, const char *text, unsigned number)
{
        g_autofree char *job = g_strdup_printf("/org/fotad1/job/_3%u", number);
        g_autofree char *line = g_strdup_printf("job %u on usb-1-1: adopted", number), *log = world_path(w, "fotad.log");
        gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

        ck_assert(world_call(w, MODULE_1, "org.fotad1.Module", "Probe")); /* no other reading is under way */
        do {
                ck_assert_int_lt(g_get_monotonic_time(), end);
                g_free(world_sim(w, "hold 1-1 answer:ATI"));
                ck_assert_int_ge(sd_bus_call_method_async(world_bus(w), NULL, "org.fotad1", MODULE_1,
                                                          "org.fotad1.Module", "Probe", NULL, NULL, NULL),
                                 0);
                ck_assert_int_ge(sd_bus_flush(world_bus(w)), 0);
                g_free(world_sim(w, "held 1-1 answer:ATI"));
                g_free(world_sim(w, "bytes 1-1 %s", text));
                g_free(world_sim(w, "release 1-1"));
                /* Its answer follows the report. A module whose job is being written is busy. */
                if (!world_call(w, MODULE_1, "org.fotad1.Module", "Probe")) {
                        ck_assert_str_eq(world_error(w), "Busy");
                        world_await_file(w, log, line);
                }
        } while (count_lines(w, line, "") == 0);
        world_await_property(w, job, "State", "finished");
        world_await_property(w, MODULE_1, "Job", "/");
}

static void assert_gone(World *w, const char *job)
{
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "org.freedesktop.DBus.Error.UnknownObject");
}

/* Jobs that were requested stay in the history, however many are adopted. */
START_TEST(test_history)
{
        static const char *const texts[] = { PAIR, PAIR_WITH("702"), PAIR, PAIR_WITH("702") };
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .config = "[timeouts]\nsettle=1\ncommand=2\n[jobs]\nhistory=2\n" };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "none.bin"), *job = NULL;

        world_await_module(w, MODULE_1);
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        world_assert_result(w, job, "failed", "http", "url-error");
        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
                adopt(w, texts[i], 2 + i);
        world_assert_property(w, job, "ErrorName", "url-error");
        world_assert_property(w, "/org/fotad1/job/_35", "Repeats", "0");
        assert_gone(w, "/org/fotad1/job/_32");
        world_free(w);
}
END_TEST

/* Adopted jobs that end in the same way, one after the other, are one in the history, which counts the others. */
START_TEST(test_repeats)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[timeouts]\nsettle=1\ncommand=2\n" };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_1);
        for (unsigned i = 1; i <= 3; i++)
                adopt(w, PAIR, i);
        for (unsigned i = 0; i < 2; i++) {
                assert_gone(w, JOB_1);
                assert_gone(w, "/org/fotad1/job/_32");
                world_assert_property(w, "/org/fotad1/job/_33", "Repeats", "2");
                client_assert(w, "status 3", NULL, 0, "Repeats        2", "");
                client_assert(w, "history --json", NULL, 0, "\"Repeats\":2", "");
                if (i == 0) {
                        ck_assert_int_eq(world_stop_daemon(w), 0);
                        world_start_daemon(w);
                }
        }
        adopt(w, PAIR_WITH("702"), 4);
        world_assert_property(w, "/org/fotad1/job/_34", "Repeats", "0");
        world_assert_property(w, "/org/fotad1/job/_33", "Repeats", "2");
        world_free(w);
}
END_TEST

/* A module at a UART restarts as often as a module can, whatever it reports. */
START_TEST(test_restarts)
{
        WorldSettings settings = { .modules = { "tty:ttyS1=ec200a,unopened=keep" },
                                   .config = "[serial]\nports=ttyS1\n[timeouts]\nsettle=1\ncommand=2\n" };
        World *w = world_new(&settings);
        gint64 since = g_get_monotonic_time();
        unsigned seconds;
        pid_t pid;

        world_await_module(w, MODULE_UART);
        pid = chatter(w, "tty:ttyS1", "\\r\\n+QIND: SMS DONE\\r\\n\\r\\nRDY\\r\\n");
        for (unsigned i = 0; i < 20; i++)
                world_call(w, MODULE_UART, "org.fotad1.Module", "Probe"); /* which opens the port */
        evict(pid);
        seconds = (unsigned)((g_get_monotonic_time() - since) / G_USEC_PER_SEC);
        ck_assert_uint_le(count_lines(w, "tty-ttyS1: ", "restarted"), 10 + seconds + 1);
        world_free(w);
}
END_TEST

/* A module that leaves the bus and comes back all the time fills no log, which says how much of it is missing. */
START_TEST(test_log)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,off=1,boot=1" } };
        World *w = world_new(&settings);
        gint64 since = g_get_monotonic_time(), end = since + 60 * G_USEC_PER_SEC;
        unsigned n = 0;

        while (count_lines(w, "usb-1-1: ", "lines were dropped") == 0) {
                ck_assert_int_lt(g_get_monotonic_time(), end);
                for (unsigned i = 0; i < 20; i++, n++) {
                        g_free(world_sim(w, "power-cut 1-1"));
                        g_free(world_sim(w, "wait 1-1 returned %u", n + 2));
                }
        }
        assert_lines(w, "usb-1-1: ", "left the bus", since);
        ck_assert_uint_lt(count_lines(w, "usb-1-1: ", "left the bus"), n);
        world_free(w);
}
END_TEST

/* The same while the module is in its Mini system, where it may restart for days, and the disk takes no record of its
 * job. The lines that name the command and the result are not dropped. */
START_TEST(test_log_of_job)
{
        WorldSettings settings = { .modules = { "1-1=ec600m,urcport=uart1,off=1,boot=1" },
                                   .preload = "tests/daemon/slow-files.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *refuse = world_path(w, "refuse"), *log = world_path(w, "fotad.log"), *url = NULL, *job = NULL, *returned = NULL;
        unsigned first;
        gint64 since;

        world_set_environment(w, "RECORDS_REFUSED", refuse);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        world_package(w, "up.mini_1", "EC600MCNLER06A08M08", "EC600MCNLER06A09M08", NULL);
        world_package(w, "up.mini_2", "EC600MCNLER06A08M08", "EC600MCNLER06A09M08", NULL);
        url = world_http(w, "up.mini_1");
        g_free(world_sim(w, "hold 1-1 updating:64"));
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        g_free(world_sim(w, "held 1-1 updating:64"));
        world_await_property(w, job, "State", "updating");
        returned = world_sim(w, "count 1-1 returned");
        first = (unsigned)atoi(returned) + 1;
        ck_assert(g_file_set_contents(refuse, "", 0, NULL));
        since = g_get_monotonic_time();
        for (unsigned i = 0; i < 4 * LINES_MAX; i++) {
                g_free(world_sim(w, "power-cut 1-1"));
                g_free(world_sim(w, "wait 1-1 returned %u", first + i));
        }
        assert_lines(w, "", "cannot be written", since);
        ck_assert_int_eq(g_unlink(refuse), 0);
        g_free(world_sim(w, "release 1-1 updating:64"));
        world_assert_result(w, job, "success", "", "");
        world_await_file(w, log, "lines were dropped");
        ck_assert_uint_eq(count_lines(w, "job 1 on usb-1-1: ", "AT+QFOTADL is sent"), 1);
        ck_assert_uint_eq(count_lines(w, "job 1 on usb-1-1: success: ", ""), 1);
        world_free(w);
}
END_TEST

/* Bytes that stop and start a terminal's output, and echoes of fotad's own commands, do not stop an upgrade. */
static const struct {
        const char *module, *path, *text;
} storms[] = {
        { "1-1", MODULE_1, "\\x13\\x11\\x13" },
        { "tty:ttyS1", MODULE_UART, "\\x13\\x11\\x13" },
        { "1-1", MODULE_1, "ATQ0V1E0\\r\\r\\nAT+CGSN\\r\\r\\n" },
        { "tty:ttyS1", MODULE_UART, "ATQ0V1E0\\r\\r\\nAT+CGSN\\r\\r\\n" },
};

START_TEST(test_storm)
{
        g_autofree char *module = g_strconcat(storms[_i].module, "=ec200a", NULL);
        WorldSettings settings = { .modules = { module }, .config = "[serial]\nports=ttyS1\n" };
        World *w = world_new(&settings);
        g_autofree char *url = world_publish(w), *job = NULL;
        pid_t pid;

        world_await_module(w, storms[_i].path);
        pid = chatter(w, storms[_i].module, storms[_i].text);
        job = world_expect_job(w, world_start(w, storms[_i].path, url, NULL));
        world_assert_result(w, job, "success", "", "");
        evict(pid);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("chatter");

        suite_add(s, "honest", test_honest, 0, 2);
        suite_add(s, "history", test_history, 0, 1);
        suite_add(s, "repeats", test_repeats, 0, 1);
        suite_add(s, "restarts", test_restarts, 0, 1);
        suite_add(s, "log", test_log, 0, 1);
        suite_add(s, "log-of-job", test_log_of_job, 0, 1);
        suite_add(s, "storm", test_storm, 0, G_N_ELEMENTS(storms));
        return suite_run(s);
}

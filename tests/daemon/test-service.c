/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon under its service manager and with its disk: configurations that it refuses, its end, its state when it
 * starts again, and that it sleeps when there is nothing to do. */

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "datagrams.h"
#include "presets.h"
#include "suite.h"
#include "world-private.h"
#include "world.h"

static void write_file(World *w, const char *name, const char *text)
{
        g_autofree char *path = world_path(w, name), *directory = g_path_get_dirname(path);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static char *read_file(World *w, const char *name)
{
        g_autofree char *path = world_path(w, name);
        char *text = NULL;

        ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
        return text;
}

static unsigned count_in_log(World *w, const char *part)
{
        g_autofree char *log = world_log(w);
        unsigned n = 0;

        for (const char *p = log; (p = strstr(p, part)); p++)
                n++;
        return n;
}

/* ---- starting */

static const struct {
        const char *file, *text, *said;
} bad[] = {
        { "fotad.conf", "[timeouts]\ncommand=abc\n", "fotad.conf:2: command in [timeouts] must be a number" },
        { "fotad.conf", "[timeouts]\ncommand=0\n", "fotad.conf:2: command" },
        { "fotad.conf", "[timeouts]\ncommand=-1\n", "fotad.conf:2: command" },
        { "fotad.conf", "[timeouts]\ncommand=30s\n", "fotad.conf:2: command" },
        { "fotad.conf", "[timeouts]\n\n# hm\ncommand=\n", "fotad.conf:4: command" },
        { "fotad.conf", "[timeouts]\nstall=99999999999999999999\n", "fotad.conf:2: stall" },
        { "fotad.conf", "[jobs]\nhistory=0\n", "fotad.conf:2: history" },
        { "fotad.conf", "[serial]\nbaud-rate=fast\n", "fotad.conf:2: baud-rate" },
        { "fotad.conf", "[serial]\nlock-directory=run/lock\n", "fotad.conf:2: lock-directory" },
        { "fotad.conf", "[usb]\nat-interfaces=6005\n", "fotad.conf:2: at-interfaces" },
        { "fotad.conf", "[usb]\nat-interfaces=6005=99\n", "fotad.conf:2: at-interfaces" },
        { "fotad.conf", "[jobs]\nhistory=5\n[timeouts]\nstart=5\nstart=x\n", "fotad.conf:5: start" },
        { "fotad.conf", "command=30\n", "fotad.conf:1: " },
        { "fotad.conf", "[timeouts]\ncommand=30\nnonsense\n", "fotad.conf:3: " },
        { "fotad.conf", "[timeouts\ncommand=30\n", "fotad.conf:1: " },
        { "fotad.conf.d/50-site.conf", "[jobs]\nhistory=many\n", "fotad.conf.d/50-site.conf:2: history" },
        { "fotad.conf.d/50-site.conf", "history=1\n", "fotad.conf.d/50-site.conf:1: " },
};

/* The exit status of --check-config with the world's files. Its messages are appended to the daemon's log. */
static int check_config(World *w)
{
        g_autofree char *fotad = g_build_filename(g_getenv("abs_top_builddir"), "daemon/fotad", NULL);
        g_autofree char *conf = world_path(w, "fotad.conf"), *log = world_path(w, "fotad.log"), *command = NULL;
        int status;

        command = g_strdup_printf("'%s' --check-config --config '%s' 2>>'%s'", fotad, conf, log);
        status = system(command);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

START_TEST(test_bad_config)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *log = NULL;

        write_file(w, bad[_i].file, bad[_i].text);
        ck_assert_int_eq(world_run_daemon(w), EX_CONFIG);
        ck_assert_uint_eq(count_in_log(w, bad[_i].said), 1);
        ck_assert_int_eq(check_config(w), EX_CONFIG);
        log = world_log(w);
        ck_assert_msg(count_in_log(w, bad[_i].said) == 2, "'%s' does not have '%s' twice", log, bad[_i].said);
        world_free(w);
}
END_TEST

/* Keys of a newer fotad, foreign files, drop-ins in their order. */
START_TEST(test_config)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .no_daemon = true,
                                   .config = "[jobs]\nhistroy=5\n[colours]\nsky=blue\n" };
        World *w = world_new(&settings);
        g_autofree char *log = NULL;

        write_file(w, "fotad.conf.d/10-a.conf", "[usb]\nat-interfaces=6005=9\n");
        write_file(w, "fotad.conf.d/20-b.conf", "[usb]\nat-interfaces=6005=3\n");
        write_file(w, "fotad.conf.d/30-c.conf.bak", "garbage\n");
        write_file(w, "fotad.conf.d/40-d.conf", "");
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        ck_assert_int_eq(check_config(w), 0);
        log = world_log(w);
        ck_assert_msg(strstr(log, "histroy in [jobs]") && strstr(log, "sky in [colours]"), "%s", log);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_free(w);
}
END_TEST

/* A missing file of --config is a mistake in the configuration; an unusable state directory is not. */
START_TEST(test_cannot_start)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, _i == 1 ? "state" : "fotad.conf"), *log = NULL;

        if (_i == 0) {
                ck_assert_int_eq(g_unlink(path), 0);
        } else if (_i == 2) { /* an I/O error, which may be temporary: the memory at address 0 cannot be read */
                ck_assert_int_eq(g_unlink(path), 0);
                ck_assert_int_eq(symlink("/proc/self/mem", path), 0);
        } else {
                ck_assert_int_eq(g_rmdir(path), 0);
                ck_assert(g_file_set_contents(path, "", 0, NULL));
        }
        ck_assert_int_eq(world_run_daemon(w), _i == 0 ? EX_CONFIG : 1);
        log = world_log(w);
        ck_assert_msg(strstr(log, path) != NULL, "%s", log);
        ck_assert_int_eq(check_config(w), _i == 0 ? EX_CONFIG : _i == 1 ? 0 : 1);
        world_free(w);
}
END_TEST

/* The record of a job held at 25 %, when no further write is due: the record that covers the next percentages is
 * written after the percentage is announced. */
static char *read_settled_record(World *w, const char *job)
{
        g_autofree char *path = world_path(w, "state/jobs/1.job");

        world_await_property(w, job, "Percent", "25");
        world_await_file(w, path, "\nPercentCovered=30\n");
        return read_file(w, "state/jobs/1.job");
}

/* A second daemon leaves everything to the first: the module, the jobs and their files. */
START_TEST(test_second)
{
        WorldSettings settings = WORLD_EC200A;
        /* The files to which the first daemon is writing, before they are renamed. */
        static const char *const unfinished[] = { "state/jobs/7.job.A1b2C3", "state/last-job.A1b2C3" };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *lines = NULL, *before = NULL, *after = NULL, *log = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        lines = world_sim(w, "get 1-1 at-lines");
        for (size_t i = 0; i < G_N_ELEMENTS(unfinished); i++)
                write_file(w, unfinished[i], "x");
        ck_assert_int_eq(world_run_daemon(w), 1);
        for (size_t i = 0; i < G_N_ELEMENTS(unfinished); i++)
                g_free(read_file(w, unfinished[i]));
        log = world_log(w);
        ck_assert_msg(strstr(log, "the name org.fotad1 cannot be had") != NULL, "%s", log);
        world_assert_sim(w, "1", "count 1-1 opened");
        world_assert_sim(w, lines, "get 1-1 at-lines");

        job = world_upgrade_to(w, "downloading:50");
        before = read_settled_record(w, job);
        ck_assert_int_eq(world_run_daemon(w), 1);
        after = read_file(w, "state/jobs/1.job");
        ck_assert_str_eq(before, after);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

/* The same for a second daemon on another bus. */
START_TEST(test_second_bus)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        g_autofree char *conf = world_path(w, "bus.conf"), *address = NULL, *out = world_path(w, "bus-2.out"), *job = NULL;
        g_autofree char *before = NULL, *after = NULL, *log = NULL, *bus = world_path(w, "bus-2");
        pid_t pid;

        address = g_strdup_printf("unix:path=%s", bus);
        pid = world_spawn(w,
                          (char *[]){ "dbus-daemon", "--nofork", "--print-address", "--config-file", conf, "--address",
                                      address, NULL },
                          NULL, out, out);
        world_await_file(w, out, "\n");
        job = world_upgrade_to(w, "downloading:50");
        before = read_settled_record(w, job);
        world_set_environment(w, "DBUS_SYSTEM_BUS_ADDRESS", address);
        ck_assert_int_eq(world_run_daemon(w), 1);
        log = world_log(w);
        ck_assert_msg(strstr(log, "is in use by another fotad") != NULL, "%s", log);
        after = read_file(w, "state/jobs/1.job");
        ck_assert_str_eq(before, after);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        kill(pid, SIGKILL);
        world_reap(w, pid);
        world_free(w);
}
END_TEST

/* Started without standard input, output and error, the daemon opens no other file under their numbers: the log would
 * be written to it. */
START_TEST(test_closed)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *fotad = g_build_filename(g_getenv("abs_top_builddir"), "daemon/fotad", NULL);
        g_autofree char *path = world_path(w, "mute-bus"), *conf = world_path(w, "fotad.conf");
        g_autofree char *state = world_path(w, "state"), *command = NULL;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), bus;
        struct ucred peer;
        socklen_t size = sizeof(peer);

        /* A bus that takes the connection and never answers. */
        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(listener, 1), 0);
        command = g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS='unix:path=%s' STATE_DIRECTORY='%s' '%s' --config '%s' "
                                  "<&- >&- 2>&- &",
                                  path, state, fotad, conf);
        ck_assert_int_eq(system(command), 0);
        bus = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(bus, 0);
        ck_assert_int_eq(getsockopt(bus, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                g_autofree char *link = g_strdup_printf("/proc/%d/fd/%d", (int)peer.pid, fd);
                g_autofree char *target = g_file_read_link(link, NULL);

                ck_assert_msg(g_strcmp0(target, "/dev/null") == 0, "%d is %s", fd, target);
        }
        close(bus); /* the daemon ends */
        close(listener);
        world_free(w);
}
END_TEST

/* The call that starts the daemon waits until the module has reported its identity. */
START_TEST(test_activation)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,mute=4000" } };
        World *w = world_new(&settings);
        g_autofree char *job = NULL;

        world_kill_daemon(w);
        g_free(world_sim(w, "detach 1-1"));
        g_free(world_sim(w, "attach 1-1"));
        world_start_daemon(w);
        world_assert_property(w, MODULE_1, "Revision", "");
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "FromRevision", OLD_REVISION);
        world_free(w);
}
END_TEST

/* ---- stopping, with a job and without */

START_TEST(test_stop)
{
        WorldSettings settings = WORLD_EC200A;
        static const char *const points[] = { "downloading:50", "off:1", "updating:50", "ended" };
        World *w = world_new(&settings);
        g_autofree char *job = NULL, *next = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 %s", points[_i]));
        job = world_upgrade(w);
        g_free(world_sim(w, "held 1-1"));
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 0);
        g_free(world_sim(w, "release 1-1"));
        world_start_daemon(w);
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");

        /* The result is not sent again. */
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        world_assert_property(w, job, "Result", "success");
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
        world_await_property(w, MODULE_1, "Problem", "");
        next = world_start(w, "", "http://127.0.0.1:1/up.bin", NULL);
        ck_assert_str_eq(next, "/org/fotad1/job/_32");
        world_assert_result(w, next, "failed", "http", "socket-connect-failed");
        world_free(w);
}
END_TEST

/* ---- the text of systemctl status */

static void assert_nothing_twice(Datagrams *said)
{
        g_autoptr(GPtrArray) texts = datagrams_get(said);
        const char *last = "";

        for (unsigned i = 0; i < texts->len; i++) {
                const char *text = g_ptr_array_index(texts, i);

                if (!g_str_has_prefix(text, "STATUS="))
                        continue;
                ck_assert_str_ne(text, last);
                last = text;
        }
}

START_TEST(test_status)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,unopened=keep" }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "notify"), *job = NULL;
        Datagrams *said = datagrams_new(path);
        unsigned n;

        world_set_environment(w, "NOTIFY_SOCKET", path);
        world_start_daemon(w);
        datagrams_await(said, 0, "READY=1");
        n = datagrams_await(said, 0, "STATUS=Idle, 1 module");
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_upgrade(w);
        n = datagrams_await(said, n, "STATUS=job 1 on usb-1-1: preparing 0 %");
        n = datagrams_await(said, n, "STATUS=job 1 on usb-1-1: downloading ");
        n = datagrams_await(said, n, "STATUS=job 1 on usb-1-1: updating 74 %");
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        n = datagrams_await(said, n, "STATUS=Idle, 1 module");
        g_free(world_sim(w, "detach 1-1"));
        n = datagrams_await(said, n, "STATUS=Idle, no modules");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        datagrams_await(said, n, "STOPPING=1");
        assert_nothing_twice(said);
        world_free(w);
        datagrams_free(said);
}
END_TEST

/* ---- many unfinished jobs */

static void write_unfinished(World *w, unsigned count)
{
        for (unsigned id = 1; id <= count; id++) {
                g_autofree char *name = g_strdup_printf("state/jobs/%u.job", id);
                g_autofree char *text = g_strdup_printf("[Job]\nVersion=1\nId=%u\nOrigin=request\nState=downloading\n"
                                                        "Method=dfota\nCreated=1\nPercent=10\nFinished=0\nSent=true\n"
                                                        "Module=usb-9-%u\nSource=http://host/up.bin\n",
                                                        id, id);

                write_file(w, name, text);
        }
}

/* The processor time, in seconds, of the processes that have ended. */
static double seconds_of_children(void)
{
        struct rusage usage;

        ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Returns the processor time, in seconds, of a daemon that takes up so many jobs, reports them, and ends. */
static double take_up(unsigned count)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "notify"), *more = g_strdup_printf("; and %u more", count - 8);
        Datagrams *said = datagrams_new(path);
        g_autoptr(GPtrArray) texts = NULL;
        double before = seconds_of_children();
        const char *text;
        unsigned n;

        write_unfinished(w, count);
        world_set_environment(w, "NOTIFY_SOCKET", path);
        world_start_daemon(w);
        n = datagrams_await(said, 0, "STATUS=job 1 on usb-9-1: restarting ");
        texts = datagrams_get(said);
        text = g_ptr_array_index(texts, n);
        ck_assert_msg(strstr(text, "; job 8 on ") && g_str_has_suffix(text, more), "%s", text);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_free(w);
        datagrams_free(said);
        return seconds_of_children() - before;
}

/* The line has eight jobs, however many there are, and with eight times as many jobs the start costs eight times as
 * much: the line is made for each of their changes. */
START_TEST(test_many)
{
        double few = take_up(100), many = take_up(800);

        ck_assert_msg(many < 16 * few, "%.2f s for 100 jobs, %.2f s for 800 jobs", few, many);
}
END_TEST

/* ---- job files */

#define FINISHED(id, announced) FINISHED_FROM("http://host/up.bin", id, announced)
#define FINISHED_FROM(source, id, announced)                                                                           \
        "[Job]\nVersion=1\nId=" id "\nOrigin=request\nState=finished\nMethod=dfota\nCreated=1700000000000000\n"        \
        "Finished=1700000060000000\nPercent=40\nRestarts=1\nDevice=1001\nSent=true\nModule=usb-1-1\n"                  \
        "Source=" source "\nResult=failed\nErrorDomain=http\nErrorCode=714\nAnnounced=" announced "\n"                 \
        "Message=The server's name cannot be resolved: check it.\n"
#define QUEUED                                                                                                         \
        "[Job]\nVersion=1\nId=7\nOrigin=request\nState=queued\nMethod=dfota\nCreated=1700000000000000\n"               \
        "Finished=0\nPercent=0\nRestarts=0\nDevice=0\nSent=false\n"

static const char *const broken[] = {
        "",
        "garbage",
        "[Job]\n",
        "[Job]\nVersion=1\nId=",
        "\x01\x02\xff\xfe",
        "[Job]\nVersion=2\nId=7\n",
        "[Job]\nVersion=1\nId=8\nOrigin=request\nState=finished\nMethod=dfota\n",
        "[Job]\nVersion=1\nId=7\nOrigin=request\nState=dancing\nMethod=dfota\nModule=usb-1-1\n",
        "[Job]\nVersion=1\nId=7\nOrigin=request\nState=finished\nMethod=dfota\nModule=usb-1-1\n",
        QUEUED "Module=usb-1-1\nSource=http://host/up.bin\"\\r\\nAT+CFUN=0\n",
        QUEUED "Module=usb-1-1\nSource=http://host/up.bin\n[Options]\ncid=99\n",
        QUEUED "Module=usb-1-1\nSource=http://host/u\nApnBefore=1,\"a\",\"b\",\"s3cret-Pa55\",1;+CFUN=0\n",
        QUEUED "Module=com-1\nSource=http://host/u\n",
        QUEUED "Module=usb-1-1\nSource=ftp://me:s3cret-Pa55@host/u\nPercent=x\n[Options]\napn-password=s3cret-Pa55\n",
        "huge",
        "directory",
};

START_TEST(test_broken)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *file = world_path(w, "state/jobs/7.job"), *aside = world_path(w, "state/jobs/7.job.broken");
        g_autofree char *huge = NULL, *job = NULL;

        write_file(w, "state/jobs/3.job", FINISHED("3", "yes"));
        if (strcmp(broken[_i], "directory") == 0) {
                ck_assert_int_eq(g_mkdir(file, 0700), 0);
        } else if (strcmp(broken[_i], "huge") == 0) {
                huge = g_strnfill(64 << 20, 'x');
                write_file(w, "state/jobs/7.job", huge);
        } else {
                write_file(w, "state/jobs/7.job", broken[_i]);
        }
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
        ck_assert(g_file_test(aside, G_FILE_TEST_EXISTS));
        ck_assert_uint_eq(count_in_log(w, "job 7 cannot be read"), 1);
        if (strcmp(broken[_i], "directory") != 0) {
                g_autofree char *kept = read_file(w, "state/jobs/7.job.broken");

                ck_assert_ptr_null(strstr(kept, "s3cret"));
                ck_assert(strstr(broken[_i], "me:s3cret") == NULL || strstr(kept, "ftp://me:***@host/u") != NULL);
        }
        world_assert_property(w, "/org/fotad1/job/_33", "ErrorName", "dns-failed");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        ck_assert_uint_eq(count_in_log(w, "job 7"), 1);
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        ck_assert_uint_eq(world_count_signals(w, "/org/fotad1/job/_33", "Result"), 0);

        /* Its id is not issued twice. */
        job = world_expect_job(w, world_start(w, "", "http://127.0.0.1:1/up.bin", NULL));
        ck_assert_str_eq(job, "/org/fotad1/job/_38");
        world_assert_result(w, job, "failed", "http", "socket-connect-failed");
        world_free(w);
}
END_TEST

/* Two records name the same module: the newer one is followed, the older one has ended, and keeps no password. */
START_TEST(test_second_daemon)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        static const char rival[] = "[Job]\nVersion=1\nId=%u\nOrigin=request\nState=downloading\nMethod=dfota\n"
                                    "Created=1700000000000000\nFinished=0\nPercent=0\nRestarts=0\nDevice=0\nSent=true\n"
                                    "Module=usb-1-1\nSource=ftp://me:s3cret-Pa55@host/u%u\n"
                                    "ApnBefore=1,\"x\",\"y\",\"s3cret-0ld\",2\nContextUp=true\n"
                                    "[Options]\ncid=1\napn=a\napn-user=b\napn-password=s3cret-Pa55\n";
        static const char *const paths[] = { "/org/fotad1/job/_32", "/org/fotad1/job/_33", "/org/fotad1/job/_34" };
        g_autofree char *message = NULL;

        for (unsigned id = 2; id <= 4; id++) {
                g_autofree char *name = g_strdup_printf("state/jobs/%u.job", id),
                                *text = g_strdup_printf(rival, id, id);

                write_file(w, name, text);
        }
        world_start_daemon(w);
        for (unsigned i = 0; i < 2; i++) {
                g_autofree char *name = g_strdup_printf("state/jobs/%u.job", i + 2), *text = NULL;

                world_assert_result(w, paths[i], "failed", "host", "interrupted");
                text = read_file(w, name);
                ck_assert_ptr_null(strstr(text, "s3cret"));
        }
        message = world_property(w, paths[1], "Message");
        ck_assert_msg(strstr(message, "job 4") != NULL, "%s", message);
        ck_assert_msg(strstr(message, "was not put back: AT+QIACT, AT+QICSGP.") != NULL, "%s", message);
        world_assert_property(w, paths[2], "Result", "");
        world_assert_property(w, MODULE_1, "Job", paths[2]);
        world_kill_daemon(w);
        world_start_daemon(w);
        world_assert_property(w, MODULE_1, "Job", paths[2]);
        ck_assert_uint_eq(count_in_log(w, "is held by job"), 2);
        world_free(w);
}
END_TEST

/* Crashed between the disk and the bus: the result is sent once more, and then never again. */
START_TEST(test_announce)
{
        static const char *const announced[] = { "no", "again", "yes" };
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        static const char text[] = FINISHED("12", "no");
        const char *tail = strstr(text, "Announced=no");
        g_autofree char *file = NULL;
        static const char path[] = "/org/fotad1/job/_312";

        file = g_strdup_printf("%.*sAnnounced=%s%s", (int)(tail - text), text, announced[_i],
                               tail + strlen("Announced=no"));
        write_file(w, "state/jobs/12.job", file);
        for (unsigned life = 0; life < 3; life++) {
                world_start_daemon(w);
                world_assert_property(w, path, "State", "finished");
                ck_assert_uint_eq(world_count_signals(w, path, "Result"), _i == 0 ? 1 : 0);
                ck_assert_int_eq(world_stop_daemon(w), 0);
        }
        world_free(w);
}
END_TEST

/* The record of a daemon that kept the values of a query. */
START_TEST(test_old_query)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *file = world_path(w, "state/jobs/12.job"), *text = NULL;

        write_file(w, "state/jobs/12.job", FINISHED_FROM("https://host/up.bin?sig=s3cret-Pa55&v=2", "12", "yes"));
        world_start_daemon(w);
        world_assert_property(w, "/org/fotad1/job/_312", "Source", "https://host/up.bin?sig=***&v=***");
        world_assert_property(w, "/org/fotad1/job/_312", "ErrorCode", "714");
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        ck_assert_msg(!strstr(text, "s3cret"), "%s", text);
        world_free(w);
}
END_TEST

/* ---- idle */

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
                n += strtoul(strstr(text, "\nnonvoluntary_ctxt_switches:") + 28, NULL, 10);
        }
        closedir(tasks);
        return n;
}

/* The minute is the measurement: the daemon must stay idle. */
START_TEST(test_idle)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        struct pollfd bus = { .fd = sd_bus_get_fd(world_bus(w)), .events = POLLIN };
        g_autofree char *lines = NULL;
        unsigned long before;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        lines = world_sim(w, "get 1-1 at-lines");
        world_assert_property(w, MODULE_1, "Problem", "");
        world_count_signals(w, "", "");
        /* The daemon has answered, and is idle again. */
        ck_assert_int_eq(poll(&bus, 1, 500), 0);
        before = count_switches(w);
        ck_assert_int_eq(poll(&bus, 1, 60 * 1000), 0);
        ck_assert_uint_eq(count_switches(w) - before, 0);
        world_assert_sim(w, lines, "get 1-1 at-lines");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("service");

        suite_add(s, "bad-config", test_bad_config, 0, G_N_ELEMENTS(bad));
        suite_add(s, "config", test_config, 0, 1);
        suite_add(s, "cannot-start", test_cannot_start, 0, 3);
        suite_add(s, "second", test_second, 0, 1);
        suite_add(s, "second-bus", test_second_bus, 0, 1);
        suite_add(s, "closed", test_closed, 0, 1);
        suite_add(s, "activation", test_activation, 0, 1);
        suite_add(s, "stop", test_stop, 0, 4);
        suite_add(s, "status", test_status, 0, 1);
        suite_add(s, "many", test_many, 0, 1);
        suite_add(s, "broken", test_broken, 0, G_N_ELEMENTS(broken));
        suite_add(s, "second-daemon", test_second_daemon, 0, 1);
        suite_add(s, "announce", test_announce, 0, 3);
        suite_add(s, "old-query", test_old_query, 0, 1);
        suite_add(s, "idle", test_idle, 0, 1);
        return suite_run(s);
}

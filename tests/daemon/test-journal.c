/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The fields of a journal entry besides its text: the job, the module, the code, and the id of its explanation in the
 * catalog. The journal is the test's own, at the path that libsystemd uses: in a mount namespace. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "datagrams.h"
#include "base/message-ids.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"
#include "world-private.h"

#define NOTHING_THERE "http://127.0.0.1:1/up.bin"

static Datagrams *journal_new(void)
{
        ck_assert_msg(geteuid() == 0, "this test puts a journal in place of the machine's, which only root can");
        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        ck_assert_int_eq(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
        ck_assert_int_eq(g_mkdir_with_parents("/run/systemd/journal", 0755), 0);
        return datagrams_new("/run/systemd/journal/socket");
}

/* Daemons that are started from now on have the journal's stream as stderr. */
static void connect_journal(World *w)
{
        g_autofree char *log = world_path(w, "fotad.log"), *stream = NULL;
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        struct stat st;

        ck_assert_int_eq(fstat(fd, &st), 0);
        close(fd);
        stream = g_strdup_printf("%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
        world_set_environment(w, "JOURNAL_STREAM", stream);
}

/* The same, and the journal takes each line, as fast as they may come. */
static void connect_long_journal(World *w)
{
        const char *sanitizer = g_getenv("FOTAD_TEST_PRELOAD");
        g_autofree char *library = world_program("tests/daemon/slow-files.so");
        g_autofree char *libraries = g_strjoin(":", library, world_preload(w), NULL);
        g_autofree char *all = sanitizer ? g_strjoin(":", sanitizer, libraries, NULL) : g_strdup(libraries);

        connect_journal(w);
        world_set_environment(w, "LD_PRELOAD", all);
        world_set_environment(w, "JOURNAL_LONG", "1");
}

/* Asserts that the first entry with that line, at or after number from, has each of these fields with its value; a
 * field that ends in = must be missing. Returns the entry's number. */
static unsigned assert_fields(Datagrams *journal, unsigned from, const char *line, const char *const *fields)
{
        unsigned n = datagrams_await(journal, from, line);
        g_autoptr(GPtrArray) entries = datagrams_get(journal);
        g_autofree char *entry = g_strconcat("\n", (char *)g_ptr_array_index(entries, n), NULL);

        for (; *fields; fields++) {
                bool absent = g_str_has_suffix(*fields, "=");
                g_autofree char *field = g_strconcat("\n", *fields, absent ? "" : "\n", NULL);

                ck_assert_msg((strstr(entry, field) != NULL) != absent, "%s in: %s", *fields, entry);
        }
        return n;
}

static void assert_entry(Datagrams *journal, const char *id, const char *const *fields)
{
        g_autofree char *line = g_strdup_printf("\nMESSAGE_ID=%s\n", id);

        assert_fields(journal, 0, line, fields);
}

static unsigned count_entries(Datagrams *journal, const char *text)
{
        g_autoptr(GPtrArray) entries = datagrams_get(journal);
        unsigned n = 0;

        for (unsigned i = 0; i < entries->len; i++)
                n += strstr(g_ptr_array_index(entries, i), text) != NULL;
        return n;
}

/* All lines of a module have its field, and those of the time when a job holds the module have the job's, too. */
static void assert_module_lines(Datagrams *journal)
{
        static const char *const alone[] = { "PRIORITY=6", "FOTAD_MODULE=usb-1-1", "FOTAD_JOB=", "FOTAD_IMEI=",
                                             "FOTAD_STATE=", NULL };
        static const char *const held[] = { "PRIORITY=6", "FOTAD_MODULE=usb-1-1", "FOTAD_JOB=1",
                                            "FOTAD_IMEI=867710050000024", NULL };
        static const char *const restarting[] = { "FOTAD_JOB=1", "FOTAD_STATE=restarting", NULL };
        static const char *const phases[] = { "waiting", "checking", "preparing", "command", "downloading",
                                              "away",    "updating", "verifying", "finished" };
        g_autoptr(GPtrArray) entries = datagrams_get(journal);
        unsigned n;

        n = assert_fields(journal, 0, "MESSAGE=usb-1-1: 2c7c:6005 is there\n", alone);
        n = assert_fields(journal, n, "MESSAGE=usb-1-1: left the bus\n", held);
        n = assert_fields(journal, n, " is there\n", held);
        assert_fields(journal, n, " is there\n", restarting);
        for (size_t i = 0; i < G_N_ELEMENTS(phases); i++) {
                g_autofree char *line = g_strdup_printf("MESSAGE=job 1 on usb-1-1: phase: %s, after ", phases[i]);

                assert_fields(journal, 0, line, held);
        }
        for (unsigned i = 0; i < entries->len; i++) {
                const char *entry = g_ptr_array_index(entries, i);

                ck_assert_msg(!strstr(entry, "MESSAGE=usb-1-1: ") || strstr(entry, "\nFOTAD_MODULE=usb-1-1\n"), "%s",
                              entry);
        }
}

/* A job that succeeds, one that fails, and one that is cancelled. */
START_TEST(test_jobs)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,imei=867710050000024" }, .no_daemon = true };
        Datagrams *journal = journal_new();
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *first = NULL, *second = NULL, *third = NULL, *log = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_ftp(w, "gateway:s3cret-Pa55@", "up.bin");
        connect_long_journal(w);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        first = world_start(w, "", url, NULL);
        ck_assert_msg(first != NULL, "%s", world_error_message(w));
        world_assert_result(w, first, "success", "", "");
        assert_entry(journal, MESSAGE_ID_QUEUED,
                     (const char *[]){ "MESSAGE=job 1 on usb-1-1: queued", "PRIORITY=5", "FOTAD_JOB=1",
                                       "FOTAD_MODULE=usb-1-1", "FOTAD_IMEI=867710050000024", "FOTAD_STATE=queued",
                                       "FOTAD_CODE=", "SYSLOG_IDENTIFIER=fotad", NULL });
        assert_entry(journal, MESSAGE_ID_SUCCESS,
                     (const char *[]){ "PRIORITY=5", "FOTAD_JOB=1", "FOTAD_MODULE=usb-1-1",
                                       "FOTAD_IMEI=867710050000024", "FOTAD_STATE=finished", "FOTAD_CODE=", NULL });

        world_await_property(w, MODULE_1, "Job", "/");
        second = world_expect_job(w, world_start(w, "", NOTHING_THERE, NULL));
        world_assert_result(w, second, "failed", "http", "socket-connect-failed");
        assert_entry(journal, MESSAGE_ID_FAILED,
                     (const char *[]){ "PRIORITY=3", "FOTAD_JOB=2", "FOTAD_MODULE=usb-1-1",
                                       "FOTAD_IMEI=867710050000024", "FOTAD_STATE=finished", "FOTAD_CODE=http/716",
                                       NULL });

        world_await_property(w, MODULE_1, "Job", "/");
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        world_package(w, "next.bin", NEW_REVISION, OLD_REVISION, NULL);
        g_free(url);
        url = world_http(w, "next.bin");
        third = world_start(w, "", url, NULL);
        ck_assert_msg(third != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, third, "State", "downloading");
        ck_assert_msg(world_call(w, third, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
        world_assert_result(w, third, "cancelled", "host", "cancelled");
        assert_entry(journal, MESSAGE_ID_CANCELLED,
                     (const char *[]){ "PRIORITY=5", "FOTAD_JOB=3", "FOTAD_STATE=finished", "FOTAD_CODE=host/1",
                                       NULL });

        assert_module_lines(journal);
        /* Lines without a job have no such field; no line has a password; no line is logged twice. */
        ck_assert_uint_gt(count_entries(journal, "MESSAGE=usb-1-1: EC200A, revision"), 0);
        ck_assert_uint_eq(count_entries(journal, "s3cret"), 0);
        ck_assert_uint_eq(count_entries(journal, "MESSAGE_ID="), 6);
        log = world_log(w);
        ck_assert_str_eq(log, "");
        world_free(w);
        datagrams_free(journal);
}
END_TEST

/* Once, however long the state lasts, and again by the daemon that resumes the job. */
START_TEST(test_stalled)
{
        Datagrams *journal = journal_new();
        Course *c = course_stall_in_second("ec600m");
        g_autofree char *log = NULL;
        const char *said;

        course_await_stalled(c, "up.mini_2");
        course_cut_power(c); /* the job is still stalled, and many lines follow */
        course_await_stalled(c, "up.mini_2");
        log = world_log(c->w);
        said = strstr(log, "job 1 on usb-1-1: stalled: ");
        ck_assert(said && !strstr(said + 1, "job 1 on usb-1-1: stalled"));
        world_kill_daemon(c->w);
        connect_long_journal(c->w);
        world_start_daemon(c->w);
        assert_entry(journal, MESSAGE_ID_STALLED,
                     (const char *[]){ "PRIORITY=4", "FOTAD_JOB=1", "FOTAD_MODULE=usb-1-1", "FOTAD_CODE=", NULL });
        course_await_stalled(c, "up.mini_2");
        ck_assert_uint_eq(count_entries(journal, MESSAGE_ID_STALLED), 1);
        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, NULL);
        assert_entry(journal, MESSAGE_ID_SUCCESS, (const char *[]){ "FOTAD_JOB=1", "FOTAD_STATE=finished", NULL });
        course_free(c);
        datagrams_free(journal);
}
END_TEST

/* An upgrade goes on beside a journal that takes nothing more. The number of lines that are missing is in the first
 * entry that the journal takes again. */
START_TEST(test_not_read)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
        WorldSettings settings = WORLD_EC200A;
        Datagrams *journal = journal_new();
        g_autofree char *url = NULL, *job = NULL;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int full = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        World *w;

        datagrams_free(journal);
        g_unlink(address.sun_path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(g_chmod(address.sun_path, 0666), 0);
        while (sendto(full, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
                ;
        ck_assert_int_eq(errno, EAGAIN);
        settings.no_daemon = true;
        w = world_new(&settings);
        connect_journal(w);
        world_start_daemon(w);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        world_assert_result(w, job, "success", "", "");

        close(fd);
        g_unlink(address.sun_path);
        journal = datagrams_new(address.sun_path);
        ck_assert_int_eq(g_chmod(address.sun_path, 0666), 0);
        g_free(world_sim(w, "detach 1-1"));
        datagrams_await(journal, 0, " lines are missing here");
        world_free(w);
        datagrams_free(journal);
        close(full);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("journal");

        suite_add(s, "jobs", test_jobs, 0, 1);
        suite_add(s, "stalled", test_stalled, 0, 1);
        suite_add(s, "not-read", test_not_read, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A state directory that becomes unwritable: a result that was sent holds after the daemon's next start. The directory
 * is a file system of its own, in a mount namespace. A real file system has room again as soon as a record is removed;
 * slow-files.so refuses new records all the same. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

typedef enum Fault { NO_BLOCKS, NO_INODES, NO_RECORDS, NO_SYNCS, _FAULT_MAX } Fault;

typedef struct Disk {
        World *w;
        char *state; /* the directory */
        char *url;
} Disk;

static Disk *disk_new(const char *config, bool by_hand)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .config = config,
                                   .preload = "tests/daemon/slow-files.so",
                                   .by_hand = by_hand,
                                   .no_daemon = true };
        Disk *d = g_new0(Disk, 1);
        g_autofree char *refuse = NULL, *refuse_syncs = NULL;

        ck_assert_msg(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
                      "this test mounts a file system, which needs root's CAP_SYS_ADMIN: %s", g_strerror(errno));
        d->w = world_new(&settings);
        d->state = world_path(d->w, "state");
        ck_assert_int_eq(mount("tmpfs", d->state, "tmpfs", 0, "mode=0755,size=256k,nr_inodes=32"), 0);
        refuse = world_path(d->w, "refuse");
        world_set_environment(d->w, "RECORDS_REFUSED", refuse);
        refuse_syncs = world_path(d->w, "refuse-syncs");
        world_set_environment(d->w, "SYNCS_REFUSED", refuse_syncs);
        world_start_daemon(d->w);
        world_await_module(d->w, MODULE_1);
        world_package(d->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        d->url = world_http(d->w, "up.bin");
        return d;
}

static void disk_free(Disk *d)
{
        ck_assert_int_eq(umount2(d->state, MNT_DETACH), 0);
        world_free(d->w);
        g_free(d->state);
        g_free(d->url);
        g_free(d);
}

static void use_all_blocks(Disk *d)
{
        static const char block[4096];
        g_autofree char *path = g_build_filename(d->state, "filler", NULL);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        while (write(fd, block, sizeof(block)) > 0)
                ;
        ck_assert_int_eq(errno, ENOSPC);
        close(fd);
}

static char *filler(Disk *d, unsigned i)
{
        return g_strdup_printf("%s/filler%u", d->state, i);
}

static void use_all_inodes(Disk *d)
{
        for (unsigned i = 0;; i++) {
                g_autofree char *path = filler(d, i);
                int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

                if (fd < 0) {
                        ck_assert_int_eq(errno, ENOSPC);
                        return;
                }
                close(fd);
        }
}

static void fill(Disk *d, Fault fault)
{
        g_autofree char *refuse = world_path(d->w, "refuse"), *refuse_syncs = world_path(d->w, "refuse-syncs");

        switch (fault) {
        case NO_BLOCKS: use_all_blocks(d); return;
        case NO_INODES: use_all_inodes(d); return;
        case NO_RECORDS: ck_assert(g_file_set_contents(refuse, "", 0, NULL)); return;
        case NO_SYNCS: ck_assert(g_file_set_contents(refuse_syncs, "", 0, NULL)); return;
        case _FAULT_MAX: return;
        }
}

static void empty(Disk *d, Fault fault)
{
        g_autofree char *refuse = world_path(d->w, "refuse"), *blocks = g_build_filename(d->state, "filler", NULL);
        g_autofree char *refuse_syncs = world_path(d->w, "refuse-syncs");
        bool more = true;

        switch (fault) {
        case NO_BLOCKS: ck_assert_int_eq(g_unlink(blocks), 0); return;
        case NO_INODES:
                for (unsigned i = 0; more; i++) {
                        g_autofree char *path = filler(d, i);

                        more = g_unlink(path) == 0;
                }
                return;
        case NO_RECORDS: ck_assert_int_eq(g_unlink(refuse), 0); return;
        case NO_SYNCS: ck_assert_int_eq(g_unlink(refuse_syncs), 0); return;
        case _FAULT_MAX: return;
        }
}

static char *list_jobs(Disk *d)
{
        g_autofree char *path = g_build_filename(d->state, "jobs", NULL);
        GString *names = g_string_new(NULL);
        GDir *dir = g_dir_open(path, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(dir)))
                g_string_append_printf(names, "%s ", name);
        g_dir_close(dir);
        return g_string_free(names, FALSE);
}

static void assert_jobs(Disk *d, const char *expected)
{
        g_autofree char *jobs = list_jobs(d);

        ck_assert_str_eq(jobs, expected);
}

static void restart(Disk *d)
{
        ck_assert_int_eq(world_stop_daemon(d->w), 0);
        world_start_daemon(d->w);
}

static char *start(Disk *d)
{
        char *job = world_expect_job(d->w, world_start(d->w, "", d->url, NULL));

        return job;
}

/* The job that has ended keeps its reported result, and the module is free for another one. */
static void assert_stays(Disk *d, const char *job, bool kept, const char *result, const char *commands)
{
        g_autofree char *next = NULL;

        if (kept) {
                world_assert_property(d->w, job, "State", "finished");
                world_assert_property(d->w, job, "Result", result);
        } else {
                ck_assert(!world_call(d->w, job, "org.fotad1.Job", "Cancel"));
                ck_assert_str_eq(world_error(d->w), "org.freedesktop.DBus.Error.UnknownObject");
        }
        world_await_module(d->w, MODULE_1);
        world_assert_property(d->w, MODULE_1, "Job", "/");
        ck_assert_uint_eq(world_count_signals(d->w, job, "Result"), 1);
        world_assert_sim(d->w, commands, "get 1-1 qfotadl-count");
        g_free(world_sim(d->w, "set 1-1 revision " OLD_REVISION));
        next = start(d);
        ck_assert_str_ne(next, job); /* an id is not reused */
        world_await_property(d->w, next, "State", "finished");
        world_assert_property(d->w, next, "Result", "success");
        if (kept)
                ck_assert_uint_eq(world_count_signals(d->w, job, "Result"), 1);
}

static void assert_logged(Disk *d, const char *part)
{
        g_autofree char *log = world_log(d->w);

        ck_assert_msg(strstr(log, part) != NULL, "'%s' is not in the log", part);
}

/* ---- before AT+QFOTADL */

/* Starts a job, whose module stands still before AT+QFOTADL. */
static char *start_and_hold(Disk *d)
{
        char *job;

        g_free(world_sim(d->w, "hold 1-1 " PREPARING));
        job = start(d);
        g_free(world_sim(d->w, "held 1-1 " PREPARING));
        return job;
}

/* If the file system is full, removing the record makes room for its end. */
START_TEST(test_failed)
{
        Disk *d = disk_new(NULL, false);
        bool kept = _i != NO_RECORDS;
        g_autofree char *job = NULL;

        job = start_and_hold(d);
        fill(d, _i);
        g_free(world_sim(d->w, "release 1-1 " PREPARING));
        world_assert_result(d->w, job, "failed", "host", "insufficient-space");
        assert_jobs(d, kept ? "1.job " : "");
        if (kept) {
                empty(d, _i);
                restart(d);
        } else { /* the note that the Result was sent would be a record again */
                assert_logged(d, "is removed");
                ck_assert_int_eq(world_stop_daemon(d->w), 0);
                empty(d, _i);
                world_start_daemon(d->w);
        }
        assert_stays(d, job, kept, "failed", "0");
        disk_free(d);
}
END_TEST

static void await_pending(Disk *d, const char *job, const char *cause)
{
        for (;;) {
                g_autofree char *message = world_property(d->w, job, "Message");

                if (*message) {
                        ck_assert_msg(strstr(message, "is pending") && strstr(message, cause), "%s",
                                      message);
                        break;
                }
                sd_bus_wait(world_bus(d->w), 10 * G_USEC_PER_SEC);
        }
        world_assert_property(d->w, job, "State", "preparing");
        world_assert_property(d->w, job, "Result", "");
        world_assert_property(d->w, MODULE_1, "Job", job);
        ck_assert_uint_eq(world_count_signals(d->w, job, "Result"), 0);
}

/* The record cannot be removed either: no end is reported before it can be saved. 1: nor does the next daemon report
 * one. The unit's own preparations write to the directory, so that root starts the daemons there. */
START_TEST(test_read_only)
{
        Disk *d = disk_new("command=2\n", _i == 1);
        g_autofree char *job = NULL;

        job = start_and_hold(d);
        ck_assert_int_eq(mount(NULL, d->state, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        g_free(world_sim(d->w, "release 1-1 " PREPARING));
        await_pending(d, job, "Read-only file system");
        if (_i == 1) {
                restart(d);
                await_pending(d, job, "Read-only file system");
        }
        ck_assert_int_eq(mount(NULL, d->state, NULL, MS_REMOUNT, NULL), 0);
        world_assert_result(d->w, job, "failed", "host", "interrupted"); /* a read-only disk may have room */
        restart(d);
        assert_stays(d, job, true, "failed", "0");
        disk_free(d);
}
END_TEST

/* A directory that cannot be synchronized keeps no record over a power cut: AT+QFOTADL is not sent, and the job does not
 * end before its end can be kept. 1: the daemon dies meanwhile, and the record stays. */
START_TEST(test_directory_not_synchronized)
{
        Disk *d = disk_new("command=2\n", false);
        g_autofree char *job = NULL;

        job = start_and_hold(d);
        fill(d, NO_SYNCS);
        g_free(world_sim(d->w, "release 1-1 " PREPARING));
        await_pending(d, job, "Input/output error");
        assert_jobs(d, "1.job ");
        if (_i == 1)
                world_kill_daemon(d->w);
        empty(d, NO_SYNCS);
        if (_i == 1)
                world_start_daemon(d->w);
        world_assert_result(d->w, job, "failed", "host", "interrupted");
        restart(d);
        assert_stays(d, job, true, "failed", "0");
        disk_free(d);
}
END_TEST

/* An I/O error is not reported as a full disk. */
START_TEST(test_io_error)
{
        Disk *d = disk_new(NULL, false);
        g_autofree char *job = NULL, *message = NULL, *refuse = world_path(d->w, "refuse");

        job = start_and_hold(d);
        ck_assert(g_file_set_contents(refuse, "EIO", -1, NULL));
        g_free(world_sim(d->w, "release 1-1 " PREPARING));
        world_assert_result(d->w, job, "failed", "host", "interrupted");
        message = world_property(d->w, job, "Message");
        ck_assert_msg(strstr(message, "cannot be written") && strstr(message, "/output error") &&
                              !strstr(message, "space"),
                      "%s", message);
        /* The note that the Result was sent would be a record again: fotad ends before the disk is mended. */
        ck_assert_int_eq(world_stop_daemon(d->w), 0);
        assert_jobs(d, "");
        ck_assert_int_eq(g_unlink(refuse), 0);
        world_start_daemon(d->w);
        assert_stays(d, job, false, "failed", "0");
        disk_free(d);
}
END_TEST

/* ---- while the upgrade runs */

static void await_message(Disk *d, const char *job, const char *part)
{
        for (;;) {
                g_autofree char *message = world_property(d->w, job, "Message");

                if (strstr(message, part))
                        return;
                sd_bus_wait(world_bus(d->w), 10 * G_USEC_PER_SEC);
        }
}

/* The record is out of date, as Message reports; a percentage that the record on disk does not cover is not sent, so that it does not
 * decrease when the daemon dies. 1: the disk recovers before that. */
START_TEST(test_behind)
{
        Disk *d = disk_new(NULL, false);
        g_autofree char *job = NULL, *opened = NULL;

        g_free(world_sim(d->w, "hold 1-1 updater"));
        g_free(world_sim(d->w, "hold 1-1 updating:20"));
        job = start(d);
        world_pass(d->w, "updater");
        g_free(world_sim(d->w, "held 1-1 updating:20"));
        world_await_property(d->w, job, "Percent", "59");
        fill(d, NO_RECORDS);
        g_free(world_sim(d->w, "hold 1-1 updating:70"));
        g_free(world_sim(d->w, "release 1-1 updating:20"));
        g_free(world_sim(d->w, "held 1-1 updating:70"));
        await_message(d, job, "is behind");
        world_assert_property(d->w, job, "Percent", "60");
        if (_i == 0)
                world_kill_daemon(d->w);
        empty(d, NO_RECORDS);
        if (_i == 0) {
                opened = world_sim(d->w, "count 1-1 opened");
                world_start_daemon(d->w);
                g_free(world_sim(d->w, "wait 1-1 opened %d", atoi(opened) + 1));
        }
        g_free(world_sim(d->w, "hold 1-1 updating:90"));
        g_free(world_sim(d->w, "release 1-1 updating:70"));
        g_free(world_sim(d->w, "held 1-1 updating:90"));
        world_await_property(d->w, job, "Percent", "94");
        world_assert_property(d->w, job, "Message", "");
        g_free(world_sim(d->w, "release 1-1 updating:90"));
        world_assert_result(d->w, job, "success", "", "");
        disk_free(d);
}
END_TEST

static size_t count_syncs(Disk *d)
{
        g_autofree char *counted = g_build_filename(d->state, "syncs", NULL), *syncs = NULL;
        size_t n;

        ck_assert(g_file_get_contents(counted, &syncs, &n, NULL));
        return n;
}

static void begin_counting(Disk *d)
{
        g_autofree char *counted = g_build_filename(d->state, "syncs", NULL);

        ck_assert(g_file_set_contents(counted, "", 0, NULL));
        ck_assert_int_eq(g_chmod(counted, 0666), 0);
        world_set_environment(d->w, "SYNCS_COUNTED", counted);
}

/* The record is not written for each percent, and no percentage goes back when the daemon dies all the same: the next one
 * shows what the record covers, five percent more at the most. */
START_TEST(test_progress)
{
        Disk *d = disk_new(NULL, false);
        g_autofree char *shown = NULL, *job = NULL;
        unsigned before, after;
        size_t n;

        ck_assert_int_eq(world_stop_daemon(d->w), 0);
        begin_counting(d);
        world_start_daemon(d->w);
        world_await_module(d->w, MODULE_1);
        g_free(world_sim(d->w, "hold 1-1 updater"));
        g_free(world_sim(d->w, "hold 1-1 updating:22"));
        job = start(d);
        world_pass(d->w, "updater");
        g_free(world_sim(d->w, "held 1-1 updating:22"));
        world_await_property(d->w, job, "Percent", "60");
        if (_i == 1) {
                before = world_last_percent(d->w, job);
                world_kill_daemon(d->w);
                world_start_daemon(d->w);
                world_await_property(d->w, job, "State", "updating");
                shown = world_property(d->w, job, "Percent");
                after = (unsigned)atoi(shown);
                ck_assert_msg(after >= before && after <= before + 5, "%u %% after %u %%", after, before);
        }
        g_free(world_sim(d->w, "release 1-1 updating:22"));
        world_assert_result(d->w, job, "success", "", "");
        n = count_syncs(d);
        ck_assert_msg(n < 120, "%zu synchronizations", n);
        disk_free(d);
}
END_TEST

/* ---- the acceptance */

START_TEST(test_refused)
{
        Disk *d = disk_new(NULL, false);

        fill(d, _i);
        ck_assert_ptr_null(world_start(d->w, "", d->url, NULL));
        ck_assert_str_eq(world_error(d->w), "org.freedesktop.DBus.Error.Failed");
        assert_jobs(d, "");
        empty(d, _i);
        restart(d);
        assert_jobs(d, "");
        ck_assert(!world_call(d->w, JOB_1, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(d->w), "org.freedesktop.DBus.Error.UnknownObject");
        world_assert_sim(d->w, "0", "get 1-1 qfotadl-count");
        disk_free(d);
}
END_TEST

/* ---- the start */

#define MANY      50
#define VERY_MANY 1000

/* Many records cost no more time on the disk than a few. They have ended, more than [jobs] history; or cannot be read,
 * which takes a few lines of the log; or go on, and each start is counted in them. */
START_TEST(test_start)
{
        static const char *const states[] = {
                "State=finished\nFinished=1\nSent=true\nResult=cancelled\nErrorDomain=host\nErrorCode=1\nAnnounced=yes\n",
                "State=unheard-of\n",
                "State=preparing\nFinished=0\nSent=false\n",
        };
        static const char *const left[] = { "50.job ", ".broken", "50.job" };
        Disk *d = disk_new("[jobs]\nhistory=1\n", false);
        g_autofree char *jobs = NULL, *log = NULL;
        g_auto(GStrv) lines = NULL;
        unsigned logged = 0;
        size_t n;

        ck_assert_int_eq(world_stop_daemon(d->w), 0);
        ck_assert_int_eq(mount(NULL, d->state, NULL, MS_REMOUNT, "size=4m,nr_inodes=1000"), 0);
        for (unsigned id = 1; id <= MANY; id++) {
                g_autofree char *file = g_strdup_printf("%s/jobs/%u.job", d->state, id);
                g_autofree char *text = g_strdup_printf("[Job]\nVersion=1\nId=%u\nOrigin=request\nMethod=dfota\n"
                                                        "Created=1\nModule=usb-7-%u\nSource=http://h/up.bin\n%s",
                                                        id, id, states[_i]);

                ck_assert(g_file_set_contents(file, text, -1, NULL));
        }
        begin_counting(d);
        world_start_daemon(d->w);
        ck_assert(world_call(d->w, "/org/fotad1", "org.freedesktop.DBus.Peer", "Ping")); /* all have been read */
        n = count_syncs(d);
        /* The modules of the last are absent, which is noted in each record by itself. */
        ck_assert_msg(n < MANY / 2 + (_i == 2 ? 2 * MANY : 0), "%zu synchronizations", n);
        jobs = list_jobs(d);
        ck_assert_msg(strstr(jobs, left[_i]) != NULL, "%s", jobs);
        ck_assert(_i != 0 || strcmp(jobs, left[_i]) == 0);
        log = world_log(d->w);
        lines = g_strsplit(log, "\n", -1);
        for (unsigned i = 0; lines[i]; i++)
                logged += strstr(lines[i], "cannot be read") != NULL || strstr(lines[i], "is kept as") != NULL;
        ck_assert_uint_le(logged, _i == 1 ? 11 : 0);
        disk_free(d);
}
END_TEST

static void write_finished(World *w, unsigned id)
{
        g_autofree char *name = g_strdup_printf("state/jobs/%u.job", id), *file = world_path(w, name);
        g_autofree char *text = g_strdup_printf("[Job]\nVersion=1\nId=%u\nOrigin=request\nMethod=dfota\nCreated=1\n"
                                                "Module=usb-7-1\nSource=http://h/up.bin\nState=finished\nFinished=%u\n"
                                                "Sent=true\nResult=cancelled\nErrorDomain=host\nErrorCode=1\n"
                                                "Announced=%s\n",
                                                id, id, id > VERY_MANY - 10 ? "no" : "yes");

        ck_assert(g_file_set_contents(file, text, -1, NULL));
}

/* A daemon with very many finished records announces the jobs that it keeps before it has removed the others. One that
 * is killed meanwhile keeps the same jobs at its next start. */
START_TEST(test_removed_later)
{
        WorldSettings settings = { .config = "[jobs]\nhistory=10\n", .preload = "tests/daemon/kill-at.so" };
        World *w = world_new(&settings);
        g_autofree char *list = world_path(w, "run/points"), *last = world_path(w, "state/jobs/990.job");
        g_autofree char *points = NULL, *kept = world_path(w, "state/jobs/1000.job");
        unsigned removed = 0;

        ck_assert_int_eq(world_stop_daemon(w), 0);
        for (unsigned id = 1; id <= VERY_MANY; id++)
                write_finished(w, id);
        world_set_environment(w, "KILL_LIST", list);
        world_set_environment(w, "KILL_AT", "bus-out after signal /org/fotad1/job/_31000 Result");
        world_try_daemon(w);
        ck_assert_int_eq(world_await_end(w), -SIGKILL);
        ck_assert(g_file_get_contents(list, &points, NULL, NULL));
        for (const char *p = points; (p = strstr(p, "after unlink jobs/")); p++)
                removed++;
        ck_assert_uint_le(removed, VERY_MANY / 2);
        world_set_environment(w, "KILL_AT", NULL);
        world_start_daemon(w);
        world_assert_property(w, "/org/fotad1/job/_31000", "State", "finished");
        world_assert_property(w, "/org/fotad1/job/_3991", "State", "finished");
        ck_assert(!world_call(w, "/org/fotad1/job/_3990", "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "org.freedesktop.DBus.Error.UnknownObject");
        while (g_file_test(last, G_FILE_TEST_EXISTS))
                ck_assert(world_call(w, "/org/fotad1", "org.freedesktop.DBus.Peer", "Ping"));
        ck_assert(g_file_test(kept, G_FILE_TEST_EXISTS));
        world_free(w);
}
END_TEST

/* ---- the end of an upgrade */

START_TEST(test_succeeded)
{
        Disk *d = disk_new(NULL, false);
        bool kept = _i != NO_RECORDS;
        g_autofree char *job = NULL;

        g_free(world_sim(d->w, "hold 1-1 updating:50"));
        job = start(d);
        g_free(world_sim(d->w, "held 1-1 updating:50"));
        world_await_property(d->w, job, "State", "updating");
        fill(d, _i);
        g_free(world_sim(d->w, "release 1-1 updating:50"));
        world_assert_result(d->w, job, "success", "", "");
        assert_jobs(d, kept ? "1.job " : "");
        empty(d, _i);
        restart(d);
        assert_stays(d, job, kept, "success", "1");
        disk_free(d);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("disk");

        suite_add(s, "failed", test_failed, 0, NO_SYNCS);
        suite_add(s, "read-only", test_read_only, 0, 2);
        suite_add(s, "directory-not-synchronized", test_directory_not_synchronized, 0, 2);
        suite_add(s, "io-error", test_io_error, 0, 1);
        suite_add(s, "progress", test_progress, 0, 2);
        suite_add(s, "behind", test_behind, 0, 2);
        suite_add(s, "refused", test_refused, 0, _FAULT_MAX);
        suite_add(s, "removed-later", test_removed_later, 0, 1);
        suite_add(s, "start", test_start, 0, 3);
        suite_add(s, "succeeded", test_succeeded, 0, NO_SYNCS);
        return suite_run(s);
}

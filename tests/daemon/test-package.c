/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package on the host, from the call to the end of its job: the copy that is kept, for how long, and its state after
 * a crash. Nothing of it is sent to the module here. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages.h"
#include "presets.h"
#include "suite.h"

static char *start(Bench *b)
{
        char *job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "up.bin", NULL));

        return job;
}

START_TEST(test_kept)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *upper = g_ascii_strup(b->sha256, -1), *job = NULL, *other = NULL;

        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "M\xc3\xa4rz, \"new\".bin", "sha256", "s",
                                                      upper, "expected-revision", "s", NEW_REVISION, "flow-control",
                                                      "s", "none", NULL));
        bench_assert_files(b, "1.package ");
        bench_assert_kept(b, "1");
        world_assert_property(b->w, job, "Source", "M\xc3\xa4rz, \"new\".bin");
        world_assert_property(b->w, job, "PackageSize", b->size);
        world_assert_property(b->w, job, "PackageSha256", b->sha256);
        world_assert_property(b->w, job, "Method", "dfota");
        bench_cancel(b, job);
        bench_assert_files(b, "");

        /* The package's properties remain readable, over a restart too; the next job is another one. */
        bench_speed_up(b);
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        world_start_daemon(b->w);
        world_assert_property(b->w, job, "PackageSize", b->size);
        world_assert_property(b->w, job, "PackageSha256", b->sha256);
        world_await_module(b->w, MODULE_1);
        bench_slow_down(b);
        other = start(b);
        ck_assert_str_ne(job, other);
        bench_assert_files(b, "2.package ");
        bench_cancel(b, other);
        bench_free(b);
}
END_TEST

/* The offset of the caller's descriptor does not matter, and does not change; nor does the file need a name any
 * more. */
START_TEST(test_descriptor)
{
        Bench *b = bench_new(&WORLD_EC200A);
        int fd = open(b->path, O_RDWR | O_CLOEXEC);
        g_autofree char *job = NULL;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(lseek(fd, 7, SEEK_SET), 7);
        ck_assert_int_eq(g_unlink(b->path), 0);
        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_fd(b->w, "", fd, "up.bin", NULL));
        bench_assert_kept(b, "1");
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 7);

        /* The job does not get the bytes that are written to the file later. */
        ck_assert_int_eq(pwrite(fd, "other", 5, 0), 5);
        bench_assert_kept(b, "1");
        close(fd);
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* The call may have started the daemon: the module's identity comes later. */
START_TEST(test_waits)
{
        WorldSettings settings = WORLD_EC200A;
        g_autofree char *job = NULL;
        Bench *b;

        settings.no_daemon = true;
        b = bench_new(&settings);
        g_free(world_sim(b->w, "set 1-1 delay 200"));
        world_start_daemon(b->w);
        job = start(b);
        bench_assert_kept(b, "1");
        world_assert_property(b->w, job, "FromRevision", OLD_REVISION);
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* The largest allowed package. */
START_TEST(test_largest)
{
        WorldSettings settings = WORLD_EC200A;
        g_autofree char *job = NULL, *bytes = g_malloc0(200000);
        g_autofree char *name = NULL;
        Bench *b;

        settings.config = "[jobs]\npackage-size-max=200000\n";
        b = bench_new(&settings);
        ck_assert(g_file_set_contents(b->path, bytes, 200000, NULL));
        bench_slow_down(b);
        job = start(b);
        world_assert_property(b->w, job, "PackageSize", "200000");
        bench_cancel(b, job);
        ck_assert(g_file_set_contents(b->path, bytes, 1, NULL));
        name = start(b);
        world_assert_property(b->w, name, "PackageSize", "1");
        bench_cancel(b, name);
        bench_free(b);
}
END_TEST

/* The ends of a job without a cancel, before it has sent anything. */
START_TEST(test_failed)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL;

        g_free(world_sim(b->w, "set 1-1 ufs-free 1"));
        job = start(b);
        world_assert_result(b->w, job, "failed", "host", "insufficient-space");
        world_await_property(b->w, MODULE_1, "Job", "/");
        bench_assert_files(b, "");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");
        bench_free(b);
}
END_TEST

/* ---- the daemon's end */

START_TEST(test_survives)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL;

        bench_slow_down(b);
        job = start(b);
        if (_i)
                world_kill_daemon(b->w);
        else
                ck_assert_int_eq(world_stop_daemon(b->w), 0);
        bench_assert_kept(b, "1");
        world_start_daemon(b->w);
        bench_assert_files(b, "1.package ");
        bench_assert_kept(b, "1");
        world_assert_property(b->w, job, "PackageSize", b->size);
        world_assert_property(b->w, job, "Source", "up.bin");
        bench_cancel(b, job);
        bench_assert_files(b, "");
        bench_free(b);
}
END_TEST

/* Between the package and the record, and between the record and the answer. */
START_TEST(test_crash)
{
        static const struct {
                const char *at;
                bool job;
        } deaths[] = {
                { "state after fsync packages/1.part", false },
                { "state after fsync packages", false },
                { "state after open jobs/1.job.XXXXXX", false },
                { "state after rename jobs/1.job", true },
        };
        WorldSettings settings = WORLD_EC200A;
        Bench *b;

        settings.preload = "tests/daemon/kill-at.so";
        settings.no_daemon = true;
        b = bench_new(&settings);
        world_set_environment(b->w, "KILL_AT", deaths[_i].at);
        world_start_daemon(b->w);
        world_await_module(b->w, MODULE_1);
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        ck_assert_int_eq(world_await_end(b->w), -SIGKILL);
        world_set_environment(b->w, "KILL_AT", NULL);
        if (deaths[_i].job)
                bench_slow_down(b);
        world_start_daemon(b->w);
        if (deaths[_i].job) {
                bench_assert_kept(b, "1");
                bench_cancel(b, JOB_1);
        }
        bench_assert_files(b, "");
        bench_free(b);
}
END_TEST

static void put(Bench *b, const char *name)
{
        g_autofree char *path = bench_state(b, name);

        ck_assert(g_file_set_contents(path, "x", 1, NULL));
}

/* Packages without a job are removed at the start; foreign files, and the targets of links, are not. */
START_TEST(test_orphans)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL, *link = NULL, *other = world_path(b->w, "other"), *broken = NULL;

        bench_slow_down(b);
        job = start(b);
        world_kill_daemon(b->w);
        put(b, "packages/2.package");
        put(b, "packages/007.package");
        put(b, "packages/1.part");
        put(b, "packages/99.part");
        put(b, "packages/README");
        put(b, "packages/x.package");
        put(b, "packages/1.package.old");
        put(b, "3.package");
        ck_assert(g_file_set_contents(other, "x", 1, NULL));
        link = bench_state(b, "packages/4.package");
        ck_assert_int_eq(symlink(other, link), 0);
        /* A record that cannot be read holds no module, and its package belongs to no job. */
        put(b, "jobs/5.job");
        put(b, "packages/5.package");
        world_start_daemon(b->w);
        bench_assert_files(b, "1.package 1.package.old README x.package ");
        bench_assert_kept(b, "1");
        ck_assert(g_file_test(other, G_FILE_TEST_EXISTS));
        broken = bench_state(b, "3.package");
        ck_assert(g_file_test(broken, G_FILE_TEST_EXISTS));
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* The module's interrupted job has no use for its package. */
START_TEST(test_interrupted)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL, *record = bench_state(b, "jobs/1.job"), *text = NULL;
        g_autofree char *edited = NULL;
        char *count;

        bench_slow_down(b);
        job = start(b);
        world_kill_daemon(b->w);
        ck_assert(g_file_get_contents(record, &text, NULL, NULL));
        count = strstr(text, "TakeUps=0\n");
        ck_assert_ptr_nonnull(count);
        edited = g_strdup_printf("%.*sTakeUps=99%s", (int)(count - text), text, count + strlen("TakeUps=0"));
        ck_assert(g_file_set_contents(record, edited, -1, NULL));
        world_start_daemon(b->w);
        world_assert_outcome(b->w, job, "failed", "host", "interrupted");
        bench_assert_files(b, "");
        bench_free(b);
}
END_TEST

/* A package that was changed while the daemon was away is not sent. */
START_TEST(test_damaged)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL, *package = bench_state(b, "packages/1.package");

        bench_slow_down(b);
        job = start(b);
        world_kill_daemon(b->w);
        ck_assert_int_eq(_i == 1 ? truncate(package, 100) : g_unlink(package), 0);
        if (_i == 2)
                ck_assert_int_eq(symlink(b->path, package), 0);
        if (_i == 3)
                ck_assert_int_eq(mkfifo(package, 0600), 0);
        bench_speed_up(b);
        world_start_daemon(b->w);
        world_assert_result(b->w, job, "failed", "host", "source-unreachable");
        world_await_property(b->w, MODULE_1, "Job", "/");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count"); /* nothing was begun with it */
        world_assert_sim(b->w, OLD_REVISION, "get 1-1 revision");
        bench_assert_files(b, "");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("package");

        suite_add(s, "kept", test_kept, 0, 1);
        suite_add(s, "descriptor", test_descriptor, 0, 1);
        suite_add(s, "waits", test_waits, 0, 1);
        suite_add(s, "largest", test_largest, 0, 1);
        suite_add(s, "failed", test_failed, 0, 1);
        suite_add(s, "survives", test_survives, 0, 2);
        suite_add(s, "crash", test_crash, 0, 4);
        suite_add(s, "orphans", test_orphans, 0, 1);
        suite_add(s, "damaged", test_damaged, 0, 4);
        suite_add(s, "interrupted", test_interrupted, 0, 1);
        return suite_run(s);
}

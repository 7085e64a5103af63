/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls of StartUpgradeFile that are refused, and that they leave nothing: no job, no file, not a line to the
 * module. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "packages.h"
#include "presets.h"
#include "suite.h"

#define NOBODY 65534
#define X50    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"

/* ---- a refused call changes nothing */

static unsigned count_jobs(Bench *b)
{
        g_autofree char *path = bench_state(b, "jobs");
        GDir *dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        ck_assert_ptr_nonnull(dir);
        while (g_dir_read_name(dir))
                n++;
        g_dir_close(dir);
        return n;
}

typedef struct Before {
        char *lines;
        unsigned jobs, added;
} Before;

static Before look(Bench *b)
{
        return (Before){ world_sim(b->w, "get 1-1 at-lines"), count_jobs(b),
                         world_count_signals(b->w, "/org/fotad1", "InterfacesAdded") };
}

static void assert_unchanged(Bench *b, Before *before, const char *files)
{
        Before after = look(b);

        ck_assert_str_eq(after.lines, before->lines);
        ck_assert_uint_eq(after.jobs, before->jobs);
        ck_assert_uint_eq(after.added, before->added);
        bench_assert_files(b, files);
        g_free(after.lines);
        g_free(before->lines);
}

static void assert_error(Bench *b, const char *what, const char *error, const char *part)
{
        ck_assert_msg(strcmp(world_error(b->w), error) == 0, "%s: %s instead of %s: %s", what, world_error(b->w), error,
                      world_error_message(b->w));
        ck_assert_msg(strstr(world_error_message(b->w), part) != NULL, "%s: '%s' does not have '%s'", what,
                      world_error_message(b->w), part);
}

static Bench *bench_of(const char *module, const char *config)
{
        WorldSettings settings = { .modules = { module }, .config = config };

        return bench_new(&settings);
}

/* ---- descriptors */

static int open_pipe(Bench *b)
{
        int ends[2];

        (void)b;
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        close(ends[1]);
        return ends[0];
}

static int open_socket(Bench *b)
{
        (void)b;
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_directory(Bench *b)
{
        g_autofree char *path = world_path(b->w, "www");

        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_device(Bench *b)
{
        (void)b;
        return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static int open_write_only(Bench *b)
{
        return open(b->path, O_WRONLY | O_CLOEXEC);
}

static int open_path(Bench *b)
{
        return open(b->path, O_PATH | O_CLOEXEC);
}

static int open_empty(Bench *b)
{
        (void)b;
        return memfd_create("empty", MFD_CLOEXEC);
}

static int open_large(Bench *b)
{
        int fd = memfd_create("large", MFD_CLOEXEC);

        (void)b;
        ck_assert_int_eq(ftruncate(fd, 500001), 0);
        return fd;
}

static const struct {
        const char *what;
        int (*open)(Bench *b);
        const char *part;
} descriptors[] = {
        { "a pipe", open_pipe, "package: it is not a regular file" },
        { "a socket", open_socket, "package: it is not a regular file" },
        { "a directory", open_directory, "package: it is not a regular file" },
        { "a device", open_device, "package: it is not a regular file" },
        { "for writing", open_write_only, "package: it is not open for reading" },
        { "a path", open_path, "package: it is not open for reading" },
        { "an empty file", open_empty, "package: it is empty" },
        { "a large file", open_large, "package: it has 500001 bytes, and 500000 are allowed" },
};

START_TEST(test_descriptors)
{
        Bench *b = bench_of("1-1=ec200a", "[jobs]\npackage-size-max=500000\n");
        Before before = look(b);

        for (size_t i = 0; i < G_N_ELEMENTS(descriptors); i++) {
                int fd = descriptors[i].open(b);

                ck_assert_int_ge(fd, 0);
                ck_assert_ptr_null(world_start_fd(b->w, "", fd, "up.bin", NULL));
                assert_error(b, descriptors[i].what, "InvalidSource", descriptors[i].part);
                close(fd);
        }
        assert_unchanged(b, &before, "");
        bench_free(b);
}
END_TEST

/* ---- names */

static const struct {
        const char *name, *part;
} names[] = {
        { "", "give a file's name" },
        { "dir/up.bin", "no slash" },
        { "/", "no slash" },
        { "../up.bin", "no slash" },
        { "up\n.bin", "printable" },
        { "up\x01.bin", "printable" },
        { "up\x7f.bin", "printable" },
        { "up\xc2\x85.bin", "printable" },
        { ".", "neither . nor .." },
        { "..", "neither . nor .." },
        { "up\xe2\x80\xae"
          "nib.exe",
          "printable" },                           /* RIGHT-TO-LEFT OVERRIDE */
        { "up\xe2\x81\xa6.bin", "printable" },     /* LEFT-TO-RIGHT ISOLATE */
        { "\xe2\x80\x8fup.bin", "printable" },     /* RIGHT-TO-LEFT MARK */
        { "up.bin\xd8\x9c", "printable" },         /* ARABIC LETTER MARK */
        { "up\xe2\x80\x8b.bin", "printable" },     /* ZERO WIDTH SPACE */
        { "up\xf3\xa0\x81\x81.bin", "printable" }, /* TAG LATIN SMALL LETTER A */
        { "up\xe2\x80\xa8.bin", "printable" },     /* LINE SEPARATOR */
        { X50 X50 X50 X50 X50 "123456", "255 bytes" },
        { "up.mini_1", "guide 3.3.1.3, note 2" },
        { "up.mini_2", "guide 3.3.1.3, note 2" },
        { "UP.MINI_1", "guide 3.3.1.3, note 2" },
        { ".mini_1", "guide 3.3.1.3, note 2" },
};

START_TEST(test_names)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        Before before = look(b);
        g_autofree char *job = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                ck_assert_ptr_null(world_start_file(b->w, "", b->path, names[i].name, NULL));
                assert_error(b, names[i].name, "InvalidSource", names[i].part);
                ck_assert(g_str_has_prefix(world_error_message(b->w), "source: "));
        }
        assert_unchanged(b, &before, "");
        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, X50 X50 X50 X50 X50 "12345", NULL));
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* ---- options */

static const struct {
        const char *key, *type, *value, *error, *part;
} options[] = {
        { "sha256", "s", ZEROS, "InvalidSource", "not " ZEROS " as asked" },
        { "sha256", "s", "0123", "InvalidOption", "sha256 must be 64 hexadecimal digits" },
        { "sha256", "s", ZEROS "0", "InvalidOption", "sha256 must be 64 hexadecimal digits" },
        { "sha256", "s", "x" X50 "0123456789012", "InvalidOption", "sha256 must be 64 hexadecimal digits" },
        { "sha256", "s", "", "InvalidOption", "sha256 must be 64 hexadecimal digits" },
        { "sha256", "u", "1", "InvalidOption", "sha256 must be of type s" },
        { "flow-control", "s", "protocol", "Unsupported", "not public" },
        { "flow-control", "s", "xon", "InvalidOption", "flow-control must be one of" },
        { "pace-bytes", "u", "0", "InvalidOption", "pace-bytes must be 1 to 32" },
        { "pace-bytes", "u", "33", "InvalidOption", "pace-bytes must be 1 to 32" },
        { "pace-interval", "u", "1001", "InvalidOption", "pace-interval must be 0 to 1000" },
        { "cid", "u", "1", "InvalidOption", "cid goes with a URL" },
        { "apn", "s", "internet", "InvalidOption", "apn goes with a URL" },
        { "check-source", "b", "1", "InvalidOption", "check-source goes with a URL" },
        { "apn-user", "s", "gw", "InvalidOption", "apn-user" },
        { "method", "s", "minifota", "InvalidOption", "method" },
        { "name", "s", "x", "InvalidOption", "name is not an option" },
};

START_TEST(test_options)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        Before before = look(b);

        for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
                ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", options[i].key, options[i].type,
                                                    options[i].value, NULL));
                assert_error(b, options[i].key, options[i].error, options[i].part);
        }
        /* The message has the package's own sum, for comparison. */
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", "sha256", "s", ZEROS, NULL));
        assert_error(b, "sha256", "InvalidSource", b->sha256);
        assert_unchanged(b, &before, "");

        /* Nor can options of a package be given with a URL. */
        before = look(b);
        ck_assert_ptr_null(world_start(b->w, "", "http://host/up.bin", "sha256", "s", ZEROS, NULL));
        assert_error(b, "URL", "InvalidOption", "sha256 goes with a package on the host");
        assert_unchanged(b, &before, "");
        bench_free(b);
}
END_TEST

/* ---- modules */

START_TEST(test_modules)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        Before before = look(b);
        g_autofree char *job = NULL;

        ck_assert_ptr_null(world_start_file(b->w, "usb-1-9", b->path, "up.bin", NULL));
        assert_error(b, "unknown", "NoSuchModule", "fotactl list");
        assert_unchanged(b, &before, "");

        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "up.bin", NULL));
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "busy", "Busy", "is held by job 1");
        ck_assert_uint_eq(count_jobs(b), 1);
        bench_assert_files(b, "1.package ");
        bench_cancel(b, job);
        bench_speed_up(b);

        g_free(world_sim(b->w, "detach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "0");
        before = look(b);
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "absent", "ModuleNotReady", "not on the bus");
        assert_unchanged(b, &before, "");
        bench_free(b);
}
END_TEST

/* Packages and options that MiniFOTA does not support. */
START_TEST(test_mini)
{
        Bench *b = bench_of("1-1=ec600m", NULL);
        Before before = look(b);

        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "MiniFOTA", "InvalidSource", "guide 3.3.1.3, note 2");
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", "method", "s", "dfota", NULL));
        assert_error(b, "method", "InvalidOption", "method");
        assert_unchanged(b, &before, "");
        bench_free(b);
}
END_TEST

/* ---- rights */

START_TEST(test_unprivileged)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        Before before = look(b);
        int fd = open(b->path, O_RDONLY | O_CLOEXEC), status;
        pid_t pid;

        ck_assert_msg(geteuid() == 0, "this test becomes another user, which only root can");
        pid = fork();
        if (pid == 0) {
                sd_bus_error e = SD_BUS_ERROR_NULL;
                sd_bus *bus = NULL;

                if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                    setresuid(NOBODY, NOBODY, NOBODY) < 0 || sd_bus_open_system(&bus) < 0)
                        _exit(1);
                sd_bus_call_method(bus, "org.fotad1", "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile", &e, NULL,
                                   "shsa{sv}", "", fd, "a/b", 0);
                _exit(sd_bus_error_has_name(&e, SD_BUS_ERROR_ACCESS_DENIED) ? 0 : 2);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        close(fd);
        assert_unchanged(b, &before, "");
        bench_free(b);
}
END_TEST

/* ---- a state directory with faults */

/* The record cannot be written: the package, which is there already, is removed. */
START_TEST(test_no_record)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        g_autofree char *jobs = bench_state(b, "jobs"), *aside = bench_state(b, "aside"), *job = NULL;

        ck_assert_int_eq(g_rename(jobs, aside), 0);
        ck_assert(g_file_set_contents(jobs, "", 0, NULL));
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "record", "org.freedesktop.DBus.Error.Failed", "cannot be written to the disk");
        bench_assert_files(b, "");
        world_assert_property(b->w, MODULE_1, "Job", "/");
        ck_assert_int_eq(g_unlink(jobs), 0);
        ck_assert_int_eq(g_rename(aside, jobs), 0);
        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "up.bin", NULL));
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* A directory or file has the package's name, or the directory's. */
START_TEST(test_name_in_use)
{
        Bench *b = bench_of("1-1=ec200a", NULL);
        g_autofree char *packages = bench_state(b, "packages"), *other = world_path(b->w, "other"), *file = NULL;
        Before before = look(b);

        ck_assert_int_eq(g_mkdir(other, 0755), 0);
        file = g_build_filename(other, "1.package", NULL);
        ck_assert(g_file_set_contents(file, "x", 1, NULL));
        ck_assert_int_eq(symlink(other, packages), 0);
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "a link", "org.freedesktop.DBus.Error.Failed", "packages");
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        world_start_daemon(b->w);
        world_await_module(b->w, MODULE_1);
        ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
        ck_assert_int_eq(g_unlink(packages), 0);

        g_free(before.lines);
        before = look(b);
        ck_assert_int_eq(g_mkdir(packages, 0700), 0);
        g_free(file);
        file = g_build_filename(packages, "1.package", NULL);
        ck_assert_int_eq(g_mkdir(file, 0700), 0);
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        assert_error(b, "a directory", "org.freedesktop.DBus.Error.Failed", "packages");
        assert_unchanged(b, &before, "1.package ");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("package-refusals");

        suite_add(s, "descriptors", test_descriptors, 0, 1);
        suite_add(s, "names", test_names, 0, 1);
        suite_add(s, "options", test_options, 0, 1);
        suite_add(s, "modules", test_modules, 0, 1);
        suite_add(s, "mini", test_mini, 0, 1);
        suite_add(s, "unprivileged", test_unprivileged, 0, 1);
        suite_add(s, "no-record", test_no_record, 0, 1);
        suite_add(s, "name-in-use", test_name_in_use, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package on the host while it is copied: a source that does not deliver, a disk that has no room, and events during
 * the copy. slow-files.so holds the daemon's reads until the test releases them. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "packages.h"
#include "presets.h"
#include "suite.h"

#define TIMEOUT 60000 /* ms, far longer than any test needs */
#define CALLERS  5

/* ---- reads that wait */

typedef struct Reads {
        char *path;
        int listener;
        int held[CALLERS]; /* one for each waiting read */
        unsigned n;
} Reads;

static void reads_listen(Reads *r, World *w)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        r->path = world_path(w, "reads");
        g_strlcpy(address.sun_path, r->path, sizeof(address.sun_path));
        r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(r->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(g_chmod(r->path, 0666), 0);
        ck_assert_int_eq(listen(r->listener, CALLERS), 0);
        world_set_environment(w, "READS_WAIT", r->path);
}

/* Waits until one more read has begun, which then waits. */
static void reads_await(Reads *r)
{
        struct pollfd fd = { .fd = r->listener, .events = POLLIN };

        ck_assert_msg(poll(&fd, 1, TIMEOUT) > 0, "nothing is read");
        ck_assert_uint_lt(r->n, CALLERS);
        r->held[r->n] = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(r->held[r->n++], 0);
}

/* Releases them, and all later reads. */
static void reads_release(Reads *r)
{
        if (r->listener >= 0) {
                unlink(r->path);
                close(r->listener);
        }
        r->listener = -1;
        while (r->n > 0)
                close(r->held[--r->n]);
        g_clear_pointer(&r->path, g_free);
}

/* ---- callers that do not wait for the answer */

typedef struct Caller {
        sd_bus *bus;
        bool answered;
        char *job, *error, *message;
} Caller;

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);
        Caller *c = userdata;
        const char *path;

        (void)unused;
        c->answered = true;
        if (error) {
                c->error = g_strdup(error->name);
                c->message = g_strdup(error->message);
        } else {
                ck_assert_int_ge(sd_bus_message_read(m, "o", &path), 0);
                c->job = g_strdup(path);
        }
        return 0;
}

static Caller *caller_new(const char *module, const char *path)
{
        Caller *c = g_new0(Caller, 1);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(sd_bus_open_system(&c->bus), 0);
        ck_assert_int_ge(sd_bus_call_method_async(c->bus, NULL, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                  "StartUpgradeFile", on_answer, c, "shsa{sv}", module, fd, "up.bin",
                                                  0),
                         0);
        ck_assert_int_ge(sd_bus_flush(c->bus), 0);
        close(fd);
        return c;
}

static void caller_free(Caller *c)
{
        sd_bus_flush_close_unref(c->bus);
        g_free(c->job);
        g_free(c->error);
        g_free(c->message);
        g_free(c);
}

/* All messages to the daemon from now on arrive after that. */
static void caller_leave(Caller *c, World *w)
{
        const char *name;
        g_autofree char *unique = NULL;

        ck_assert_int_ge(sd_bus_get_unique_name(c->bus, &name), 0);
        unique = g_strdup(name);
        caller_free(c);
        while (sd_bus_get_name_creds(world_bus(w), unique, 0, NULL) >= 0)
                ;
}

static void caller_await(Caller *c)
{
        gint64 last = g_get_monotonic_time() + TIMEOUT * 1000;

        while (!c->answered) {
                ck_assert_msg(g_get_monotonic_time() < last, "no answer");
                if (sd_bus_process(c->bus, NULL) == 0)
                        sd_bus_wait(c->bus, G_USEC_PER_SEC);
        }
}

static void caller_assert_refused(Caller *c, const char *error, const char *part)
{
        caller_await(c);
        ck_assert_ptr_null(c->job);
        ck_assert_msg(g_str_has_suffix(c->error, error), "%s: %s", c->error, c->message);
        ck_assert_msg(strstr(c->message, part) != NULL, "'%s' does not have '%s'", c->message, part);
}

static Bench *slow_bench(Reads *reads, const char *const *modules, unsigned n)
{
        WorldSettings settings = { .preload = "tests/daemon/slow-files.so", .no_daemon = true };
        Bench *b;

        for (unsigned i = 0; i < n; i++)
                settings.modules[i] = modules[i];
        b = bench_new(&settings);
        if (reads)
                reads_listen(reads, b->w);
        return b;
}

static void start_daemon(Bench *b)
{
        world_start_daemon(b->w);
        world_await_module(b->w, MODULE_1);
        g_free(world_sim(b->w, "wait 1-1 closed 1"));
}

static const char *const one[] = { "1-1=ec200a" };

/* ---- tests */

/* The daemon answers other calls, and ends in time, whatever the file does. Nothing remains of the unfinished calls. */
START_TEST(test_hangs)
{
        Reads reads = { 0 };
        Bench *b = slow_bench(&reads, one, 1);
        Caller *c;

        start_daemon(b);
        c = caller_new("", b->path);
        reads_await(&reads);
        world_assert_property(b->w, MODULE_1, "Job", "/");
        bench_assert_files(b, "1.part ");
        ck_assert(world_call(b->w, MODULE_1, "org.fotad1.Module", "Probe"));
        if (_i == 0) {
                ck_assert_int_eq(world_stop_daemon(b->w), 0);
                bench_assert_files(b, "");
        } else {
                world_kill_daemon(b->w);
                bench_assert_files(b, "1.part ");
        }
        caller_assert_refused(c, "NoReply", "");
        reads_release(&reads);
        start_daemon(b);
        bench_assert_files(b, "");
        world_assert_property(b->w, MODULE_1, "Job", "/");
        caller_free(c);
        bench_free(b);
}
END_TEST

/* A caller that has disconnected gets no upgrade when the file arrives at last. */
START_TEST(test_caller_disconnects)
{
        Reads reads = { 0 };
        Bench *b = slow_bench(&reads, one, 1);
        g_autofree char *job = NULL;
        Caller *c;

        start_daemon(b);
        c = caller_new("", b->path);
        reads_await(&reads);
        caller_leave(c, b->w);
        bench_assert_files(b, "");
        reads_release(&reads);
        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "up.bin", NULL));
        ck_assert_str_eq(job, JOB_1);
        bench_assert_files(b, "1.package ");
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* Four at once, including those that wait for callers that have disconnected. */
START_TEST(test_many)
{
        static const char *const modules[] = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" };
        Reads reads = { 0 };
        Bench *b = slow_bench(&reads, modules, 2);
        Caller *callers[CALLERS];

        start_daemon(b);
        world_await_module(b->w, MODULE_2);
        for (unsigned i = 0; i < 4; i++) {
                callers[i] = caller_new(i < 2 ? "usb-1-1" : "usb-1-2", b->path);
                reads_await(&reads);
        }
        bench_assert_files(b, "1.part 2.part 3.part 4.part ");
        ck_assert_ptr_null(world_start_file(b->w, "usb-1-1", b->path, "up.bin", NULL));
        ck_assert_str_eq(world_error(b->w), "Busy");
        ck_assert(strstr(world_error_message(b->w), "4 packages"));
        caller_leave(callers[3], b->w);
        ck_assert_ptr_null(world_start_file(b->w, "usb-1-1", b->path, "up.bin", NULL));
        ck_assert_str_eq(world_error(b->w), "Busy");
        bench_slow_down(b);
        g_free(world_sim(b->w, "set 1-2 delay 4000"));
        reads_release(&reads);

        /* Two packages for one module: the second call finds it busy, and its package is not kept. */
        for (unsigned i = 0; i < 3; i++)
                caller_await(callers[i]);
        ck_assert((callers[0]->job != NULL) != (callers[1]->job != NULL));
        ck_assert_ptr_nonnull(callers[2]->job);
        caller_assert_refused(callers[callers[0]->job ? 1 : 0], "Busy", "is held by job");
        bench_assert_files(b, "1.package 2.package ");
        bench_assert_kept(b, "1");
        bench_assert_kept(b, "2");
        for (unsigned i = 0; i < 3; i++)
                caller_free(callers[i]);
        bench_free(b);
}
END_TEST

/* A file that is written to while it is copied is refused. */
START_TEST(test_changed)
{
        Reads reads = { 0 };
        Bench *b = slow_bench(&reads, one, 1);
        Caller *c;
        int fd = open(b->path, O_RDWR | O_CLOEXEC);
        struct stat before;

        ck_assert_int_eq(fstat(fd, &before), 0);
        start_daemon(b);
        c = caller_new("", b->path);
        reads_await(&reads);
        if (_i == 0)
                ck_assert_int_eq(ftruncate(fd, 100), 0);
        else if (_i == 1)
                ck_assert_int_eq(pwrite(fd, "more", 4, lseek(fd, 0, SEEK_END)), 4);
        else
                ck_assert_int_eq(pwrite(fd, "other", 5, 0), 5);
        if (_i < 2) /* as if within one tick of the clock: the size shows it, too */
                ck_assert_int_eq(futimens(fd, (struct timespec[]){ before.st_atim, before.st_mtim }), 0);
        close(fd);
        reads_release(&reads);
        caller_assert_refused(c, "InvalidSource", "package: it was changed while it was copied");
        bench_assert_files(b, "");
        world_assert_property(b->w, MODULE_1, "Job", "/");
        caller_free(c);
        bench_free(b);
}
END_TEST

/* The module disconnects while its package is copied. */
START_TEST(test_module_disconnects)
{
        Reads reads = { 0 };
        Bench *b = slow_bench(&reads, one, 1);
        Caller *c;

        start_daemon(b);
        c = caller_new("", b->path);
        reads_await(&reads);
        g_free(world_sim(b->w, "detach 1-1"));
        world_await_property(b->w, MODULE_1, "Present", "0");
        reads_release(&reads);
        caller_assert_refused(c, "ModuleNotReady", "usb-1-1");
        bench_assert_files(b, "");
        caller_free(c);
        bench_free(b);
}
END_TEST

/* ---- a small disk */

static void assert_no_room(Bench *b, const char *part)
{
        ck_assert_ptr_null(world_start_file(b->w, "", b->path, "up.bin", NULL));
        ck_assert_str_eq(world_error(b->w), "org.freedesktop.DBus.Error.LimitsExceeded");
        ck_assert_msg(strstr(world_error_message(b->w), part) != NULL, "%s", world_error_message(b->w));
        bench_assert_files(b, "");
        world_assert_property(b->w, MODULE_1, "Job", "/");
}

/* The records need room, too. */
START_TEST(test_no_room)
{
        Bench *b = slow_bench(NULL, one, 1);
        uint64_t needed = strtoul(b->size, NULL, 10) + 1024 * 1024;
        g_autofree char *enough = g_strdup_printf("%" G_GUINT64_FORMAT, needed), *job = NULL;
        g_autofree char *less = g_strdup_printf("%" G_GUINT64_FORMAT, needed - 1);
        g_autofree char *said = g_strdup_printf("%s bytes are needed, the package and 1 MiB, and %s are free", enough,
                                                less);

        world_set_environment(b->w, "DISK_FREE", less);
        start_daemon(b);
        assert_no_room(b, said);
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        world_set_environment(b->w, "DISK_FREE", enough);
        start_daemon(b);
        bench_slow_down(b);
        job = world_expect_job(b->w, world_start_file(b->w, "", b->path, "up.bin", NULL));
        bench_cancel(b, job);
        bench_free(b);
}
END_TEST

/* Another program has filled the disk meanwhile. */
START_TEST(test_full)
{
        Bench *b = slow_bench(NULL, one, 1);

        world_set_environment(b->w, "DISK_ROOM", "1000");
        start_daemon(b);
        assert_no_room(b, "the disk became full");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("package-spool");

        suite_add(s, "hangs", test_hangs, 0, 2);
        suite_add(s, "caller-disconnects", test_caller_disconnects, 0, 1);
        suite_add(s, "many", test_many, 0, 1);
        suite_add(s, "changed", test_changed, 0, 3);
        suite_add(s, "module-disconnects", test_module_disconnects, 0, 1);
        suite_add(s, "no-room", test_no_room, 0, 1);
        suite_add(s, "full", test_full, 0, 1);
        return suite_run(s);
}

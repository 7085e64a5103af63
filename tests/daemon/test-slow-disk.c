/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A disk that takes long to write a record holds up the job of that record alone: the daemon answers calls, and other
 * modules are upgraded. standstill.so holds the synchronization of job 1's record until the test releases it. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "datagrams.h"
#include "mini.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define OTHER_OLD "EC600NCNLAR03A01M16"
#define OTHER_NEW "EC600NCNLAR03A02M16"
#define TIMEOUT   (60 * G_USEC_PER_SEC)

/* ---- a record that is being written */

typedef struct Hold {
        World *w;
        char *path;
        int listener, sync;
} Hold;

/* The files with that text in their paths can be held. */
static void start_daemon_to_hold(World *w, const char *files)
{
        g_autofree char *syncs = world_path(w, "syncs"), *later = world_path(w, "later");
        g_autofree char *refuse = world_path(w, "refuse");

        world_set_environment(w, "LATER", later);
        world_set_environment(w, "REMOVALS_FAIL", refuse);
        world_set_environment(w, "SYNCS_WAIT", syncs);
        world_set_environment(w, "SYNCS_OF", files);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
}

static void start_daemon(World *w)
{
        start_daemon_to_hold(w, "/1.job");
}

static World *world_with(const char *config)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600n" },
                                   .config = config,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);

        start_daemon(w);
        world_await_module(w, MODULE_2);
        world_package(w, "other.bin", OTHER_OLD, OTHER_NEW, NULL);
        return w;
}

/* So many seconds pass for the daemon. */
static void let_pass(World *w, const char *seconds)
{
        g_autofree char *later = world_path(w, "later");

        ck_assert(g_file_set_contents(later, seconds, -1, NULL));
}

/* From now on the next record of job 1 is held. */
static Hold *hold_new(World *w)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Hold *h = g_new0(Hold, 1);

        h->w = w;
        h->path = world_path(w, "syncs");
        h->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        h->sync = -1;
        g_strlcpy(address.sun_path, h->path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(h->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(h->path, 0666), 0);
        ck_assert_int_eq(listen(h->listener, 16), 0);
        return h;
}

static bool new_record_has(World *w, const char *part)
{
        g_autofree char *jobs = world_path(w, "state/jobs");
        g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);
        const char *name;
        bool has = false;

        while (!has && (name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(jobs, name, NULL), *text = NULL;

                if (g_str_has_prefix(name, "1.job.") && g_file_get_contents(path, &text, NULL, NULL))
                        has = strstr(text, part) != NULL;
        }
        return has;
}

/* Waits until a record of job 1 with that text is held; those before it are written. */
static void hold_await(Hold *h, const char *part)
{
        do {
                if (h->sync >= 0)
                        close(h->sync);
                h->sync = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
                ck_assert_int_ge(h->sync, 0);
        } while (!new_record_has(h->w, part));
}

/* Waits until the next access to the disk is held. */
static void hold_await_any(Hold *h)
{
        h->sync = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(h->sync, 0);
}

/* Waits until the removal of the record of job 1 is held; all before it is done. */
static void hold_await_removal(Hold *h)
{
        close(h->sync);
        hold_await_any(h);
}

/* The record is written, and so are those that follow. */
static void hold_release(Hold *h)
{
        ck_assert_int_eq(unlink(h->path), 0);
        close(h->listener);
        close(h->sync);
        g_free(h->path);
        g_free(h);
}

/* Starts job 1, whose module is held at that point of the simulator. */
static void start_to(World *w, const char *point)
{
        g_autofree char *url = world_publish(w), *job = NULL;

        g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(job, JOB_1);
        g_free(world_sim(w, "held 1-1 %s", point));
}

/* Starts job 1, and returns once the record is held that precedes AT+QFOTADL. */
static Hold *hold_before_command(World *w)
{
        Hold *h;

        start_to(w, PREPARING);
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 " PREPARING));
        hold_await(h, "Sent=true");
        return h;
}

/* The daemon answers, and shows nothing that the disk does not have. */
static void assert_held(World *w)
{
        for (unsigned i = 0; i < 10; i++) {
                world_assert_property(w, JOB_1, "State", "preparing");
                world_assert_property(w, MODULE_1, "Job", JOB_1);
        }
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
}

static void assert_success(World *w)
{
        world_assert_result(w, JOB_1, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
}

/* ---- callers that do not wait for the answer */

typedef struct Caller {
        sd_bus *bus;
        bool answered;
        char *job, *error;
} Caller;

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Caller *c = userdata;
        const char *path;

        (void)unused;
        c->answered = true;
        if (sd_bus_message_is_method_error(m, NULL))
                c->error = g_strdup(sd_bus_message_get_error(m)->message);
        else if (sd_bus_message_has_signature(m, "o") && sd_bus_message_read(m, "o", &path) >= 0)
                c->job = g_strdup(path);
        return 0;
}

static Caller *caller_new(sd_bus_message **ret, const char *path, const char *interface, const char *method)
{
        Caller *c = g_new0(Caller, 1);

        ck_assert_int_ge(sd_bus_open_system(&c->bus), 0);
        ck_assert_int_ge(sd_bus_message_new_method_call(c->bus, ret, "org.fotad1", path, interface, method), 0);
        return c;
}

static Caller *caller_send(Caller *c, sd_bus_message *m)
{
        ck_assert_int_ge(sd_bus_call_async(c->bus, NULL, m, on_answer, c, UINT64_MAX), 0);
        ck_assert_int_ge(sd_bus_flush(c->bus), 0);
        sd_bus_message_unref(m);
        return c;
}

/* id: NULL none. */
static void append_id(sd_bus_message *m, const char *id)
{
        ck_assert_int_ge(id ? sd_bus_message_append(m, "a{sv}", 1, "request-id", "s", id)
                            : sd_bus_message_append(m, "a{sv}", 0),
                         0);
}

static Caller *call_start(const char *url, const char *id)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade");

        ck_assert_int_ge(sd_bus_message_append(m, "ss", MODULE_1, url), 0);
        append_id(m, id);
        return caller_send(c, m);
}

/* Sends StartUpgradeFile with the package that call_start_file() has made. */
static Caller *caller_send_file(Caller *c, sd_bus_message *m, World *w, const char *id)
{
        g_autofree char *path = world_path(w, "package.bin");
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_ge(sd_bus_message_append(m, "shs", MODULE_1, fd, "package.bin"), 0);
        append_id(m, id);
        close(fd);
        return caller_send(c, m);
}

static Caller *call_start_file(World *w, const char *id)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile");

        world_make_package(w, "package.bin", OLD_REVISION, NEW_REVISION, 20000);
        return caller_send_file(c, m, w, id);
}

/* The same call once more, by the same caller. */
static void repeat_start_file(Caller *c, World *w, const char *id)
{
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_message_new_method_call(c->bus, &m, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                        "StartUpgradeFile"),
                         0);
        caller_send_file(c, m, w, id);
}

static Caller *call_job(const char *method, const char *url)
{
        sd_bus_message *m;
        Caller *c = caller_new(&m, JOB_1, "org.fotad1.Job", method);

        if (url)
                ck_assert_int_ge(sd_bus_message_append(m, "sa{sv}", url, 0), 0);
        return caller_send(c, m);
}

static void caller_free(Caller *c)
{
        sd_bus_flush_close_unref(c->bus);
        g_free(c->job);
        g_free(c->error);
        g_free(c);
}

/* 0: by the job, 1: by the manager. */
static Caller *call_cancel(int how)
{
        sd_bus_message *m;
        Caller *c;

        if (how == 0)
                return call_job("Cancel", NULL);
        c = caller_new(&m, "/org/fotad1", "org.fotad1.Manager", "Cancel");
        ck_assert_int_ge(sd_bus_message_append(m, "o", JOB_1), 0);
        return caller_send(c, m);
}

/* Messages that the daemon gets from now on come after the news that the caller has left. */
static void caller_leave(Caller *c, World *w)
{
        g_autofree char *unique = NULL;
        const char *name;

        ck_assert_int_ge(sd_bus_get_unique_name(c->bus, &name), 0);
        unique = g_strdup(name);
        caller_free(c);
        while (sd_bus_get_name_creds(world_bus(w), unique, 0, NULL) >= 0)
                ;
}

/* The daemon has the call: it has answered others of the same caller since it read the caller's credentials. */
static void caller_settle(Caller *c)
{
        for (unsigned i = 0; i < 2; i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                char *version = NULL;

                ck_assert_int_ge(sd_bus_get_property_string(c->bus, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                                            "Version", &error, &version),
                                 0);
                free(version);
        }
}

static void caller_await_answer(Caller *c)
{
        gint64 last = g_get_monotonic_time() + TIMEOUT;

        while (!c->answered) {
                ck_assert_msg(g_get_monotonic_time() < last, "no answer");
                if (sd_bus_process(c->bus, NULL) == 0)
                        sd_bus_wait(c->bus, G_USEC_PER_SEC);
        }
}

static void caller_await(Caller *c)
{
        caller_await_answer(c);
        ck_assert_msg(!c->error, "%s", c->error);
}

static void caller_await_refusal(Caller *c)
{
        caller_await_answer(c);
        ck_assert_ptr_nonnull(c->error);
        ck_assert_str_eq(c->error, "the disk took too long: try again");
}

static void caller_assert_waits(Caller *c)
{
        while (sd_bus_process(c->bus, NULL) > 0)
                ;
        ck_assert(!c->answered);
}

/* ---- a job whose record is held */

/* The module of the record sends nothing, and another one is upgraded meanwhile. */
START_TEST(test_other_module)
{
        World *w = world_with(NULL);
        g_autofree char *url = world_http(w, "other.bin"), *other = NULL;
        Hold *h = hold_before_command(w);

        assert_held(w);
        other = world_expect_job(w, world_start(w, MODULE_2, url, NULL));
        world_assert_result(w, other, "success", "", "");
        assert_held(w);
        hold_release(h);
        assert_success(w);
        world_free(w);
}
END_TEST

/* The call waits, and then the download that has begun is given up. */
START_TEST(test_cancel)
{
        World *w = world_with(NULL);
        Hold *h;
        Caller *c;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        c = call_cancel(_i);
        assert_held(w);
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        world_assert_property(w, JOB_1, "Cancellable", "0");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        caller_free(c);
        world_free(w);
}
END_TEST

/* The call is answered when the disk knows that the job was cancelled. */
START_TEST(test_cancel_recorded)
{
        World *w = world_with(NULL);
        Hold *h;
        Caller *c;

        start_to(w, PREPARING);
        h = hold_new(w);
        c = call_cancel(_i);
        hold_await(h, "Result=cancelled");
        assert_held(w);
        world_assert_property(w, JOB_1, "Cancellable", "1");
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        world_assert_property(w, JOB_1, "Cancellable", "0");
        g_free(world_sim(w, "release 1-1 " PREPARING));
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        caller_free(c);
        world_free(w);
}
END_TEST

/* The status of the unit does not show the end of a job before the disk has it. */
START_TEST(test_status)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600n" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "notify"), *url = NULL, *other = NULL;
        Datagrams *said = datagrams_new(path);
        g_autoptr(GPtrArray) all = NULL;
        unsigned n;
        Hold *h;
        Caller *c;

        world_set_environment(w, "NOTIFY_SOCKET", path);
        start_daemon(w);
        world_await_module(w, MODULE_2);
        world_package(w, "other.bin", OTHER_OLD, OTHER_NEW, NULL);
        url = world_http(w, "other.bin");
        start_to(w, PREPARING);
        h = hold_new(w);
        c = call_cancel(0);
        hold_await(h, "Result=cancelled");
        g_free(world_sim(w, "release 1-1 " PREPARING));
        hold_await(h, "State=finished");
        other = world_expect_job(w, world_start(w, MODULE_2, url, NULL));
        n = datagrams_await(said, 0, "job 2 on usb-1-2: ");
        all = datagrams_get(said);
        ck_assert_msg(g_str_has_prefix(g_ptr_array_index(all, n), "STATUS=job 1 on usb-1-1: preparing 0 %; "), "%s",
                      (char *)g_ptr_array_index(all, n));
        hold_release(h);
        caller_await(c);
        world_assert_result(w, other, "success", "", "");
        datagrams_await(said, n, "STATUS=Idle");
        caller_free(c);
        world_free(w);
        datagrams_free(said);
}
END_TEST

/* The module goes through the whole upgrade meanwhile: its restarts count, and the job concludes from the revision. */
START_TEST(test_restarts)
{
        World *w = world_with(NULL);
        Hold *h;

        start_to(w, "downloading:40");
        world_await_property(w, JOB_1, "State", "downloading");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 downloading:40"));
        hold_await(h, "Sent=true");
        g_free(world_sim(w, "wait 1-1 normal 2"));
        world_assert_property(w, JOB_1, "State", "downloading");
        world_assert_property(w, JOB_1, "Restarts", "0");
        hold_release(h);
        assert_success(w);
        world_assert_property(w, JOB_1, "Restarts", "2");
        world_free(w);
}
END_TEST

/* The module prints all messages of the download and restarts, which erases those that the host has not read: each of
 * them counts. The module waits some seconds for the host to read them. */
START_TEST(test_messages)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,drain=5000" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        g_autoptr(GString) percents = g_string_new(NULL);
        Course *c = course_new_world(&settings);
        Hold *h;

        start_daemon(c->w);
        course_publish_any(c);
        course_begin_and_hold(c, "downloading:40");
        world_await_property(c->w, c->job, "State", "downloading");
        h = hold_new(c->w);
        g_free(world_sim(c->w, "hold 1-1 off:1"));
        g_free(world_sim(c->w, "release 1-1 downloading:40"));
        hold_await(h, "Sent=true");
        g_free(world_sim(c->w, "held 1-1 off:1"));
        hold_release(h);
        world_await_property(c->w, c->job, "State", "restarting");
        for (unsigned i = 1; i <= 50; i++) /* the download */
                g_string_append_printf(percents, "%s%u", i > 1 ? " " : "", i);
        course_assert_history(c, c->job, "Percent", percents->str);
        g_free(world_sim(c->w, "release 1-1 off:1"));
        assert_success(c->w);
        course_free(c);
}
END_TEST

/* ---- a stalled job */

static Course *stall(void)
{
        WorldSettings settings = { .modules = { "1-1=ec600m" },
                                   .config = COURSE_STALLS,
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        Course *c = course_new_world(&settings);
        g_autofree char *second = course_second_url(c);

        start_daemon(c->w);
        course_publish_as(c, UP, NULL);
        course_follow(c, COURSE_FIRST);
        g_free(world_sim(c->w, "wait 1-1 mini-2"));
        course_await_stalled(c, second);
        return c;
}

/* Nothing is sent to the module, and nothing shown, before the disk has the new source. */
START_TEST(test_retry)
{
        Course *c = stall();
        g_autofree char *url = NULL;
        Caller *caller;
        Hold *h;

        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        url = world_http(c->w, "fixed.mini_1");
        h = hold_new(c->w);
        caller = call_job("Retry", url);
        hold_await(h, "fixed.mini_1");
        world_assert_property(c->w, JOB_1, "Source", c->url);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        course_assert_success(c, NULL);
        world_assert_sim(c->w, "2", "get 1-1 qfotadl-count");
        caller_free(caller);
        course_free(c);
}
END_TEST

/* The call is answered when the bus shows that the retry waits for the Mini system, whose record is another one. */
START_TEST(test_retry_waits)
{
        Course *c = stall();
        g_autofree char *url = world_http(c->w, "fixed.mini_1");
        Caller *caller;
        Hold *h;

        g_free(world_sim(c->w, "hold 1-1 answer:ATI"));
        g_free(world_sim(c->w, "held 1-1 answer:ATI"));
        h = hold_new(c->w);
        caller = call_job("Retry", url);
        hold_await(h, "fixed.mini_1");
        hold_await(h, "The retry is sent when");
        caller_settle(caller);
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        world_assert_part(c->w, JOB_1, "Message", "The retry is sent when");
        caller_free(caller);
        course_free(c);
}
END_TEST

START_TEST(test_dismiss)
{
        Course *c = stall();
        Hold *h = hold_new(c->w);
        Caller *caller = call_job("Dismiss", NULL);

        hold_await(h, "Result=failed");
        world_assert_property(c->w, JOB_1, "State", "stalled");
        world_assert_property(c->w, MODULE_1, "Job", JOB_1);
        caller_assert_waits(caller);
        hold_release(h);
        caller_await(caller);
        world_assert_property(c->w, JOB_1, "State", "finished");
        world_assert_result(c->w, JOB_1, "failed", "host", "dismissed");
        caller_free(caller);
        course_free(c);
}
END_TEST

/* ---- the first record */

static void assert_no_job(World *w)
{
        ck_assert(!world_call(w, JOB_1, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "org.freedesktop.DBus.Error.UnknownObject");
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
}

/* 0: from a URL, 1: from a package on the host. */
static Caller *call_start_with(World *w, int how, const char *id)
{
        g_autofree char *url = world_publish(w);

        return how == 0 ? call_start(url, id) : call_start_file(w, id);
}

static Caller *call_start_either(World *w, int how)
{
        return call_start_with(w, how, NULL);
}

/* The call is answered, and the job appears, when the disk has its record. The module is taken before. */
START_TEST(test_start)
{
        World *w = world_with(NULL);
        g_autofree char *url = world_http(w, "up.bin");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        assert_no_job(w);
        ck_assert_ptr_null(world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        caller_assert_waits(c);
        hold_release(h);
        caller_await(c);
        ck_assert_str_eq(c->job, JOB_1);
        assert_success(w);
        caller_free(c);
        world_free(w);
}
END_TEST

static bool has_files(World *w, const char *directory)
{
        g_autofree char *path = world_path(w, directory);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

        return dir && g_dir_read_name(dir);
}

static void await_no_files(World *w, const char *directory)
{
        gint64 last = g_get_monotonic_time() + TIMEOUT;

        while (has_files(w, directory))
                ck_assert_msg(g_get_monotonic_time() < last, "a file stays in %s", directory);
}

/* A caller that has left leaves neither a job nor a file. */
START_TEST(test_caller_left)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);
        g_autofree char *url = world_http(w, "up.bin"), *next = NULL;

        hold_await(h, "State=queued");
        caller_leave(c, w);
        assert_no_job(w);
        hold_release(h);
        await_no_files(w, "state/jobs");
        await_no_files(w, "state/packages");
        assert_no_job(w);
        next = world_expect_job(w, world_start(w, MODULE_1, url, NULL));
        ck_assert_str_ne(next, JOB_1);
        world_assert_result(w, next, "success", "", "");
        world_free(w);
}
END_TEST

/* ---- two calls with the same request id at the same time */

/* Both return the job of the first one. */
START_TEST(test_repeated)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, _i, "r1"), *second, *other;

        hold_await(h, "State=queued");
        second = call_start_with(w, _i, "r1");
        other = call_start_with(w, 1 - _i, "r1");
        caller_settle(second);
        caller_settle(other);
        caller_assert_waits(first);
        caller_assert_waits(second);
        caller_assert_waits(other);
        hold_release(h);
        caller_await(first);
        caller_await(second);
        ck_assert_str_eq(first->job, JOB_1);
        ck_assert_str_eq(second->job, JOB_1);
        caller_await_answer(other);
        ck_assert_msg(other->error && g_str_has_prefix(other->error, "request-id: job 1 "), "%s", other->error);
        assert_success(w);
        caller_free(first);
        caller_free(second);
        caller_free(other);
        world_free(w);
}
END_TEST

/* The first caller leaves, and nothing is left of its job: the second call begins one. */
START_TEST(test_repeated_left)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, _i, "r1"), *second;

        hold_await(h, "State=queued");
        second = call_start_with(w, _i, "r1");
        caller_settle(second);
        caller_leave(first, w);
        assert_no_job(w);
        caller_assert_waits(second);
        hold_release(h);
        caller_await(second);
        ck_assert_str_ne(second->job, JOB_1);
        world_assert_result(w, second->job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        caller_free(second);
        world_free(w);
}
END_TEST

/* 0: the second caller leaves while it waits, 1: it has given up. The first one has its job. */
START_TEST(test_repeated_not_needed)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *first = call_start_with(w, 0, "r1"), *second;

        hold_await(h, "State=queued");
        second = call_start_with(w, 0, "r1");
        caller_settle(second);
        if (_i == 0) {
                caller_leave(second, w);
                hold_release(h);
                caller_await(first);
                assert_success(w);
        } else {
                let_pass(w, "30");
                hold_await_removal(h);
                hold_release(h);
                caller_await_refusal(first);
                caller_await_refusal(second);
                assert_no_job(w);
                caller_free(second);
        }
        caller_free(first);
        world_free(w);
}
END_TEST

/* One caller has sent both calls, and leaves when the second one is too late, while the package is still copied. The end
 * of the first call ends the second one. */
START_TEST(test_repeated_late)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        Caller *c, *next;
        Hold *h;

        start_daemon_to_hold(w, "/packages/");
        h = hold_new(w);
        c = call_start_file(w, "r1");
        hold_await_any(h);
        repeat_start_file(c, w, "r1");
        caller_settle(c);
        caller_assert_waits(c);
        let_pass(w, "30");
        caller_leave(c, w);
        assert_no_job(w);
        hold_release(h);
        await_no_files(w, "state/packages");
        next = call_start_file(w, "r1");
        caller_await(next);
        world_assert_result(w, next->job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        caller_free(next);
        world_free(w);
}
END_TEST

/* ---- calls that their callers have given up, as clients do after 25 seconds, are not carried out */

START_TEST(test_start_given_up)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, 0);

        hold_await(h, "State=queued");
        let_pass(w, "30");
        hold_await_removal(h);
        assert_no_job(w);
        caller_assert_waits(c);
        hold_release(h);
        caller_await_refusal(c);
        assert_no_job(w);
        ck_assert(!has_files(w, "state/jobs"));
        caller_free(c);
        world_free(w);
}
END_TEST

/* 0: the call was given up, 1: the caller has left. The disk does not remove the record, which the next daemon would
 * begin. So there is a job, which is cancelled. */
START_TEST(test_record_stays)
{
        World *w = world_with(NULL);
        g_autofree char *refuse = world_path(w, "refuse");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, 0);

        ck_assert(g_file_set_contents(refuse, "", -1, NULL));
        hold_await(h, "State=queued");
        if (_i == 0)
                let_pass(w, "30");
        else
                caller_leave(c, w);
        assert_no_job(w); /* the answers follow the news that the caller has left */
        hold_release(h);
        if (_i == 0)
                caller_await_refusal(c);
        ck_assert(world_await_signal(w, JOB_1, "Result", NULL));
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert_int_eq(unlink(refuse), 0);
        world_start_daemon(w);
        world_await_port(w);
        world_assert_property(w, JOB_1, "Result", "cancelled");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        if (_i == 0)
                caller_free(c);
        world_free(w);
}
END_TEST

/* 0: by the job, 1: by the manager. */
START_TEST(test_cancel_given_up)
{
        World *w = world_with(NULL);
        Hold *h = hold_before_command(w);
        Caller *c = call_cancel(_i);

        caller_settle(c);
        let_pass(w, "30");
        hold_release(h);
        caller_await_refusal(c);
        assert_success(w);
        caller_free(c);
        world_free(w);
}
END_TEST

/* ---- the first record of an adopted upgrade */

/* Another program starts an upgrade of the module. */
static void begin_by_hand(World *w, const char *url)
{
        g_autofree char *tty = world_tty(w, "1-1", "at"), *line = g_strdup_printf("AT+QFOTADL=\"%s\"\r", url);
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
        g_free(world_sim(w, "wait 1-1 accepted"));
        close(fd);
}

/* A module that has reported its revision is downloading, and the daemon reads messages about that while it asks for
 * the revision again. */
static Hold *hold_adoption(World *w, const char *url)
{
        sd_bus_message *m;
        Caller *c;
        Hold *h;

        g_free(world_sim(w, "hold 1-1 downloading:40"));
        begin_by_hand(w, url);
        g_free(world_sim(w, "held 1-1 downloading:40"));
        start_daemon(w);
        g_free(world_sim(w, "hold 1-1 answer:ATI"));
        g_free(world_sim(w, "hold 1-1 downloaded"));
        c = caller_new(&m, MODULE_1, "org.fotad1.Module", "Probe");
        caller_send(c, m);
        g_free(world_sim(w, "held 1-1 answer:ATI"));
        caller_free(c);
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 downloading:40"));
        g_free(world_sim(w, "held 1-1 downloaded"));
        g_free(world_sim(w, "release 1-1 answer:ATI"));
        hold_await(h, "Origin=adopted");
        return h;
}

/* No other job begins, and no question is asked, while the record of the adopted job is held. */
START_TEST(test_adopted)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = world_publish(w), *file = world_path(w, "package.bin");
        Hold *h = hold_adoption(w, url);

        world_assert_property(w, MODULE_1, "Job", "/");
        ck_assert_ptr_null(world_start(w, MODULE_1, url, NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        world_make_package(w, "package.bin", OLD_REVISION, NEW_REVISION, 20000);
        ck_assert_ptr_null(world_start_file(w, MODULE_1, file, "package.bin", NULL));
        ck_assert_str_eq(world_error(w), "Busy");
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        ck_assert_str_eq(world_error(w), "Busy");
        hold_release(h);
        world_await_property(w, MODULE_1, "Job", JOB_1);
        g_free(world_sim(w, "release 1-1"));
        assert_success(w);
        world_assert_property(w, JOB_1, "Origin", "adopted");
        world_free(w);
}
END_TEST

/* ---- the bus is lost meanwhile */

/* The bus is killed and started again. A call after this is answered on the next connection. */
static void change_bus(World *w)
{
        g_autofree char *log = world_path(w, "fotad.log");

        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        world_start_bus(w);
        world_await_daemon(w);
}

/* The next bus, too, shows nothing that the disk does not have, and gets the news when the disk has the record. */
START_TEST(test_bus_killed)
{
        World *w = world_with(NULL);
        g_autofree char *state = NULL, *system = NULL;
        Hold *h;

        start_to(w, "end");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 end"));
        hold_await(h, "Result=success");
        state = world_property(w, JOB_1, "State");
        system = world_property(w, MODULE_1, "System");
        ck_assert_str_ne(state, "finished");
        change_bus(w);
        world_assert_property(w, JOB_1, "State", state);
        world_assert_property(w, JOB_1, "Result", "");
        world_assert_property(w, MODULE_1, "System", system);
        world_assert_property(w, MODULE_1, "Job", JOB_1);
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 0);
        hold_release(h);
        assert_success(w);
        world_await_property(w, MODULE_1, "Job", "/");
        ck_assert(world_await_signal(w, JOB_1, "Progress", "finished"));
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 1);
        world_free(w);
}
END_TEST

/* A module that was lost is back while there is no bus. The next bus gets the Result, and the note of that follows the
 * record that has the revision. */
START_TEST(test_resolved)
{
        World *w = world_with("restart=2\n");
        g_autofree char *log = world_path(w, "fotad.log"), *record = world_path(w, "state/jobs/1.job"), *text = NULL;
        Hold *h;

        start_to(w, "off:2");
        world_kill_bus(w);
        world_await_file(w, log, "job 1 on usb-1-1: failed");
        h = hold_new(w);
        g_free(world_sim(w, "release 1-1 off:2"));
        hold_await(h, "came back later");
        world_start_bus(w);
        world_await_daemon(w);
        world_assert_property(w, JOB_1, "ToRevision", "");
        hold_release(h);
        ck_assert(world_await_signal(w, JOB_1, "Resolved", NEW_REVISION " 1"));
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(g_file_get_contents(record, &text, NULL, NULL));
        ck_assert_msg(strstr(text, "ToRevision=" NEW_REVISION) && !strstr(text, "Watched=true"), "%s", text);
        world_start_daemon(w);
        world_assert_property(w, JOB_1, "ToRevision", NEW_REVISION);
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Resolved"), 1);
        world_free(w);
}
END_TEST

/* ---- the end of the daemon */

/* The daemon dies: the record before counts, in which AT+QFOTADL was not sent. */
START_TEST(test_killed)
{
        World *w = world_with(NULL);
        Hold *h = hold_before_command(w);

        assert_held(w);
        world_kill_daemon(w);
        hold_release(h);
        world_start_daemon(w);
        assert_success(w);
        world_free(w);
}
END_TEST

START_TEST(test_killed_at_start)
{
        World *w = world_with(NULL);
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        assert_no_job(w);
        world_kill_daemon(w);
        hold_release(h);
        caller_free(c);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        assert_no_job(w);
        await_no_files(w, "state/jobs");
        await_no_files(w, "state/packages");
        world_free(w);
}
END_TEST

/* The daemon ends because it has no bus: a job that was not seen on the bus leaves no file. */
START_TEST(test_no_bus)
{
        World *w = world_with(NULL);
        g_autofree char *log = world_path(w, "fotad.log");
        Hold *h = hold_new(w);
        Caller *c = call_start_either(w, _i);

        hold_await(h, "State=queued");
        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        let_pass(w, "40");
        world_await_file(w, log, "the bus cannot be had again");
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 1);
        await_no_files(w, "state/jobs");
        await_no_files(w, "state/packages");
        world_start_bus(w);
        caller_free(c);
        world_free(w);
}
END_TEST

/* The daemon has sent the command at its end, and the next one follows the upgrade. */
static void follow_sent(World *w)
{
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_start_daemon(w);
        world_await_port(w);
        g_free(world_sim(w, "release 1-1 accepted"));
        assert_success(w);
        world_free(w);
}

/* The same, and the record precedes AT+QFOTADL: it is sent before the daemon ends, for the next one would not send it. */
START_TEST(test_no_bus_sent)
{
        World *w = world_with(NULL);
        g_autofree char *log = world_path(w, "fotad.log");
        Hold *h;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        world_kill_bus(w);
        world_await_file(w, log, "the connection to the bus is lost");
        let_pass(w, "4000");
        world_await_file(w, log, "the bus cannot be had again");
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 1);
        world_start_bus(w);
        follow_sent(w);
}
END_TEST

/* The daemon ends when the record is on the disk, and not before the command that the record speaks of is sent. */
START_TEST(test_terminated)
{
        World *w = world_with(NULL);
        Hold *h;

        g_free(world_sim(w, "hold 1-1 accepted"));
        h = hold_before_command(w);
        assert_held(w);
        kill(world_daemon_pid(w), SIGTERM);
        assert_held(w);
        hold_release(h);
        ck_assert_int_eq(world_await_end(w), 0);
        follow_sent(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("slow-disk");

        suite_add(s, "other-module", test_other_module, 0, 1);
        suite_add(s, "cancel", test_cancel, 0, 2);
        suite_add(s, "cancel-recorded", test_cancel_recorded, 0, 2);
        suite_add(s, "status", test_status, 0, 1);
        suite_add(s, "restarts", test_restarts, 0, 1);
        suite_add(s, "messages", test_messages, 0, 1);
        suite_add(s, "retry", test_retry, 0, 1);
        suite_add(s, "retry-waits", test_retry_waits, 0, 1);
        suite_add(s, "dismiss", test_dismiss, 0, 1);
        suite_add(s, "start", test_start, 0, 2);
        suite_add(s, "caller-left", test_caller_left, 0, 2);
        suite_add(s, "repeated", test_repeated, 0, 2);
        suite_add(s, "repeated-left", test_repeated_left, 0, 2);
        suite_add(s, "repeated-not-needed", test_repeated_not_needed, 0, 2);
        suite_add(s, "repeated-late", test_repeated_late, 0, 1);
        suite_add(s, "start-given-up", test_start_given_up, 0, 1);
        suite_add(s, "record-stays", test_record_stays, 0, 2);
        suite_add(s, "cancel-given-up", test_cancel_given_up, 0, 2);
        suite_add(s, "adopted", test_adopted, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "resolved", test_resolved, 0, 1);
        suite_add(s, "killed", test_killed, 0, 1);
        suite_add(s, "killed-at-start", test_killed_at_start, 0, 2);
        suite_add(s, "no-bus", test_no_bus, 0, 2);
        suite_add(s, "no-bus-sent", test_no_bus_sent, 0, 1);
        suite_add(s, "terminated", test_terminated, 0, 1);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Recordings of upgrades on the simulator: what is in them, and what is not; that they outlive the daemon, end with
 * their jobs, and cost nothing where nobody asked for one. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client-run.h"
#include "held.h"
#include "mini.h"
#include "recordings.h"
#include "suite.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

#define IMEI "867710050000013"

static char *get_text(World *w, const char *job, char **ret_error)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_call_method(world_bus(w), "org.fotad1", job, "org.fotad1.Job", "GetRecording", &error, &reply, NULL);
        if (r < 0) {
                *ret_error = g_strdup(error.name);
                sd_bus_error_free(&error);
                return NULL;
        }
        return recordings_read(reply);
}

static Recording *get(World *w, const char *job)
{
        g_autofree char *error = NULL, *text = get_text(w, job, &error);
        const char *found;

        ck_assert_msg(text, "%s", error);
        found = strstr(text, IMEI) ?: strstr(text, SECRET);
        ck_assert_msg(!found, "%.100s", found);
        return recordings_parse(text);
}

static bool has_file(World *w)
{
        g_autofree char *file = world_path(w, "state/jobs/1.recording");

        return g_file_test(file, G_FILE_TEST_EXISTS);
}

static char *publish(World *w)
{
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        return world_http(w, "up.bin");
}

/* Its reader, which never waits. */
static int open_pipe(World *w, char **ret_path)
{
        int fd;

        *ret_path = world_path(w, "pipe");
        ck_assert_int_eq(mkfifo(*ret_path, 0600), 0);
        fd = open(*ret_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        return fd;
}

START_TEST(test_dfota)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *package = publish(w), *url = g_strconcat(package, "?key=" SECRET, NULL), *job = NULL;
        g_autofree char *command = NULL, *file = world_path(w, "recording"), *text = NULL;
        g_autofree char *pipe_path = NULL;
        g_autoptr(Recording) r = NULL;
        char beginning[64];
        int pipe;

        world_await_module(w, MODULE_1);
        job = world_start(w, "", url, "record", "b", "1", "cid", "u", "3", "apn", "s", "corp.example", "apn-user", "s",
                          "gateway7", "apn-password", "s", SECRET, NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        world_assert_result(w, job, "success", "", "");
        r = get(w, job);
        ck_assert_str_eq(recording_head(r, "kind"), "upgrade");
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+QFOTADL=\"http"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_SENT, "AT+QICSGP=3,1,\"hidden-"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "+QIND: \"FOTA\",\"HTTPSTART\""), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "+QIND: \"FOTA\",\"UPDATING\","), 90);
        ck_assert_uint_eq(recordings_count(r, RECORDING_RECEIVED, "+QIND: \"FOTA\",\"END\",0"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_GONE, ""), 2);
        ck_assert_uint_eq(recordings_count(r, RECORDING_DEVICE, "2c7c:6005"), 3);
        ck_assert_uint_eq(recordings_count(r, RECORDING_TTY, "tty"), 9);
        ck_assert_uint_ge(recordings_count(r, RECORDING_OPEN, "tty"), 3);
        ck_assert_uint_ge(recordings_count(r, RECORDING_CLOSE, "tty"), 2);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "result success"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_NOTE, "phase "), 5);
        ck_assert(has_file(w));
        command = g_strdup_printf("recording 1 -o '%s'", file);
        client_assert(w, command, NULL, 0, "Look at it before you send it.", "");
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        pipe = open_pipe(w, &pipe_path);
        g_free(command);
        command = g_strdup_printf("recording 1 -o '%s'", pipe_path);
        client_assert(w, command, NULL, 0, "", "");
        ck_assert_int_eq(read(pipe, beginning, sizeof(beginning)), (ssize_t)sizeof(beginning));
        ck_assert_int_eq(memcmp(beginning, text, sizeof(beginning)), 0);
        close(pipe);
        ck_assert(!strstr(text, "corp.example") && !strstr(text, "gateway7") && strstr(text, "result success"));
        world_free(w);
}
END_TEST

START_TEST(test_mini)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec800m-4" } });
        g_autofree char *url = NULL, *job = NULL;
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_1);
        world_package(w, "up.mini_1", "EC800MCNGAR06A03M04", "EC800MCNGAR06A04M04", NULL);
        world_package(w, "up.mini_2", "EC800MCNGAR06A03M04", "EC800MCNGAR06A04M04", NULL);
        url = world_http(w, "up.mini_1");
        job = world_start(w, "", url, "record", "b", "1", NULL);
        world_assert_result(w, job, "success", "", "");
        r = get(w, job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_GONE, ""), 4);
        ck_assert_uint_ge(recordings_count(r, RECORDING_DEVICE, "2c7c:6001"), 2); /* the Mini systems */
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "result success"), 1);
        world_free(w);
}
END_TEST

/* Asserts that no file of a recording was made in the directory since it is watched. */
static void assert_none_made(int watch)
{
        char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        bool records = false;
        ssize_t n;

        while ((n = read(watch, bytes, sizeof(bytes))) > 0)
                for (ssize_t at = 0; at < n;) {
                        const struct inotify_event *event = (const struct inotify_event *)(bytes + at);

                        ck_assert_msg(!strstr(event->name, "recording"), "%s", event->name);
                        records = records || strstr(event->name, ".job");
                        at += (ssize_t)(sizeof(*event) + event->len);
                }
        ck_assert(records);
        close(watch);
}

/* The name of a package on the host may have characters that no URL has. */
START_TEST(test_package_name)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *path = world_path(w, "up.bin"), *job = NULL, *text = NULL, *error = NULL;

        world_make_package(w, "up.bin", OLD_REVISION, NEW_REVISION, 10000);
        world_await_module(w, MODULE_1);
        job = world_start_file(w, "", path, "a 'b' \"c\" \\ \u00e4?d=e.bin", "record", "b", "1", NULL);
        ck_assert_msg(job != NULL, "%s: %s", world_error(w), world_error_message(w));
        world_assert_result(w, job, "success", "", "");
        text = get_text(w, job, &error);
        ck_assert_msg(text && strstr(text, "AT+QFOTADL="), "%s", error);
        world_free(w);
}
END_TEST

START_TEST(test_off)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *url = publish(w), *directory = world_path(w, "state/jobs"), *job = NULL, *error = NULL;
        int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

        world_await_module(w, MODULE_1);
        ck_assert_int_ge(inotify_add_watch(watch, directory, IN_CREATE | IN_MOVED_TO), 0);
        job = world_start(w, "", url, NULL);
        world_assert_result(w, job, "success", "", "");
        ck_assert_ptr_null(get_text(w, job, &error));
        ck_assert_str_eq(error, "org.fotad1.Error.Unsupported");
        ck_assert(!has_file(w));
        client_assert(w, "recording", NULL, 3, "", "has no recording");
        ck_assert_int_eq(world_stop_daemon(w), 0); /* after the disk has everything */
        assert_none_made(watch);
        world_free(w);
}
END_TEST

/* The next daemon goes on with the file. */
START_TEST(test_killed)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *url = publish(w), *job = NULL;
        g_autoptr(Recording) running = NULL, r = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, "", url, "record", "b", "1", NULL);
        g_free(world_sim(w, "held 1-1 downloading:50"));
        running = get(w, job);
        ck_assert_uint_eq(recordings_count(running, RECORDING_SENT, "AT+QFOTADL=\"http"), 1);
        world_kill_daemon(w);
        world_start_daemon(w);
        world_await_port(w);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        r = get(w, job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "note fotad was started again"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+QFOTADL=?"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "867710059900015"), 2); /* the IMEI's stand-in */
        ck_assert_uint_eq(recordings_count(r, RECORDING_RECEIVED, "86771005990002"), 0);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "result success"), 1);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        recording_free(get(w, job)); /* also of a job that has ended before */
        world_free(w);
}
END_TEST

/* The file need not be there yet; its directory is. */
static char *jobs_path(World *w, const char *name)
{
        g_autofree char *directory = world_path(w, "state/jobs");

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
        return g_build_filename(directory, name, NULL);
}

/* The disk takes no recording before the upgrade has ended. The upgrade does not wait, and the recording is whole
 * although the disk does not have it. */
START_TEST(test_slow_disk)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = publish(w), *file = jobs_path(w, "1.recording"), *job = NULL, *text = NULL;
        g_autoptr(Recording) r = NULL;
        Hold *h;

        world_set_environment(w, "RENAMES_OF", ".recording");
        held_start_daemon_of(w, "no file");
        h = hold_new(w);
        job = world_start(w, "", url, "record", "b", "1", NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        world_assert_result(w, job, "success", "", "");
        hold_await_any(h);
        r = get(w, job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+QFOTADL=\"http"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "result success"), 1);
        ck_assert(!has_file(w));
        hold_release(h);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(g_file_get_contents(file, &text, NULL, NULL)); /* written again: the first one is that of the start */
        ck_assert_ptr_nonnull(strstr(text, "note result success"));
        world_free(w);
}
END_TEST

/* The disk refuses the recording, and the upgrade goes on: 0: it is almost full, 1: an error. */
START_TEST(test_refused)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .preload = "tests/daemon/slow-files.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = publish(w), *file = jobs_path(w, "1.recording.new"), *job = NULL, *log = NULL;
        const char *warning;

        if (_i == 0)
                world_set_environment(w, "DISK_FREE", "1048576");
        else
                ck_assert_int_eq(mkdir(file, 0755), 0);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, "", url, "record", "b", "1", NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1 downloading:50"));
        recording_free(get(w, job));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        ck_assert(!has_file(w));
        log = world_log(w);
        warning = strstr(log, "the recording of job 1 cannot be written: ");
        ck_assert_ptr_nonnull(warning);
        ck_assert_ptr_nonnull(strstr(warning, _i == 0 ? "No space left on device" : "Is a directory"));
        ck_assert_ptr_null(strstr(warning + 1, "the recording of job 1 cannot be written: ")); /* once */
        world_free(w);
}
END_TEST

/* The calls and the warnings are among the notes, and neither shows a secret. */
START_TEST(test_calls)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *package = publish(w), *url = NULL, *job = NULL, *error = NULL, *text = NULL;
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        url = g_strconcat(package, "?key=value7", NULL);
        job = world_start(w, "", url, "record", "b", "1", "request-id", "s", "of-value7", NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        g_free(world_sim(w, "held 1-1 downloading:50"));
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        r = get(w, job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "request StartUpgrade by uid 0 ("), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "request Cancel by uid 0 ("), 1);
        text = get_text(w, job, &error);
        ck_assert_ptr_nonnull(strstr(text, "request-id=of-hidden-"));
        ck_assert_ptr_null(strstr(text, "value7"));
        world_free(w);
}
END_TEST

/* The secrets of a retry's source are hidden, wherever else they stand. */
START_TEST(test_retry)
{
        Course *c = course_new("ec600m", COURSE_STALLS);
        g_autofree char *second = course_second_url(c), *url = NULL, *error = NULL, *text = NULL;
        g_autoptr(Recording) r = NULL;

        course_publish_as(c, UP, NULL);
        course_begin_with(c, c->url, "record", "b", "1");
        g_free(world_sim(c->w, "wait 1-1 mini-2"));
        course_await_stalled(c, second);
        course_publish_as(c, "fixed-s3cret-Pa55-of-gateway.mini_1", NULL);
        course_publish_as(c, "fixed-s3cret-Pa55-of-gateway.mini_2", NULL);
        url = world_ftp(c->w, "gateway:s3cret-Pa55@", "fixed-s3cret-Pa55-of-gateway.mini_1");
        course_assert_retry(c, url);
        course_assert_success(c, NULL);
        r = get(c->w, c->job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "request Retry by uid 0 ("), 1);
        text = get_text(c->w, c->job, &error);
        ck_assert_ptr_nonnull(strstr(text, ".mini_1"));
        ck_assert_ptr_null(strstr(text, "s3cret"));
        ck_assert_ptr_null(strstr(text, "gateway"));
        course_free(c);
}
END_TEST

/* Recordings without a job, and files that were not completed, go at the start. */
START_TEST(test_orphans)
{
        static const char *const names[] = { "7.recording", "7.recording.new", "1.recording.new" };
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *url = publish(w), *job = NULL;

        world_await_module(w, MODULE_1);
        job = world_start(w, "", url, "record", "b", "1", NULL);
        world_assert_result(w, job, "success", "", "");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *file = jobs_path(w, names[i]);

                ck_assert(g_file_set_contents(file, "x", 1, NULL));
        }
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *file = jobs_path(w, names[i]);

                ck_assert_msg(!g_file_test(file, G_FILE_TEST_EXISTS), "%s is left", names[i]);
        }
        recording_free(get(w, job));
        world_free(w);
}
END_TEST

/* A job that is forgotten takes its recording along. */
START_TEST(test_forgotten)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a" }, .config = "[jobs]\nhistory=1\n" });
        g_autofree char *url = publish(w), *job = NULL, *second = NULL, *missing = NULL, *record = NULL;

        world_await_module(w, MODULE_1);
        missing = g_strconcat(url, ".missing", NULL);
        job = world_start(w, "", missing, "record", "b", "1", NULL);
        world_assert_result(w, job, "failed", "http", "url-error");
        ck_assert(has_file(w));
        second = world_start(w, "", missing, NULL);
        ck_assert(world_await_signal(w, "/org/fotad1", "InterfacesRemoved", JOB_1));
        ck_assert_int_eq(world_stop_daemon(w), 0); /* after the disk has everything */
        ck_assert(!has_file(w));
        world_free(w);
}
END_TEST

START_TEST(test_uart)
{
        World *w = world_new(
                &(WorldSettings){ .modules = { "tty:ttyS1=ec200a" }, .config = "[serial]\nports=ttyS1\n" });
        g_autofree char *url = publish(w), *job = NULL;
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_UART);
        job = world_start(w, "", url, "record", "b", "1", NULL);
        world_assert_result(w, job, "success", "", "");
        r = get(w, job);
        ck_assert_uint_eq(recordings_count(r, RECORDING_DEVICE, ""), 0);
        ck_assert_uint_ge(recordings_count(r, RECORDING_TTY, "ttyS1"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "RDY"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "result success"), 1);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("recorded");

        suite_add(s, "dfota", test_dfota, 0, 1);
        suite_add(s, "mini", test_mini, 0, 1);
        suite_add(s, "package-name", test_package_name, 0, 1);
        suite_add(s, "off", test_off, 0, 1);
        suite_add(s, "killed", test_killed, 0, 1);
        suite_add(s, "slow-disk", test_slow_disk, 0, 1);
        suite_add(s, "refused", test_refused, 0, 2);
        suite_add(s, "calls", test_calls, 0, 1);
        suite_add(s, "retry", test_retry, 0, 1);
        suite_add(s, "orphans", test_orphans, 0, 1);
        suite_add(s, "forgotten", test_forgotten, 0, 1);
        suite_add(s, "uart", test_uart, 0, 1);
        return suite_run(s);
}

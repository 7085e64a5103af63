/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that changes the state directory in the course of an upgrade: kill-at.so lists the calls; then the same
 * upgrade is run once for each of them and each error, the call fails, and the verdict must agree with the simulator's
 * records, then and after the next start.
 *
 * make check runs a part of them; FOTAD_TEST_ALL=1 runs all, FOTAD_TEST_POINT=N the N-th alone. The worlds' files stay
 * with FOTAD_TEST_KEEP=1. */

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk-upgrade.h"
#include "suite.h"

/* The part that make check runs, of each upgrade. */
#define SOME_FAULTS  7
#define SOME_RESUMED 3

typedef struct Fault {
        const Point *point; /* its name is that of the call */
        const char *error;
        bool stays;        /* all calls fail from then on */
        const char *since; /* the calls after the write of this text; NULL all */
} Fault;

/* ---- faults: the first life */

static void break_disk(World *w, const Fault *f)
{
        g_autofree char *nth = g_strdup_printf("%u", f->point->nth), *file = world_path(w, "failing");
        g_autofree char *calls = world_path(w, "run/calls");

        world_set_environment(w, "FAIL_LIST", calls);
        world_set_environment(w, "FAIL_AT", f->point->name);
        world_set_environment(w, "FAIL_NTH", nth);
        world_set_environment(w, "FAIL_WITH", f->error);
        world_set_environment(w, "FAIL_SINCE", f->since);
        if (!f->stays)
                return;
        ck_assert(g_file_set_contents(file, "", 0, NULL));
        world_set_environment(w, "FAIL_WHILE", file);
}

/* For the daemon that runs, and for the next one. */
static void mend_disk(World *w)
{
        g_autofree char *file = world_path(w, "failing");

        g_unlink(file);
        world_set_environment(w, "FAIL_AT", NULL);
}

static bool has_failed(World *w)
{
        g_autofree char *calls = world_path(w, "run/calls"), *text = NULL;

        return g_file_get_contents(calls, &text, NULL, NULL) && strstr(text, "failed\n");
}

/* Returns true if the job has ended, false if its end is pending. */
static bool await_end(World *w, const char *job)
{
        for (;;) {
                g_autofree char *state = world_property(w, job, "State"), *message = world_property(w, job, "Message");

                if (strcmp(state, "finished") == 0)
                        return true;
                if (strstr(message, "is pending"))
                        return false;
                sd_bus_process(world_bus(w), NULL);
                sd_bus_wait(world_bus(w), G_USEC_PER_SEC);
        }
}

/* No error of the disk ends an upgrade that has begun, except that the last bytes of a package on the host are sent
 * only when the record has them. */
static bool may_be_given_up(const DiskUpgrade *u, const char *commands, const char *revision)
{
        return strcmp(commands, "0") == 0 || (u->task.file && strcmp(revision, u->task.run->from) == 0);
}

/* A module that lacks the last bytes of a package on the host, although the record says that they were sent, has to be
 * taken for one that may still be writing its flash. */
static bool is_watched(World *w, const DiskUpgrade *u)
{
        g_autoptr(GKeyFile) record = points_read_record(w);
        g_autofree char *name = NULL;

        if (!u->task.file || !record || !g_key_file_get_boolean(record, "Job", "Transferred", NULL))
                return false;
        name = world_property(w, JOB_1, "ErrorName");
        return strcmp(name, "update-timeout") == 0;
}

/* The verdict is the truth, and AT+QFOTADL was sent once at the most. The last two reasons are those of a fotad that
 * finds a record in its place which the one before it could not synchronize: AT+QFOTADL, or the last bytes of a
 * package, may have been sent. */
static void check_verdict(World *w, const DiskUpgrade *u, const char *job)
{
        static const char *const names[] = { "interrupted", "insufficient-space", "no-response", "update-timeout",
                                             NULL };
        g_autofree char *commands = NULL, *revision = NULL, *name = NULL;

        world_await_property(w, job, "State", "finished");
        commands = world_sim(w, "get 1-1 qfotadl-count");
        ck_assert_str_le(commands, "1");
        revision = world_sim(w, "get 1-1 revision");
        name = world_property(w, job, "ErrorName");
        if (may_be_given_up(u, commands, revision)) {
                ck_assert_str_eq(revision, u->task.run->from);
                ck_assert_msg(g_strv_contains(names, name), "%s", name);
                world_assert_outcome(w, job, "failed", "host", name);
        } else {
                ck_assert_str_eq(revision, u->task.run->to);
                world_assert_outcome(w, job, "success", "", "");
        }
        if (is_watched(w, u))
                disk_upgrade_count(&u->outcomes->watched);
        points_check_settings(w, is_watched(w, u) ? "on" : "auto");
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
}

/* A job whose end is pending ends when the disk is mended; restarted: fotad ends before that. */
static void follow(World *w, const DiskUpgrade *u, const char *job, bool restarted)
{
        if (await_end(w, job))
                return;
        disk_upgrade_count(&u->outcomes->pending);
        if (restarted)
                ck_assert_int_eq(world_stop_daemon(w), 0);
        mend_disk(w);
        if (restarted)
                world_start_daemon(w);
}

static char *follow_to_end(World *w, const DiskUpgrade *u, char *job, bool restarted)
{
        follow(w, u, job, restarted);
        check_verdict(w, u, job);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        return job;
}

/* A job of an earlier fotad. */
static char *resume_with_fault(World *w, const DiskUpgrade *u, bool restarted)
{
        ck_assert_msg(world_try_daemon(w), "fotad does not start");
        return follow_to_end(w, u, g_strdup(JOB_1), restarted);
}

/* Returns the job; NULL if fotad did not start, or refused the call. */
static char *live_with_fault(World *w, const DiskUpgrade *u, bool restarted)
{
        char *job;

        if (!world_try_daemon(w) || !world_await_signal(w, MODULE_1, "PropertiesChanged", " Revision ")) {
                ck_assert_int_eq(world_await_end(w), EXIT_FAILURE);
                disk_upgrade_count(&u->outcomes->not_started);
                return NULL;
        }
        job = points_start(w, &u->task);
        if (!job) {
                const char *error = world_error(w);

                ck_assert_msg(strcmp(error, "org.freedesktop.DBus.Error.Failed") == 0 ||
                                      strcmp(error, "org.freedesktop.DBus.Error.LimitsExceeded") == 0,
                              "%s: %s", error, world_error_message(w));
                disk_upgrade_count(&u->outcomes->refused);
                ck_assert_int_eq(world_stop_daemon(w), 0);
                return NULL;
        }
        return follow_to_end(w, u, job, restarted);
}

/* ---- faults: the second life, with a good disk */

/* The module takes the next job, which is cancelled at once. */
static void check_next_job(World *w, const DiskUpgrade *u, const char *before)
{
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 " PREPARING));
        job = points_start(w, &u->task);
        ck_assert_msg(job != NULL, "%s: %s", world_error(w), world_error_message(w));
        ck_assert_msg(!before || strcmp(job, before) != 0, "%s is given out again", job);
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        g_free(world_sim(w, "release 1-1 " PREPARING));
        world_await_property(w, job, "State", "finished");
        world_assert_property(w, job, "Result", "cancelled");
}

static void check_directory(World *w, const char *name, const char *const *allowed)
{
        g_autofree char *path = world_path(w, name);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *entry;

        while (dir && (entry = g_dir_read_name(dir)))
                ck_assert_msg(g_strv_contains(allowed, entry), "%s is left in %s", entry, name);
}

/* No temporary file, no package, and no record of a job that was refused. */
static void check_left_over(World *w)
{
        check_directory(w, "state", (const char *[]){ "jobs", "packages", "last-job", NULL });
        check_directory(w, "state/jobs", (const char *[]){ "1.job", "2.job", NULL });
        check_directory(w, "state/packages", (const char *[]){ NULL });
}

static void check_same_result(World *w, const DiskUpgrade *u, const char *job, const char *result)
{
        g_autofree char *log = world_log(w);
        g_autoptr(GKeyFile) record = points_read_record(w);
        unsigned results;

        if (record) {
                world_assert_property(w, job, "State", "finished");
                world_assert_property(w, job, "Result", result);
        } else {
                ck_assert_msg(strstr(log, "so its record is removed"), "the job is lost");
                disk_upgrade_count(&u->outcomes->removed);
        }
        /* The next fotad may announce a Result again if the disk refused to note that it was announced. */
        results = world_count_signals(w, job, "Result");
        ck_assert_msg(results == 1 || (results == 2 && strstr(log, "its announcement cannot be noted")), "%u Results",
                      results);
}

static void check_next_life(World *w, const DiskUpgrade *u, const char *job, const char *result)
{
        mend_disk(w);
        world_start_daemon(w);
        if (job) {
                world_await_module(w, MODULE_1);
                check_same_result(w, u, job, result);
        } else {
                points_check_no_job(w, u->task.run);
        }
        points_check_settings(w, job && is_watched(w, u) ? "on" : "auto");
        check_next_job(w, u, job);
        points_check_settings(w, "auto");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        check_left_over(w);
}

static void check_fault(const DiskUpgrade *u, const Fault *f, bool restarted)
{
        World *w = points_world(u->task.run);
        g_autofree char *job = NULL, *commands = NULL, *revision = NULL;
        const char *result;

        printf("%s (%u. time): %s%s\n", f->point->name, f->point->nth, f->error, f->stays ? " from then on" : "");
        if (u->command)
                disk_upgrade_die_after_command(w, u);
        break_disk(w, f);
        job = u->command ? resume_with_fault(w, u, restarted) : live_with_fault(w, u, restarted);
        commands = world_sim(w, "get 1-1 qfotadl-count");
        ck_assert_msg(job || strcmp(commands, "0") == 0, "AT+QFOTADL was sent for a call that was refused");
        revision = world_sim(w, "get 1-1 revision");
        result = strcmp(revision, u->task.run->to) == 0 ? "success" : "failed";
        if (!has_failed(w))
                disk_upgrade_count(&u->outcomes->not_reached);
        else if (job)
                disk_upgrade_count(*result == 's' ? &u->outcomes->succeeded : &u->outcomes->failed);
        check_next_life(w, u, job, result);
        world_free(w);
}

/* The task of workers_run(). */
static void fail_at(unsigned item, void *data)
{
        const DiskUpgrade *u = data;
        unsigned i = disk_upgrade_taken(u, item);

        check_fault(u, &g_array_index(u->items, Fault, i), i / 2 % 2); /* each other fault that stays */
}

/* ---- the list of faults */

static const struct {
        const char *call, *errors[4];
} errors[] = {
        { "open", { "ENOSPC", "EIO", "EROFS" } },
        { "write", { "ENOSPC", "EIO", "SHORT" } },
        { "rename", { "ENOSPC", "EIO", "EROFS" } },
        { "mkdir", { "ENOSPC", "EIO", "EROFS" } },
        { "unlink", { "EIO", "EROFS" } },
        { "fsync", { "ENOSPC", "EIO" } },
        { "fsync-directory", { "EIO" } },
        { "syncfs-directory", { "EIO" } },
        { "fallocate", { "ENOSPC" } },
};

static void add_faults(DiskUpgrade *u, const Point *p)
{
        bool known = false;

        for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
                g_autofree char *start = g_strconcat(errors[i].call, " ", NULL);

                for (unsigned k = 0; g_str_has_prefix(p->name, start) && errors[i].errors[k]; k++)
                        for (int stays = 0; stays < 2; stays++) {
                                Fault f = { .point = p, .error = errors[i].errors[k], .stays = stays };

                                g_array_append_val(u->items, f);
                                known = true;
                        }
        }
        ck_assert_msg(known, "no error is known for %s", p->name);
}

static void list_faults(DiskUpgrade *u)
{
        u->items = g_array_new(FALSE, FALSE, sizeof(Fault));
        for (unsigned i = 0; i < u->calls->len; i++)
                add_faults(u, g_ptr_array_index(u->calls, i));
}

/* ---- the cases */

/* The first record is in its place, and the disk neither synchronizes nor removes it: StartUpgrade returns its job, for
 * the next fotad would begin that job in any case. 0: the job ends when the disk is mended; otherwise fotad is started
 * again before that, and begins the upgrade. */
START_TEST(test_record_stays)
{
        Point point = { .name = (char *)"fsync-directory jobs", .nth = 1 };
        const Fault fault = { .point = &point, .error = "EIO", .stays = true };
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, (unsigned)_i);

        check_fault(&u, &fault, _i > 0);
        ck_assert_uint_eq(u.outcomes->pending, 1);
        ck_assert_uint_eq(u.outcomes->failed, _i == 0);
        ck_assert_uint_eq(u.outcomes->succeeded, _i > 0);
        disk_upgrade_free(&u, w);
}
END_TEST

/* The record says that the package was transferred, and the disk does not synchronize that record: the last bytes are
 * not sent. 0: the job ends when the disk is mended; 1: fotad is started again before that, believes the record, and
 * watches the module on. */
START_TEST(test_transferred)
{
        Point point = { .name = (char *)"fsync-directory jobs", .nth = 1 };
        const Fault fault = { .point = &point, .error = "EIO", .stays = true, .since = "\nTransferred=true\n" };
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, DISK_UPGRADES - 1);

        check_fault(&u, &fault, _i > 0);
        ck_assert_uint_eq(u.outcomes->pending, 1);
        ck_assert_uint_eq(u.outcomes->failed, 1);
        ck_assert_uint_eq(u.outcomes->watched, _i > 0);
        disk_upgrade_free(&u, w);
}
END_TEST

static void run_faults(DiskUpgrade *u, unsigned some)
{
        const Outcomes *o = u->outcomes;

        list_faults(u);
        disk_upgrade_run(u, "fault", some, fail_at);
        printf("%u did not start, %u refused, %u failed, %u of them watched, %u succeeded; %u ends were pending, "
               "%u records removed; %u not reached\n",
               o->not_started, o->refused, o->failed, o->watched, o->succeeded, o->pending, o->removed, o->not_reached);
        disk_upgrade_check_reached(u);
}

START_TEST(test_faults)
{
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, (unsigned)_i);

        disk_upgrade_list(&u, w);
        run_faults(&u, SOME_FAULTS);
        disk_upgrade_free(&u, w);
}
END_TEST

/* The same for the fotad that takes the job up after AT+QFOTADL. */
START_TEST(test_faults_resumed)
{
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, (unsigned)_i);

        disk_upgrade_list(&u, w);
        disk_upgrade_list_resumed(&u);
        run_faults(&u, SOME_RESUMED);
        disk_upgrade_free(&u, w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("disk-points");

        disk_upgrade_add(s, "record-stays", test_record_stays);
        suite_add(s, "transferred", test_transferred, 0, 2);
        disk_upgrade_add(s, "faults", test_faults);
        disk_upgrade_add(s, "faults-resumed", test_faults_resumed);
        return suite_run(s);
}

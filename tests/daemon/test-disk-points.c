/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that changes the state directory in the course of an upgrade: kill-at.so lists the calls; then the same
 * upgrade is run once for each of them and each error, the call fails, and the verdict must agree with the simulator's
 * records, then and after the next start. And every moment between two such calls: the gateway loses power there, and
 * the next fotad finds each of the states in which the directory may be (disk-model.c).
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

#include "core/job/job.h"
#include "disk-model.h"
#include "points.h"
#include "store/job-store.h"
#include "suite.h"
#include "workers.h"

#define SECONDS  5400 /* for all runs together, however slow the machine */
#define UPGRADES 3    /* the last of the four runs is a range of the third */
#define TRIES    2    /* two runs may differ in details */

/* The part that make check runs, of each upgrade. */
#define SOME_FAULTS  7
#define SOME_RESUMED 3
#define SOME_CUTS    5

typedef struct Outcomes {
        unsigned not_started, refused, failed, pending, succeeded, removed, not_reached;
} Outcomes;

typedef struct Fault {
        const Point *point; /* its name is that of the call */
        const char *error;
        bool stays; /* all calls fail from then on */
} Fault;

typedef struct Cut {
        const Point *point;
        unsigned state; /* of the disk */
} Cut;

typedef struct Upgrade {
        Task task; /* the points are the moments of power cuts */
        GPtrArray *calls;
        char **trace; /* the line at each point */
        GArray *faults, *cuts;
        const Point *command; /* AT+QFOTADL, after which a first fotad died; NULL: the faults are in its own life */
        unsigned some, stride;
        Outcomes *outcomes;
} Upgrade;

/* ---- the part that is run */

static unsigned common_divisor(unsigned a, unsigned b)
{
        return b == 0 ? a : common_divisor(b, a % b);
}

/* The stride has no common divisor with the number of all items, so that each item is met once. */
static void take_some(Upgrade *u, unsigned all, unsigned some)
{
        u->some = g_getenv("FOTAD_TEST_ALL") ? all : MIN(some, all);
        u->stride = all / u->some;
        while (common_divisor(all, u->stride) != 1)
                u->stride++;
}

static unsigned taken(const Upgrade *u, unsigned item, unsigned all)
{
        return (unsigned)((item - 1) * (guint64)u->stride % all);
}

static void run_items(Upgrade *u, const char *what, unsigned all, Work work)
{
        const char *only = g_getenv("FOTAD_TEST_POINT");
        unsigned first = 1, last = u->some;

        if (only)
                first = last = CLAMP((unsigned)strtoul(only, NULL, 10), 1, u->some);
        printf("%s: %u of %u %ss\n", u->task.run->name, u->some, all, what);
        fflush(stdout);
        workers_run(what, first, last, work, u);
}

static void count(unsigned *outcome)
{
        __atomic_add_fetch(outcome, 1, __ATOMIC_RELAXED);
}

/* ---- faults: the first life */

static void break_disk(World *w, const Fault *f)
{
        g_autofree char *nth = g_strdup_printf("%u", f->point->nth), *file = world_path(w, "failing");
        g_autofree char *calls = world_path(w, "run/calls");

        world_set_environment(w, "FAIL_LIST", calls);
        world_set_environment(w, "FAIL_AT", f->point->name);
        world_set_environment(w, "FAIL_NTH", nth);
        world_set_environment(w, "FAIL_WITH", f->error);
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
static bool may_be_given_up(const Upgrade *u, const char *commands, const char *revision)
{
        return strcmp(commands, "0") == 0 || (u->task.file && strcmp(revision, u->task.run->from) == 0);
}

/* The verdict is the truth, and AT+QFOTADL was sent once at the most. The last two reasons are those of a fotad that
 * finds a record in its place which the one before it could not synchronize: AT+QFOTADL, or the last bytes of a
 * package, may have been sent. */
static void check_verdict(World *w, const Upgrade *u, const char *job)
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
        points_check_settings(w);
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
}

/* A job whose end is pending ends when the disk is mended; restarted: fotad ends before that. */
static void follow(World *w, const Upgrade *u, const char *job, bool restarted)
{
        if (await_end(w, job))
                return;
        count(&u->outcomes->pending);
        if (restarted)
                ck_assert_int_eq(world_stop_daemon(w), 0);
        mend_disk(w);
        if (restarted)
                world_start_daemon(w);
}

static char *follow_to_end(World *w, const Upgrade *u, char *job, bool restarted)
{
        follow(w, u, job, restarted);
        check_verdict(w, u, job);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        return job;
}

static void die_after_command(World *w, const Upgrade *u)
{
        g_autofree char *job = NULL;

        world_set_environment(w, "KILL_AT", u->command->name);
        ck_assert_int_eq(points_live(w, &u->task, &job), -SIGKILL);
        world_set_environment(w, "KILL_AT", NULL);
}

/* A job of an earlier fotad. */
static char *resume_with_fault(World *w, const Upgrade *u, bool restarted)
{
        ck_assert_msg(world_try_daemon(w), "fotad does not start");
        return follow_to_end(w, u, g_strdup(JOB_1), restarted);
}

/* Returns the job; NULL if fotad did not start, or refused the call. */
static char *live_with_fault(World *w, const Upgrade *u, bool restarted)
{
        char *job;

        if (!world_try_daemon(w) || !world_await_signal(w, MODULE_1, "PropertiesChanged", " Revision ")) {
                ck_assert_int_eq(world_await_end(w), EXIT_FAILURE);
                count(&u->outcomes->not_started);
                return NULL;
        }
        job = points_start(w, &u->task);
        if (!job) {
                const char *error = world_error(w);

                ck_assert_msg(strcmp(error, "org.freedesktop.DBus.Error.Failed") == 0 ||
                                      strcmp(error, "org.freedesktop.DBus.Error.LimitsExceeded") == 0,
                              "%s: %s", error, world_error_message(w));
                count(&u->outcomes->refused);
                ck_assert_int_eq(world_stop_daemon(w), 0);
                return NULL;
        }
        return follow_to_end(w, u, job, restarted);
}

/* ---- faults: the second life, with a good disk */

/* The module takes the next job, which is cancelled at once. */
static void check_next_job(World *w, const Upgrade *u, const char *before)
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

static void check_same_result(World *w, const Upgrade *u, const char *job, const char *result)
{
        g_autofree char *log = world_log(w);
        g_autoptr(GKeyFile) record = points_read_record(w);
        unsigned results;

        if (record) {
                world_assert_property(w, job, "State", "finished");
                world_assert_property(w, job, "Result", result);
        } else {
                ck_assert_msg(strstr(log, "so its record is removed"), "the job is lost");
                count(&u->outcomes->removed);
        }
        /* The next fotad may announce a Result again if the disk refused to note that it was announced. */
        results = world_count_signals(w, job, "Result");
        ck_assert_msg(results == 1 || (results == 2 && strstr(log, "its announcement cannot be noted")), "%u Results",
                      results);
}

static void check_next_life(World *w, const Upgrade *u, const char *job, const char *result)
{
        mend_disk(w);
        world_start_daemon(w);
        if (job) {
                world_await_module(w, MODULE_1);
                check_same_result(w, u, job, result);
        } else {
                points_check_no_job(w, u->task.run);
        }
        points_check_settings(w);
        check_next_job(w, u, job);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        check_left_over(w);
}

static void check_fault(const Upgrade *u, const Fault *f, bool restarted)
{
        World *w = points_world(u->task.run);
        g_autofree char *job = NULL, *commands = NULL, *revision = NULL;
        const char *result;

        printf("%s (%u. time): %s%s\n", f->point->name, f->point->nth, f->error, f->stays ? " from then on" : "");
        if (u->command)
                die_after_command(w, u);
        break_disk(w, f);
        job = u->command ? resume_with_fault(w, u, restarted) : live_with_fault(w, u, restarted);
        commands = world_sim(w, "get 1-1 qfotadl-count");
        ck_assert_msg(job || strcmp(commands, "0") == 0, "AT+QFOTADL was sent for a call that was refused");
        revision = world_sim(w, "get 1-1 revision");
        result = strcmp(revision, u->task.run->to) == 0 ? "success" : "failed";
        if (!has_failed(w))
                count(&u->outcomes->not_reached);
        else if (job)
                count(*result == 's' ? &u->outcomes->succeeded : &u->outcomes->failed);
        check_next_life(w, u, job, result);
        world_free(w);
}

/* The task of workers_run(). */
static void fail_at(unsigned item, void *data)
{
        const Upgrade *u = data;
        unsigned i = taken(u, item, u->faults->len);

        check_fault(u, &g_array_index(u->faults, Fault, i), i / 2 % 2); /* each other fault that stays */
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

static void add_faults(Upgrade *u, const Point *p)
{
        bool known = false;

        for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
                g_autofree char *start = g_strconcat(errors[i].call, " ", NULL);

                for (unsigned k = 0; g_str_has_prefix(p->name, start) && errors[i].errors[k]; k++)
                        for (int stays = 0; stays < 2; stays++) {
                                Fault f = { .point = p, .error = errors[i].errors[k], .stays = stays };

                                g_array_append_val(u->faults, f);
                                known = true;
                        }
        }
        ck_assert_msg(known, "no error is known for %s", p->name);
}

/* ---- power cuts: the store alone */

/* The promises to the outside so far, and the texts that were to be in the record. */
typedef struct Promised {
        bool answered, commanded, reported;
        GHashTable *records; /* set of texts */
} Promised;

static void note_promise(Promised *p, const DiskModel *m, const char *line)
{
        p->answered = p->answered || g_str_has_prefix(line, "point bus-out after reply");
        p->commanded = p->commanded || g_str_has_prefix(line, "point at-out before AT+QFOTADL=\"");
        p->reported = p->reported || g_str_has_suffix(line, " Result");
        if (g_str_has_prefix(line, "rename jobs/"))
                g_hash_table_add(p->records, disk_model_read(m, "jobs/1.job"));
}

static void check_package(GHashTable *state, const Job *job)
{
        GBytes *bytes = g_hash_table_lookup(state, "packages/1.package");
        g_autofree char *sum = NULL;

        if (!job->from_host || job->state == JOB_FINISHED)
                return;
        ck_assert_msg(bytes != NULL, "the package is lost");
        ck_assert_uint_eq(g_bytes_get_size(bytes), job->package_size);
        sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
        ck_assert_str_eq(sum, job->package_sha256);
}

/* The store has a record that was written whole, and none that breaks a promise. */
static void check_state(const Promised *p, GHashTable *state, const char *directory)
{
        g_autofree char *why = NULL, *text = NULL;
        g_autoptr(JobStore) store = NULL;
        g_autoptr(GPtrArray) ids = NULL;
        g_autoptr(Job) job = NULL;

        disk_model_put(state, directory);
        store = job_store_new(directory, &why);
        ck_assert_msg(store != NULL, "%s", why);
        job_store_sweep(store);
        ids = job_store_list(store);
        ck_assert_uint_le(ids->len, 1);
        ck_assert_msg(ids->len == 1 || !p->answered, "the job is lost");
        ck_assert_uint_ge(job_store_highest(store), ids->len);
        if (ids->len == 0)
                return;
        text = job_store_read(store, "1", &why);
        ck_assert_msg(text != NULL, "%s", why);
        ck_assert_msg(g_hash_table_contains(p->records, text), "a record that was never written: %s", text);
        job = job_from_text(text, "1", &why);
        ck_assert_msg(job != NULL, "%s", why);
        ck_assert_msg(job->sent || !p->commanded, "AT+QFOTADL was sent, which the record lacks");
        ck_assert_msg(job->state == JOB_FINISHED || !p->reported, "a Result was sent, which the record lacks");
        check_package(state, job);
}

static void check_states(Upgrade *u, World *w)
{
        g_autoptr(DiskModel) m = disk_model_new();
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Promised p = { .records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
        g_autofree char *directory = world_path(w, "states");
        unsigned all = 0;

        g_mkdir(directory, 0700);
        for (unsigned i = 0; u->trace[i] && *u->trace[i]; i++) {
                disk_model_apply(m, u->trace[i]);
                note_promise(&p, m, u->trace[i]);
                for (unsigned k = 0; k < disk_model_states(m); k++) {
                        g_autoptr(GHashTable) state = disk_model_state(m, k);
                        g_autofree char *sum = disk_model_sum(state), *key = NULL;

                        key = g_strdup_printf("%d%d%d%s", p.answered, p.commanded, p.reported, sum);
                        if (!g_hash_table_add(seen, g_steal_pointer(&key)))
                                continue;
                        check_state(&p, state, directory);
                        all++;
                }
        }
        ck_assert(p.answered && p.commanded && p.reported);
        g_hash_table_unref(p.records);
        printf("%s: %u states of the disk\n", u->task.run->name, all);
        fflush(stdout);
}

/* ---- power cuts: the whole gateway */

static char **read_trace(World *w)
{
        g_autofree char *file = world_path(w, "run/trace"), *text = NULL;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "kill-at.so has traced nothing");
        return g_strsplit(text, "\n", -1);
}

/* Puts the state directory into one of the states that the daemon's end leaves if the power fails with it. */
static void lose_power(World *w, unsigned number)
{
        g_autoptr(DiskModel) m = disk_model_new();
        g_autofree char *directory = world_path(w, "state");
        g_auto(GStrv) trace = read_trace(w);
        g_autoptr(GHashTable) state = NULL;

        for (unsigned i = 0; trace[i] && *trace[i]; i++)
                disk_model_apply(m, trace[i]);
        state = disk_model_state(m, number % disk_model_states(m));
        disk_model_put(state, directory);
}

/* Returns false if the run did not reach this point. */
static bool try_cut(const Upgrade *u, const Cut *c)
{
        g_autofree char *nth = g_strdup_printf("%u", c->point->nth), *job = NULL, *trace = NULL;
        World *w = points_world(u->task.run);
        int status;

        trace = world_path(w, "run/trace");
        world_set_environment(w, "TRACE", trace);
        world_set_environment(w, "KILL_AT", c->point->name);
        world_set_environment(w, "KILL_NTH", nth);
        status = points_live(w, &u->task, &job);
        ck_assert_msg(status == -SIGKILL || status == 0, "the daemon ended with %d", status);
        world_set_environment(w, "TRACE", NULL);
        world_set_environment(w, "KILL_AT", NULL);
        if (status == -SIGKILL) {
                lose_power(w, c->state);
                points_check_second_life(w, u->task.run, job != NULL);
        }
        world_free(w);
        return status == -SIGKILL;
}

/* The task of workers_run(). */
static void cut_power(unsigned item, void *data)
{
        const Upgrade *u = data;
        const Cut *c = &g_array_index(u->cuts, Cut, taken(u, item, u->cuts->len));

        printf("%s (%u. time), state %u\n", c->point->name, c->point->nth, c->state);
        for (unsigned i = 0; i < TRIES; i++)
                if (try_cut(u, c))
                        return;
        count(&u->outcomes->not_reached);
}

/* The points after which the disk, or what was promised, is another one. */
static void add_cuts(Upgrade *u)
{
        g_autoptr(DiskModel) m = disk_model_new();

        u->cuts = g_array_new(FALSE, FALSE, sizeof(Cut));
        for (unsigned i = 0; i < u->task.points->len; i++) {
                const Point *p = g_ptr_array_index(u->task.points, i);

                ck_assert_msg(u->trace[i] && *u->trace[i], "the trace ends before %s", p->name);
                disk_model_apply(m, u->trace[i]);
                if (!g_str_has_prefix(p->name, "state ") && !strstr(p->name, "AT+QFOTADL=\"") &&
                    !strstr(p->name, " Result") && !strstr(p->name, "after reply"))
                        continue;
                for (unsigned k = 0; k < disk_model_states(m); k++) {
                        Cut c = { .point = p, .state = k };

                        g_array_append_val(u->cuts, c);
                }
        }
}

/* ---- an upgrade */

/* Returns a world whose server is used by all others. */
static World *upgrade_new(Upgrade *u, unsigned which)
{
        World *w = points_world(&points_runs[which]);

        u->task.run = &points_runs[which];
        u->outcomes = workers_share(sizeof(Outcomes));
        points_make_packages(w, &u->task);
        return w;
}

/* The reference run. */
static void list_all(Upgrade *u, World *w)
{
        g_autofree char *points = world_path(w, "run/points"), *trace = world_path(w, "run/trace"), *job = NULL;
        g_autofree char *calls = world_path(w, "run/calls");

        world_set_environment(w, "KILL_LIST", points);
        world_set_environment(w, "FAIL_LIST", calls);
        world_set_environment(w, "TRACE", trace);
        ck_assert_int_eq(points_live(w, &u->task, &job), 0);
        ck_assert_ptr_nonnull(job);
        u->task.points = points_read(points);
        u->calls = points_read(calls);
        u->faults = g_array_new(FALSE, FALSE, sizeof(Fault));
        u->trace = read_trace(w);
        for (unsigned i = 0; i < u->calls->len; i++)
                add_faults(u, g_ptr_array_index(u->calls, i));
        add_cuts(u);
}

/* The calls of a fotad that takes the job up after AT+QFOTADL, and the trace of both. */
static void list_resumed(Upgrade *u)
{
        World *w = points_world(u->task.run);
        g_autofree char *calls = world_path(w, "run/calls"), *trace = world_path(w, "run/trace");

        world_set_environment(w, "TRACE", trace);
        u->command = g_ptr_array_index(u->task.points, points_find(u->task.points, "at-out after AT+QFOTADL=\""));
        die_after_command(w, u);
        world_set_environment(w, "FAIL_LIST", calls);
        world_start_daemon(w);
        world_await_property(w, JOB_1, "State", "finished");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        g_ptr_array_unref(u->calls);
        u->calls = points_read(calls);
        g_strfreev(u->trace);
        u->trace = read_trace(w);
        g_array_set_size(u->faults, 0);
        for (unsigned i = 0; i < u->calls->len; i++)
                add_faults(u, g_ptr_array_index(u->calls, i));
        world_free(w);
}

static void upgrade_free(Upgrade *u, World *w)
{
        g_clear_pointer(&u->task.points, g_ptr_array_unref);
        g_clear_pointer(&u->calls, g_ptr_array_unref);
        g_strfreev(u->trace);
        g_clear_pointer(&u->faults, g_array_unref);
        g_clear_pointer(&u->cuts, g_array_unref);
        g_free(u->task.url);
        g_free(u->task.file);
        world_free(w);
}

/* The first record is in its place, and the disk neither synchronizes nor removes it: StartUpgrade returns its job, for
 * the next fotad would begin that job in any case. 0: the job ends when the disk is mended; otherwise fotad is started
 * again before that, and begins the upgrade. */
START_TEST(test_record_stays)
{
        Point point = { .name = (char *)"fsync-directory jobs", .nth = 1 };
        const Fault fault = { .point = &point, .error = "EIO", .stays = true };
        Upgrade u = { 0 };
        World *w = upgrade_new(&u, (unsigned)_i);

        check_fault(&u, &fault, _i > 0);
        ck_assert_uint_eq(u.outcomes->pending, 1);
        ck_assert_uint_eq(u.outcomes->failed, _i == 0);
        ck_assert_uint_eq(u.outcomes->succeeded, _i > 0);
        upgrade_free(&u, w);
}
END_TEST

/* The reference run may have had a few more records than the others. */
static void check_reached(const Upgrade *u)
{
        fflush(stdout);
        ck_assert_msg(u->outcomes->not_reached * 2 <= u->some, "more than a half was not reached");
}

static void run_faults(Upgrade *u, unsigned some)
{
        const Outcomes *o = u->outcomes;

        take_some(u, u->faults->len, some);
        run_items(u, "fault", u->faults->len, fail_at);
        printf("%u did not start, %u refused, %u failed, %u succeeded; %u ends were pending, %u records removed; "
               "%u not reached\n",
               o->not_started, o->refused, o->failed, o->succeeded, o->pending, o->removed, o->not_reached);
        check_reached(u);
}

START_TEST(test_faults)
{
        Upgrade u = { 0 };
        World *w = upgrade_new(&u, (unsigned)_i);

        list_all(&u, w);
        run_faults(&u, SOME_FAULTS);
        upgrade_free(&u, w);
}
END_TEST

/* The same for the fotad that takes the job up after AT+QFOTADL. */
START_TEST(test_faults_resumed)
{
        Upgrade u = { 0 };
        World *w = upgrade_new(&u, (unsigned)_i);

        list_all(&u, w);
        list_resumed(&u);
        run_faults(&u, SOME_RESUMED);
        upgrade_free(&u, w);
}
END_TEST

START_TEST(test_states)
{
        Upgrade u = { 0 };
        World *w = upgrade_new(&u, (unsigned)_i);

        list_all(&u, w);
        check_states(&u, w);
        list_resumed(&u);
        check_states(&u, w);
        upgrade_free(&u, w);
}
END_TEST

START_TEST(test_power_cuts)
{
        Upgrade u = { 0 };
        World *w = upgrade_new(&u, (unsigned)_i);

        list_all(&u, w);
        take_some(&u, u.cuts->len, SOME_CUTS);
        run_items(&u, "power cut", u.cuts->len, cut_power);
        printf("%u not reached\n", u.outcomes->not_reached);
        check_reached(&u);
        upgrade_free(&u, w);
}
END_TEST

static void add(Suite *s, const char *name, const TTest *test)
{
        TCase *tcase = tcase_create(name);

        tcase_set_timeout(tcase, SECONDS);
        tcase_add_loop_test(tcase, test, 0, UPGRADES);
        suite_add_tcase(s, tcase);
}

int main(void)
{
        Suite *s = suite_create("disk-points");

        add(s, "record-stays", test_record_stays);
        add(s, "faults", test_faults);
        add(s, "faults-resumed", test_faults_resumed);
        add(s, "states", test_states);
        add(s, "power-cuts", test_power_cuts);
        return suite_run(s);
}

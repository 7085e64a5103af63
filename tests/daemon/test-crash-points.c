/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every point at which the daemon acts on the outside in the course of an upgrade: each step of each write to its disk,
 * each line to and from the AT port, each event of the devices, each message to the bus. kill-at.so lists the points;
 * then the same upgrade is run once for each of them, the daemon is killed there and started again. The simulator's
 * records decide about the required result: whether the module received AT+QFOTADL, and the firmware that it runs.
 *
 * FOTAD_TEST_POINT=N runs the N-th alone; FOTAD_TEST_KEEP=1 leaves the list and the worlds' files. */

#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "suite.h"
#include "workers.h"
#include "world.h"

#define SECONDS 900 /* for all runs together, however slow the machine */
#define TRIES   4   /* two runs may differ in details: a run is repeated until the point is reached */

/* An upgrade. The modules' URC port is another one at first, so that settings are changed and restored; there are few
 * URCs, because each makes points that are like the others'. */
#define FEW_URCS "urcport=uart1,boot-urcs=RDY,network=0,unopened=keep,boot=1,off=30"

/* A point at which the module is held until it has received a command so many times, or until its port is open (no
 * command): the dialogue there is then the same in each run. */
typedef struct Hold {
        const char *point, *command;
        unsigned times;
} Hold;

typedef struct Run {
        const char *name, *module, *from, *to;
        const char *packages[2];   /* made by the simulator, under these names; the first one is the source */
        const char *download_max;  /* option download-urc-max, NULL none */
        Hold holds[4];             /* ends with an empty one */
        const char *since, *until; /* only points between the first ones with these in their names; NULL all */
} Run;

static const Run runs[] = {
        { "DFOTA",
          "1-1=ec200a,updating=30/91," FEW_URCS,
          OLD_REVISION,
          NEW_REVISION,
          { "up.bin" },
          "5",
          { { "end", NULL, 0 } },
          NULL,
          NULL },
        { "MiniFOTA",
          "1-1=ec800m-4,updater-ports=at,mini-updating=30,mini-updating-2=60/96,linger=150," FEW_URCS,
          "EC800MCNGAR06A03M04",
          "EC800MCNGAR06A04M04",
          { "up.mini_1", "up.mini_2" },
          NULL,
          { { "mini", "AT+CGSN", 3 }, { "updater", NULL, 0 }, { "mini-2", "AT+CGSN", 4 } },
          NULL,
          NULL },
        /* The part that differs from a DFOTA: from AT+QFOTADL to the end of the package. */
        { "FILE",
          "1-1=ec200a,updating=30/91,file-idle=2000," FEW_URCS,
          OLD_REVISION,
          NEW_REVISION,
          { NULL },
          "5",
          { { "end", NULL, 0 } },
          "at-out before AT+QFOTADL",
          "FILEEND" },
        { "spool",
          "1-1=ec200a,updating=30/91,file-idle=2000," FEW_URCS,
          OLD_REVISION,
          NEW_REVISION,
          { NULL },
          "5",
          { { "end", NULL, 0 } },
          "state after mkdir packages",
          "bus-out after reply" },
};

#define PACKAGE_SIZE 10000 /* three writes */

/* Every kind must have occurred, or the test proves nothing. */
static const char *const kinds[] = { "state", "power", "at-out", "at-in", "device", "bus-out" };

typedef struct Point {
        char *name;
        unsigned nth; /* of that name */
} Point;

typedef struct Task {
        const Run *run;
        char *url, *file; /* one of the points */
        GPtrArray *points;
        unsigned *again; /* of all workers together: the number of repetitions */
} Task;

/* ---- one life */

static World *new_world(const Run *run)
{
        WorldSettings settings = { .modules = { run->module },
                                   .config = run->since ? "[timeouts]\nstart=3\nsettle=5\ncommand=5\n"
                                                        : "[timeouts]\nstart=3\nsettle=5\n",
                                   .preload = "tests/daemon/kill-at.so",
                                   .no_daemon = true };

        return world_new(&settings);
}

static bool await_event(World *w, const char *event, unsigned times)
{
        g_autofree char *command = g_strdup_printf("wait 1-1 %s %u", event, times);

        return world_sim_or_end(w, command);
}

/* Returns false if the daemon has ended before. Earlier opens of the port do not matter: a job that starts early takes
 * over the port from the questions before it. */
static bool await_hold(World *w, const Hold *hold)
{
        g_autofree char *held = g_strconcat("held 1-1 ", hold->point, NULL), *event = NULL, *opened = NULL;
        g_autofree char *connected = NULL;

        if (hold->command) {
                event = g_strconcat("rx:", hold->command, NULL);
                return await_event(w, event, hold->times);
        }
        if (!world_sim_or_end(w, held))
                return false;
        opened = world_sim(w, "count 1-1 opened");
        connected = world_sim(w, "get 1-1 connected");
        return strcmp(connected, "1") == 0 || await_event(w, "opened", (unsigned)atoi(opened) + 1);
}

/* From the daemon's start over the whole upgrade to its stop, as far as it gets; returns its end, as world_await_end().
 * Makes no calls besides the upgrade, so that the daemon acts the same in each run. */
static int live(World *w, const Task *task, char **ret_job)
{
        const char *most = task->run->download_max;
        const Hold *held = task->run->holds;
        bool asked;
        int status;

        for (const Hold *hold = held; hold->point; hold++)
                g_free(world_sim(w, "hold 1-1 %s", hold->point));
        asked = world_try_daemon(w) && world_await_signal(w, MODULE_1, "PropertiesChanged", " Revision ");
        if (asked && task->url)
                *ret_job = world_start(w, "", task->url, most ? "download-urc-max" : NULL, "u", most, NULL);
        else if (asked)
                *ret_job = world_start_file(w, "", task->file, "up.bin", "download-urc-max", "u", most, NULL);
        if (*ret_job) {
                for (; held->point && await_hold(w, held); held++)
                        g_free(world_sim(w, "release 1-1 %s", held->point));
                if (world_await_signal(w, *ret_job, "Result", NULL))
                        kill(world_daemon_pid(w), SIGTERM);
        } else if (asked) {
                /* Only the daemon's end can cause that. */
                ck_assert_msg(strcmp(world_error(w), "org.freedesktop.DBus.Error.NoReply") == 0 ||
                                      strcmp(world_error(w), "org.freedesktop.DBus.Error.ServiceUnknown") == 0,
                              "%s: %s", world_error(w), world_error_message(w));
        }
        status = world_await_end(w);
        for (; held->point; held++)
                g_free(world_sim(w, "release 1-1 %s", held->point));
        return status;
}

/* ---- conditions */

/* The job's record, which is complete if it exists. */
static GKeyFile *read_record(World *w)
{
        g_autofree char *path = world_path(w, "state/jobs/1.job");
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
                return NULL;
        ck_assert_msg(g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error), "%s: %s", path, error->message);
        ck_assert_int_eq(g_key_file_get_integer(file, "Job", "Version", NULL), 1);
        return g_steal_pointer(&file);
}

/* Only complete records. */
static void check_files(World *w, bool job)
{
        g_autofree char *state = world_path(w, "state"), *jobs = world_path(w, "state/jobs");
        g_autoptr(GKeyFile) record = read_record(w);
        g_autoptr(GDir) above = g_dir_open(state, 0, NULL), below = g_dir_open(jobs, 0, NULL);
        const char *name;

        ck_assert(above && below);
        while ((name = g_dir_read_name(above)))
                if (strcmp(name, "packages") == 0)
                        file_assert_no_package(w);
                else if (strcmp(name, "last-job") != 0) /* the highest id */
                        ck_assert_str_eq(name, "jobs");
        while ((name = g_dir_read_name(below)))
                ck_assert_str_eq(name, "1.job");
        ck_assert((record != NULL) == job);
}

/* The settings that the upgrade changes are restored. */
static void check_settings(World *w)
{
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "1", "get 1-1 fota-cid");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_assert_property(w, MODULE_1, "Job", "/");
}

/* No job was promised, and none was begun. */
static void check_no_job(World *w, const Run *run)
{
        world_await_module(w, MODULE_1);
        world_assert_property(w, MODULE_1, "Revision", run->from);
        ck_assert(!world_call(w, JOB_1, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "org.freedesktop.DBus.Error.UnknownObject");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, run->from, "get 1-1 revision");
}

/* The module has the whole package of the host, or not enough of it; the record decides which verdicts are allowed. */
static void check_file_verdict(World *w, const Run *run, bool sent, bool transferred)
{
        g_autofree char *revision = world_sim(w, "get 1-1 revision"), *name = world_property(w, JOB_1, "ErrorName");
        g_autofree char *count = world_sim(w, "get 1-1 qfotadl-count");

        if (!sent || strcmp(revision, run->to) == 0) {
                world_assert_outcome(w, JOB_1, "success", "", "");
                ck_assert_str_eq(revision, run->to);
                return;
        }
        ck_assert_str_eq(revision, run->from);
        ck_assert_str_le(count, "1");
        /* The last bytes were due, and were not sent: the module reports a failure. */
        if (transferred && strcmp(name, "download-failed") == 0)
                world_assert_outcome(w, JOB_1, "failed", "file", "download-failed");
        else
                world_assert_outcome(w, JOB_1, "failed", "host", "interrupted");
}

/* sent, transferred: as in the record when the daemon died. */
static void check_verdict(World *w, const Run *run, bool sent, bool transferred)
{
        g_autofree char *count = NULL;

        world_await_property(w, JOB_1, "State", "finished");
        if (run->since) {
                check_file_verdict(w, run, sent, transferred);
                return;
        }
        count = world_sim(w, "get 1-1 qfotadl-count");
        if (strcmp(count, "0") == 0) {
                /* The daemon died between the record and the line: the next one cannot know and does not repeat it. */
                ck_assert_msg(sent, "AT+QFOTADL was not sent");
                world_assert_outcome(w, JOB_1, "failed", "host", "no-response");
                world_assert_sim(w, run->from, "get 1-1 revision");
        } else {
                ck_assert_str_eq(count, "1");
                world_assert_sim(w, run->to, "get 1-1 revision");
                world_assert_outcome(w, JOB_1, "success", "", "");
                world_assert_property(w, JOB_1, "FromRevision", run->from);
                world_assert_property(w, JOB_1, "ToRevision", run->to);
        }
}

static void check_second_life(World *w, const Run *run, bool answered)
{
        g_autoptr(GKeyFile) record = read_record(w);
        unsigned percent = world_last_percent(w, JOB_1), before = world_count_signals(w, JOB_1, "Result"), after;
        bool sent = record && g_key_file_get_boolean(record, "Job", "Sent", NULL);
        bool transferred = record && g_key_file_get_boolean(record, "Job", "Transferred", NULL);

        ck_assert_msg(record || !answered, "StartUpgrade was answered, and no job is on the disk");
        ck_assert_uint_le(before, 1);
        world_start_daemon(w);
        if (record) {
                g_autofree char *now = world_property(w, JOB_1, "Percent");

                ck_assert_msg(strtoul(now, NULL, 10) >= percent, "%u %% were reported, now %s", percent, now);
                check_verdict(w, run, sent, transferred);
                after = world_count_signals(w, JOB_1, "Result") - before;
                ck_assert_msg(before ? after <= 1 : after == 1, "%u Results before the crash, %u after it", before,
                              after);
        } else {
                check_no_job(w, run);
        }
        check_settings(w);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        check_files(w, record != NULL);
}

/* ---- one point */

/* Returns false if the run did not reach this point. */
static bool try_point(const Task *task, const Point *p)
{
        g_autofree char *nth = g_strdup_printf("%u", p->nth), *job = NULL;
        World *w = new_world(task->run);
        int status;

        world_set_environment(w, "KILL_AT", p->name);
        world_set_environment(w, "KILL_NTH", nth);
        status = live(w, task, &job);
        ck_assert_msg(status == -SIGKILL || status == 0, "the daemon ended with %d", status);
        world_set_environment(w, "KILL_AT", NULL);
        if (status == -SIGKILL)
                check_second_life(w, task->run, job != NULL);
        world_free(w);
        return status == -SIGKILL;
}

/* The task of workers_run(). */
static void die_at(unsigned item, void *data)
{
        const Task *task = data;
        const Point *p = g_ptr_array_index(task->points, item - 1);

        printf("%s (%u. time)\n", p->name, p->nth);
        for (unsigned i = 0; i < TRIES; i++) {
                if (try_point(task, p))
                        return;
                __atomic_add_fetch(task->again, 1, __ATOMIC_RELAXED);
        }
        ck_abort_msg("the point was not reached again");
}

/* ---- the list of points */

static void point_free(Point *p)
{
        g_free(p->name);
        g_free(p);
}

static GPtrArray *read_points(const char *file)
{
        GPtrArray *points = g_ptr_array_new_with_free_func((GDestroyNotify)point_free);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "kill-at.so has listed nothing");
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line && **line; line++) {
                Point *p = g_new0(Point, 1);

                p->name = g_strdup(*line);
                p->nth = GPOINTER_TO_UINT(g_hash_table_lookup(seen, *line)) + 1;
                g_hash_table_insert(seen, g_strdup(*line), GUINT_TO_POINTER(p->nth));
                g_ptr_array_add(points, p);
        }
        return points;
}

static unsigned find_point(const GPtrArray *points, const char *part)
{
        for (unsigned i = 0; i < points->len; i++)
                if (strstr(((const Point *)g_ptr_array_index(points, i))->name, part))
                        return i;
        ck_abort_msg("no moment has %s in its name", part);
}

static void cut_points(GPtrArray *points, const Run *run)
{
        unsigned since = find_point(points, run->since), until = find_point(points, run->until);

        ck_assert_uint_lt(since, until);
        g_ptr_array_remove_range(points, until + 1, points->len - until - 1);
        g_ptr_array_remove_range(points, 0, since);
}

/* After the Result the daemon removes the claim, and receives udev events. Whether it reads them before the test ends
 * it is a matter of chance, and has no effect. */
static void cut_devices_after_result(GPtrArray *points)
{
        unsigned result = find_point(points, " Result");

        for (unsigned i = points->len - 1; i > result; i--)
                if (g_str_has_prefix(((const Point *)g_ptr_array_index(points, i))->name, "device "))
                        g_ptr_array_remove_index(points, i);
}

/* "N crash points of a DFOTA run: n state, ...". */
static void print_points(const Task *task)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autofree char *start = g_strconcat(kinds[i], " ", NULL);
                unsigned n = 0;

                for (unsigned k = 0; k < task->points->len; k++)
                        n += g_str_has_prefix(((Point *)g_ptr_array_index(task->points, k))->name, start);
                ck_assert_msg(n > 0 || task->run->since, "none of the kind %s: does kill-at.so see the daemon's calls?",
                              kinds[i]);
                g_string_append_printf(text, "%s %u %s", i ? "," : "", n, kinds[i]);
        }
        printf("%u crash points of a %s run:%s\n", task->points->len, task->run->name, text->str);
        fflush(stdout);
}

/* The reference run, in a world whose server is used by all others. */
static void list_points(World *w, Task *task)
{
        g_autofree char *file = world_path(w, "run/points"), *job = NULL;

        for (unsigned i = 0; i < G_N_ELEMENTS(task->run->packages) && task->run->packages[i]; i++)
                world_package(w, task->run->packages[i], task->run->from, task->run->to, NULL);
        if (task->run->packages[0]) {
                task->url = world_http(w, task->run->packages[0]);
        } else {
                world_make_package(w, "up.bin", task->run->from, task->run->to, PACKAGE_SIZE);
                task->file = world_path(w, "up.bin");
        }
        world_set_environment(w, "KILL_LIST", file);
        ck_assert_int_eq(live(w, task, &job), 0);
        world_set_environment(w, "KILL_LIST", NULL);
        ck_assert_ptr_nonnull(job);
        check_second_life(w, task->run, true);
        world_assert_sim(w, task->run->to, "get 1-1 revision");
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 1);
        task->points = read_points(file);
        cut_devices_after_result(task->points);
        if (task->run->since)
                cut_points(task->points, task->run);
        /* The updater is part of both runs. */
        world_await_file(w, file, "\"UPDATING\",30");
}

START_TEST(test_points)
{
        Task task = { .run = &runs[_i], .again = workers_share(sizeof(unsigned)) };
        const char *only = g_getenv("FOTAD_TEST_POINT");
        World *w = new_world(task.run);
        unsigned first = 1, last;

        list_points(w, &task);
        print_points(&task);
        last = task.points->len;
        if (only)
                first = last = CLAMP((unsigned)strtoul(only, NULL, 10), first, last);
        workers_run("crash point", first, last, die_at, &task);
        printf("%u times it did not come to a point\n", *task.again);
        fflush(stdout);
        g_ptr_array_unref(task.points);
        g_free(task.url);
        g_free(task.file);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("crash-points");

        for (int i = 0; i < (int)G_N_ELEMENTS(runs); i++) {
                TCase *tcase = tcase_create(runs[i].name);

                tcase_set_timeout(tcase, SECONDS);
                tcase_add_loop_test(tcase, test_points, i, i + 1);
                suite_add_tcase(s, tcase);
        }
        return suite_run(s);
}

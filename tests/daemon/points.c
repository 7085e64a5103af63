/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The upgrades whose points are tested, their first and second lives, and the conditions after them. The simulator's
 * records decide about the required result: whether the module received AT+QFOTADL, and the firmware that it runs. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "points.h"

/* The modules' URC port is another one at first, so that settings are changed and restored; there are few URCs, because
 * each makes points that are like the others'. */
#define FEW_URCS "urcport=uart1,boot-urcs=RDY,network=0,unopened=keep,boot=1,off=30"

const Run points_runs[POINTS_RUNS] = {
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

void points_make_packages(World *w, Task *task)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(task->run->packages) && task->run->packages[i]; i++)
                world_package(w, task->run->packages[i], task->run->from, task->run->to, NULL);
        if (task->run->packages[0]) {
                task->url = world_http(w, task->run->packages[0]);
        } else {
                world_make_package(w, "up.bin", task->run->from, task->run->to, PACKAGE_SIZE);
                task->file = world_path(w, "up.bin");
        }
}

/* ---- one life */

World *points_world(const Run *run)
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

char *points_start(World *w, const Task *task)
{
        const char *most = task->run->download_max;

        return task->url ? world_start(w, "", task->url, most ? "download-urc-max" : NULL, "u", most, NULL)
                         : world_start_file(w, "", task->file, "up.bin", "download-urc-max", "u", most, NULL);
}

int points_live(World *w, const Task *task, char **ret_job)
{
        const Hold *held = task->run->holds;
        bool asked;
        int status;

        for (const Hold *hold = held; hold->point; hold++)
                g_free(world_sim(w, "hold 1-1 %s", hold->point));
        asked = world_try_daemon(w) && world_await_signal(w, MODULE_1, "PropertiesChanged", " Revision ");
        if (asked)
                *ret_job = points_start(w, task);
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

GKeyFile *points_read_record(World *w)
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
        g_autoptr(GKeyFile) record = points_read_record(w);
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

void points_check_settings(World *w, const char *power)
{
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "1", "get 1-1 fota-cid");
        world_assert_sim(w, "1", "get 1-1 cfun");
        world_assert_sim(w, power, "get 1-1 power-control");
        world_assert_property(w, MODULE_1, "Job", "/");
}

void points_check_no_job(World *w, const Run *run)
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

void points_check_second_life(World *w, const Run *run, bool answered)
{
        g_autoptr(GKeyFile) record = points_read_record(w);
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
                points_check_no_job(w, run);
        }
        points_check_settings(w, "auto");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        check_files(w, record != NULL);
}

/* ---- the list of points */

static void point_free(Point *p)
{
        g_free(p->name);
        g_free(p);
}

GPtrArray *points_read(const char *file)
{
        GPtrArray *points = g_ptr_array_new_with_free_func((GDestroyNotify)point_free);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "kill-at.so has listed nothing");
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line && **line; line++) {
                unsigned nth = GPOINTER_TO_UINT(g_hash_table_lookup(seen, *line)) + 1;
                Point *p;

                g_hash_table_insert(seen, g_strdup(*line), GUINT_TO_POINTER(nth));
                /* At its end the daemon asks once more if the bus has not answered after the Result yet. */
                if (nth > 1 && g_str_has_suffix(*line, " GetId"))
                        continue;
                p = g_new0(Point, 1);
                p->name = g_strdup(*line);
                p->nth = nth;
                g_ptr_array_add(points, p);
        }
        return points;
}

unsigned points_find(const GPtrArray *points, const char *part)
{
        for (unsigned i = 0; i < points->len; i++)
                if (strstr(((const Point *)g_ptr_array_index(points, i))->name, part))
                        return i;
        ck_abort_msg("no moment has %s in its name", part);
}

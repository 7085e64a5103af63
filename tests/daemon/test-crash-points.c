/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every point at which the daemon acts on the outside in the course of an upgrade: each step of each write to its disk,
 * each line to and from the AT port, each event of the devices, each message to the bus. kill-at.so lists the points;
 * then the same upgrade is run once for each of them, the daemon is killed there and started again.
 *
 * FOTAD_TEST_POINT=N runs the N-th alone; FOTAD_TEST_KEEP=1 leaves the list and the worlds' files. */

#include <check.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "points.h"
#include "suite.h"
#include "workers.h"

#define SECONDS 900 /* for all runs together, however slow the machine */
#define TRIES   4   /* two runs may differ in details: a run is repeated until the point is reached */

/* Every kind must have occurred, or the test proves nothing. */
static const char *const kinds[] = { "state", "power", "at-out", "at-in", "device", "bus-out" };

/* ---- one point */

/* Returns false if the run did not reach this point. */
static bool try_point(const Task *task, const Point *p)
{
        g_autofree char *nth = g_strdup_printf("%u", p->nth), *job = NULL;
        World *w = points_world(task->run);
        int status;

        world_set_environment(w, "KILL_AT", p->name);
        world_set_environment(w, "KILL_NTH", nth);
        status = points_live(w, task, &job);
        ck_assert_msg(status == -SIGKILL || status == 0, "the daemon ended with %d", status);
        world_set_environment(w, "KILL_AT", NULL);
        if (status == -SIGKILL)
                points_check_second_life(w, task->run, job != NULL);
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

static void cut_points(GPtrArray *points, const Run *run)
{
        unsigned since = points_find(points, run->since), until = points_find(points, run->until);

        ck_assert_uint_lt(since, until);
        g_ptr_array_remove_range(points, until + 1, points->len - until - 1);
        g_ptr_array_remove_range(points, 0, since);
}

/* After the Result the daemon removes the claim, and receives udev events. Whether it reads them before the test ends
 * it is a matter of chance, and has no effect. */
static void cut_devices_after_result(GPtrArray *points)
{
        unsigned result = points_find(points, " Result");

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

        points_make_packages(w, task);
        world_set_environment(w, "KILL_LIST", file);
        ck_assert_int_eq(points_live(w, task, &job), 0);
        world_set_environment(w, "KILL_LIST", NULL);
        ck_assert_ptr_nonnull(job);
        points_check_second_life(w, task->run, true);
        world_assert_sim(w, task->run->to, "get 1-1 revision");
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "Result"), 1);
        task->points = points_read(file);
        cut_devices_after_result(task->points);
        if (task->run->since)
                cut_points(task->points, task->run);
        /* The updater is part of both runs. */
        world_await_file(w, file, "\"UPDATING\",30");
}

START_TEST(test_points)
{
        Task task = { .run = &points_runs[_i], .again = workers_share(sizeof(unsigned)) };
        const char *only = g_getenv("FOTAD_TEST_POINT");
        World *w = points_world(task.run);
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

        for (int i = 0; i < POINTS_RUNS; i++) {
                TCase *tcase = tcase_create(points_runs[i].name);

                tcase_set_timeout(tcase, SECONDS);
                tcase_add_loop_test(tcase, test_points, i, i + 1);
                suite_add_tcase(s, tcase);
        }
        return suite_run(s);
}

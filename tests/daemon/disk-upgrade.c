/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs of an upgrade, and the part of all incidents that make check runs. */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk-upgrade.h"

#define SECONDS 5400 /* for all runs of a test together, however slow the machine */

/* ---- the runs without an incident of the disk */

char **disk_upgrade_read_trace(World *w)
{
        g_autofree char *file = world_path(w, "run/trace"), *text = NULL;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "kill-at.so has traced nothing");
        return g_strsplit(text, "\n", -1);
}

void disk_upgrade_die_after_command(World *w, const DiskUpgrade *u)
{
        g_autofree char *job = NULL;

        world_set_environment(w, "KILL_AT", u->command->name);
        ck_assert_int_eq(points_live(w, &u->task, &job), -SIGKILL);
        world_set_environment(w, "KILL_AT", NULL);
}

World *disk_upgrade_new(DiskUpgrade *u, unsigned which)
{
        World *w = points_world(&points_runs[which]);

        u->task.run = &points_runs[which];
        u->outcomes = workers_share(sizeof(Outcomes));
        points_make_packages(w, &u->task);
        return w;
}

void disk_upgrade_list(DiskUpgrade *u, World *w)
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
        u->trace = disk_upgrade_read_trace(w);
}

void disk_upgrade_list_resumed(DiskUpgrade *u)
{
        World *w = points_world(u->task.run);
        g_autofree char *calls = world_path(w, "run/calls"), *trace = world_path(w, "run/trace");

        world_set_environment(w, "TRACE", trace);
        u->command = g_ptr_array_index(u->task.points, points_find(u->task.points, "at-out after AT+QFOTADL=\""));
        disk_upgrade_die_after_command(w, u);
        world_set_environment(w, "FAIL_LIST", calls);
        world_start_daemon(w);
        world_await_property(w, JOB_1, "State", "finished");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        g_ptr_array_unref(u->calls);
        u->calls = points_read(calls);
        g_strfreev(u->trace);
        u->trace = disk_upgrade_read_trace(w);
        world_free(w);
}

void disk_upgrade_free(DiskUpgrade *u, World *w)
{
        g_clear_pointer(&u->task.points, g_ptr_array_unref);
        g_clear_pointer(&u->calls, g_ptr_array_unref);
        g_strfreev(u->trace);
        g_clear_pointer(&u->items, g_array_unref);
        g_free(u->task.url);
        g_free(u->task.file);
        world_free(w);
}

/* ---- the part that is run */

static unsigned common_divisor(unsigned a, unsigned b)
{
        return b == 0 ? a : common_divisor(b, a % b);
}

/* The stride has no common divisor with the number of all items, so that each item is met once. */
static void take_some(DiskUpgrade *u, unsigned some)
{
        unsigned all = u->items->len;

        u->some = g_getenv("FOTAD_TEST_ALL") ? all : MIN(some, all);
        u->stride = all / u->some;
        while (common_divisor(all, u->stride) != 1)
                u->stride++;
}

unsigned disk_upgrade_taken(const DiskUpgrade *u, unsigned number)
{
        return (unsigned)((number - 1) * (guint64)u->stride % u->items->len);
}

void disk_upgrade_run(DiskUpgrade *u, const char *name, unsigned some, Work work)
{
        const char *only = g_getenv("FOTAD_TEST_POINT");
        unsigned first = 1, last;

        take_some(u, some);
        last = u->some;
        if (only)
                first = last = CLAMP((unsigned)strtoul(only, NULL, 10), 1, u->some);
        printf("%s: %u of %u %ss\n", u->task.run->name, u->some, u->items->len, name);
        fflush(stdout);
        workers_run(name, first, last, work, u);
}

void disk_upgrade_count(unsigned *outcome)
{
        __atomic_add_fetch(outcome, 1, __ATOMIC_RELAXED);
}

void disk_upgrade_check_reached(const DiskUpgrade *u)
{
        fflush(stdout);
        ck_assert_msg(u->outcomes->not_reached * 2 <= u->some, "more than a half was not reached");
}

void disk_upgrade_add(Suite *s, const char *name, const TTest *test)
{
        TCase *tcase = tcase_create(name);

        tcase_set_timeout(tcase, SECONDS);
        tcase_add_loop_test(tcase, test, 0, DISK_UPGRADES);
        suite_add_tcase(s, tcase);
}

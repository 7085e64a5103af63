/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every moment between two calls that change the state directory in the course of an upgrade, as kill-at.so lists them:
 * the gateway loses power there, and the next fotad finds each of the states in which the directory may be
 * (disk-model.c).
 *
 * make check runs a part of them; FOTAD_TEST_ALL=1 runs all, FOTAD_TEST_POINT=N the N-th alone. The worlds' files stay
 * with FOTAD_TEST_KEEP=1. */

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/job/job.h"
#include "disk-model.h"
#include "disk-upgrade.h"
#include "store/job-store.h"
#include "suite.h"

#define TRIES     2 /* two runs may differ in details */
#define SOME_CUTS 5 /* the part that make check runs, of each upgrade */

typedef struct Cut {
        const Point *point;
        unsigned state; /* of the disk */
} Cut;

/* ---- the store alone */

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

static void check_states(DiskUpgrade *u, World *w)
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

/* ---- the whole gateway */

/* Puts the state directory into one of the states that the daemon's end leaves if the power fails with it. */
static void lose_power(World *w, unsigned number)
{
        g_autoptr(DiskModel) m = disk_model_new();
        g_autofree char *directory = world_path(w, "state");
        g_auto(GStrv) trace = disk_upgrade_read_trace(w);
        g_autoptr(GHashTable) state = NULL;

        for (unsigned i = 0; trace[i] && *trace[i]; i++)
                disk_model_apply(m, trace[i]);
        state = disk_model_state(m, number % disk_model_states(m));
        disk_model_put(state, directory);
}

/* Returns false if the run did not reach this point. */
static bool try_cut(const DiskUpgrade *u, const Cut *c)
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
        const DiskUpgrade *u = data;
        const Cut *c = &g_array_index(u->items, Cut, disk_upgrade_taken(u, item));

        printf("%s (%u. time), state %u\n", c->point->name, c->point->nth, c->state);
        for (unsigned i = 0; i < TRIES; i++)
                if (try_cut(u, c))
                        return;
        disk_upgrade_count(&u->outcomes->not_reached);
}

/* The points after which the disk, or what was promised, is another one. */
static void list_cuts(DiskUpgrade *u)
{
        g_autoptr(DiskModel) m = disk_model_new();

        u->items = g_array_new(FALSE, FALSE, sizeof(Cut));
        for (unsigned i = 0; i < u->task.points->len; i++) {
                const Point *p = g_ptr_array_index(u->task.points, i);

                ck_assert_msg(u->trace[i] && *u->trace[i], "the trace ends before %s", p->name);
                disk_model_apply(m, u->trace[i]);
                if (!g_str_has_prefix(p->name, "state ") && !strstr(p->name, "AT+QFOTADL=\"") &&
                    !strstr(p->name, " Result") && !strstr(p->name, "after reply"))
                        continue;
                for (unsigned k = 0; k < disk_model_states(m); k++) {
                        Cut c = { .point = p, .state = k };

                        g_array_append_val(u->items, c);
                }
        }
}

/* ---- the cases */

START_TEST(test_states)
{
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, (unsigned)_i);

        disk_upgrade_list(&u, w);
        check_states(&u, w);
        disk_upgrade_list_resumed(&u);
        check_states(&u, w);
        disk_upgrade_free(&u, w);
}
END_TEST

START_TEST(test_power_cuts)
{
        DiskUpgrade u = { 0 };
        World *w = disk_upgrade_new(&u, (unsigned)_i);

        disk_upgrade_list(&u, w);
        list_cuts(&u);
        disk_upgrade_run(&u, "power cut", SOME_CUTS, cut_power);
        printf("%u not reached\n", u.outcomes->not_reached);
        disk_upgrade_check_reached(&u);
        disk_upgrade_free(&u, w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("power-cuts");

        disk_upgrade_add(s, "states", test_states);
        disk_upgrade_add(s, "power-cuts", test_power_cuts);
        return suite_run(s);
}

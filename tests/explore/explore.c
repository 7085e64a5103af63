/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Explores upgrades in simulated time: the real core (host.c) against an independent model of a module (model.c), with
 * faults at random and in turn. The truth is the module's flash. Each run follows from its population and seed.
 *
 *   explore [--from SEED] [--runs N] [--population messages|ordinary|odd|each] [--list KIND]
 *   explore --population NAME --timeline SEED | --shrink SEED
 *
 * Prints a table of the outcomes; fails if an outcome of a kind that is wrong comes up, and prints the first runs of
 * such a kind, shrunk to the faults that matter. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "population.h"
#include "shrink.h"

#define SHRUNK_MAX 3 /* of a kind */

typedef struct Table {
        uint64_t runs;
        unsigned counts[_KIND_MAX];
        GArray *delays[_KIND_MAX]; /* of uint64_t, µs */
} Table;

/* Of each population. The sanitizers look for faults of memory, and slow the runs down. */
#if defined(__SANITIZE_ADDRESS__)
#define RUNS 1000
#else
#define RUNS 5000
#endif

static gint64 from = 1, runs = RUNS, shown = -1, shrunk = -1;
static gboolean quiet;
static char *population_wanted, *listed;

static const GOptionEntry entries[] = {
        { "from", 0, 0, G_OPTION_ARG_INT64, &from, "the first seed", "SEED" },
        { "runs", 0, 0, G_OPTION_ARG_INT64, &runs, "the number of runs of each population", "N" },
        { "population", 0, 0, G_OPTION_ARG_STRING, &population_wanted, "messages, ordinary, odd or each", "NAME" },
        { "list", 0, 0, G_OPTION_ARG_STRING, &listed, "list the seeds of this kind", "KIND" },
        { "timeline", 0, 0, G_OPTION_ARG_INT64, &shown, "print one run", "SEED" },
        { "shrink", 0, 0, G_OPTION_ARG_INT64, &shrunk, "print one run, shrunk", "SEED" },
        { "no-shrink", 0, 0, G_OPTION_ARG_NONE, &quiet, "print no run that is wrong", NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
};

static void show(Population population, uint64_t seed, bool smaller)
{
        Plan plan = population_draw(population, seed);
        Outcome outcome;

        if (smaller)
                shrink(&plan);
        printf("--- %s %" G_GUINT64_FORMAT "%s\n", population_name(population), seed, smaller ? ", shrunk" : "");
        plan_print(&plan);
        outcome = run_carry_out(&plan, true);
        outcome_clear(&outcome);
        plan_clear(&plan);
}

/* ---- the table */

static int compare_delays(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

static double delay_at(const GArray *delays, unsigned per_mille)
{
        return (double)g_array_index(delays, uint64_t, (delays->len - 1) * (guint64)per_mille / 1000) / (double)SECOND;
}

static void print_delays(GArray *delays)
{
        if (delays->len == 0)
                return;
        g_array_sort(delays, compare_delays);
        printf("  verdict after %.0f s (median), %.0f s (90 %%), %.0f s (99 %%), %.0f s (longest)",
               delay_at(delays, 500), delay_at(delays, 900), delay_at(delays, 990), delay_at(delays, 1000));
}

static void print_table(const Table *t, const char *name)
{
        printf("%s: %" G_GUINT64_FORMAT " upgrades\n", name, t->runs);
        for (unsigned kind = 0; kind < _KIND_MAX; kind++) {
                if (!t->counts[kind] && kind < _KIND_RIGHT_MAX)
                        continue;
                printf("%10u %10.0f per million  %s", t->counts[kind],
                       1e6 * t->counts[kind] / (double)MAX(t->runs, 1), kind_name((Kind)kind));
                print_delays(t->delays[kind]);
                printf("\n");
        }
}

static unsigned explore(Population population)
{
        Table table = { 0 };
        uint64_t size = population_size(population), stride = size && size > (uint64_t)runs ? size / (uint64_t)runs : 1;
        unsigned wrong = 0;

        for (unsigned kind = 0; kind < _KIND_MAX; kind++)
                table.delays[kind] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
        for (uint64_t i = 0; i < (uint64_t)runs && (!size || i * stride < size); i++) {
                uint64_t seed = (uint64_t)from + i * (stride > 1 ? stride | 1 : stride);
                Plan plan = population_draw(population, seed);
                Outcome outcome = run_carry_out(&plan, false);

                table.runs++;
                table.counts[outcome.kind]++;
                if (outcome.timed)
                        g_array_append_val(table.delays[outcome.kind], outcome.delay);
                if (g_strcmp0(listed, kind_name(outcome.kind)) == 0)
                        printf("%s %" G_GUINT64_FORMAT " %s\n", population_name(population), seed, outcome.sentence);
                if (outcome.kind >= _KIND_RIGHT_MAX && !quiet && table.counts[outcome.kind] <= SHRUNK_MAX)
                        show(population, seed, true);
                outcome_clear(&outcome);
                plan_clear(&plan);
        }
        print_table(&table, population_name(population));
        for (unsigned kind = 0; kind < _KIND_MAX; kind++) {
                wrong += kind >= _KIND_RIGHT_MAX ? table.counts[kind] : 0;
                g_array_unref(table.delays[kind]);
        }
        return wrong;
}

int main(int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new(NULL);
        g_autoptr(GError) error = NULL;
        unsigned wrong = 0;

        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error)) {
                fprintf(stderr, "%s\n", error->message);
                return 2;
        }
        for (unsigned p = 0; p < _POPULATION_MAX; p++) {
                if (population_wanted && strcmp(population_wanted, population_name((Population)p)) != 0)
                        continue;
                if (shown >= 0)
                        show((Population)p, (uint64_t)shown, false);
                else if (shrunk >= 0)
                        show((Population)p, (uint64_t)shrunk, true);
                else
                        wrong += explore((Population)p);
        }
        return wrong ? 1 : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module loses its power at every one of its own steps, from the OK to AT+QFOTADL to the last line of its last
 * boot, by DFOTA and by MiniFOTA. The simulator knows the firmware that runs in the end; the daemon must find out. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "suite.h"
#include "workers.h"
#include "world.h"

#define STEPS_MAX 500

/* Upgrades that end by themselves end within settle; no case has to wait for update-idle or stall. That needs the URCs
 * of each boot, which are not lost here however slow the machine is. */
#define CONFIG "settle=3\nupdate-idle=300\nstall=300\n"
#define MODULE "1-1=%s,urcport=uart1,unopened=keep,cut-step=%u"

/* Steps of every kind, and few of each: all UPDATING values are at an increase. */
static const struct Run {
        const char *name, *module;
        const char *old, *new;
        const char *fell_back; /* the code of a job whose module kept its old firmware */
        bool mini;
} runs[] = {
        { "dfota", "ec200a,updating=8/50/91", OLD_REVISION, NEW_REVISION, "interrupted", false },
        { "dfota-slow", "ec200a,updating=8/50/91,delay=8", OLD_REVISION, NEW_REVISION, "interrupted", false },
        { "ec600m", "ec600m,mini-updating=2/30/60,mini-updating-2=60/76/96", "EC600MCNLER06A08M08",
          "EC600MCNLER06A09M08", "fell-back", true },
        { "ec800m-4", "ec800m-4,mini-updating=2/30/60,mini-updating-2=60/76/96", "EC800MCNGAR06A03M04",
          "EC800MCNGAR06A04M04", "fell-back", true },
};

/* The observations of a worker. */
typedef struct Seen {
        unsigned steps; /* the upgrade succeeded without a cut, or after it */
        bool cut, new;
} Seen;

typedef struct Power {
        const struct Run *run;
        Seen *seen; /* by the step before which power failed, 0 never */
} Power;

static void publish(World *w, const struct Run *run)
{
        if (run->mini) {
                world_package(w, "up.mini_1", run->old, run->new, NULL);
                world_package(w, "up.mini_2", run->old, run->new, NULL);
        } else {
                world_package(w, "up.bin", run->old, run->new, NULL);
        }
}

static unsigned long sim_number(World *w, const char *key)
{
        g_autofree char *text = world_sim(w, "get 1-1 %s", key);

        return strtoul(text, NULL, 10);
}

static void check_end(World *w, const struct Run *run, const char *job, Seen *seen)
{
        g_autofree char *revision = NULL;

        world_await_property(w, job, "State", "finished");
        world_assert_sim(w, "0", "get 1-1 upgrading"); /* no job is called ended before it is */
        revision = world_sim(w, "get 1-1 revision");
        seen->new = strcmp(revision, run->new) == 0;
        if (!seen->new)
                ck_assert_str_eq(revision, run->old);
        if (seen->new)
                world_assert_result(w, job, "success", "", "");
        else
                world_assert_result(w, job, "failed", "host", run->fell_back);
        world_assert_property(w, job, "FromRevision", run->old);
        world_assert_property(w, job, "ToRevision", revision);

        /* Power may fail even after that. */
        g_free(world_sim(w, "wait 1-1 idle 2"));
        seen->cut = sim_number(w, "cut-step") == 0;
        seen->steps = (unsigned)sim_number(w, "steps");
        world_await_property(w, MODULE_1, "System", "normal");
        world_await_property(w, MODULE_1, "Revision", revision);
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, revision, "get 1-1 revision");
        world_assert_sim(w, "0", "get 1-1 upgrading");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        ck_assert_uint_eq(world_count_signals(w, job, "Result"), 1);
}

static void cut_at(unsigned step, void *data)
{
        const Power *power = data;
        g_autofree char *module = g_strdup_printf(MODULE, power->run->module, step);
        WorldSettings settings = { .modules = { module }, .config = CONFIG };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, power->run->mini ? "up.mini_1" : "up.bin"), *job = NULL;

        publish(w, power->run);
        world_await_module(w, MODULE_1);
        job = power->run->mini ? world_start(w, "", url, NULL)
                               : world_start(w, "", url, "download-urc-max", "u", "5", NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        check_end(w, power->run, job, &power->seen[step]);
        world_free(w);
}

/* Before each step: as many as a run takes without a cut, and on until no step is left at which power could fail. The
 * number of the module's polls for unread output varies: a run may have a step less than another. */
START_TEST(test_every_step)
{
        Power power = { .run = &runs[_i], .seen = workers_share((STEPS_MAX + 1) * sizeof(Seen)) };
        unsigned first = 1, last, cut = 0, old = 0;

        workers_run("without a cut", 0, 0, cut_at, &power);
        ck_assert(power.seen[0].new);
        last = power.seen[0].steps;
        ck_assert_uint_gt(last, 20);
        while (first <= last) {
                ck_assert_uint_le(last, STEPS_MAX);
                workers_run("cut at step", first, last, cut_at, &power);
                first = last + 1;
                last += power.seen[last].cut;
        }
        for (unsigned i = 1; i <= last; i++) {
                ck_assert_msg(power.seen[i].cut || power.seen[i].steps < i, "power did not fail at step %u", i);
                cut += power.seen[i].cut;
                old += !power.seen[i].new;
        }
        ck_assert_uint_gt(old, 0);
        ck_assert_uint_lt(old, cut / 2);
        printf("%s: power failed at each of %u steps, at %u of them before anything was decided\n", runs[_i].name, cut,
               old);
}
END_TEST

/* The module answers before it reports its boot, as on a fast gateway: the verdict still waits for a boot URC and a
 * quiet time of settle. */
START_TEST(test_late_boot)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,boot=700,cut=downloading:50" }, .config = CONFIG };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "failed", "host", "interrupted");
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
        world_free(w);
}
END_TEST

/* Power fails when the end is known and the first of two settings is being restored: both are restored once the module
 * is back. (A cut at one of the last steps tests the same, if the daemon is slow enough.) */
START_TEST(test_restoring)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1,fota-cid=5,unopened=keep" },
                                   .config = CONFIG };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 off:2"));
        job = world_expect_job(w, world_start(w, "", url, "cid", "u", "2", NULL));
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "hold 1-1 answer:AT+QCFG=\"fota/cid\",5"));
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "held 1-1 answer:AT+QCFG=\"fota/cid\",5"));
        g_free(world_sim(w, "wait 1-1 idle 2"));
        g_free(world_sim(w, "power-cut 1-1"));
        g_free(world_sim(w, "release 1-1 answer:AT+QCFG=\"fota/cid\",5"));
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        g_free(world_sim(w, "wait 1-1 idle 3"));
        world_assert_sim(w, "5", "get 1-1 fota-cid");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("power");

        for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++)
                suite_add(s, runs[i].name, test_every_step, (int)i, i + 1);
        suite_add(s, "late-boot", test_late_boot, 0, 1);
        suite_add(s, "restoring", test_restoring, 0, 1);
        return suite_run(s);
}

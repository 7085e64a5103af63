/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules that reconnect elsewhere or are exchanged in mid-upgrade: the job follows its own module, and no other is
 * taken for it. */

#include <check.h>
#include <string.h>

#include "mini.h"
#include "presets.h"
#include "suite.h"

#define MODULE_5   "/org/fotad1/module/usb_2d1_2d5"
#define MODULE_6   "/org/fotad1/module/usb_2d1_2d6"
#define JOB_2      "/org/fotad1/job/_32"
#define IMEI       "867710050000013" /* of the simulated EC200A */
#define OTHER_IMEI "867710050000024"
#define MODULE_4   "/org/fotad1/module/usb_2d1_2d4"
#define QUICK      "settle=6\nstall=20\nrestart=6\n" /* a job follows its module after restart */
#define GONE_SOON  "restart=2\n"

/* Another module is there afterwards. 0, 1: after the update; 2, 3: exchanged in the middle. */
START_TEST(test_replaced)
{
        Course *c = course_new(_i % 2 ? "ec800m-4" : "ec600m", QUICK);
        World *w = c->w;

        course_publish(c, NULL);
        if (_i < 2) {
                g_free(world_sim(w, "set 1-1 new-imei " OTHER_IMEI));
                course_begin(c);
        } else {
                course_begin_and_hold(c, "mini-2");
                g_free(world_sim(w, "detach 1-1"));
                world_await_property(w, c->job, "State", "restarting");
                g_free(world_sim(w, "set 1-1 imei " OTHER_IMEI));
                g_free(world_sim(w, "release 1-1 mini-2"));
                g_free(world_sim(w, "attach 1-1"));
        }
        world_assert_result(w, c->job, "failed", "host", "module-replaced");
        course_assert_message(c, "another IMEI");
        world_assert_property(w, c->job, "Restarts", _i < 2 ? "4" : "5");
        world_assert_property(w, MODULE_1, "Imei", OTHER_IMEI);
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* Re-plugged elsewhere in mid-upgrade. */
static const struct {
        const char *module, *point;
} moves[] = {
        { "ec200a", "off:1" },
        { "ec200a", "updating:50" },
        { "ec200a", "off:2" },
        { "ec600m", "off:1" },
        { "ec600m", "mini" },
        { "ec600m", "off:2" },
        { "ec600m", "updater" },
        { "ec600m", "off:3" },
        { "ec600m,mini-imei=1", "off:3" },
        { "ec600m", "off:4" },
        { "ec600m,mini-imei=1", "off:1" },
        { "ec800m-4", "off:2" },
        { "eg800k-2", "off:3" },
        { "eg800k-4", "off:2" },
};

START_TEST(test_move)
{
        Course *c = course_new(moves[_i].module, QUICK);
        World *w = c->w;

        course_publish_any(c);
        course_begin_and_hold(c, moves[_i].point);
        if (strstr(moves[_i].point, "off:"))
                world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "move 1-1 1-5"));
        g_free(world_sim(w, "release 1-1 %s", moves[_i].point));
        world_assert_result(w, c->job, "success", "", "");
        world_assert_property(w, c->job, "Module", MODULE_1); /* const: the module at which the job began */
        world_assert_property(w, c->job, "ToRevision", c->new);
        world_assert_property(w, c->job, "Origin", "request");
        world_assert_property(w, MODULE_5, "Revision", c->new);
        world_assert_property(w, MODULE_5, "System", "normal");
        world_assert_property(w, MODULE_5, "Job", "/");
        world_assert_property(w, MODULE_1, "Job", "/");
        world_assert_property(w, MODULE_1, "Present", "0");
        course_assert_history(c, MODULE_5, "Job", JOB_1 " /");
        course_assert_history(c, MODULE_1, "Job", JOB_1 " /");
        course_assert_history(c, JOB_2, "added", "");
        world_assert_sim(w, c->new, "get 1-1 revision");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        course_free(c);
}
END_TEST

/* Two identical modules, serial number 0000 included: one is upgraded and moves, the other one moves too, loses its
 * power, and reconnects at the first one's place. */
START_TEST(test_identical_modules)
{
        static const char *const modules[][2] = { { "1-1=ec200a", "1-2=ec200a,imei=" OTHER_IMEI },
                                                  { "1-1=ec600m", "1-2=ec600m,imei=" OTHER_IMEI } };
        WorldSettings settings = { .modules = { modules[_i][0], modules[_i][1] }, .config = QUICK };
        Course *c = course_new_world(&settings);
        World *w = c->w;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        course_publish_any(c);
        course_begin_and_hold(c, _i == 0 ? "off:2" : "off:4");
        world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "power-cut 1-2"));
        g_free(world_sim(w, "move 1-2 1-6"));
        world_await_property(w, MODULE_2, "Present", "0");
        world_await_property(w, MODULE_6, "Imei", OTHER_IMEI);
        world_assert_property(w, MODULE_6, "Job", "/");
        world_assert_property(w, MODULE_1, "Job", c->job);
        world_assert_property(w, c->job, "State", "restarting");

        g_free(world_sim(w, "move 1-1 1-5"));
        world_assert_result(w, c->job, "success", "", "");
        world_assert_property(w, MODULE_1, "Job", "/");
        g_free(world_sim(w, "move 1-2 1-1"));
        world_await_property(w, MODULE_1, "Imei", OTHER_IMEI);
        world_assert_property(w, c->job, "ToRevision", c->new);
        world_assert_property(w, MODULE_5, "Revision", c->new);
        world_assert_property(w, MODULE_1, "Revision", c->old);
        course_assert_history(c, MODULE_5, "Job", JOB_1 " /");
        course_assert_history(c, MODULE_6, "Job", "");
        course_assert_history(c, MODULE_2, "Job", "");
        course_assert_history(c, JOB_2, "added", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-2 qfotadl-count");
        world_assert_sim(w, c->old, "get 1-2 revision");
        course_free(c);
}
END_TEST

/* The other module connects at the first one's place, while that one is away: it is not taken for the first one, and
 * not touched; and the first one is not upgraded again where it reconnects. */
START_TEST(test_other_at_its_place)
{
        static const char *const modules[][2] = { { "1-1=ec200a", "1-2=ec200a,imei=" OTHER_IMEI },
                                                  { "1-1=ec600m", "1-2=ec600m,imei=" OTHER_IMEI } };
        WorldSettings settings = { .modules = { modules[_i][0], modules[_i][1] }, .config = QUICK };
        Course *c = course_new_world(&settings);
        World *w = c->w;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        course_publish_any(c);
        course_begin_and_hold(c, _i == 0 ? "off:2" : "off:4");
        world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "move 1-2 1-1"));
        world_assert_result(w, c->job, "failed", "host", "module-replaced");
        world_assert_property(w, MODULE_1, "Imei", OTHER_IMEI);
        g_free(world_sim(w, "move 1-1 1-5"));
        world_await_property(w, MODULE_5, "Revision", c->new);
        course_assert_history(c, MODULE_5, "Job", "");
        course_assert_history(c, JOB_2, "added", "");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-2 qfotadl-count");
        world_assert_sim(w, c->old, "get 1-2 revision");
        course_free(c);
}
END_TEST

/* Both are upgraded, and both move: each job follows its own module. */
START_TEST(test_both_move)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec600n" }, .config = QUICK };
        Course *c = course_new_world(&settings);
        World *w = c->w;
        g_autofree char *second = NULL, *url = NULL;
        const char *new_second = "EC600NCNLAR03A02M16";

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        g_free(c->url);
        c->url = world_http(w, "up.bin");
        url = world_http(w, "other.bin");
        course_publish_as(c, "up.bin", NULL);
        world_package(w, "other.bin", "EC600NCNLAR03A01M16", new_second, NULL);
        g_free(world_sim(w, "hold 1-2 off:2"));
        second = world_expect_job(w, world_start(w, "usb-1-2", url, NULL));
        g_free(world_sim(w, "held 1-2"));
        course_begin_and_hold(c, "off:2");
        world_await_property(w, c->job, "State", "restarting");
        world_await_property(w, second, "State", "restarting");
        g_free(world_sim(w, "move 1-1 1-5")); /* of the newer job */
        g_free(world_sim(w, "move 1-2 1-6"));
        world_assert_result(w, c->job, "success", "", "");
        world_assert_result(w, second, "success", "", "");
        world_assert_property(w, c->job, "ToRevision", c->new);
        world_assert_property(w, second, "ToRevision", new_second);
        world_assert_property(w, MODULE_5, "Revision", c->new);
        world_assert_property(w, MODULE_6, "Revision", new_second);
        course_assert_history(c, MODULE_5, "Job", "/org/fotad1/job/_32 /");
        course_assert_history(c, MODULE_6, "Job", JOB_1 " /");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "1", "get 1-2 qfotadl-count");
        course_free(c);
}
END_TEST

/* ---- two modules with one IMEI */

#define TWIN "1-2=ec200a,imei=" IMEI ",revision=" NEW_REVISION

static Course *twins(const char *second, const char *third, const char *config)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", second, third }, .config = config };
        Course *c = course_new_world(&settings);

        world_await_module(c->w, MODULE_1);
        g_free(c->url);
        c->url = world_http(c->w, "up.bin");
        course_publish_as(c, "up.bin", NULL);
        return c;
}

static void assert_not_followed(Course *c, const char *module)
{
        course_assert_history(c, module, "Job", "");
        course_assert_history(c, JOB_2, "added", "");
        world_assert_sim(c->w, "0", "get 1-2 qfotadl-count");
}

/* While the module restarts, another module with its IMEI and the new revision is plugged in: the job waits for its own
 * module. */
START_TEST(test_twin_comes)
{
        Course *c = twins(TWIN ",attached=0", NULL, "settle=6\n");
        World *w = c->w;

        course_begin_and_hold(c, "off:2");
        world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "attach 1-2"));
        world_await_property(w, MODULE_2, "Imei", IMEI);
        world_assert_property(w, MODULE_2, "Job", "/");
        world_assert_property(w, MODULE_1, "Job", c->job);
        world_assert_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, c->job, "success", "", "");
        world_assert_property(w, MODULE_1, "Revision", NEW_REVISION);
        assert_not_followed(c, MODULE_2);
        course_free(c);
}
END_TEST

/* The module stays away, and its IMEI does not say where it is: two modules came with that IMEI (0), or one that was
 * there before and is plugged in again (1). Neither the job nor the watch after it takes the other revision. */
START_TEST(test_twins)
{
        Course *c = twins(_i == 0 ? TWIN ",attached=0" : TWIN,
                          _i == 0 ? "1-4=ec200a,imei=" IMEI ",revision=" NEW_REVISION ",attached=0" : NULL, GONE_SOON);
        World *w = c->w;

        if (_i == 1)
                world_await_module(w, MODULE_2);
        course_begin_and_hold(c, "off:2");
        world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, _i == 0 ? "attach 1-4" : "power-cut 1-2"));
        g_free(world_sim(w, _i == 0 ? "attach 1-2" : "wait 1-2 normal 2"));
        world_assert_result(w, c->job, "failed", "host", "module-lost");
        world_await_module(w, MODULE_2);
        if (_i == 0)
                world_await_module(w, MODULE_4);
        ck_assert(world_call(w, MODULE_2, "org.fotad1.Module", "Probe"));
        ck_assert(world_call(w, MODULE_2, "org.fotad1.Module", "Probe"));
        world_assert_property(w, c->job, "ToRevision", "");
        assert_not_followed(c, MODULE_2);
        course_free(c);
}
END_TEST

/* An IMEI that factories leave, and one with a wrong check digit, tell no module from another. */
static const char *const indistinct[] = { "000000000000000", "867710050000014" };

START_TEST(test_indistinct)
{
        g_autofree char *first = g_strconcat("1-1=ec200a,imei=", indistinct[_i], NULL);
        WorldSettings settings = { .modules = { first }, .config = GONE_SOON };
        Course *c = course_new_world(&settings);
        World *w = c->w;

        world_await_module(w, MODULE_1);
        g_free(c->url);
        c->url = world_http(w, "up.bin");
        course_publish_as(c, "up.bin", NULL);
        course_begin_and_hold(c, "off:2");
        world_await_property(w, c->job, "State", "restarting");
        g_free(world_sim(w, "move 1-1 1-5"));
        g_free(world_sim(w, "release 1-1 off:2"));
        world_assert_result(w, c->job, "failed", "host", "module-lost");
        world_await_property(w, MODULE_5, "Revision", NEW_REVISION);
        ck_assert(world_call(w, MODULE_5, "org.fotad1.Module", "Probe"));
        world_assert_property(w, c->job, "ToRevision", "");
        course_assert_history(c, MODULE_5, "Job", "");
        course_free(c);
}
END_TEST

/* Moved before AT+QFOTADL was sent: the job waits at its place, and goes on when its module is back there (0), or fails
 * (1). */
START_TEST(test_before_command)
{
        Course *c = twins(NULL, NULL, _i == 0 ? "settle=6\n" : GONE_SOON);
        World *w = c->w;

        course_begin_and_hold(c, PREPARING);
        g_free(world_sim(w, "move 1-1 1-5"));
        world_await_property(w, MODULE_5, "Imei", IMEI);
        if (_i == 0) {
                world_assert_property(w, MODULE_1, "Job", c->job);
                g_free(world_sim(w, "release 1-1 " PREPARING));
                g_free(world_sim(w, "move 1-1 1-1"));
                world_assert_result(w, c->job, "success", "", "");
        } else {
                world_assert_result(w, c->job, "failed", "host", "module-lost");
                world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        }
        course_assert_history(c, MODULE_5, "Job", "");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("moved");

        suite_add(s, "replaced", test_replaced, 0, 4);
        suite_add(s, "move", test_move, 0, G_N_ELEMENTS(moves));
        suite_add(s, "identical-modules", test_identical_modules, 0, 2);
        suite_add(s, "other-at-its-place", test_other_at_its_place, 0, 2);
        suite_add(s, "both-move", test_both_move, 0, 1);
        suite_add(s, "twin-comes", test_twin_comes, 0, 1);
        suite_add(s, "twins", test_twins, 0, 2);
        suite_add(s, "indistinct", test_indistinct, 0, G_N_ELEMENTS(indistinct));
        suite_add(s, "before-command", test_before_command, 0, 2);
        return suite_run(s);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* StartUpgrade with check-source: the server is queried before any setting of the module is changed, and its answer
 * decides. */

#include <check.h>
#include <string.h>

#include "checks.h"
#include "presets.h"
#include "source-checks.h"
#include "suite.h"

#define SECRET "s3cret-Pa55"

static World *new_world(const char *module, const char *config)
{
        WorldSettings settings = { .modules = { module }, .config = config };
        World *w = world_new(&settings);

        source_checks_serve(w);
        world_await_module(w, MODULE_1);
        return w;
}

static char *start(World *w, const char *url)
{
        char *job = world_expect_job(w, world_start(w, "", url, "check-source", "b", "1", NULL));

        return job;
}

static void assert_nothing_sent(World *w)
{
        g_autofree char *log = world_log(w);

        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "count 1-1 rx:AT+QURCCFG=\"urcport\"");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_sim(w, "auto", "get 1-1 power-control");
        ck_assert(!strstr(log, "s3cret"));
}

START_TEST(test_good)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *url = NULL, *job = NULL, *log = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = _i ? world_ftp(w, "gateway:" SECRET "@", "up.bin") : world_http(w, "up.bin");
        job = start(w, url);
        world_assert_result(w, job, "success", "", "");
        log = world_log(w);
        ck_assert(strstr(log, _i ? "asked for the package: the FTP server lets us in, "
                                 : "asked for the package: HTTP status 200, "));
        ck_assert(!strstr(log, "s3cret"));
        world_free(w);
}
END_TEST

START_TEST(test_missing)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *url = world_http(w, "missing.bin"), *job = start(w, url), *message = NULL;

        world_assert_result(w, job, "failed", "host", "source-unreachable");
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, "HTTP status 404") != NULL, "%s", message);
        assert_nothing_sent(w);
        world_free(w);
}
END_TEST

/* The first package exists, the second does not. */
START_TEST(test_mini_2)
{
        World *w = new_world("1-1=ec600m", NULL);
        g_autofree char *url = NULL, *job = NULL, *message = NULL;

        world_package(w, "up.mini_1", "EC600MCNLER06A08M08", "EC600MCNLER06A09M08", NULL);
        url = world_http(w, "up.mini_1");
        job = start(w, url);
        world_assert_result(w, job, "failed", "host", "source-unreachable");
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, ".mini_2: HTTP status 404") != NULL, "%s", message);
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

START_TEST(test_never)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\nsource=1\n");
        g_autofree char *url = g_strdup_printf("http://gw:" SECRET "@127.0.0.1:%u/up.bin", check_server(NULL));
        g_autofree char *job = start(w, url), *message = NULL;

        world_assert_result(w, job, "failed", "host", "source-unreachable");
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, "in time") != NULL, "%s", message);
        assert_nothing_sent(w);
        world_free(w);
}
END_TEST

static void await_asking(World *w)
{
        g_free(world_sim(w, "wait 1-1 rx:AT+CGSN 2")); /* the last question of the identity; the server follows */
        world_assert_property(w, JOB_1, "State", "preparing");
}

START_TEST(test_cancelled)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\nsource=60\n");
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(NULL)), *job = start(w, url);

        await_asking(w);
        world_assert_property(w, job, "Cancellable", "1");
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        assert_nothing_sent(w);
        world_free(w);
}
END_TEST

/* The daemon dies during the query, and repeats it; the server then exists. */
START_TEST(test_killed)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\nsource=3\n");
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(NULL)), *job = start(w, url);

        await_asking(w);
        world_kill_daemon(w);
        world_start_daemon(w);
        world_assert_outcome(w, job, "failed", "host", "source-unreachable");
        assert_nothing_sent(w);
        world_free(w);
}
END_TEST

/* The package must fit, by the size that the server reports. */
START_TEST(test_space)
{
        World *w = new_world("1-1=ec200a,ufs-free=100", NULL);
        g_autofree char *url = NULL, *job = NULL, *message = NULL;

        url = world_publish(w);
        job = start(w, url);
        world_assert_result(w, job, "failed", "host", "insufficient-space");
        message = world_property(w, job, "Message");
        ck_assert_msg(strstr(message, "100 bytes are free in UFS") != NULL, "%s", message);
        assert_nothing_sent(w);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("check-source");

        suite_add(s, "good", test_good, 0, 2);
        suite_add(s, "missing", test_missing, 0, 1);
        suite_add(s, "mini_2", test_mini_2, 0, 1);
        suite_add(s, "never", test_never, 0, 1);
        suite_add(s, "cancelled", test_cancelled, 0, 1);
        suite_add(s, "killed", test_killed, 0, 1);
        suite_add(s, "space", test_space, 0, 1);
        return suite_run(s);
}

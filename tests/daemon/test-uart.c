/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules at UARTs that the configuration names: the same upgrade as on USB, where restarts are told by words or by
 * silence, and nothing by a bus. */

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

#include "suite.h"
#include "world.h"

#define UART  "tty:ttyS1"
#define PORTS "[serial]\nports=ttyS1\n"
#define QUICK PORTS "[timeouts]\nsettle=2\nstart=3\ncommand=2\n"

/* module as modsim's --module without its path. */
static World *new_world(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat(UART "=", module, NULL);
        WorldSettings settings = { .modules = { first }, .config = config };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_UART);
        return w;
}

static char *start_of(World *w, const char *name)
{
        g_autofree char *url = world_http(w, name);
        char *job = world_start(w, "tty-ttyS1", url, NULL);

        ck_assert_msg(job != NULL, "%s: %s", world_error(w), world_error_message(w));
        return job;
}

static char *start_dfota(World *w)
{
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        return start_of(w, "up.bin");
}

static void assert_success(World *w, const char *job, const char *restarts)
{
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "Restarts", restarts);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_property(w, MODULE_UART, "Revision", NEW_REVISION);
        world_assert_property(w, MODULE_UART, "Job", "/");
        world_assert_sim(w, NEW_REVISION, "get " UART " revision");
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
}

/* Everything that must hold of one good upgrade, once. */
START_TEST(test_dfota)
{
        World *w = new_world("ec200a,urcport=usbat", PORTS "baud-rate=57600\n");
        g_autofree char *job = NULL, *lock = NULL;

        world_assert_property(w, MODULE_UART, "Id", "tty-ttyS1");
        world_assert_property(w, MODULE_UART, "Present", "1");
        world_assert_property(w, MODULE_UART, "Port", "/dev/ttyS1");
        world_assert_property(w, MODULE_UART, "VendorId", "0");
        world_assert_property(w, MODULE_UART, "ProductId", "0");
        world_assert_property(w, MODULE_UART, "Model", "EC200A");
        world_assert_property(w, MODULE_UART, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_UART, "System", "normal");
        world_assert_property(w, MODULE_UART, "Problem", "");
        g_free(world_sim(w, "hold " UART " updating:50"));
        job = start_dfota(w);
        g_free(world_sim(w, "held " UART));
        world_await_property(w, job, "Percent", "74");
        world_assert_property(w, job, "State", "updating");
        world_assert_property(w, job, "Cancellable", "0");
        world_assert_property(w, MODULE_UART, "System", "updating");
        world_assert_sim(w, "uart1", "get " UART " urcport");
        world_assert_sim(w, "57600", "get " UART " host-baud");
        g_free(world_sim(w, "release " UART));
        assert_success(w, job, "1");
        world_assert_property(w, job, "Module", MODULE_UART);
        world_assert_sim(w, "usbat", "get " UART " urcport");
        world_assert_sim(w, "2", "get " UART " restarts");
        g_free(world_sim(w, "wait " UART " closed 1"));
        lock = world_path(w, "lock");
        ck_assert_int_eq(g_rmdir(lock), 0);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("uart");

        suite_add(s, "dfota", test_dfota, 0, 1);
        return suite_run(s);
}

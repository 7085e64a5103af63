/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MiniFOTA of a module at a UART, whose restart into its Mini system goes unseen: from the OK of AT+QFOTADL on it
 * counts as restarted. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "presets.h"
#include "suite.h"
#include "uart.h"

/* The module's revision afterwards; the caller frees it. */
static char *publish_mini(World *w, bool second)
{
        g_autofree char *old = world_sim(w, "get " UART " revision");
        char *new = g_strdup(old);

        new[strlen(new) - 4]++; /* A08M08 -> A09M08 */
        world_package(w, "up.mini_1", old, new, NULL);
        if (second)
                world_package(w, "up.mini_2", old, new, NULL);
        return new;
}

static char *start_mini(World *w, bool second)
{
        g_free(publish_mini(w, second));
        return uart_start(w, "up.mini_1");
}

static void assert_mini_success(World *w, const char *job, const char *restarts)
{
        g_autofree char *new = NULL;

        world_assert_result(w, job, "success", "", "");
        new = world_sim(w, "get " UART " revision");
        world_assert_property(w, job, "ToRevision", new);
        world_assert_property(w, job, "Method", "minifota");
        if (restarts)
                world_assert_property(w, job, "Restarts", restarts);
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
        world_assert_sim(w, "0", "count " UART " rx:AT+CFUN=1,1");
}

static const struct {
        const char *module, *restarts;
} minis[] = {
        { "ec600m", "3" }, /* its updater alone prints no RDY */
        { "ec600m,mini-boot-urcs=RDY/+CPIN: READY/APP RDY", "3" },
        { "ec600m,mini-boot-urcs=", "1" },
        { "ec800m-4", "1" },
        { "eg800k-2", "1" },
        { "eg800k-4", "1" },
        { "ec600m,mini-at=full,mini-revision=same", "3" },
        { "ec600m,mini-at=full,mini-revision=new", "3" },
        { "ec600m,mini-boot-urcs=RDY/+CFUN: 1,lost=updating", "3" },
        { "ec600m,lost=end", "3" },
        { "ec600m,mini-boot-urcs=,lost=updating", "1" },
        { "ec600m,mini-boot-urcs=,lost=end", "1" },
        { "ec600m,boot-urcs=+CPIN: READY", "2" },
        { "ec600m,boot-urcs=+CPIN: READY,mini-boot-urcs=", "0" },
        { "ec600m,boot-urcs=+CPIN: READY,mini-boot-urcs=,lost=end", "0" },
        { "ec600m,qfotadl=no-ok", "3" },
};

START_TEST(test_mini)
{
        World *w = uart_world(minis[_i].module, UART_QUICK "stall=4\n");
        g_autofree char *job = start_mini(w, true);

        assert_mini_success(w, job, minis[_i].restarts);
        world_free(w);
}
END_TEST

/* From the OK on there is no way back, though the restart goes unseen. */
START_TEST(test_mini_cancel)
{
        World *w = uart_world("ec600m", UART_QUICK "stall=8\n");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " %s", _i == 0 ? PREPARING : "accepted"));
        job = start_mini(w, true);
        g_free(world_sim(w, "held " UART));
        if (_i == 0) {
                world_assert_property(w, job, "Cancellable", "1");
                ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
                g_free(world_sim(w, "release " UART));
                world_assert_result(w, job, "cancelled", "host", "cancelled");
                world_assert_sim(w, "0", "get " UART " qfotadl-count");
        } else {
                world_await_property(w, job, "State", "downloading");
                world_assert_property(w, job, "Cancellable", "0");
                ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
                ck_assert_str_eq(world_error(w), "NotCancellable");
                if (_i == 2) {
                        world_kill_daemon(w);
                        world_start_daemon(w);
                        world_assert_property(w, job, "Cancellable", "0");
                }
                g_free(world_sim(w, "release " UART));
                assert_mini_success(w, job, NULL);
        }
        world_free(w);
}
END_TEST

/* The package cannot be downloaded, or does not fit: the old firmware runs again, and that is reported. */
START_TEST(test_mini_fell_back)
{
        static const char *const modules[] = { "ec600m", "ec600m,mini-tells=1", "ec600m,boot-urcs=+CPIN: READY",
                                               "ec800m-4", "ec600m,mini-probes-url=1" };
        World *w = uart_world(modules[_i], UART_QUICK "stall=4\n");
        g_autofree char *url = world_http(w, "nowhere.mini_1");
        g_autofree char *job = world_expect_job(w, world_start(w, "tty-ttyS1", url, NULL));
        g_autofree char *old = world_sim(w, "get " UART " revision");

        world_assert_result(w, job, "failed", "host", "fell-back");
        world_assert_property(w, job, "ToRevision", old);
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
        world_assert_sim(w, "0", "count " UART " rx:AT+CFUN=1,1");
        world_free(w);
}
END_TEST

START_TEST(test_mini_stalled)
{
        World *w = uart_world(_i ? "eg800k-2" : "ec600m", UART_QUICK "stall=3\n");
        g_autofree char *old = world_sim(w, "get " UART " revision"), *new = g_strdup(old);
        g_autofree char *job = start_mini(w, false);

        new[strlen(new) - 4]++;
        world_await_property(w, job, "State", "stalled");
        world_assert_property(w, job, "Cancellable", "0");
        world_assert_property(w, job, "Result", "");
        world_package(w, "up.mini_2", old, new, NULL);
        assert_mini_success(w, job, NULL);
        world_free(w);
}
END_TEST

/* A module that stays silent is given up by taking its port out of the configuration. */
START_TEST(test_unconfigured)
{
        World *w = uart_world("ec600m", UART_QUICK "stall=2\nrestart=2\n");
        g_autofree char *job = NULL, *conf = world_path(w, "fotad.conf"), *text = NULL, *problem = NULL;
        char *ports;

        g_free(world_sim(w, "hold " UART " accepted"));
        job = start_mini(w, true);
        g_free(world_sim(w, "held " UART));
        g_free(world_sim(w, "detach " UART));
        world_await_property(w, job, "State", "stalled");
        world_kill_daemon(w);
        ck_assert(g_file_get_contents(conf, &text, NULL, NULL));
        ports = strstr(text, "ports=");
        ck_assert_ptr_nonnull(ports);
        memcpy(ports, "#orts=", strlen("#orts="));
        ck_assert(g_file_set_contents(conf, text, -1, NULL));
        world_start_daemon(w);
        world_assert_result(w, job, "failed", "host", "module-lost");
        world_assert_property(w, MODULE_UART, "Present", "0");
        problem = world_property(w, MODULE_UART, "Problem");
        ck_assert_msg(strstr(problem, "not among the UARTs") != NULL, "%s", problem);
        world_assert_property(w, MODULE_UART, "ProblemName", "uart-not-configured");
        world_free(w);
}
END_TEST

/* The point at which the module is held while the daemon is killed, and the restarts that were heard before it, of
 * three. */
static const struct {
        const char *point, *restarts;
} mini_points[] = {
        { "qfotadl", "0" },     { "accepted", "0" }, { "off:1", "0" },       { "mini", "1" },
        { "mini-1-done", "1" }, { "updater", "1" },  { "updating:21", "1" }, { "off:3", "1" },
        { "mini-2", "2" },      { "end", "2" },      { "ended", "2" },       { "off:4", "2" },
};
#define ENDED 10 /* after END from this point on */

START_TEST(test_mini_killed)
{
        World *w = uart_world("ec600m,urcport=all", UART_QUICK "stall=8\n");
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " %s", mini_points[_i].point));
        job = start_mini(w, true);
        g_free(world_sim(w, "held " UART));
        world_await_property(w, job, "Restarts", mini_points[_i].restarts);
        if (_i >= ENDED) /* or END may be lost with the daemon, and the last restart with it */
                world_await_property(w, job, "State", "verifying");
        uart_restart_daemon(w);
        g_free(world_sim(w, "release " UART));
        assert_mini_success(w, job, "3");
        world_assert_sim(w, "all", "get " UART " urcport");
        world_free(w);
}
END_TEST

/* An upgrade without a record is followed. */
START_TEST(test_adopted)
{
        WorldSettings settings = { .modules = { _i ? UART "=ec600m" : UART "=ec200a" },
                                   .config = UART_QUICK "stall=8\nupdate-idle=4\n",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *tty = NULL, *line = NULL;
        int fd;

        if (_i) {
                g_free(publish_mini(w, true));
                url = world_http(w, "up.mini_1");
        } else {
                url = world_publish(w);
        }
        g_free(world_sim(w, "hold " UART " updater"));
        tty = world_tty(w, UART, "at");
        line = g_strdup_printf("AT+QFOTADL=\"%s\"\r", url);
        fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, line, strlen(line)), (ssize_t)strlen(line));
        g_free(world_sim(w, "held " UART));
        close(fd);
        world_start_daemon(w);
        g_free(world_sim(w, "wait " UART " exclusive"));
        g_free(world_sim(w, "release " UART));
        world_await_property(w, MODULE_UART, "Job", JOB_1);
        world_assert_property(w, JOB_1, "Origin", "adopted");
        world_assert_result(w, JOB_1, "success", "", "");
        world_assert_property(w, JOB_1, "Restarts", _i ? "2" : "1");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("uart-mini");

        suite_add(s, "success", test_mini, 0, G_N_ELEMENTS(minis));
        suite_add(s, "cancel", test_mini_cancel, 0, 3);
        suite_add(s, "fell-back", test_mini_fell_back, 0, 5);
        suite_add(s, "stalled", test_mini_stalled, 0, 2);
        suite_add(s, "unconfigured", test_unconfigured, 0, 1);
        suite_add(s, "killed", test_mini_killed, 0, G_N_ELEMENTS(mini_points));
        suite_add(s, "adopted", test_adopted, 0, 2);
        return suite_run(s);
}

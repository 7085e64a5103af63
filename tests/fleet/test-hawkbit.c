/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad-hawkbit between a hawkBit server and the daemon with a simulated module. Each case is a target of its own.
 * Skipped if the server cannot be run. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-run.h"
#include "presets.h"
#include "server.h"
#include "suite.h"
#include "world.h"

#define KILL_AT "tests/daemon/kill-at.so"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

typedef struct Bench {
        World *w;
        char *controller; /* the target's id */
        char *state;      /* the bridge's directory */
        char *command;
        ClientRun *bridge;
        Way way; /* to the server */
} Bench;

static void write_file(const char *directory, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0700), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void bridge_start(Bench *b)
{
        b->bridge = client_begin(b->w, b->command, NULL, false);
}

static void bridge_stop(Bench *b)
{
        kill(b->bridge->pid, SIGTERM);
        client_finish(b->bridge, 0);
        client_free(g_steal_pointer(&b->bridge));
}

/* Returns when the module is a target. */
static Bench *bench_new(const char *name)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[timeouts]\nstart=2\nsettle=2\n" };
        g_autofree char *program = g_build_filename(g_getenv("abs_top_builddir"), "fleet/fotad-hawkbit", NULL);
        g_autofree char *config = NULL, *credentials = NULL, *imei = NULL;
        Bench *b = g_new0(Bench, 1);

        server_add_types();
        b->w = world_new_idle(&settings);
        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        imei = world_property(b->w, MODULE_1, "Imei");
        b->controller = g_strdup_printf("%s-%s", name, imei);
        b->state = world_path(b->w, "bridge");
        credentials = world_path(b->w, "credentials");
        b->way = server_open_way(0);
        config = g_strdup_printf(
                "[server]\nurl=http://127.0.0.1:%d\npoll-interval=1\n[target]\ncontroller-id=%s-%%{imei}\n"
                "gateway=the gateway\n",
                b->way.port, name);
        write_file(b->state, "hawkbit.conf", config);
        write_file(credentials, "gateway-token", SERVER_TOKEN "\n");
        b->command = g_strdup_printf("--config '%s/hawkbit.conf'", b->state);
        g_setenv("CLIENT_PROGRAM", program, TRUE);
        g_setenv("BRIDGE", program, TRUE);
        g_setenv("STATE_DIRECTORY", b->state, TRUE);
        g_setenv("CREDENTIALS_DIRECTORY", credentials, TRUE);
        bridge_start(b);
        server_await(OLD_REVISION, "$.revision", "targets/%s/attributes", b->controller);
        return b;
}

static void bench_free(Bench *b)
{
        if (b->bridge)
                bridge_stop(b);
        if (b->way.pid)
                server_close_way(&b->way);
        world_free(b->w);
        g_free(b->controller);
        g_free(b->state);
        g_free(b->command);
        g_free(b);
}

/* Assigns a set with one module for the package of that name on the HTTP server. Returns the action. */
static char *deploy(Bench *b, const char *package)
{
        g_autofree char *url = world_http(b->w, package), *module = server_add_module("modem", NEW_REVISION, url);
        g_autofree char *set = server_add_set(module, NULL);

        return server_assign(b->controller, set, NULL);
}

static void hold(Bench *b, const char *point)
{
        g_free(world_sim(b->w, "hold 1-1 %s", point));
}

static void release(Bench *b, const char *point)
{
        g_free(world_sim(b->w, "release 1-1 %s", point));
}

/* deploy(), and returns once the module is held at that point. */
static char *deploy_to(Bench *b, const char *point)
{
        char *action;

        hold(b, point);
        action = deploy(b, "up.bin");
        g_free(world_sim(b->w, "held 1-1 %s", point));
        return action;
}

static void await_closed(Bench *b)
{
        g_autofree char *path = g_strdup_printf("%s/%s.target", b->state, b->controller);

        world_await_file(b->w, path, "stage=closed");
}

static void bridge_kill(Bench *b)
{
        kill(b->bridge->pid, SIGKILL);
        client_finish(b->bridge, -SIGKILL);
        client_free(g_steal_pointer(&b->bridge));
}

static void cancel(Bench *b, const char *action, const char *force)
{
        g_free(server_do("DELETE", NULL, "targets/%s/actions/%s%s", b->controller, action, force));
}

static void assert_told(Bench *b, const char *action, const char *part)
{
        g_autofree char *messages = server_messages(b->controller, action);

        ck_assert_msg(strstr(messages, part) != NULL, "not '%s' in: %s", part, messages);
}

static void assert_commands(Bench *b, const char *count)
{
        world_assert_sim(b->w, count, "get 1-1 qfotadl-count");
}

static void assert_attribute(Bench *b, const char *name, const char *expected)
{
        g_autofree char *path = g_strdup_printf("$['%s']", name);
        g_autofree char *value = server_get(path, "targets/%s/attributes", b->controller);

        ck_assert_str_eq(value, expected);
}

/* ---- registration */

START_TEST(test_registers)
{
        Bench *b = bench_new("registers");
        g_autofree char *imei = world_property(b->w, MODULE_1, "Imei");

        assert_attribute(b, "imei", imei);
        assert_attribute(b, "model", "EC200A");
        assert_attribute(b, "method", "dfota");
        assert_attribute(b, "flash", "16");
        assert_attribute(b, "gateway", "the gateway");
        assert_attribute(b, "fotad", "0.1.0");
        bench_free(b);
}
END_TEST

/* The token of a target that the operator has made, and no gateway token; and a token that is wrong. */
START_TEST(test_target_token)
{
        Bench *b = bench_new(_i ? "wrong" : "token");
        g_autofree char *credentials = world_path(b->w, "credentials"), *errors = world_path(b->w, "fotactl.err");
        g_autofree char *tokens = g_strdup_printf("# a comment\n%s its-t0ken\n", b->controller);
        g_autofree char *target = g_strdup_printf("[{\"controllerId\":\"%s\",\"name\":\"t\",\"securityToken\":\"%s\"}]",
                                                  b->controller, _i ? "another" : "its-t0ken");

        bridge_stop(b);
        g_free(server_do("DELETE", NULL, "targets/%s", b->controller));
        g_free(server_do("POST", target, "targets"));
        write_file(credentials, "gateway-token", "\n");
        write_file(credentials, "target-tokens", tokens);
        bridge_start(b);
        if (_i) {
                world_await_file(b->w, errors, "the server answers with status 401");
        } else {
                server_await(OLD_REVISION, "$.revision", "targets/%s/attributes", b->controller);
        }
        bench_free(b);
}
END_TEST

static const char *const mistakes[][2] = {
        { "[server]\ntenant=x\n", "url= in [server] is missing" },
        { "[server]\nurl=http://hawkbit.example\n", "url in [server] has to be an https URL" },
        { "[server]\nurl=http://127.0.0.1.example\n", "has to be an https URL" },
        { "[server]\nurl=http://localhost:80@example\n", "has to be an https URL" },
        { "[server]\nurl=https://u:s3cret@example\n", "has to be an https URL" },
        { "[server]\nurl=ftp://u:s3cret@example\n", "has to be an https URL" },
        { "[server]\nurl https://u:s3cret@example\n", "every line has to be" },
        { "[server]\nurl=https://example\ninsecure=yes\n", "there is no setting insecure in [server]" },
        { "[server]\nurl=https://example\n[tls]\nverify=no\n", "there is no group [tls]" },
        { "[server]\nurl=https://example\npoll-interval=0\n", "poll-interval=0 in [server] has to be a number" },
        { "[server]\nurl=https://example\n[target]\ncontroller-id=%{serial}\n", "controller-id=%{serial} in [target]" },
        { "", NULL }, /* what is right */
};

START_TEST(test_settings)
{
        const char *said = mistakes[_i][1], *text = said ? mistakes[_i][0] : "[server]\nurl=https://[::1]:8443/\n";
        g_autofree char *program = g_build_filename(g_getenv("abs_top_builddir"), "fleet/fotad-hawkbit", NULL);
        g_autofree char *config = g_build_filename(g_getenv("TMPDIR"), "hawkbit.conf", NULL), *errors = NULL;
        const char *argv[] = { program, "--check-config", "--config", config, NULL };
        int status;

        ck_assert(g_file_set_contents(config, text, -1, NULL));
        ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, &errors, &status, NULL));
        ck_assert_int_eq(WEXITSTATUS(status), said ? 78 : 0);
        ck_assert_msg(strstr(errors, said ?: "") != NULL, "%s", errors);
        ck_assert_msg(!strstr(errors, "s3cret"), "%s", errors);
}
END_TEST

/* ---- deployments by URL */

START_TEST(test_url)
{
        Bench *b = bench_new("url");
        g_autofree char *action = deploy_to(b, "downloading:50"), *id = g_strdup_printf("hawkbit-%s-", action),
                        *request = NULL;

        server_await_message(b->controller, action, "downloading, ");
        hold(b, "updating:50");
        release(b, "downloading:50");
        server_await_message(b->controller, action, "updating, ");
        release(b, "updating:50");
        server_await_status(b->controller, action, "finished");
        assert_told(b, action, "the module reports revision " NEW_REVISION);
        request = world_property(b->w, JOB_1, "RequestId");
        ck_assert_msg(g_str_has_prefix(request, id), "%s", request);
        assert_commands(b, "1");
        server_await(NEW_REVISION, "$.revision", "targets/%s/attributes", b->controller);
        bench_free(b);
}
END_TEST

START_TEST(test_fails)
{
        Bench *b = bench_new("fails");
        g_autofree char *action = deploy(b, "missing.bin"), *message = NULL;

        server_await_status(b->controller, action, "error");
        message = world_property(b->w, JOB_1, "Message");
        assert_told(b, action, message);
        assert_told(b, action, "http 711 url-error: ");
        bench_free(b);
}
END_TEST

/* A set that is none for a module ends with a reason, and fotad is not asked. */
START_TEST(test_unfit)
{
        Bench *b = bench_new("unfit");
        g_autofree char *url = world_http(b->w, "up.bin"), *os = server_add_module("os", NEW_REVISION, url);
        g_autofree char *modem = server_add_module("modem", NEW_REVISION, url);
        g_autofree char *bare = server_add_module("modem", NEW_REVISION, NULL);
        g_autofree char *wrong = server_add_set(os, NULL), *both = server_add_set(os, modem, NULL);
        g_autofree char *empty = server_add_set(bare, NULL), *action = NULL, *job = NULL;
        static const char *const told[] = { "has the type os instead of modem", "has 2 software modules instead of one",
                                            "has neither the metadata source nor an artifact " OLD_REVISION ".bin" };
        const char *sets[] = { wrong, both, empty };

        for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
                g_free(action);
                action = server_assign(b->controller, sets[i], NULL);
                server_await_status(b->controller, action, "error");
                assert_told(b, action, told[i]);
        }
        job = world_property(b->w, MODULE_1, "Job");
        ck_assert_str_eq(job, "/");
        assert_commands(b, "0");
        bench_free(b);
}
END_TEST

/* The module has the revision already. */
START_TEST(test_nothing_to_do)
{
        Bench *b = bench_new("nothing");
        g_autofree char *url = world_http(b->w, "up.bin"), *module = server_add_module("modem", OLD_REVISION, url);
        g_autofree char *set = server_add_set(module, NULL), *action = server_assign(b->controller, set, NULL);

        server_await_status(b->controller, action, "finished");
        assert_told(b, action, "nothing was done");
        assert_commands(b, "0");
        bench_free(b);
}
END_TEST

/* ---- deployments with an artifact */

/* Assigns a set whose module has the package as an artifact of that name. Returns the action. */
static char *deploy_artifact(Bench *b, const char *name)
{
        g_autofree char *module = server_add_module("modem", NEW_REVISION, NULL),
                        *path = world_path(b->w, "www/up.bin");
        g_autofree char *set = server_add_set(module, NULL);

        server_add_artifact(module, path, name);
        return server_assign(b->controller, set, NULL);
}

START_TEST(test_artifact)
{
        Bench *b = bench_new("artifact");
        g_autofree char *action = deploy_artifact(b, OLD_REVISION ".bin"), *package = NULL;

        server_await_status(b->controller, action, "finished");
        world_assert_property(b->w, JOB_1, "Source", OLD_REVISION ".bin");
        assert_told(b, action, "the module reports revision " NEW_REVISION);
        await_closed(b);
        package = g_strdup_printf("%s/%s.package", b->state, b->controller);
        ck_assert(!g_file_test(package, G_FILE_TEST_EXISTS));
        bench_free(b);
}
END_TEST

/* What an earlier process has fetched is completed, and fetched anew if it was of something else. */
START_TEST(test_artifact_resumed)
{
        Bench *b = bench_new(_i ? "anew" : "resumed");
        g_autofree char *path = world_path(b->w, "www/up.bin"), *bytes = NULL, *action = NULL;
        g_autofree char *part = g_strdup_printf("%s/%s.package", b->state, b->controller);
        size_t length;

        ck_assert(g_file_get_contents(path, &bytes, &length, NULL));
        ck_assert_uint_gt(length, 30000);
        bytes[0] ^= (char)_i;
        ck_assert(g_file_set_contents(part, bytes, 30000, NULL));
        action = deploy_artifact(b, OLD_REVISION ".bin");
        server_await_status(b->controller, action, "finished");
        assert_told(b, action, "range bytes=30000-");
        bench_free(b);
}
END_TEST

/* An artifact for another revision is none for this module. */
START_TEST(test_artifact_of_another)
{
        Bench *b = bench_new("another");
        g_autofree char *action = deploy_artifact(b, "EC200AEUHAR01A01M16.bin");

        server_await_status(b->controller, action, "error");
        assert_told(b, action, "nor an artifact " OLD_REVISION ".bin");
        bench_free(b);
}
END_TEST

/* ---- interruptions */

/* The bridge is killed in the middle: the next one follows the same job. */
START_TEST(test_killed)
{
        Bench *b = bench_new("killed");
        g_autofree char *action = deploy_to(b, "updating:50"), *second = NULL;

        bridge_kill(b);
        bridge_start(b);
        release(b, "updating:50");
        server_await_status(b->controller, action, "finished");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* Each process dies at its first write of the state file, in turn before and after the file is replaced: a process gets
 * no further than one write. The server sees one upgrade. */
START_TEST(test_killed_at_each_write)
{
        Bench *b = bench_new("writes");
        g_autofree char *file = g_strdup_printf("%s.target", b->controller),
                        *path = g_build_filename(b->state, file, NULL);
        g_autofree char *whole = b->command, *library = g_build_filename(g_getenv("abs_top_builddir"), KILL_AT, NULL);
        g_autofree char *preload = g_strdup_printf("%s %s", g_getenv("FOTAD_TEST_PRELOAD") ?: "", library);
        g_autofree char *errors = world_path(b->w, "fotactl.err"), *action = NULL, *record = NULL;
        /* kill-at.so takes .target for the suffix of mkstemp(). */
        const char *points[][2] = { { "fsync", ".target.new" }, { "rename", ".XXXXXX" } };
        unsigned kills = 0;

        bridge_kill(b);
        action = deploy(b, "up.bin");
        do {
                b->command = g_strdup_printf("LD_PRELOAD='%s' KILL_AT='state after %s %s%s' \"$BRIDGE\" %s", preload,
                                             points[kills % 2][0], b->controller, points[kills % 2][1], whole);
                g_setenv("CLIENT_PROGRAM", "env", TRUE);
                bridge_start(b);
                client_finish(b->bridge, -SIGKILL);
                client_free(g_steal_pointer(&b->bridge));
                g_free(g_steal_pointer(&b->command));
                kills++;
                g_clear_pointer(&record, g_free);
                ck_assert(g_file_get_contents(path, &record, NULL, NULL));
        } while (!strstr(record, "stage=closed") || !strstr(record, "\"revision\":\"" NEW_REVISION));
        g_setenv("CLIENT_PROGRAM", g_getenv("BRIDGE"), TRUE);
        b->command = g_steal_pointer(&whole);
        ck_assert_int_eq(unlink(errors), 0); /* has the same line of the process before */
        bridge_start(b);
        world_await_file(b->w, errors, "the server answers");
        server_await_status(b->controller, action, "finished");
        ck_assert_uint_ge(kills, 12); /* accepted, started, progress, ended, closed, attributes: twice each */
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* The server cannot be reached from the middle of the upgrade until after the end of the bridge. */
START_TEST(test_unreachable)
{
        Bench *b = bench_new("unreachable");
        g_autofree char *action = deploy_to(b, "updating:50"), *path = NULL;

        server_close_way(&b->way);
        release(b, "updating:50");
        world_assert_result(b->w, JOB_1, "success", "", "");
        path = g_strdup_printf("%s/%s.target", b->state, b->controller);
        world_await_file(b->w, path, "stage=ended");
        bridge_kill(b);
        b->way = server_open_way(b->way.port);
        bridge_start(b);
        server_await_status(b->controller, action, "finished");
        await_closed(b);
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* The operator has given up the action when its end is told: the server answers 410, and takes the next one. */
START_TEST(test_gone)
{
        Bench *b = bench_new("gone");
        g_autofree char *action = deploy_to(b, "updating:50"), *next = NULL;

        server_close_way(&b->way);
        cancel(b, action, "");
        cancel(b, action, "?force=true");
        release(b, "updating:50");
        world_assert_result(b->w, JOB_1, "success", "", "");
        b->way = server_open_way(b->way.port);
        await_closed(b);
        next = deploy(b, "up.bin");
        server_await_status(b->controller, next, "finished");
        assert_told(b, next, "nothing was done");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* Sends the same message as fotad does when a job fails to every client of the bus. */
static void forge_failure(World *w)
{
        g_auto(GStrv) names = NULL;

        ck_assert_int_ge(sd_bus_list_names(world_bus(w), &names, NULL), 0);
        for (char **name = names; *name; name++) {
                g_autoptr(sd_bus_message) m = NULL;

                if (**name != ':')
                        continue;
                ck_assert_int_ge(sd_bus_message_new_signal(world_bus(w), &m, JOB_1, "org.freedesktop.DBus.Properties",
                                                           "PropertiesChanged"),
                                 0);
                ck_assert_int_ge(sd_bus_message_append(m, "sa{sv}as", "org.fotad1.Job", 2, "Result", "s", "failed",
                                                       "Message", "s", "forged", 0),
                                 0);
                ck_assert_int_ge(sd_bus_message_set_destination(m, *name), 0);
                ck_assert_int_ge(sd_bus_send(world_bus(w), m, NULL), 0);
        }
        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
}

/* A result is fotad's alone. */
START_TEST(test_forged)
{
        Bench *b = bench_new("forged");
        g_autofree char *action = deploy_to(b, "updating:50");

        server_await_message(b->controller, action, "updating,");
        forge_failure(b->w);
        release(b, "updating:50");
        world_assert_result(b->w, JOB_1, "success", "", "");
        server_await_status(b->controller, action, "finished");
        await_closed(b);
        bench_free(b);
}
END_TEST

/* ---- cancellation */

START_TEST(test_cancel)
{
        Bench *b = bench_new("cancel");
        g_autofree char *action = deploy_to(b, "downloading:50");

        cancel(b, action, "");
        server_await_status(b->controller, action, "canceled");
        world_assert_result(b->w, JOB_1, "cancelled", "host", "cancelled");
        release(b, "downloading:50");
        await_closed(b);
        bench_free(b);
}
END_TEST

/* Behind the point of no return the upgrade goes on, and its end is told. */
START_TEST(test_cancel_late)
{
        Bench *b = bench_new("late");
        g_autofree char *action = deploy_to(b, "updating:50");

        cancel(b, action, "");
        server_await_status(b->controller, action, "cancel_rejected");
        release(b, "updating:50");
        server_await_status(b->controller, action, "finished");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* ---- maintenance windows */

/* A window that opens at that time, as options of an assignment. */
static char *window_at(GDateTime *time)
{
        g_autofree char *when = g_date_time_format(time, "%-S %-M %-H %-d %-m ? %Y");

        return g_strdup_printf(",\"maintenanceWindow\":{\"schedule\":\"%s\",\"duration\":\"01:00:00\",\"timezone\":"
                               "\"+00:00\"}",
                               when);
}

static char *deploy_in_window(Bench *b, GDateTime *time)
{
        g_autofree char *url = world_http(b->w, "up.bin"), *module = server_add_module("modem", NEW_REVISION, url);
        g_autofree char *set = server_add_set(module, NULL), *window = window_at(time);

        return server_assign(b->controller, set, window);
}

START_TEST(test_window)
{
        Bench *b = bench_new("window");
        g_autoptr(GDateTime) now = g_date_time_new_now_utc(), opens = g_date_time_add_seconds(now, 5);
        g_autofree char *action = deploy_in_window(b, opens), *created = NULL;

        server_await_status(b->controller, action, "finished");
        created = world_property(b->w, JOB_1, "Created");
        ck_assert_int_ge(g_ascii_strtoll(created, NULL, 10) / G_USEC_PER_SEC, g_date_time_to_unix(opens));
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* Cancelled before the window opens: fotad is never asked. */
START_TEST(test_window_cancelled)
{
        Bench *b = bench_new("waiting");
        g_autoptr(GDateTime) now = g_date_time_new_now_utc(), opens = g_date_time_add_years(now, 1);
        g_autofree char *action = deploy_in_window(b, opens), *job = NULL;

        server_await_status(b->controller, action, "retrieved");
        cancel(b, action, "");
        server_await_status(b->controller, action, "canceled");
        job = world_property(b->w, MODULE_1, "Job");
        ck_assert_str_eq(job, "/");
        assert_commands(b, "0");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hawkbit");
        int status = server_start();

        if (status != EXIT_SUCCESS)
                return status;
        suite_add(suite, "registers", test_registers, 0, 1);
        suite_add(suite, "target-token", test_target_token, 0, 2);
        suite_add(suite, "settings", test_settings, 0, G_N_ELEMENTS(mistakes));
        suite_add(suite, "url", test_url, 0, 1);
        suite_add(suite, "fails", test_fails, 0, 1);
        suite_add(suite, "forged", test_forged, 0, 1);
        suite_add(suite, "unfit", test_unfit, 0, 1);
        suite_add(suite, "nothing-to-do", test_nothing_to_do, 0, 1);
        suite_add(suite, "artifact", test_artifact, 0, 1);
        suite_add(suite, "artifact-resumed", test_artifact_resumed, 0, 2);
        suite_add(suite, "artifact-of-another", test_artifact_of_another, 0, 1);
        suite_add(suite, "killed", test_killed, 0, 1);
        suite_add(suite, "killed-at-each-write", test_killed_at_each_write, 0, 1);
        suite_add(suite, "unreachable", test_unreachable, 0, 1);
        suite_add(suite, "gone", test_gone, 0, 1);
        suite_add(suite, "cancel", test_cancel, 0, 1);
        suite_add(suite, "cancel-late", test_cancel_late, 0, 1);
        suite_add(suite, "window", test_window, 0, 1);
        suite_add(suite, "window-cancelled", test_window_cancelled, 0, 1);
        return suite_run(suite);
}

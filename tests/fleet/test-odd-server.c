/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad-hawkbit with a server that answers as no hawkBit does (odd-server), and the daemon with simulated modules. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client-run.h"
#include "suite.h"
#include "world.h"

typedef struct Bench {
        World *w;
        char *log; /* of the server */
        char *errors;
        char *state;
        ClientRun *bridge;
        pid_t server;
} Bench;

/* Returns the port. */
static int serve(Bench *b, const char *oddity, const char *pem)
{
        g_autofree char *program = g_build_filename(g_getenv("abs_top_srcdir"), "tests/fleet/odd-server", NULL);
        g_autofree char *package = world_path(b->w, "www/up.bin");
        char port[16] = "";
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        b->server = fork();
        ck_assert_int_ge(b->server, 0);
        if (b->server == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(ends[1], STDOUT_FILENO);
                close(ends[0]);
                execlp(program, program, oddity, package, OLD_REVISION, b->log, pem, NULL);
                _exit(127);
        }
        close(ends[1]);
        ck_assert_int_gt(read(ends[0], port, sizeof(port) - 1), 0);
        close(ends[0]);
        return atoi(port);
}

static void write_file(const char *directory, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);

        ck_assert_int_eq(g_mkdir_with_parents(directory, 0700), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static Bench *bench_new(const WorldSettings *settings)
{
        g_autofree char *program = g_build_filename(g_getenv("abs_top_builddir"), "fleet/fotad-hawkbit", NULL);
        Bench *b = g_new0(Bench, 1);

        b->w = world_new(settings);
        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        b->log = world_path(b->w, "server.requests");
        b->errors = world_path(b->w, "fotactl.err");
        b->state = world_path(b->w, "bridge");
        g_setenv("CLIENT_PROGRAM", program, TRUE);
        g_setenv("STATE_DIRECTORY", b->state, TRUE);
        g_unsetenv("CREDENTIALS_DIRECTORY");
        return b;
}

/* scheme and host: with :// at the end of the scheme. more: further lines of [server]. */
static void bridge_start(Bench *b, const char *host, int port, const char *more)
{
        g_autofree char *config = g_strdup_printf("[server]\nurl=%s:%d\npoll-interval=1\n%s[target]\n"
                                                  "controller-id=t-%%{module}\n",
                                                  host, port, more);
        g_autofree char *command = g_strdup_printf("--config '%s/hawkbit.conf'", b->state);

        write_file(b->state, "hawkbit.conf", config);
        b->bridge = client_begin(b->w, command, NULL, false);
}

static Bench *bench_with(const char *oddity)
{
        Bench *b = bench_new(&WORLD_EC200A);

        bridge_start(b, "http://127.0.0.1", serve(b, oddity, NULL), "");
        return b;
}

static void bench_free(Bench *b)
{
        kill(b->bridge->pid, SIGTERM);
        client_finish(b->bridge, 0);
        client_free(b->bridge);
        kill(b->server, SIGKILL);
        world_free(b->w);
        g_free(b->log);
        g_free(b->errors);
        g_free(b->state);
        g_free(b);
}

static void assert_no_job(Bench *b)
{
        g_autofree char *job = world_property(b->w, MODULE_1, "Job");

        ck_assert_str_eq(job, "/");
        world_assert_sim(b->w, "0", "get 1-1 qfotadl-count");
}

/* ---- answers. The first one is odd, and the same process takes the next. */

static const char *const answers[][2] = {
        { "deep", NULL },
        { "comment", NULL },
        { "quote", NULL },
        { "long", "long" }, /* curl's words, or the bridge's own */
};

START_TEST(test_answers)
{
        Bench *b = bench_with(answers[_i][0]);

        world_await_file(b->w, b->log, "/deploymentBase/1/feedback");
        if (answers[_i][1])
                world_await_file(b->w, b->errors, "the server cannot be reached: ");
        bench_free(b);
}
END_TEST

START_TEST(test_redirect)
{
        Bench *b = bench_with("redirect");
        g_autofree char *requests = NULL;

        world_await_file(b->w, b->errors, "the server answers with status 302");
        ck_assert(g_file_get_contents(b->log, &requests, NULL, NULL));
        ck_assert_msg(!strstr(requests, "/elsewhere"), "%s", requests);
        bench_free(b);
}
END_TEST

/* ---- packages that end in an upgrade */

static const struct {
        const char *oddity;
        bool part;               /* of an earlier attempt */
        const char *requests[2]; /* that must be among those of the package */
} good[] = {
        { "no-ranges", true, { "package bytes=30000-" } },
        { "416", true, { "package bytes=30000-", "package None" } },
        { "cut", false, { "package None", "package bytes=20000-" } },
};

START_TEST(test_good_package)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *whole = world_path(b->w, "www/up.bin"), *bytes = NULL, *requests = NULL;

        ck_assert_int_eq(g_mkdir_with_parents(b->state, 0700), 0);
        if (good[_i].part) {
                g_autofree char *part = g_build_filename(b->state, "t-usb-1-1.package", NULL);

                ck_assert(g_file_get_contents(whole, &bytes, NULL, NULL));
                ck_assert(g_file_set_contents(part, bytes, 30000, NULL));
        }
        bridge_start(b, "http://127.0.0.1", serve(b, good[_i].oddity, NULL), "");
        world_await_file(b->w, b->log, "the module reports revision " NEW_REVISION);
        world_assert_sim(b->w, "1", "get 1-1 qfotadl-count");
        ck_assert(g_file_get_contents(b->log, &requests, NULL, NULL));
        for (unsigned i = 0; i < 2 && good[_i].requests[i]; i++)
                ck_assert_msg(strstr(requests, good[_i].requests[i]) != NULL, "%s", requests);
        bench_free(b);
}
END_TEST

/* ---- packages that fotad never gets */

static const char *const bad[][2] = {
        { "altered", "another size or SHA-256 sum than the deployment says" },
        { "huge", "the artifact is larger than 64 MiB" },
        { "more", "the server sends more than the deployment says" },
};

START_TEST(test_bad_package)
{
        Bench *b = bench_with(bad[_i][0]);

        world_await_file(b->w, b->errors, bad[_i][1]);
        assert_no_job(b);
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("odd-server");

        suite_add(suite, "answers", test_answers, 0, G_N_ELEMENTS(answers));
        suite_add(suite, "redirect", test_redirect, 0, 1);
        suite_add(suite, "good-package", test_good_package, 0, G_N_ELEMENTS(good));
        suite_add(suite, "bad-package", test_bad_package, 0, G_N_ELEMENTS(bad));
        return suite_run(suite);
}

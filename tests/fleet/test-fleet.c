/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hooks of doc/examples/fleet against a simulated module: called as the engines call them, and by Mender and
 * SWUpdate themselves. tests/fleet/run runs them. Skipped without root's rights, or if an engine is not installed. */

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client-run.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define SKIPPED 77 /* automake knows this status */

typedef struct Bench {
        World *w;
        char *directory; /* of the engine */
        char *schedule;  /* what the deployment is made of */
        char *url;
} Bench;

/* package: the name of the package on the server. up.bin is a good one, spoilt.bin is not, missing.bin is not there. */
static Bench *bench_new(const char *package)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        g_autofree char *program = g_build_filename(g_getenv("abs_top_srcdir"), "tests/fleet/run", NULL);
        g_autofree char *text = NULL;
        Bench *b = g_new0(Bench, 1);

        b->w = world_new(&settings);
        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_package(b->w, "spoilt.bin", OLD_REVISION, NEW_REVISION, "flash");
        world_await_module(b->w, MODULE_1);
        g_setenv("CLIENT_PROGRAM", program, TRUE);
        g_setenv("FOTAD_MODEM_LIMIT", "100", TRUE);
        b->directory = world_path(b->w, "engine");
        b->url = world_http(b->w, package);
        ck_assert_int_eq(g_mkdir_with_parents(b->directory, 0755), 0);
        b->schedule = g_build_filename(b->directory, "modem.conf", NULL);
        text = g_strdup_printf("[upgrade]\nsource=%s\nexpected-revision=" NEW_REVISION "\n", b->url);
        ck_assert(g_file_set_contents(b->schedule, text, -1, NULL));
        return b;
}

static void bench_free(Bench *b)
{
        world_free(b->w);
        g_free(b->directory);
        g_free(b->schedule);
        g_free(b->url);
        g_free(b);
}

static void assert_commands(Bench *b, const char *count)
{
        world_assert_sim(b->w, count, "get 1-1 qfotadl-count");
}

/* The hook, or the engine with all that it has started, dies in the middle of the upgrade, and fotad with it. */
static void reboot(Bench *b, ClientRun *r)
{
        g_free(world_sim(b->w, "held 1-1 updating:50"));
        kill(r->pid, SIGKILL);
        client_finish(r, -SIGKILL);
        client_free(r);
        world_kill_daemon(b->w);
        world_start_daemon(b->w);
}

/* ---- Mender's update module, called as Mender calls it */

/* A tree of files as Mender gives it to the module. */
static char *tree_new(Bench *b, const char *schedule)
{
        char *tree = g_build_filename(b->directory, "tree", NULL);
        g_autofree char *files = g_build_filename(tree, "files", NULL), *tmp = g_build_filename(tree, "tmp", NULL);
        g_autofree char *conf = g_build_filename(files, "modem.conf", NULL), *text = NULL;

        ck_assert_int_eq(g_mkdir_with_parents(files, 0755), 0);
        ck_assert_int_eq(g_mkdir_with_parents(tmp, 0755), 0);
        if (!schedule)
                ck_assert(g_file_get_contents(b->schedule, &text, NULL, NULL));
        ck_assert(g_file_set_contents(conf, schedule ?: text, -1, NULL));
        return tree;
}

static char *state_command(const char *state, const char *tree)
{
        return g_strdup_printf("module %s '%s'", state, tree);
}

static void assert_state(Bench *b, const char *state, const char *tree, int status, const char *out, const char *err)
{
        g_autofree char *command = state_command(state, tree);

        client_assert(b->w, command, NULL, status, out, err);
}

/* The states of a deployment by a server, one after the other. */
START_TEST(test_states)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(b, NULL), *id = NULL;

        assert_state(b, "Download", tree, 0, "", "");
        assert_state(b, "SupportsRollback", tree, 0, "No\n", "");
        assert_state(b, "ArtifactInstall", tree, 0, "good", "");
        assert_commands(b, "0");
        assert_state(b, "NeedsArtifactReboot", tree, 0, "Yes\n", "");
        assert_state(b, "ArtifactReboot", tree, 0, "the upgrade succeeded: ", "");
        id = world_property(b->w, JOB_1, "RequestId");
        ck_assert_msg(g_str_has_prefix(id, "mender-"), "%s", id);
        assert_state(b, "ArtifactVerifyReboot", tree, 0, "nothing to do", "");
        assert_state(b, "ArtifactCommit", tree, 0, "nothing to do", "");
        assert_state(b, "Cleanup", tree, 0, "", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* The gateway is rebooted in the middle of the upgrade: Mender goes on with the next state. */
START_TEST(test_rebooted)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(b, NULL), *reboots = state_command("ArtifactReboot", tree);
        g_autofree char *verifies = state_command("ArtifactVerifyReboot", tree);
        ClientRun *r;

        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        reboot(b, client_begin(b->w, reboots, NULL, false));
        r = client_begin(b->w, verifies, NULL, false);
        client_await(r, "followed");
        g_free(world_sim(b->w, "release 1-1 updating:50"));
        client_finish(r, 0);
        client_free(r);
        assert_state(b, "ArtifactCommit", tree, 0, "nothing to do", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* A failure stays one, with fotad's sentence, however often Mender asks; another deployment tries anew. */
START_TEST(test_fails)
{
        Bench *b = bench_new("missing.bin");
        g_autofree char *tree = tree_new(b, NULL);

        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        assert_state(b, "ArtifactReboot", tree, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_state(b, "ArtifactVerifyReboot", tree, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_state(b, "ArtifactCommit", tree, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_state(b, "ArtifactFailure", tree, 0, "", "");
        assert_commands(b, "1");
        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        assert_state(b, "ArtifactReboot", tree, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_commands(b, "2");
        bench_free(b);
}
END_TEST

/* An upgrade that takes longer than Mender's patience is no failure until it ends. */
START_TEST(test_limit)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(b, NULL);

        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        g_free(world_sim(b->w, "hold 1-1 updating:50"));
        g_setenv("FOTAD_MODEM_LIMIT", "1", TRUE);
        assert_state(b, "ArtifactReboot", tree, 0, "", "");
        assert_state(b, "ArtifactVerifyReboot", tree, 0, "", "");
        assert_state(b, "ArtifactCommit", tree, 1, "", "the upgrade still runs after 1 seconds");
        g_free(world_sim(b->w, "held 1-1 updating:50"));
        g_free(world_sim(b->w, "release 1-1 updating:50"));
        g_setenv("FOTAD_MODEM_LIMIT", "100", TRUE);
        assert_state(b, "ArtifactCommit", tree, 0, "", "");
        world_assert_result(b->w, JOB_1, "success", "", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* fotad cannot be asked for a while: that is no failure until ArtifactCommit. */
START_TEST(test_no_daemon)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(b, NULL);

        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        assert_state(b, "ArtifactReboot", tree, 0, "", "");
        assert_state(b, "ArtifactCommit", tree, 1, "", "or fotad cannot be asked");
        world_start_daemon(b->w);
        world_await_module(b->w, MODULE_1);
        assert_state(b, "ArtifactVerifyReboot", tree, 0, "the upgrade succeeded: ", "");
        assert_state(b, "ArtifactCommit", tree, 0, "nothing to do", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* A deployment that is wrong is refused before anything is done. */
START_TEST(test_wrong)
{
        static const struct {
                const char *schedule, *err;
        } wrong[] = {
                { "[upgrade]\nsource=http://host/up.bin\n", "modem.conf: there is no expected-revision=" },
                { "[upgrade]\nsource=gopher://host/up.bin\nexpected-revision=R2\n", "modem.conf:2: source must be" },
        };
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(b, wrong[_i].schedule);

        assert_state(b, "ArtifactInstall", tree, 1, "", wrong[_i].err);
        assert_state(b, "ArtifactReboot", tree, 1, "", "request-id is missing");
        assert_commands(b, "0");
        bench_free(b);
}
END_TEST

/* The package is a part of the artifact. */
START_TEST(test_package)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *tree = tree_new(
                b, "[upgrade]\nsource=@PACKAGES@/%{revision}.bin\nexpected-revision=" NEW_REVISION "\n");

        world_make_package(b->w, "engine/tree/files/" OLD_REVISION ".bin", OLD_REVISION, NEW_REVISION, 20000);
        assert_state(b, "ArtifactInstall", tree, 0, "", "");
        assert_state(b, "ArtifactReboot", tree, 0, "the upgrade succeeded: ", "");
        assert_state(b, "ArtifactVerifyReboot", tree, 0, "nothing to do", "");
        world_assert_property(b->w, JOB_1, "Source", OLD_REVISION ".bin");
        bench_free(b);
}
END_TEST

/* Mender's retry status, while fotad's target is active. */
START_TEST(test_state_script)
{
        Bench *b = bench_new("up.bin");

        client_assert(b->w, "state-script ArtifactReboot_Enter_50_fotad /bin/true", NULL, 21, "", "trying again later");
        client_assert(b->w, "state-script ArtifactReboot_Enter_50_fotad /bin/false", NULL, 0, "", "");
        client_assert(b->w, "state-script ArtifactCommit_Enter_50_fotad /bin/true", NULL, 21, "", "trying again later");
        client_assert(b->w, "state-script ArtifactCommit_Enter_50_fotad /bin/false", NULL, 0, "", "");
        bench_free(b);
}
END_TEST

START_TEST(test_inventory)
{
        static const char identity[] = "modem_id=usb-1-1\nmodem_imei=867710050000013\nmodem_model=EC200A\n"
                                       "modem_revision=" OLD_REVISION "\n";
        Bench *b = bench_new("missing.bin");
        g_autofree char *job = NULL;
        ClientRun *r;

        client_assert(b->w, "inventory", NULL, 0, identity, "");
        g_free(world_sim(b->w, "hold 1-1 accepted"));
        job = world_expect_job(b->w, world_start(b->w, "", b->url, "request-id", "s", "r1", NULL));
        client_assert(b->w, "inventory", NULL, 0, identity, "");
        g_free(world_sim(b->w, "release 1-1 accepted"));
        world_assert_result(b->w, job, "failed", "http", "url-error");
        client_assert(b->w, "inventory", NULL, 0, "modem_last_result=failed\nmodem_last_error=url-error\n", "");
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        r = client_begin(b->w, "inventory", NULL, false);
        client_finish(r, 0);
        ck_assert_str_eq(r->text->str, "");
        client_free(r);
        bench_free(b);
}
END_TEST

/* ---- Mender itself, in standalone mode */

static char *write_artifact(Bench *b)
{
        char *artifact = g_build_filename(b->directory, "modem.mender", NULL);
        g_autofree char *command = g_strdup_printf("write-artifact '%s' '%s' '%s'", artifact, b->directory,
                                                   b->schedule);

        client_assert(b->w, command, NULL, 0, "", "");
        return artifact;
}

static char *mender_command(Bench *b, const char *arguments)
{
        return g_strdup_printf("mender '%s' %s", b->directory, arguments);
}

static void assert_mender(Bench *b, const char *arguments, int status, const char *err)
{
        g_autofree char *command = mender_command(b, arguments);

        client_assert(b->w, command, NULL, status, "", err);
}

/* Without rollback Mender commits at once. Mender is killed in the middle, and asked again (1). */
START_TEST(test_mender)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *artifact = NULL, *install = NULL, *command = NULL;

        artifact = write_artifact(b);
        install = g_strdup_printf("install '%s'", artifact);
        command = mender_command(b, install);
        if (_i == 1) {
                g_free(world_sim(b->w, "hold 1-1 updating:50"));
                reboot(b, client_begin(b->w, command, NULL, false));
                g_free(world_sim(b->w, "release 1-1 updating:50"));
        }
        assert_mender(b, install, 0, _i == 1 ? "" : "the upgrade succeeded: ");
        world_assert_outcome(b->w, JOB_1, "success", "", "");
        assert_commands(b, "1");

        /* At the expected revision nothing is left to do. */
        assert_mender(b, install, 0, "nothing to do");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* The artifact has the state script, which Mender calls again while fotad's target is active: here at the first call. */
START_TEST(test_mender_held)
{
        Bench *b = bench_new("up.bin");
        g_autofree char *artifact = write_artifact(b), *install = g_strdup_printf("install '%s'", artifact);
        g_autofree char *bin = g_build_filename(b->directory, "bin", NULL);
        g_autofree char *systemctl = g_build_filename(bin, "systemctl", NULL);

        ck_assert_int_eq(g_mkdir_with_parents(bin, 0755), 0);
        ck_assert(g_file_set_contents(systemctl, "#!/bin/sh\n[ ! -e \"$0.called\" ] && : >\"$0.called\"\n", -1,
                                      NULL));
        ck_assert_int_eq(chmod(systemctl, 0755), 0);
        assert_mender(b, install, 0, "ArtifactCommit_Enter_50_fotad requested a retry");
        world_assert_outcome(b->w, JOB_1, "success", "", "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

START_TEST(test_mender_fails)
{
        Bench *b = bench_new("spoilt.bin");
        g_autofree char *artifact = NULL, *install = NULL;

        artifact = write_artifact(b);
        install = g_strdup_printf("install '%s'", artifact);
        assert_mender(b, install, 1, "the upgrade failed: update/504 (update-failed): ");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

/* ---- SWUpdate */

static char *write_image(Bench *b)
{
        char *image = g_build_filename(b->directory, "modem.swu", NULL);
        g_autofree char *command = g_strdup_printf("write-image '%s' '%s' '%s'", image, b->directory, b->schedule);

        client_assert(b->w, command, NULL, 0, "", "");
        return image;
}

START_TEST(test_script)
{
        Bench *b = bench_new("missing.bin");
        g_autofree char *schedule = NULL;

        ck_assert(g_file_get_contents(b->schedule, &schedule, NULL, NULL));
        g_setenv("FOTAD_FLEET_DIRECTORY", b->directory, TRUE);
        client_assert(b->w, "script", NULL, 1, "", "the type in sw-description must be shellscript");
        client_assert(b->w, "script preinst", NULL, 1, "", "sw-description has no data=");
        client_assert(b->w, "script postinst image-1", NULL, 1, "", "the upgrade failed: http/711 (url-error): ");
        client_assert(b->w, "script postinst image-1", NULL, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_commands(b, "1");
        client_assert(b->w, "script postinst image-2", NULL, 1, "", "the upgrade failed: http/711 (url-error): ");
        assert_commands(b, "2");
        client_assert(b->w, "script preinst image-3", NULL, 0, "", "");
        client_assert(b->w, "script postinst image-3", NULL, 1, "", "modem.conf");
        client_assert(b->w, "script failure image-3", NULL, 0, "", "");
        assert_commands(b, "2");
        ck_assert_int_eq(world_stop_daemon(b->w), 0);
        ck_assert(g_file_set_contents(b->schedule, schedule, -1, NULL));
        client_assert(b->w, "script postinst image-3", NULL, 1, "", "fotad cannot be asked");
        bench_free(b);
}
END_TEST

static const struct {
        const char *package;
        bool killed;
        int status;
        const char *says;
} images[] = {
        { "up.bin", false, 0, "the upgrade succeeded: " },
        { "up.bin", true, 0, "SWUPDATE successful" }, /* the upgrade may have ended before */
        { "spoilt.bin", false, 1, "the upgrade failed: " },
};

START_TEST(test_swupdate)
{
        Bench *b = bench_new(images[_i].package);
        g_autofree char *image = NULL, *command = NULL;

        image = write_image(b);
        command = g_strdup_printf("swupdate '%s' '%s'", b->directory, image);
        if (images[_i].killed) {
                g_free(world_sim(b->w, "hold 1-1 updating:50"));
                reboot(b, client_begin(b->w, command, NULL, false));
                g_free(world_sim(b->w, "release 1-1 updating:50"));
        }
        client_assert(b->w, command, NULL, images[_i].status, images[_i].says, "");
        /* Installed again, as by suricatta without its state. */
        client_assert(b->w, command, NULL, images[_i].status, images[_i].status ? images[_i].says : "nothing to do",
                      "");
        assert_commands(b, "1");
        bench_free(b);
}
END_TEST

static bool is_installed(const char *program)
{
        g_autofree char *path = g_find_program_in_path(program);

        return path != NULL;
}

int main(void)
{
        Suite *s;

        if (geteuid() != 0 || !is_installed("mender") || !is_installed("swupdate")) {
                g_printerr("mender, swupdate and root's rights are needed\n");
                return SKIPPED;
        }
        s = suite_create("fleet");
        suite_add(s, "states", test_states, 0, 1);
        suite_add(s, "rebooted", test_rebooted, 0, 1);
        suite_add(s, "fails", test_fails, 0, 1);
        suite_add(s, "limit", test_limit, 0, 1);
        suite_add(s, "no-daemon", test_no_daemon, 0, 1);
        suite_add(s, "wrong", test_wrong, 0, 2);
        suite_add(s, "package", test_package, 0, 1);
        suite_add(s, "state-script", test_state_script, 0, 1);
        suite_add(s, "inventory", test_inventory, 0, 1);
        suite_add(s, "mender", test_mender, 0, 2);
        suite_add(s, "mender-held", test_mender_held, 0, 1);
        suite_add(s, "mender-fails", test_mender_fails, 0, 1);
        suite_add(s, "script", test_script, 0, 1);
        suite_add(s, "swupdate", test_swupdate, 0, G_N_ELEMENTS(images));
        return suite_run(s);
}

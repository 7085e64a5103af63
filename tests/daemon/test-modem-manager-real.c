/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Debian's own ModemManager, with Debian's own polkitd, at the simulated module, beside a daemon that runs as fotad:
 * ModemManager never touches a port of a module that a job holds, whichever process dies meanwhile, and gets the module
 * back afterwards. The evidence is ModemManager's own log, and its open files in /proc. */

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "polkit.h"
#include "presets.h"
#include "suite.h"
#include "world-private.h"

#define PROGRAM "/usr/sbin/ModemManager"

typedef struct RealMM {
        pid_t pid;
        char *log;
} RealMM;

static RealMM start_mm(World *w, const char *name)
{
        RealMM mm = { .log = world_path(w, name) };
        g_auto(GStrv) environment = g_get_environ();

        ck_assert_msg(g_file_test(PROGRAM, G_FILE_TEST_IS_EXECUTABLE), "%s is not there (Debian's modemmanager)", PROGRAM);
        environment = g_environ_setenv(environment, "UMOCKDEV_DIR", world_testbed(w), TRUE);
        environment = g_environ_setenv(environment, "LD_PRELOAD", world_preload(w), TRUE);
        mm.pid = world_spawn(w, (char *[]){ PROGRAM, "--debug", NULL }, environment, mm.log, mm.log);
        return mm;
}

static void kill_mm(World *w, RealMM *mm)
{
        g_ptr_array_remove(w->processes, GINT_TO_POINTER(mm->pid));
        kill(mm->pid, SIGKILL);
        ck_assert_int_eq(waitpid(mm->pid, NULL, 0), mm->pid);
        g_free(mm->log);
}

/* The number of lines that it has written to ports so far, and of the times that it opened one. */
static unsigned count_touches(const RealMM *mm)
{
        static const char *const words[] = { "] --> ", "(open)" };
        g_autofree char *log = NULL;
        unsigned n = 0;

        ck_assert(g_file_get_contents(mm->log, &log, NULL, NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                for (const char *p = log; (p = strstr(p, words[i])); p++)
                        n++;
        return n;
}

static unsigned count_ttys(const RealMM *mm)
{
        unsigned n = 0;
        g_autofree char *directory = g_strdup_printf("/proc/%d/fd", mm->pid);
        g_autoptr(GDir) fds = g_dir_open(directory, 0, NULL);
        const char *fd;

        ck_assert_ptr_nonnull(fds);
        while ((fd = g_dir_read_name(fds))) {
                g_autofree char *link = g_build_filename(directory, fd, NULL), *target = g_file_read_link(link, NULL);

                n += target && g_str_has_prefix(target, "/dev/pts/");
        }
        return n;
}

/* _i == 1: the daemon is killed at the first hold, and ModemManager restarts while no daemon can call it. */
START_TEST(test_real)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .no_daemon = true };
        g_autofree char *url = NULL, *job = NULL;
        unsigned touches;
        World *w;
        RealMM mm;

        polkit_prepare_beside("", "org.freedesktop.ModemManager1.policy");
        w = world_new(&settings);
        url = world_publish(w);
        polkit_start(w);
        mm = start_mm(w, "mm-1.log");
        world_start_daemon(w);
        world_await_file(w, mm.log, "exported modem at path");
        world_await_module(w, MODULE_1);
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_1, "Imei", "867710050000013");

        ck_assert_uint_gt(count_ttys(&mm), 0); /* ModemManager keeps one open */

        g_free(world_sim(w, "hold 1-1 downloading:20"));
        g_free(world_sim(w, "hold 1-1 off:1"));
        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_expect_job(w, world_start(w, MODULE_1, url, "expected-revision", "s", NEW_REVISION, NULL));
        g_free(world_sim(w, "held 1-1 downloading:20"));
        world_await_file(w, mm.log, "device inhibition setup for uid");
        world_await_file(w, mm.log, "removing empty device"); /* ModemManager drops a claimed device */
        ck_assert_uint_eq(count_ttys(&mm), 0);
        touches = count_touches(&mm);

        if (_i == 1) {
                world_kill_daemon(w);
                world_await_file(w, mm.log, "device inhibition teardown");
                ck_assert_uint_eq(count_ttys(&mm), 0);
                ck_assert_uint_eq(count_touches(&mm), touches);
                kill_mm(w, &mm);
                mm = start_mm(w, "mm-2.log");
                world_await_file(w, mm.log, "not candidate");
                touches = 0;
                world_start_daemon(w);
        }
        g_free(world_sim(w, "release 1-1 downloading:20"));
        g_free(world_sim(w, "held 1-1 off:1"));
        ck_assert_uint_eq(count_ttys(&mm), 0);
        g_free(world_sim(w, "release 1-1 off:1"));
        g_free(world_sim(w, "held 1-1 updating:50"));
        ck_assert_uint_eq(count_ttys(&mm), 0);
        ck_assert_uint_eq(count_touches(&mm), touches);
        g_free(world_sim(w, "release 1-1 updating:50"));
        world_await_property(w, job, "State", "finished");
        ck_assert_uint_eq(count_touches(&mm), touches);
        world_assert_outcome(w, job, "success", "", "");

        /* ModemManager has the module again. */
        if (_i == 0)
                world_await_file(w, mm.log, "device inhibition teardown");
        world_await_file(w, mm.log, "revision " NEW_REVISION);
        kill_mm(w, &mm);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("modem-manager-real");

        suite_add(s, "real", test_real, 0, 2);
        return suite_run(s);
}

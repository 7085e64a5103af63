/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sharing a gateway's ttys with other programs: a program that holds a port is named and not disturbed, and fotad opens
 * the port when that program has closed it. fotad's lock file exists while fotad has the port. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "presets.h"
#include "squatter.h"
#include "suite.h"

#define STRANGER 4001 /* the id of an ordinary user */

/* LCK..ttyUSBn of the module's AT port. */
static char *lock_path(World *w, const char *module)
{
        g_autofree char *port = world_property(w, module, "Port"), *base = g_path_get_basename(port);
        g_autofree char *name = g_strconcat("lock/LCK..", base, NULL);

        return world_path(w, name);
}

/* A job needs a port that another process has: with a lock file, exclusively, or just open, which only a daemon of
 * root's can see. */
static const struct {
        bool lock, exclusive, by_hand;
} holders[] = { { .lock = true }, { .exclusive = true }, { .by_hand = true } };

START_TEST(test_held)
{
        WorldSettings settings = WORLD_EC200A;
        g_autofree char *tty = NULL, *url = NULL, *job = NULL, *lines = NULL, *lock = NULL, *text = NULL, *pid = NULL;
        g_autofree char *kept = NULL;
        pid_t squatter;
        World *w;

        settings.config = "[timeouts]\nstart=2\nsettle=2\nrestart=2\n";
        settings.by_hand = holders[_i].by_hand;
        ck_assert_msg(!holders[_i].lock || geteuid() == 0, "this test makes a file of root's, which only root can");
        w = world_new_idle(&settings);
        url = world_publish(w);
        tty = world_tty(w, "1-1", "at");
        lock = lock_path(w, MODULE_1);
        lines = world_sim(w, "get 1-1 at-lines");
        squatter = squat(holders[_i].lock ? NULL : tty, holders[_i].exclusive);
        if (holders[_i].lock) {
                text = g_strdup_printf("%10d\n", (int)squatter);
                ck_assert(g_file_set_contents(lock, text, -1, NULL));
        }
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "failed", "host", "port-busy");
        if (holders[_i].exclusive)
                pid = g_strdup("by another process");
        else if (holders[_i].lock)
                pid = g_strdup_printf("by squatter (pid %d), a lock file says (%s of user root)", (int)squatter, lock);
        else
                pid = g_strdup_printf("by squatter (pid %d)", (int)squatter);
        world_assert_part(w, job, "Message", pid);
        world_assert_sim(w, lines, "get 1-1 at-lines");
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        if (holders[_i].lock) {
                ck_assert(g_file_get_contents(lock, &kept, NULL, NULL));
                ck_assert_str_eq(kept, text);
        } else {
                ck_assert(!g_file_test(lock, G_FILE_TEST_EXISTS));
        }

        /* The remedy that the message names. A killed process leaves its lock file. */
        evict(squatter);
        if (holders[_i].exclusive)
                end_exclusive(tty);
        g_free(job);
        job = world_expect_job(w, world_start(w, "", url, NULL));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* ---- a port that is unavailable for a while */

#define SOON   "[timeouts]\ncommand=1\nsettle=1\n"
#define RARELY "[timeouts]\ncommand=1\nsettle=3600\n"

static const struct {
        const char *config, *why;
        bool lock, kept, exclusive, by_hand;
} port_users[] = {
        { RARELY, "is held by another process", .exclusive = true },
        { RARELY, "is held by squatter", .by_hand = true },
        { RARELY, "is held by squatter", .lock = true },
        { SOON, "is held by squatter", .lock = true, .kept = true }, /* by a process that leaves its file */
};

typedef struct PortUser {
        char *tty, *lock;
        pid_t pid;
} PortUser;

static void port_user_open(PortUser *g, int i)
{
        g_autofree char *text = NULL;

        g->pid = squat(port_users[i].lock ? NULL : g->tty, port_users[i].exclusive);
        text = g_strdup_printf("%10d\n", (int)g->pid);
        if (port_users[i].lock)
                ck_assert(g_file_set_contents(g->lock, text, -1, NULL));
}

/* A process that removes its lock file lives on until evict(). */
static void port_user_close(PortUser *g, int i)
{
        if (port_users[i].lock && !port_users[i].kept) {
                ck_assert_int_eq(g_unlink(g->lock), 0);
                return;
        }
        evict(g->pid);
        if (port_users[i].exclusive)
                end_exclusive(g->tty);
}

/* When the module is plugged in, and when it is asked for its identity, another program has its port. The daemon opens
 * the port as soon as that program has closed it. */
START_TEST(test_port_in_use)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .config = port_users[_i].config,
                                   .by_hand = port_users[_i].by_hand,
                                   .no_daemon = true };
        g_autofree char *node = NULL, *base = NULL, *name = NULL, *held = NULL;
        PortUser g = { 0 };
        World *w;

        ck_assert_msg(!port_users[_i].lock || geteuid() == 0, "this test makes a file of root's, which only root can");
        w = world_new(&settings);
        node = world_sim(w, "get 1-1 port-at");
        base = g_path_get_basename(node);
        name = g_strconcat("lock/LCK..", base, NULL);
        held = g_strdup_printf("its AT port %s %s", node, port_users[_i].why);
        g.tty = world_tty(w, "1-1", "at");
        g.lock = world_path(w, name);

        port_user_open(&g, _i);
        world_start_daemon(w);
        world_await_problem(w, held);
        if (port_users[_i].lock)
                world_assert_part(w, MODULE_1, "Problem", ", a lock file says (");
        port_user_close(&g, _i);
        world_await_problem(w, "");
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        if (port_users[_i].lock && !port_users[_i].kept)
                evict(g.pid);

        port_user_open(&g, _i);
        g_free(world_sim(w, "set 1-1 revision EC200AEUHAR01A09M16"));
        ck_assert(!world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        world_await_problem(w, held);
        port_user_close(&g, _i);
        world_await_property(w, MODULE_1, "Revision", "EC200AEUHAR01A09M16");
        world_await_problem(w, "");
        if (port_users[_i].lock && !port_users[_i].kept)
                evict(g.pid);
        g_free(g.tty);
        g_free(g.lock);
        world_free(w);
}
END_TEST

/* The daemon restarts during a download, and another program has the port by then. The job goes on, and receives the
 * rest when that program has closed the port. */
START_TEST(test_port_in_use_midway)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new_idle(&settings);
        g_autofree char *tty = world_tty(w, "1-1", "at"), *job = NULL, *held = NULL, *port = NULL;
        pid_t squatter;

        port = world_property(w, MODULE_1, "Port");
        held = g_strdup_printf("its AT port %s is held by another process", port);
        job = world_upgrade_to(w, "downloading:20");
        world_kill_daemon(w);
        squatter = squat(tty, true);
        world_start_daemon(w);
        world_await_problem(w, held);
        evict(squatter);
        end_exclusive(tty);
        world_await_problem(w, "");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* The module has reported END,0 and comes back while the daemon is restarted, and its port cannot be opened for longer
 * than [timeouts] settle: another process has it, or the open fails. The time in which the module cannot be heard does
 * not count, up to [timeouts] restart. */
static const struct {
        const char *restart, *why, *reason;
        bool exclusive, stays;
} unavailable[] = {
        { "300", .why = "cannot be opened: Permission denied" },
        { "300", .why = "is held by another process", .exclusive = true },
        { "3", "cannot be opened: Permission denied", "Its AT port %s cannot be opened: Permission denied.",
          .stays = true },
        { "3", "is held by another process", "Its AT port %s is held by another process.", .exclusive = true,
          .stays = true },
};

START_TEST(test_port_unavailable_midway)
{
        g_autofree char *config = g_strdup_printf("[timeouts]\nsettle=1\nrestart=%s\n", unavailable[_i].restart);
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024,mute=600000" },
                                   .config = config };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL, *tty = NULL, *node = NULL, *problem = NULL, *reason = NULL;
        pid_t squatter = 0;
        struct stat st;

        world_await_module(w, MODULE_1);
        url = world_publish(w);
        g_free(world_sim(w, "hold 1-1 off:2"));
        job = world_expect_job(w, world_start(w, "usb-1-1", url, NULL));
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "restarting");
        world_kill_daemon(w);
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "wait 1-1 normal 2"));
        tty = world_tty(w, "1-1", "at");
        node = world_sim(w, "get 1-1 port-at");
        ck_assert_int_eq(stat(tty, &st), 0);
        if (unavailable[_i].exclusive)
                squatter = squat(tty, true);
        else
                ck_assert_int_eq(chmod(tty, 0), 0);
        world_start_daemon(w);
        problem = g_strdup_printf("its AT port %s %s", node, unavailable[_i].why);
        if (unavailable[_i].stays) {
                reason = g_strdup_printf(unavailable[_i].reason, node);
                world_assert_outcome(w, job, "failed", "host", "no-response");
                world_assert_part(w, job, "Message", reason);
        } else {
                world_await_problem(w, problem);
                /* Each of these calls ends after settle: the other module is mute. */
                for (unsigned i = 0; i < 4; i++)
                        ck_assert(!world_call(w, MODULE_2, "org.fotad1.Module", "Probe"));
                world_await_problem(w, problem);
        }
        if (unavailable[_i].exclusive) {
                evict(squatter);
                end_exclusive(tty);
        } else {
                ck_assert_int_eq(chmod(tty, st.st_mode & 07777), 0);
        }
        if (!unavailable[_i].stays)
                world_assert_outcome(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* A node may be there before udev has given it to the daemon's group. */
START_TEST(test_refused)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = SOON, .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *tty = world_tty(w, "1-1", "at"), *node = world_sim(w, "get 1-1 port-at"), *refused = NULL;
        struct stat st;

        refused = g_strdup_printf("its AT port %s cannot be opened: Permission denied", node);
        ck_assert_int_eq(stat(tty, &st), 0);
        ck_assert_int_eq(chmod(tty, 0), 0);
        world_start_daemon(w);
        world_await_problem(w, refused);
        world_assert_property(w, MODULE_1, "ProblemName", "port-error");
        ck_assert_int_eq(chmod(tty, st.st_mode & 07777), 0);
        world_await_problem(w, "");
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        world_free(w);
}
END_TEST

/* A directory of lock files in which fotad may make none. */
START_TEST(test_no_lock_file)
{
        World *w = world_new_idle(&WORLD_EC200A);
        g_autofree char *directory = world_path(w, "lock"), *complaint = NULL, *log = NULL, *job = NULL;

        ck_assert_int_eq(chmod(directory, 0555), 0);
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        complaint = g_strdup_printf("can be made in %s", directory);
        log = world_log(w);
        ck_assert_msg(strstr(log, complaint) != NULL, "%s", log);
        world_free(w);
}
END_TEST

/* ---- */

/* A lock file that a dead process, an earlier daemon or no process has left does not count. */
static const char *const stale[] = { "%10d\n", "%d", "garbage\n", "", "0\n", "-1\n" };

START_TEST(test_stale)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new_idle(&settings);
        g_autofree char *lock = lock_path(w, MODULE_1), *text = NULL, *mine = NULL, *found = NULL, *dead = NULL;
        g_autofree char *job = NULL, *directory = world_path(w, "lock");
        pid_t pid = squat(NULL, false);
        struct stat st;

        evict(pid);
        dead = g_strdup_printf("%10d\n", (int)pid);
        text = g_str_has_prefix(stale[_i], "%1")  ? g_strdup(dead)
               : g_str_has_prefix(stale[_i], "%") ? g_strdup(g_strstrip(dead))
                                                  : g_strdup(stale[_i]);
        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        if (geteuid() == 0)
                ck_assert_int_eq(chown(lock, WORLD_USER, WORLD_USER), 0);
        job = world_upgrade_to(w, "downloading:50");
        ck_assert(g_file_get_contents(lock, &found, NULL, NULL));
        mine = g_strdup_printf("%10d\n", (int)world_daemon_pid(w));
        ck_assert_str_eq(found, mine);
        ck_assert_int_eq(stat(lock, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0644);
        world_assert_sim(w, "1", "get 1-1 exclusive");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        world_assert_property(w, MODULE_1, "Problem", "");
        /* A call that is answered is handled after the close. */
        ck_assert_int_eq(rmdir(directory), 0);
        world_free(w);
}
END_TEST

/* A file of a dead process of root's, which only root can remove: it stays, and the port is used all the same. */
START_TEST(test_stale_foreign)
{
        WorldSettings settings = WORLD_EC200A;
        World *w;
        g_autofree char *lock = NULL, *job = NULL, *text = NULL, *found = NULL, *log = NULL;
        g_autofree char *directory = NULL;
        pid_t pid;

        ck_assert_msg(geteuid() == 0, "this test makes a file of root's, which only root can");
        w = world_new_idle(&settings);
        lock = lock_path(w, MODULE_1);
        pid = squat(NULL, false);
        evict(pid);
        text = g_strdup_printf("%10d\n", (int)pid);
        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        ck_assert(g_file_get_contents(lock, &found, NULL, NULL));
        ck_assert_str_eq(found, text);
        ck_assert_int_eq(g_unlink(lock), 0);
        directory = world_path(w, "lock");
        ck_assert_int_eq(g_rmdir(directory), 0); /* no other file is left there */
        log = world_log(w);
        ck_assert_ptr_nonnull(strstr(log, "is of no process that is known to have the port, and not ours to remove"));
        world_free(w);
}
END_TEST

/* A process of an ordinary user. */
static pid_t start_stranger(void)
{
        int ready[2];
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (setgroups(0, NULL) == 0 && setresgid(STRANGER, STRANGER, STRANGER) == 0 &&
                    setresuid(STRANGER, STRANGER, STRANGER) == 0)
                        execlp("sleep", "sleep", "infinity", NULL);
                _exit(1);
        }
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 0); /* closed by exec */
        close(ready[0]);
        return pid;
}

/* Every user can make a lock file that names a process of that user. Such a file stops no upgrade, whether it is there
 * before the job (0) or is made while the module restarts (1). */
START_TEST(test_lock_of_stranger)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,same-numbers=1" } };
        g_autofree char *lock = NULL, *job = NULL, *text = NULL;
        pid_t stranger;
        World *w;

        ck_assert_msg(geteuid() == 0, "this test runs a process of another user, which only root can");
        w = world_new_idle(&settings);
        lock = lock_path(w, MODULE_1);
        stranger = start_stranger();
        text = g_strdup_printf("%10d\n", (int)stranger);
        if (_i == 1) {
                job = world_upgrade_to(w, "off:1");
                world_await_property(w, MODULE_1, "Present", "0");
        }
        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        ck_assert_int_eq(chown(lock, STRANGER, STRANGER), 0);
        if (_i == 0)
                job = world_upgrade(w);
        else
                g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        evict(stranger);
        world_free(w);
}
END_TEST

/* While the module restarts, root makes a lock file for the port that it comes back with. The daemon may not see that
 * the process has not opened the port. */
START_TEST(test_lock_midway)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,same-numbers=1" } };
        g_autofree char *lock = NULL, *job = NULL, *text = NULL, *found = NULL;
        pid_t squatter;
        World *w;

        ck_assert_msg(geteuid() == 0, "this test makes a file of root's, which only root can");
        w = world_new_idle(&settings);
        lock = lock_path(w, MODULE_1);
        job = world_upgrade_to(w, "off:1");
        world_await_property(w, MODULE_1, "Present", "0");
        squatter = squat(NULL, false);
        text = g_strdup_printf("%10d\n", (int)squatter);
        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        ck_assert(g_file_get_contents(lock, &found, NULL, NULL));
        ck_assert_str_eq(found, text);
        evict(squatter);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("port");

        suite_add(s, "held", test_held, 0, G_N_ELEMENTS(holders));
        suite_add(s, "port-in-use", test_port_in_use, 0, G_N_ELEMENTS(port_users));
        suite_add(s, "port-in-use-midway", test_port_in_use_midway, 0, 1);
        suite_add(s, "port-unavailable-midway", test_port_unavailable_midway, 0, G_N_ELEMENTS(unavailable));
        suite_add(s, "refused", test_refused, 0, 1);
        suite_add(s, "no-lock-file", test_no_lock_file, 0, 1);
        suite_add(s, "stale", test_stale, 0, G_N_ELEMENTS(stale));
        suite_add(s, "stale-foreign", test_stale_foreign, 0, 1);
        suite_add(s, "lock-of-stranger", test_lock_of_stranger, 0, 2);
        suite_add(s, "lock-midway", test_lock_midway, 0, 1);
        return suite_run(s);
}

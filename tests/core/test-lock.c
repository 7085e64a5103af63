/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shows which lock files keep a port from us: as root, who sees what every process has open, and as the daemon's own
 * user, who does not. The port itself does not exist: a lock that is not believed ends there. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serial.h"
#include "testing.h"

#define NODE "/dev/fotad-test"
#define US   4242
#define ANNA 4001
#define BEN  4002

static char *directory, *lock;

static void set_up(void)
{
        ck_assert_msg(geteuid() == 0, "this test becomes other users, which only root can");
        directory = g_dir_make_tmp("fotad-lock-XXXXXX", NULL);
        ck_assert_ptr_nonnull(directory);
        ck_assert_int_eq(chmod(directory, 01777), 0);
        lock = g_build_filename(directory, "LCK..fotad-test", NULL);
}

static void tear_down(void)
{
        g_unlink(lock);
        ck_assert_int_eq(g_rmdir(directory), 0);
        g_clear_pointer(&lock, g_free);
        g_clear_pointer(&directory, g_free);
}

static void become(uid_t user)
{
        if (user != 0 && (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0))
                _exit(1);
}

/* A process of that user. It must be another program: /proc gives one that has only changed its user to root. */
static pid_t start_process(uid_t user)
{
        int ready[2], input[2];
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(input, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                become(user);
                dup2(input[0], STDIN_FILENO);
                execlp("cat", "cat", NULL);
                _exit(1);
        }
        close(ready[1]);
        close(input[0]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 0); /* closed by exec */
        close(ready[0]);
        return pid; /* cat waits: input[1] stays open as long as the test runs */
}

static void end_process(pid_t pid)
{
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void write_lock(uid_t user, pid_t pid)
{
        g_autofree char *text = g_strdup_printf("%10d\n", (int)pid);

        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        ck_assert_int_eq(chmod(lock, 0644), 0);
        ck_assert_int_eq(chown(lock, user, user), 0);
}

/* What opening the port comes to, as that user: the errno, 200 if the holder is not told as he should. */
static int open_as(uid_t user, pid_t holder)
{
        SerialSettings settings = { .lock_directory = directory, .baud_rate = 115200 };
        g_autofree char *wanted = g_strdup_printf("by cat (pid %d)", (int)holder);
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                Serial *serial = NULL;
                char *told = NULL;
                int r;

                become(user);
                r = serial_open(&serial, NULL, NODE, &settings, NULL, NULL, &told);
                _exit(r == -EBUSY && g_strcmp0(told, wanted) != 0 ? 200 : -r);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static const struct {
        uid_t we, maker, process;
        int outcome;
} cases[] = {
        { US, ANNA, ANNA, EBUSY },                         /* minicom of a user */
        { US, ANNA, BEN, ENOENT },                         /* a name that is not hers to use */
        { US, ANNA, 0, ENOENT },   { US, 0, ANNA, EBUSY }, /* root says so */
        { US, 0, 0, EBUSY },       { US, US, US, ENOENT }, /* our own: what it has open can be seen */
        { 0, ANNA, ANNA, ENOENT },                         /* root sees that it does not have it open */
        { 0, 0, ANNA, EBUSY },
};

START_TEST(test_lock)
{
        pid_t pid = start_process(cases[_i].process);

        write_lock(cases[_i].maker, pid);
        ck_assert_int_eq(open_as(cases[_i].we, pid), cases[_i].outcome);
        end_process(pid);

        /* Of a process that has ended none is believed. */
        ck_assert_int_eq(open_as(cases[_i].we, pid), ENOENT);
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("lock");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_loop_test(tcase, test_lock, 0, G_N_ELEMENTS(cases));
        return testing_run(tcase, "lock");
}

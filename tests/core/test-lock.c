/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lock files that keep fotad from a port: as root, who sees the open files of every process, and as the daemon's
 * own user, who sees those of his own processes. A port that does not exist proves that a lock file was ignored:
 * opening the port fails. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/serial.h"
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

/* A process of that user, which has the port open unless it is NULL. It is another program, because /proc assigns a
 * process that has only changed its user to root. */
static pid_t start_process(uid_t user, const char *port)
{
        int ready[2], input[2];
        char byte;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(input, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                if (port && open(port, O_RDWR | O_NOCTTY) < 0)
                        _exit(1);
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

static void *report_thread(void *userdata)
{
        pid_t id = gettid();

        if (write(*(int *)userdata, &id, sizeof(id)) == sizeof(id))
                for (;;)
                        pause();
        _exit(1);
}

/* A process with a second thread, which has the port open unless that is NULL. */
static pid_t start_threads(const char *port, pid_t *ret_thread)
{
        int ready[2];
        pthread_t thread;
        pid_t pid;

        ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                if ((port && open(port, O_RDWR | O_NOCTTY) < 0) ||
                    pthread_create(&thread, NULL, report_thread, &ready[1]) != 0)
                        _exit(1);
                for (;;)
                        pause();
        }
        ck_assert_int_eq(read(ready[0], ret_thread, sizeof(*ret_thread)), sizeof(*ret_thread));
        close(ready[0]);
        close(ready[1]);
        return pid;
}

static void write_lock(uid_t user, pid_t pid)
{
        g_autofree char *text = g_strdup_printf("%10d\n", (int)pid);

        ck_assert(g_file_set_contents(lock, text, -1, NULL));
        ck_assert_int_eq(chmod(lock, 0644), 0);
        ck_assert_int_eq(chown(lock, user, user), 0);
}

/* The result of opening the port as that user: the errno; 200 if -EBUSY names another holder. */
static int open_as(uid_t user, const char *port, bool was_ours, const char *holder)
{
        SerialSettings settings = { .lock_directory = directory, .baud_rate = 115200, .was_ours = was_ours };
        int status;
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                Serial *serial = NULL;
                char *told = NULL;
                int r;

                become(user);
                r = serial_open(&serial, NULL, port, &settings, NULL, NULL, &told);
                if (r == -EBUSY && g_strcmp0(told, holder) != 0) {
                        fprintf(stderr, "held '%s', not '%s'\n", told, holder);
                        _exit(200);
                }
                _exit(-r);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static const struct {
        uid_t we, maker, process;
        int outcome;
} cases[] = {
        { US, ANNA, ANNA, ENOENT },                        /* every user can make such a file */
        { US, ANNA, BEN, ENOENT }, { US, ANNA, 0, ENOENT }, { US, 0, ANNA, EBUSY }, /* root's lock file is valid */
        { US, 0, 0, EBUSY },       { US, US, US, ENOENT }, /* our own process: its open files can be read */
        { US, 0, US, ENOENT },     { 0, ANNA, ANNA, ENOENT }, /* root sees that the process does not have the port
                                                                 open */
        { 0, 0, ANNA, ENOENT },
};

START_TEST(test_lock)
{
        uid_t we = cases[_i].we, maker = cases[_i].maker;
        pid_t pid = start_process(cases[_i].process, NULL);
        g_autofree char *holder = g_strdup_printf("by cat (pid %d), a lock file says (%s of user root)", (int)pid, lock);

        write_lock(maker, pid);
        ck_assert_int_eq(open_as(we, NODE, false, holder), cases[_i].outcome);
        /* A port that fotad had already is not given up for a process that may not know of it. */
        ck_assert_int_eq(open_as(we, NODE, true, NULL), ENOENT);
        /* A file that every user may have written is ignored. */
        write_lock(maker, pid);
        ck_assert_int_eq(chmod(lock, 0666), 0);
        ck_assert_int_eq(open_as(we, NODE, false, NULL), ENOENT);
        end_process(pid);

        /* The lock file of a process that has ended is ignored. */
        write_lock(maker, pid);
        ck_assert_int_eq(open_as(we, NODE, false, NULL), ENOENT);
}
END_TEST

static char *make_port(void)
{
        char name[64];
        int master, slave;

        ck_assert_int_eq(openpty(&master, &slave, name, NULL, NULL), 0);
        close(slave); /* the master stays open as long as the test runs */
        g_free(lock);
        lock = g_strdup_printf("%s/LCK..%s", directory, strrchr(name, '/') + 1);
        return g_strdup(name);
}

/* The process has the port open: the lock file is valid, even if another process made it, and even if fotad had the
 * port before. */
static const uid_t users[] = { US, 0 };

START_TEST(test_open)
{
        g_autofree char *port = make_port(), *holder = NULL;
        pid_t pid = start_process(US, port);

        holder = g_strdup_printf("by cat (pid %d)", (int)pid);
        write_lock(ANNA, pid);
        ck_assert_int_eq(open_as(users[_i], port, false, holder), EBUSY);
        ck_assert_int_eq(open_as(users[_i], port, true, holder), EBUSY);
        end_process(pid);
}
END_TEST

/* The number of an ended process may now belong to a thread, which no list of processes shows. */
START_TEST(test_thread)
{
        g_autofree char *port = _i == 1 ? make_port() : NULL, *holder = NULL;
        pid_t thread, pid = start_threads(port, &thread);

        holder = g_strdup_printf("by test-lock (pid %d)", (int)thread);
        write_lock(0, thread);
        ck_assert_int_eq(open_as(0, port ?: NODE, false, holder), port ? EBUSY : ENOENT);
        end_process(pid);
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("lock");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_loop_test(tcase, test_lock, 0, G_N_ELEMENTS(cases));
        tcase_add_loop_test(tcase, test_open, 0, G_N_ELEMENTS(users));
        tcase_add_loop_test(tcase, test_thread, 0, 2);
        return testing_run(tcase, "lock");
}

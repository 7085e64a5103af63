/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs many worlds side by side: a world waits most of its time. Depends on processes and libcheck only. */

#include <check.h>
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers.h"

#define WORKERS 5
#define NICE    10 /* the workers are many, and other tests depend on time-outs */

typedef struct Worker {
        pid_t pid; /* 0: none */
        unsigned item;
        int output;
} Worker;

/* The task of the only test of a worker's own runner. */
static struct {
        Work work;
        unsigned item;
        void *data;
} task;

START_TEST(test_task)
{
        task.work(task.item, task.data);
}
END_TEST

/* An assertion that fails in a worker must neither end this program as a whole nor be printed among its own results:
 * each worker has a runner of its own. */
static int run_task(void)
{
        Suite *suite = suite_create("worker");
        TCase *tcase = tcase_create("task");
        SRunner *runner;

        tcase_add_test(tcase, test_task);
        suite_add_tcase(suite, tcase);
        runner = srunner_create(suite);
        srunner_set_fork_status(runner, CK_NOFORK);
        srunner_run(runner, "worker", "task", CK_NORMAL); /* by name: CK_RUN_CASE does not apply to this suite */
        return srunner_ntests_run(runner) == 1 && !srunner_ntests_failed(runner) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static Worker start(unsigned item, Work work, void *data)
{
        pid_t parent = getpid();
        Worker worker = { .item = item, .output = memfd_create("output", MFD_CLOEXEC) };
        int status;

        ck_assert_int_ge(worker.output, 0);
        fflush(NULL);
        worker.pid = fork();
        ck_assert_int_ge(worker.pid, 0);
        if (worker.pid > 0)
                return worker;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || nice(NICE) < 0)
                _exit(EXIT_FAILURE);
        dup2(worker.output, STDOUT_FILENO);
        dup2(worker.output, STDERR_FILENO);
        task.work = work;
        task.item = item;
        task.data = data;
        status = run_task();
        fflush(NULL);
        _exit(status);
}

static void print_output(const Worker *worker, const char *what)
{
        char buffer[4096];
        ssize_t n;

        printf("---- %s %u\n", what, worker->item);
        for (off_t at = 0; (n = pread(worker->output, buffer, sizeof(buffer), at)) > 0; at += n)
                fwrite(buffer, 1, (size_t)n, stdout);
        fflush(stdout);
}

/* Waits until one of the workers has ended, and records a failure. */
static void finish_one(Worker *workers, const char *what, GString *failed)
{
        Worker *worker = workers;
        int status;
        pid_t pid;

        do
                pid = wait(&status);
        while (pid < 0 && errno == EINTR);
        ck_assert_int_gt(pid, 0);
        while (worker->pid != pid) {
                worker++;
                ck_assert_msg(worker < workers + WORKERS, "%d is no worker", (int)pid);
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
                print_output(worker, what);
                g_string_append_printf(failed, " %u", worker->item);
        }
        close(worker->output);
        worker->pid = 0;
}

void workers_run(const char *what, unsigned first, unsigned last, Work work, void *data)
{
        Worker workers[WORKERS] = { 0 };
        g_autoptr(GString) failed = g_string_new(NULL);
        unsigned running = 0, next = first;

        while (next <= last || running > 0) {
                Worker *worker = workers;

                if (next > last || running == WORKERS) {
                        finish_one(workers, what, failed);
                        running--;
                        continue;
                }
                while (worker->pid)
                        worker++;
                *worker = start(next++, work, data);
                running++;
        }
        ck_assert_msg(failed->len == 0, "%s%s failed", what, failed->str);
}

void *workers_share(unsigned long size)
{
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        ck_assert(memory != MAP_FAILED);
        return memory;
}

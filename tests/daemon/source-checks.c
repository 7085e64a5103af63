/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in for systemd at the socket of fotad-source-check. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "source-checks.h"
#include "world-private.h"

/* The user in the place of DynamicUser=: news, which exists on every Debian, and as which nothing else runs. */
#define CHECK_USER "9"

static int listen_for_fotad(World *w)
{
        g_autofree char *path = world_path(w, "source-check");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_uint_lt(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)), sizeof(address.sun_path));
        unlink(path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 512), 0);
        ck_assert_int_eq(chown(path, w->user, w->user), 0);
        ck_assert_int_eq(chmod(path, 0600), 0);
        return fd;
}

static void note_pid(const char *file)
{
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        dprintf(fd, "%d", (int)getpid());
        close(fd);
}

/* For each connection a process of its own, which ends with the test. */
static void accept_all(int listener, char *const *argv, const char *log, const char *last)
{
        pid_t parent = getpid();

        signal(SIGCHLD, SIG_IGN);
        for (;;) {
                int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (connection >= 0 && fork() == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        if (getppid() != parent)
                                _exit(127);
                        signal(SIGCHLD, SIG_DFL);
                        dup2(connection, STDIN_FILENO);
                        dup2(connection, STDOUT_FILENO);
                        dup2(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), STDERR_FILENO);
                        note_pid(last);
                        execv(*argv, argv);
                        _exit(127);
                }
                close(connection);
        }
}

static void serve(World *w, char *const *argv)
{
        g_autofree char *log = world_path(w, "source-check.log"), *last = world_path(w, "source-check.pid");
        pid_t parent = getpid(), pid;
        int listener = listen_for_fotad(w);

        ck_assert_int_ge(pid = fork(), 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(127);
                accept_all(listener, argv, log, last);
        }
        close(listener);
        g_ptr_array_add(w->processes, GINT_TO_POINTER(pid));
}

void source_checks_serve(World *w)
{
        g_autofree char *program = world_program("source-check/fotad-source-check"), *build = world_program("");
        g_autofree char *confine = world_program("tests/daemon/confine");
        g_autofree char *unit = world_program("systemd/fotad-source-check@.service");
        g_autofree char *sets = world_program("tests/daemon/syscall-sets");

        serve(w, (char *[]){ confine, "--unit", unit, "--sets", sets, "--user", CHECK_USER, "--show", build, "--",
                             "ASAN_OPTIONS=verify_asan_link_order=0", program, NULL });
}

void source_checks_serve_by(World *w, const char *command)
{
        serve(w, (char *[]){ "/bin/sh", "-c", (char *)command, NULL });
}

void source_checks_leave(World *w)
{
        close(listen_for_fotad(w));
}

pid_t source_checks_last(World *w)
{
        g_autofree char *path = world_path(w, "source-check.pid"), *text = NULL;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        return (pid_t)strtol(text, NULL, 10);
}

char *source_checks_log(World *w)
{
        g_autofree char *path = world_path(w, "source-check.log");
        char *text = NULL;

        return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

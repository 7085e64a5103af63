/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs fotactl, or another client (CLIENT_PROGRAM), as a person or a unit does, and reads its output. Independent of
 * its verbs. */

#include <check.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-run.h"

#define TIMEOUT (30 * G_USEC_PER_SEC)

static char *error_path(World *w)
{
        return world_path(w, "fotactl.err");
}

/* The path at which fotactl looks for the file, in a mount namespace of its own: mounted below the nearest existing
 * directory, so that nothing is created on the machine. */
static void install_language(const char *language)
{
        g_autofree char *above = g_strdup(LOCALEDIR), *directory = NULL, *link = NULL, *compiled = NULL;

        while (!g_file_test(above, G_FILE_TEST_IS_DIR)) {
                char *up = g_path_get_dirname(above);
                g_free(above);
                above = up;
        }
        directory = g_build_filename(LOCALEDIR, language, "LC_MESSAGES", NULL);
        link = g_build_filename(directory, "fotad.mo", NULL);
        compiled = g_strdup_printf("%s/po/%s.gmo", g_getenv("abs_top_srcdir"), language);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", above, "tmpfs", 0, NULL) < 0 || g_mkdir_with_parents(directory, 0755) < 0 ||
            symlink(compiled, link) < 0) {
                perror("this test shows fotactl a language, which only root can");
                _exit(127);
        }
}

static void set_environment(const ClientTerminal *terminal)
{
        g_setenv("LC_ALL", "C.UTF-8", TRUE);
        g_setenv("TERM", terminal->term ?: "xterm", TRUE);
        g_unsetenv("NO_COLOR");
        if (terminal->no_color)
                g_setenv("NO_COLOR", terminal->no_color, TRUE);
        g_unsetenv("LANGUAGE");
        if (terminal->language) {
                g_setenv("LANGUAGE", terminal->language, TRUE);
                install_language(terminal->language);
        }
}

static void become(World *w, const char *command, const char *input, const ClientTerminal *terminal)
{
        g_autofree char *err = error_path(w), *line = NULL;

        /* $F stands for the program. exec: signals reach the program, not the shell. */
        line = g_strdup_printf("%s exec \"$F\" %s 2>'%s'", input ? "printf '%s\\n' \"$INPUT\" |" : "", command, err);
        g_setenv("F", g_getenv("CLIENT_PROGRAM") ?: g_build_filename(g_getenv("abs_top_builddir"), "client/fotactl", NULL),
                 TRUE);
        g_setenv("INPUT", input ?: "", TRUE);
        set_environment(terminal);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(127);
}

static ClientRun *begin(World *w, const char *command, const char *input, const ClientTerminal *terminal)
{
        struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)terminal->columns };
        ClientRun *r = g_new0(ClientRun, 1);
        int ends[2];

        r->w = w;
        r->text = g_string_new(NULL);
        r->json = strstr(command, "--json") != NULL;
        if (terminal->columns) {
                r->pid = forkpty(&r->out, NULL, NULL, &size);
        } else {
                ck_assert_int_eq(pipe(ends), 0);
                r->pid = fork();
                if (r->pid == 0) {
                        dup2(ends[1], STDOUT_FILENO);
                        close(ends[0]);
                        close(ends[1]);
                }
                r->out = ends[0];
        }
        ck_assert_int_ge(r->pid, 0);
        if (r->pid == 0)
                become(w, command, input, terminal);
        if (!terminal->columns)
                close(ends[1]);
        return r;
}

ClientRun *client_begin(World *w, const char *command, const char *input, bool terminal)
{
        return begin(w, command, input, &(ClientTerminal){ .columns = terminal ? 80 : 0 });
}

ClientRun *client_begin_at(World *w, const char *command, const ClientTerminal *terminal)
{
        return begin(w, command, NULL, terminal);
}

/* The end of its output: a whole upgrade's output is too long for a message of check's. */
static const char *last_words(const ClientRun *r)
{
        return r->text->len > 600 ? r->text->str + r->text->len - 600 : r->text->str;
}

/* Returns false at the end of the output. */
static bool read_more(ClientRun *r)
{
        struct pollfd fd = { .fd = r->out, .events = POLLIN };
        char buffer[4096];
        ssize_t n;

        ck_assert_msg(poll(&fd, 1, TIMEOUT / 1000) > 0, "no more output after: %s", last_words(r));
        n = read(r->out, buffer, sizeof(buffer));
        if (n > 0)
                g_string_append_len(r->text, buffer, n);
        return n > 0; /* a terminal ends with EIO */
}

void client_await(ClientRun *r, const char *part)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT; /* a progress bar is redrawn for ever */

        while (!strstr(r->text->str, part)) {
                ck_assert_msg(read_more(r), "ended without '%s': %s", part, last_words(r));
                ck_assert_msg(g_get_monotonic_time() < end, "'%s' is not printed: %s", part, last_words(r));
        }
}

/* Every line is a JSON text. */
static void assert_json(World *w, const char *text)
{
        g_autofree char *file = world_path(w, "lines.json");
        g_autofree char *command = g_strdup_printf("/usr/bin/python3 -m json.tool --json-lines '%s' >/dev/null", file);

        ck_assert_msg(*text && g_str_has_suffix(text, "\n"), "no line: '%s'", text);
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        ck_assert_msg(system(command) == 0, "no JSON: %.600s", text);
}

/* Waits for the end of the run, whose output must hold no password. */
void client_finish(ClientRun *r, int expected)
{
        g_autofree char *err = error_path(r->w);
        int status;

        while (read_more(r))
                ;
        close(r->out);
        ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
        ck_assert(g_file_get_contents(err, &r->error, NULL, NULL));
        ck_assert_msg(expected < 0 ? WIFSIGNALED(status) && WTERMSIG(status) == -expected
                                   : WIFEXITED(status) && WEXITSTATUS(status) == expected,
                      "status %x instead of %d: %s%s", status, expected, last_words(r), r->error);
        ck_assert(!strstr(r->text->str, "s3cret") && !strstr(r->error, "s3cret"));
        if (r->json) {
                assert_json(r->w, r->text->str);
                ck_assert_str_eq(r->error, "");
        }
}

void client_free(ClientRun *r)
{
        g_string_free(r->text, TRUE);
        g_free(r->error);
        g_free(r);
}

/* Runs the command to its end; out and err are parts that its output must have. */
void client_assert(World *w, const char *command, const char *input, int status, const char *out, const char *err)
{
        ClientRun *r = client_begin(w, command, input, false);

        client_finish(r, status);
        ck_assert_msg(strstr(r->text->str, out) != NULL, "%s: '%s' without '%s'; %s", command, last_words(r), out,
                      r->error);
        ck_assert_msg(strstr(r->error, err) != NULL, "%s: '%s' without '%s'", command, r->error, err);
        client_free(r);
}

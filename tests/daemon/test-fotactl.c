/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client as people and scripts use it: what it prints, its exit status, JSON, a terminal, and that leaving it
 * leaves the upgrade alone. */

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#define SECRET   "s3cret-Pa55"
#define PATIENCE (30 * G_USEC_PER_SEC)

/* ---- running it */

typedef struct Run {
        World *w;
        pid_t pid;
        int out;       /* stdout, or the terminal */
        GString *text; /* stdout */
        char *error;   /* stderr */
        bool json;
} Run;

static char *error_path(World *w)
{
        return world_path(w, "fotactl.err");
}

static void become(World *w, const char *command, const char *input)
{
        g_autofree char *err = error_path(w), *line = NULL;

        /* $F stands for the program. exec: signals go to it, not to the shell. */
        line = g_strdup_printf("%s exec \"$F\" %s 2>'%s'", input ? "printf '%s\\n' \"$INPUT\" |" : "", command, err);
        g_setenv("F", g_build_filename(g_getenv("abs_top_builddir"), "client/fotactl", NULL), TRUE);
        g_setenv("INPUT", input ?: "", TRUE);
        g_setenv("LC_ALL", "C.UTF-8", TRUE);
        g_setenv("TERM", "xterm", TRUE);
        g_unsetenv("NO_COLOR");
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", line, NULL);
        _exit(127);
}

/* input: its standard input, NULL for none; terminal: on a terminal of 80 columns. */
static Run *begin(World *w, const char *command, const char *input, bool terminal)
{
        struct winsize size = { .ws_row = 24, .ws_col = 80 };
        Run *r = g_new0(Run, 1);
        int ends[2];

        r->w = w;
        r->text = g_string_new(NULL);
        r->json = strstr(command, "--json") != NULL;
        if (terminal) {
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
                become(w, command, input);
        if (!terminal)
                close(ends[1]);
        return r;
}

/* Its last words: a whole upgrade's output is too long for a message of check's. */
static const char *last_words(const Run *r)
{
        return r->text->len > 600 ? r->text->str + r->text->len - 600 : r->text->str;
}

/* false at the end of its output. */
static bool read_more(Run *r)
{
        struct pollfd fd = { .fd = r->out, .events = POLLIN };
        char buffer[4096];
        ssize_t n;

        ck_assert_msg(poll(&fd, 1, PATIENCE / 1000) > 0, "it says nothing any more: %s", last_words(r));
        n = read(r->out, buffer, sizeof(buffer));
        if (n > 0)
                g_string_append_len(r->text, buffer, n);
        return n > 0; /* a terminal ends with EIO */
}

static void await_text(Run *r, const char *part)
{
        while (!strstr(r->text->str, part))
                ck_assert_msg(read_more(r), "ended without '%s': %s", part, last_words(r));
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

/* Its end; nothing it said holds a password. */
static void finish(Run *r, int expected)
{
        g_autofree char *err = error_path(r->w);
        int status;

        while (read_more(r))
                ;
        close(r->out);
        ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
        ck_assert(g_file_get_contents(err, &r->error, NULL, NULL));
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected, "status %x instead of %d: %s%s", status,
                      expected, last_words(r), r->error);
        ck_assert(!strstr(r->text->str, "s3cret") && !strstr(r->error, "s3cret"));
        if (r->json) {
                assert_json(r->w, r->text->str);
                ck_assert_str_eq(r->error, "");
        }
}

static void run_free(Run *r)
{
        g_string_free(r->text, TRUE);
        g_free(r->error);
        g_free(r);
}

/* Runs it to its end; out and err: what they must hold. */
static void assert_run(World *w, const char *command, const char *input, int status, const char *out, const char *err)
{
        Run *r = begin(w, command, input, false);

        finish(r, status);
        ck_assert_msg(strstr(r->text->str, out) != NULL, "%s: '%s' without '%s'; %s", command, last_words(r), out,
                      r->error);
        ck_assert_msg(strstr(r->error, err) != NULL, "%s: '%s' without '%s'", command, r->error, err);
        run_free(r);
}

/* ---- tests */

/* Wrong usage, no daemon, and what needs none. */
static const struct {
        const char *command;
        int status;
        const char *out, *err;
} alone[] = {
        { "", 2, "", "verb" },
        { "dance", 2, "", "verb" },
        { "start", 2, "", "needs SOURCE" },
        { "start a b", 2, "", "no more than" },
        { "start --dance http://host/up.bin", 2, "", "dance" },
        { "start --cid=x http://host/up.bin", 2, "", "--cid takes a number" },
        { "start /does/not/exist", 2, "", "cannot be opened" },
        { "start ftp:gw:" SECRET "@host/up.bin", 2, "", "SOURCE" },
        { "retry 1", 2, "", "needs JOB SOURCE" },
        { "history -n -1", 2, "", "number" },
        { "history -n x", 2, "", "" },
        { "list x", 2, "", "no arguments" },
        { "explain 9999", 2, "", "no such code" },
        { "start --json", 2, "\"error\"", "" },
        { "dance --json", 2, "\"error\"", "" },
        { "explain --json 9999", 2, "\"error\"", "" },
        { "list", 4, "", "fotad is not running" },
        { "status", 4, "", "fotad is not running" },
        { "start http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "start --wait http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "watch", 4, "", "fotad is not running" },
        { "cancel", 4, "", "fotad is not running" },
        { "retry 1 http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "check http://gw:" SECRET "@host/up.bin", 4, "", "fotad is not running" },
        { "history", 4, "", "fotad is not running" },
        { "probe", 4, "", "fotad is not running" },
        { "--json list", 4, "\"error\"", "" },
        { "list --json", 4, "\"error\"", "" },
        { "start --json http://gw:" SECRET "@host/up.bin", 4, "\"error\"", "" },
        { "explain 504", 0, "update/504", "" },
        { "explain host/cancelled", 0, "cancelled", "" },
        { "explain port-busy", 0, "Remedy", "" },
        { "explain --json http/714", 0, "\"dns-failed\"", "" },
        { "--version", 0, "fotactl ", "" },
        { "--help", 0, "watch [JOB]", "" },
        { "help start", 0, "--apn-password-file", "" },
};

START_TEST(test_alone)
{
        WorldSettings settings = { .no_daemon = true };
        World *w = world_new(&settings);

        for (size_t i = 0; i < G_N_ELEMENTS(alone); i++)
                assert_run(w, alone[i].command, NULL, alone[i].status, alone[i].out, alone[i].err);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/does/not/exist", TRUE);
        assert_run(w, "explain 504", NULL, 0, "update/504", "");
        assert_run(w, "list", NULL, 4, "", "system bus");
        assert_run(w, "list --json", NULL, 4, "\"error\"", "");
        world_free(w);
}
END_TEST

/* A day with it: every verb, in words and in JSON. */
START_TEST(test_verbs)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *missing = NULL, *failing = NULL, *secret = NULL;
        static const char second[] = "/org/fotad1/job/_32";

        assert_run(w, "status", NULL, 0, "no upgrade", "");
        assert_run(w, "status --json", NULL, 0, "[]", "");
        assert_run(w, "history", NULL, 0, "No upgrade", "");
        assert_run(w, "history --json", NULL, 0, "[]", "");
        assert_run(w, "watch", NULL, 3, "", "NoSuchJob");
        assert_run(w, "cancel", NULL, 3, "", "NoSuchJob");
        assert_run(w, "status 77", NULL, 3, "", "NoSuchJob");
        assert_run(w, "status --json 77", NULL, 3, "NoSuchJob", "");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        missing = world_http(w, "missing.bin");
        secret = world_ftp(w, "gateway:" SECRET "@", "up.bin");
        world_await_module(w, MODULE_1);
        assert_run(w, "list", NULL, 0, OLD_REVISION, "");
        assert_run(w, "list --json", NULL, 0, "\"Revision\":\"" OLD_REVISION "\"", "");
        assert_run(w, "probe", NULL, 0, "EC200A", "");
        assert_run(w, "probe --json usb-1-1", NULL, 0, "\"Imei\"", "");
        assert_run(w, "probe usb-1-9", NULL, 3, "", "NoSuchModule");

        assert_run(w, "start gopher://gw:" SECRET "@host/up", NULL, 2, "", "SOURCE");
        assert_run(w, "start 'http://gw:" SECRET "@host/a b'", NULL, 3, "", "InvalidSource");
        assert_run(w, "start --json 'http://gw:" SECRET "@host/a b'", NULL, 3, "InvalidSource", "");
        assert_run(w, "start --cid 99 http://host/up.bin", NULL, 3, "", "InvalidOption: cid");
        assert_run(w, "start --module usb-1-9 http://host/up.bin", NULL, 3, "", "NoSuchModule");
        assert_run(w, "check --cid 99 http://host/up.bin", NULL, 3, "", "InvalidOption: cid");
        assert_run(w, "check --module usb-1-9 --json http://host/up.bin", NULL, 3, "NoSuchModule", "");
        assert_run(w, "start --cid 1 /etc/hostname", NULL, 3, "", "InvalidOption");

        failing = g_strdup_printf("start --wait %s", missing);
        assert_run(w, failing, NULL, 1, "The upgrade failed: http/711 (url-error)", "");
        world_assert_result(w, JOB_1, "failed", "http", "url-error");
        assert_run(w, "watch 1", NULL, 1, "The upgrade failed", "");
        assert_run(w, "watch --json " JOB_1, NULL, 1, "\"event\":\"result\"", "");
        assert_run(w, "status 1", NULL, 0, "url-error", "");
        assert_run(w, "retry 1 http://host/x", NULL, 3, "", "NotStalled");
        assert_run(w, "retry --json 1 http://host/x", NULL, 3, "NotStalled", "");
        assert_run(w, "cancel 1", NULL, 3, "", "NotCancellable");
        assert_run(w, "cancel --json 1", NULL, 3, "NotCancellable", "");

        /* A password comes by standard input, where nobody sees it. */
        world_await_property(w, MODULE_1, "Job", "/");
        assert_run(w, "start --wait --json --expect " NEW_REVISION " -", secret, 0, "\"Result\":\"success\"", "");
        world_assert_result(w, second, "success", "", "");
        assert_run(w, "status", NULL, 0, "ftp://gateway:***@", "");
        assert_run(w, "status --json", NULL, 0, "ftp://gateway:***@", "");
        assert_run(w, "history", NULL, 0, "url-error", "");
        assert_run(w, "history --json -n 1", NULL, 0, "success", "");
        assert_run(w, "watch", NULL, 0, "The upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION, "");
        world_free(w);
}
END_TEST

START_TEST(test_cancel)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *command = NULL;
        Run *r;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        command = g_strdup_printf("start --wait %s %s", _i ? "--json" : "", url);
        r = begin(w, command, NULL, false);
        await_text(r, "downloading");
        g_free(world_sim(w, "held 1-1"));
        assert_run(w, "retry 1 http://host/x", NULL, 3, "", "NotStalled");
        assert_run(w, _i ? "cancel --json" : "cancel", NULL, 0, _i ? "cancelling" : "will be cancelled", "");
        finish(r, 5);
        ck_assert(strstr(r->text->str, _i ? "\"Result\":\"cancelled\"" : "The upgrade was cancelled"));
        run_free(r);
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        assert_run(w, "watch", NULL, 5, "cancelled", "");
        world_free(w);
}
END_TEST

/* Ctrl-C leaves the upgrade alone; the daemon dies and comes back, and watch sees the end. */
START_TEST(test_detach)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *command = NULL;
        Run *r;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        command = g_strdup_printf("start --wait %s %s", _i ? "--json" : "", url);
        r = begin(w, command, NULL, false);
        await_text(r, "updating");
        g_free(world_sim(w, "held 1-1"));
        kill(r->pid, _i ? SIGTERM : SIGINT);
        finish(r, 0);
        ck_assert(strstr(r->text->str, _i ? "\"detached\"" : "fotactl watch 1"));
        run_free(r);
        world_assert_property(w, JOB_1, "State", "updating");

        r = begin(w, _i ? "watch --json" : "watch", NULL, false);
        await_text(r, "updating");
        world_kill_daemon(w);
        await_text(r, _i ? "daemon-gone" : "fotad has left the bus");
        world_start_daemon(w);
        await_text(r, _i ? "daemon-back" : "fotad is back");
        g_free(world_sim(w, "release 1-1"));
        finish(r, 0);
        ck_assert(strstr(r->text->str, _i ? "\"Result\":\"success\"" : "The upgrade succeeded: "));
        run_free(r);
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* A bar that is drawn over itself, and whole lines at the end; Ctrl-C as a terminal sends it. */
START_TEST(test_terminal)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *command = NULL;
        Run *r;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 updating:50"));
        command = g_strdup_printf("start --wait %s", url);
        r = begin(w, command, NULL, true);
        await_text(r, "\rupdating     [###");
        g_free(world_sim(w, "held 1-1"));
        if (_i) {
                ck_assert_int_eq(write(r->out, "\x03", 1), 1);
                await_text(r, "fotactl watch 1");
        } else {
                await_text(r, " 74 %");
        }
        g_free(world_sim(w, "release 1-1"));
        finish(r, 0);
        if (!_i)
                ck_assert(strstr(r->text->str, "The upgrade succeeded"));
        ck_assert(g_str_has_suffix(r->text->str, "\r\n"));
        ck_assert(strstr(r->text->str, "\033[K"));
        /* No line is longer than the terminal is wide. */
        for (const char *p = r->text->str; p && *p; p = strpbrk(p + 1, "\r\n")) {
                size_t columns = 0;

                for (const char *q = p + (*p == '\r' || *p == '\n'); *q && *q != '\r' && *q != '\n'; q++) {
                        if (*q == '\033')
                                q += strcspn(q, "Km");
                        else
                                columns++;
                }
                ck_assert_uint_le(columns, 80);
        }
        run_free(r);
        world_assert_result(w, JOB_1, "success", "", "");
        world_free(w);
}
END_TEST

/* A package on this host: a descriptor of the file, and its base name. */
START_TEST(test_file)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *path = world_path(w, "www/up.bin"), *bytes = NULL, *sha256 = NULL, *size = NULL;
        g_autofree char *check = g_strdup_printf("check --json %s", path), *wrong = NULL, *start = NULL;
        g_autofree char *protocol = g_strdup_printf("start --flow-control protocol %s", path), *shown = NULL;
        size_t n;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
        sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, n);
        wrong = g_strdup_printf("start --sha256 %064d %s", 0, path);
        start = g_strdup_printf("start --json --sha256 %s %s", sha256, path);
        size = g_strdup_printf("%zu bytes", n);
        shown = g_strdup_printf("\"PackageSize\":%zu,\"PackageSha256\":\"%s\"", n, sha256);
        world_await_module(w, MODULE_1);
        assert_run(w, check, NULL, 0, "a package on the host", "");
        assert_run(w, wrong, NULL, 3, "", "InvalidSource");
        assert_run(w, protocol, NULL, 3, "", "Unsupported");
        assert_run(w, "start /dev/null", NULL, 2, "", "not a regular file");
        g_free(world_sim(w, "set 1-1 delay 4000"));
        assert_run(w, start, NULL, 0, "\"Id\":\"1\"", "");
        assert_run(w, "status 1", NULL, 0, "up.bin", "");
        assert_run(w, "status 1", NULL, 0, size, "");
        assert_run(w, "status 1", NULL, 0, sha256, "");
        assert_run(w, "status --json 1", NULL, 0, shown, "");
        assert_run(w, "cancel 1", NULL, 0, "", "");
        world_assert_result(w, JOB_1, "cancelled", "host", "cancelled");
        assert_run(w, "history --json", NULL, 0, shown, "");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("fotactl");

        suite_add(s, "alone", test_alone, 0, 1);
        suite_add(s, "verbs", test_verbs, 0, 1);
        suite_add(s, "file", test_file, 0, 1);
        suite_add(s, "cancel", test_cancel, 0, 2);
        suite_add(s, "detach", test_detach, 0, 2);
        suite_add(s, "terminal", test_terminal, 0, 2);
        return suite_run(s);
}

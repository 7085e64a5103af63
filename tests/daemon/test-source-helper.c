/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad-source-check: servers that refuse HEAD, the secrecy of the URL, and the end of the process. And fotad without a
 * fotad-source-check that works: each fault is a finding of the check, and an upgrade goes on. */

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "presets.h"
#include "source-checks.h"
#include "suite.h"

#define SECRET "s3cret-Pa55"

static World *new_world(const char *config)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = config };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_1);
        return w;
}

static GPtrArray *check(World *w, const char *url)
{
        return check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
}

/* ---- HEAD is refused */

#define NO_RANGE "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n0123456789"

static const struct {
        const char *to_head, *to_range;
        bool holds;
        const char *finding;
} servers[] = {
        { "HTTP/1.1 403 Forbidden\r\n\r\n",
          "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-0/4711\r\nContent-Length: 1\r\n\r\nx", true,
          "HTTP status 206 to GET, after HEAD was refused, 4711 bytes" },
        { "HTTP/1.1 405 No HEAD\r\n\r\n",
          "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-0/4711\r\nContent-Length: 1\r\n\r\nx", true, "4711 bytes" },
        { "HTTP/1.1 501 No HEAD\r\n\r\n",
          "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-0/*\r\nContent-Length: 1\r\n\r\nx", true, "size not told" },
        { "", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-0/4711\r\nContent-Length: 1\r\n\r\nx", true,
          "4711 bytes" },
        /* the server ignores the range, and begins to send the whole file */
        { "HTTP/1.1 405 No HEAD\r\n\r\n", NO_RANGE, true,
          "HTTP status 200 to GET, after HEAD was refused, 4711 bytes" },
        { "HTTP/1.1 405 No HEAD\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n0123456789", true, "size not told" },
        { "HTTP/1.1 405 No HEAD\r\n\r\n", "HTTP/1.1 416 None\r\nContent-Range: bytes */0\r\n\r\n", false, "empty" },
        { "HTTP/1.1 405 No HEAD\r\n\r\n", "HTTP/1.1 416 None\r\nContent-Range: bytes */7\r\n\r\n", false,
          "no regular" },
        { "HTTP/1.1 405 No HEAD\r\n\r\n", "HTTP/1.1 404 None\r\n\r\n", false, "HTTP status 404" },
        { "HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n", false, "HTTP status 403: access denied" },
        { "HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\n\r\n", false,
          "modules do not follow" },
        { "", "", false, "closed the connection" },
        /* an answer for which HEAD is not to blame */
        { "HTTP/1.1 404 None\r\n\r\n", NO_RANGE, false, "HTTP status 404" },
        { "HTTP/1.1 401 Who\r\n\r\n", NO_RANGE, false, "HTTP status 401" },
};

START_TEST(test_head_refused)
{
        World *w = new_world(NULL);
        unsigned port = check_server_by_method(servers[_i].to_head, servers[_i].to_range);
        g_autofree char *url = g_strdup_printf("http://gw:" SECRET "@127.0.0.1:%u/up.bin", port);
        g_autoptr(GPtrArray) rows = NULL;

        source_checks_serve(w);
        rows = check(w, url);
        check_assert_all_but(rows, servers[_i].holds ? "" : "server");
        check_assert(rows, "server", servers[_i].holds, servers[_i].finding);
        world_free(w);
}
END_TEST

/* A server that sends headers without end, to HEAD and to GET. */
START_TEST(test_long_answer)
{
        World *w = new_world(NULL);
        GString *answer = g_string_new("HTTP/1.1 200 OK\r\n");
        g_autofree char *url = NULL;
        g_autoptr(GPtrArray) rows = NULL;

        for (unsigned i = 0; i < 5000; i++)
                g_string_append_printf(answer, "X-%u: 0123456789\r\n", i);
        url = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(answer->str));
        source_checks_serve(w);
        rows = check(w, url);
        check_assert_all_but(rows, "server");
        check_assert(rows, "server", false, "too long");
        g_string_free(answer, TRUE);
        world_free(w);
}
END_TEST

/* ---- a fotad-source-check that fails */

#define INSTALL "systemctl start fotad-source-check.socket"
#define UNCLEAR "an answer that fotad does not understand"

static const struct {
        const char *command; /* in the place of fotad-source-check; NULL: nothing listens at the socket; "" none */
        const char *finding, *remedy;
} helpers[] = {
        { NULL, "nothing listens at", INSTALL },
        { "", "nothing listens at", INSTALL },
        { "exit 1", "ended without an answer", "log" },
        { "kill -KILL $$", "ended without an answer", "log" },
        { "read question; printf 'head 200 5'", "ended without an answer", "log" },
        { "exec sleep 1000", "did not answer in time", "log" },
        { "read question; printf 'head 200 '; exec sleep 1000", "did not answer in time", "log" },
        { "exec yes", UNCLEAR, "version" },
        { "exec cat /dev/zero", UNCLEAR, "version" },
        { "exec cat", UNCLEAR, "version" }, /* the question itself, with its password */
        { "echo hello", UNCLEAR, "version" },
        { "echo; echo head 200 5", UNCLEAR, "version" },
        { "printf 'head 200 5\\nhead 200 5\\n'", UNCLEAR, "version" },
        { "echo head 200", UNCLEAR, "version" },
        { "echo head 200 5 6", UNCLEAR, "version" },
        { "echo head 200 99999999999999999999", UNCLEAR, "version" },
        { "echo head -1 5", UNCLEAR, "version" },
        { "echo head 200 -2", UNCLEAR, "version" },
        { "echo none 0 -1", UNCLEAR, "version" },
};

START_TEST(test_fails)
{
        World *w = new_world("source=1\n");
        g_autofree char *plain = NULL, *url = NULL, *job = NULL, *log = NULL, *warning = NULL;
        g_autoptr(GPtrArray) rows = NULL;

        plain = world_publish(w);
        url = g_strdup_printf("http://gw:" SECRET "@%s", plain + strlen("http://"));
        if (!helpers[_i].command)
                source_checks_leave(w);
        else if (*helpers[_i].command)
                source_checks_serve_by(w, helpers[_i].command);
        rows = check(w, url);
        check_assert_all_but(rows, "server");
        check_assert(rows, "server", false, helpers[_i].finding);
        check_assert(rows, "server", false, "the server was not asked: ");
        ck_assert(g_str_has_prefix(check_find(rows, "server")->remedy, "advice: "));
        ck_assert_msg(strstr(check_find(rows, "server")->remedy, helpers[_i].remedy) != NULL, "%s",
                      check_find(rows, "server")->remedy);

        job = world_expect_job(w, world_start(w, "", url, "check-source", "b", "1", NULL));
        world_assert_result(w, job, "success", "", "");
        log = world_log(w);
        warning = g_strdup_printf("job 1 on usb-1-1: %s: ", check_find(rows, "server")->finding);
        ck_assert_msg(strstr(log, warning) != NULL, "the log has no '%s'", warning);
        ck_assert(!strstr(log, "s3cret"));
        world_free(w);
}
END_TEST

/* ---- while a server is asked */

/* The server has the question of a job, and has not answered. */
typedef struct Asked {
        World *w;
        int listener, connection;
        char *job;
} Asked;

static Asked begin(const char *config)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        Asked a = { .w = new_world(config), .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        g_autofree char *url = NULL;
        char byte;

        source_checks_serve(a.w);
        ck_assert_int_eq(bind(a.listener, (struct sockaddr *)&address, size), 0);
        ck_assert_int_eq(listen(a.listener, 1), 0);
        ck_assert_int_eq(getsockname(a.listener, (struct sockaddr *)&address, &size), 0);
        url = g_strdup_printf("http://gw:" SECRET "@127.0.0.1:%u/up.bin", ntohs(address.sin_port));
        a.job = world_expect_job(a.w, world_start(a.w, "", url, "check-source", "b", "1", NULL));
        a.connection = accept(a.listener, NULL, NULL);
        ck_assert_int_ge(a.connection, 0);
        ck_assert_int_eq(recv(a.connection, &byte, 1, MSG_PEEK), 1);
        return a;
}

static void end(Asked *a)
{
        close(a->connection);
        close(a->listener);
        g_free(a->job);
        world_free(a->w);
}

/* Fails if the file of /proc has the password. */
static void assert_no_secret(pid_t pid, const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name), *text = NULL;
        gsize length = 0;

        ck_assert_msg(g_file_get_contents(path, &text, &length, NULL) && length > 0, "%s cannot be read", path);
        ck_assert_msg(memmem(text, length, "s3cret", strlen("s3cret")) == NULL, "%s", path);
}

START_TEST(test_secret)
{
        Asked a = begin(NULL);
        pid_t helper = source_checks_last(a.w);
        g_autofree char *log = NULL, *helper_log = NULL;

        assert_no_secret(helper, "cmdline");
        assert_no_secret(helper, "environ");
        assert_no_secret(world_daemon_pid(a.w), "cmdline");
        assert_no_secret(world_daemon_pid(a.w), "environ");
        close(a.connection); /* and to GET, too */
        a.connection = accept(a.listener, NULL, NULL);
        close(a.listener);
        world_assert_result(a.w, a.job, "failed", "host", "source-unreachable");
        log = world_log(a.w);
        helper_log = source_checks_log(a.w);
        ck_assert(!strstr(log, "s3cret") && !strstr(helper_log, "s3cret"));
        end(&a);
}
END_TEST

/* Reads until the end of the connection, which must come. */
static void assert_left(Asked *a)
{
        struct pollfd p = { .fd = a->connection, .events = POLLIN };
        char bytes[4096];

        do
                ck_assert_int_eq(poll(&p, 1, 60 * 1000), 1);
        while (read(a->connection, bytes, sizeof(bytes)) > 0);
}

/* fotad-source-check ends when its answer is not needed any more: the job was cancelled, or the daemon was killed. */
START_TEST(test_left)
{
        Asked a = begin("source=3600\n");

        if (_i == 0) {
                ck_assert(world_call(a.w, a.job, "org.fotad1.Job", "Cancel"));
                world_assert_result(a.w, a.job, "cancelled", "host", "cancelled");
        } else {
                world_kill_daemon(a.w);
        }
        assert_left(&a);
        end(&a);
}
END_TEST

/* fotad-source-check is stopped for longer than `source`: what the server has answered meanwhile counts. */
START_TEST(test_standstill)
{
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        Asked a = begin("source=2\n");
        g_autofree char *log = NULL;
        pid_t helper = source_checks_last(a.w);

        g_free(world_sim(a.w, "hold 1-1 qfotadl"));
        ck_assert_int_eq(kill(helper, SIGSTOP), 0);
        ck_assert_int_eq(write(a.connection, answer, strlen(answer)), (ssize_t)strlen(answer));
        poll(NULL, 0, 3000); /* this time is the subject of the test */
        ck_assert_int_eq(kill(helper, SIGCONT), 0);
        g_free(world_sim(a.w, "held 1-1"));
        log = world_log(a.w);
        ck_assert(strstr(log, "asked for the package: HTTP status 200, 100000 bytes"));
        end(&a);
}
END_TEST

/* ---- fotad-source-check by hand */

static const struct {
        const char *question;
        bool cut; /* the end of the line does not come */
        const char *said;
        int status;
} questions[] = {
        { "", true, "no question", 2 },
        { "1000 http://127.0.0.1:1/up.bin", true, "no question", 2 },
        { "http://gw:" SECRET "@127.0.0.1:1/up.bin\n", false, "not understood", 2 },
        { "0 http://gw:" SECRET "@127.0.0.1:1/up.bin\n", false, "not understood", 2 },
        { "1000 http://127.0.0.1:1/up.bin\n1000 http://127.0.0.1:1/up.bin\n", false, "no question", 2 },
        { "1000 http://127.0.0.1:1/up.bin\n", false, "connection 0 -1\n", 0 },
        { "1000 file:///etc/passwd\n", false, "protocol 0 -1\n", 0 },
        { "1000 gopher://127.0.0.1:1/up.bin\n", false, "protocol 0 -1\n", 0 },
};

/* Without fotad and without systemd, over a socket whose other end stays open. */
START_TEST(test_questions)
{
        g_autofree char *program = g_build_filename(g_getenv("abs_top_builddir"), "source-check/fotad-source-check",
                                                    NULL);
        size_t length = strlen(questions[_i].question);
        char said[4096] = "";
        int pair[2], status;
        ssize_t n;
        pid_t pid;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        ck_assert_int_ge(pid = fork(), 0);
        if (pid == 0) {
                for (int fd = 0; fd <= 2; fd++)
                        dup2(pair[1], fd);
                execl(program, program, NULL);
                _exit(127);
        }
        close(pair[1]);
        ck_assert_int_eq(send(pair[0], questions[_i].question, length, MSG_NOSIGNAL), (ssize_t)length);
        if (questions[_i].cut)
                shutdown(pair[0], SHUT_WR);
        while ((n = read(pair[0], said + strlen(said), sizeof(said) - strlen(said) - 1)) > 0)
                ;
        close(pair[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(strstr(said, questions[_i].said) && !strstr(said, "s3cret"), "%s", said);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), questions[_i].status);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("source-helper");

        suite_add(s, "head-refused", test_head_refused, 0, G_N_ELEMENTS(servers));
        suite_add(s, "long-answer", test_long_answer, 0, 1);
        suite_add(s, "fails", test_fails, 0, G_N_ELEMENTS(helpers));
        suite_add(s, "secret", test_secret, 0, 1);
        suite_add(s, "left", test_left, 0, 2);
        suite_add(s, "standstill", test_standstill, 0, 1);
        suite_add(s, "questions", test_questions, 0, G_N_ELEMENTS(questions));
        return suite_run(s);
}

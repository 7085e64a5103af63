/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Servers as in the field: slow, cut off, reset, mute, forbidden, or none at all. The module downloads from a real
 * socket each time; the job names the failure, the module keeps its firmware, and the next upgrade from a good server
 * works. */

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mini.h"
#include "presets.h"
#include "suite.h"

typedef enum Temper {
        GOOD,
        SLOW,          /* the whole package, in small parts */
        TRUNCATED,     /* Content-Length is larger than the body */
        SHORT,         /* the length is right, but the package is not complete */
        RESET,         /* RST in the middle of the body */
        STALLED,       /* half of the body, and never the rest */
        NEVER,         /* takes the request and does not answer */
        CLOSED,        /* takes the request and closes */
        EMPTY,         /* status 200 and no body */
        PORTAL,        /* status 200 and a web page */
        GARBAGE,       /* not HTTP at all */
        FORBIDDEN,     /* 403 */
        MISSING,       /* 404 */
        BROKEN,        /* 500 */
        BUSY,          /* 503 */
        FTP_BUSY,      /* 421 instead of a greeting */
        FTP_NEVER,     /* no greeting */
        FTP_FORBIDDEN, /* 530 to every login */
} Temper;

/* ---- the server */

static void say(int fd, const char *text, size_t length)
{
        while (length > 0) {
                ssize_t n = write(fd, text, length);

                if (n <= 0)
                        return;
                text += n;
                length -= (size_t)n;
        }
}

static void say_line(int fd, const char *text)
{
        say(fd, text, strlen(text));
}

static void say_head(int fd, const char *status, size_t length)
{
        g_autofree char *head = g_strdup_printf("HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\n"
                                                "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                                status, length);

        say_line(fd, head);
}

/* The slowness is the subject of the test: some 3 s altogether, 50 ms at a time. */
static void say_slowly(int fd, const char *text, size_t length)
{
        size_t part = length / 60 + 1;

        for (size_t i = 0; i < length; i += part) {
                say(fd, text + i, MIN(part, length - i));
                poll(NULL, 0, 50);
        }
}

static void close_with_reset(int fd)
{
        struct linger linger = { .l_onoff = 1 };

        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void hold_open(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLRDHUP };

        poll(&p, 1, -1);
}

/* The contents of a file of www/ that GET names. */
static char *read_body(const char *www, const char *request, gsize *ret_length)
{
        const char *slash = strchr(request, '/');
        g_autofree char *name = slash ? g_strndup(slash + 1, strcspn(slash + 1, " ?\r\n")) : NULL, *file = NULL;
        char *body = NULL;

        *ret_length = 0;
        if (!name)
                return NULL;
        file = g_build_filename(www, name, NULL);
        return g_file_get_contents(file, &body, ret_length, NULL) ? body : NULL;
}

static void answer(int fd, Temper temper, const char *www)
{
        char request[4096] = "";
        g_autofree char *body = NULL;
        gsize length = 0;

        if (temper == FTP_BUSY) {
                say_line(fd, "421 Too many users, come back later\r\n");
                return;
        }
        if (temper == FTP_FORBIDDEN)
                say_line(fd, "220 Welcome\r\n");
        while (temper == FTP_FORBIDDEN && read(fd, request, sizeof(request) - 1) > 0)
                say_line(fd, g_str_has_prefix(request, "USER") ? "331 Password?\r\n" : "530 No\r\n");
        if (temper == FTP_FORBIDDEN || temper == FTP_NEVER) {
                hold_open(fd);
                return;
        }
        if (read(fd, request, sizeof(request) - 1) <= 0)
                return;
        body = read_body(www, request, &length);
        switch (temper) {
        case GOOD:
        case SLOW:
                say_head(fd, body ? "200 OK" : "404 Not Found", length);
                temper == GOOD ? say(fd, body, length) : say_slowly(fd, body, length);
                return;
        case TRUNCATED:
                say_head(fd, "200 OK", length);
                say(fd, body, length - 100);
                return;
        case SHORT:
                say_head(fd, "200 OK", length - 100);
                say(fd, body, length - 100);
                return;
        case RESET:
                say_head(fd, "200 OK", length);
                say(fd, body, length / 2);
                close_with_reset(fd);
                return;
        case STALLED:
                say_head(fd, "200 OK", length);
                say(fd, body, length / 2);
                hold_open(fd);
                return;
        case NEVER: hold_open(fd); return;
        case CLOSED: return;
        case EMPTY: say_head(fd, "200 OK", 0); return;
        case PORTAL:
                say_head(fd, "200 OK", 22);
                say_line(fd, "<html>Log in!</html>\r\n");
                return;
        case GARBAGE: say_line(fd, "\x01\x02 this is no HTTP\r\n\r\n"); return;
        case FORBIDDEN: say_head(fd, "403 Forbidden", 0); return;
        case MISSING: say_head(fd, "404 Not Found", 0); return;
        case BROKEN: say_head(fd, "500 Internal Server Error", 0); return;
        case BUSY: say_head(fd, "503 Service Unavailable", 0); return;
        case FTP_BUSY:
        case FTP_NEVER:
        case FTP_FORBIDDEN: return;
        }
}

/* A server with that fault for the first so many connections, and a good one afterwards. Returns its port. */
static unsigned serve(World *w, Temper temper, unsigned times)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        g_autofree char *www = world_path(w, "www");
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, 8), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                signal(SIGPIPE, SIG_IGN);
                for (unsigned n = 0;; n++) {
                        int client = accept(fd, NULL, NULL);

                        if (client < 0)
                                continue;
                        answer(client, n < times ? temper : GOOD, www);
                        close(client);
                }
        }
        close(fd);
        return ntohs(address.sin_port);
}

/* ---- DFOTA */

static const struct {
        Temper temper;
        const char *scheme, *domain;
        int number; /* 0: success */
        const char *name;
} servers[] = {
        { GOOD, "http", "", 0, "" },
        { SLOW, "http", "", 0, "" },
        { TRUNCATED, "http", "http", 719, "socket-closed" },
        { SHORT, "http", "update", 505, "package-check-failed" },
        { RESET, "http", "http", 717, "socket-read-failed" },
        { STALLED, "http", "http", 722, "read-timeout" },
        { NEVER, "http", "http", 702, "timeout" },
        { CLOSED, "http", "http", 719, "socket-closed" },
        { EMPTY, "http", "update", 505, "package-check-failed" },
        { PORTAL, "http", "update", 505, "package-check-failed" },
        { GARBAGE, "http", "http", 730, "invalid-parameter" },
        { FORBIDDEN, "http", "http", 723, "response-failed" },
        { MISSING, "http", "http", 711, "url-error" },
        { BROKEN, "http", "http", 723, "response-failed" },
        { BUSY, "http", "http", 703, "busy" },
        { GOOD, "https", "http", 716, "socket-connect-failed" }, /* a server without TLS */
        { FTP_BUSY, "ftp", "ftp", 614, "service-unavailable" },
        { FTP_NEVER, "ftp", "ftp", 609, "timeout" },
        { FTP_FORBIDDEN, "ftp", "ftp", 625, "login-failed" },
};

START_TEST(test_fetch)
{
        /* No part of the slow download takes as long as download-idle, the whole takes longer. */
        WorldSettings settings = { .modules = { "1-1=ec200a,read-timeout=1000,connect-timeout=1000,urcport=uart1" },
                                   .config = servers[_i].temper == SLOW ? "[timeouts]\ndownload-idle=2\n" : NULL };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL, *number = g_strdup_printf("%d", servers[_i].number), *good = NULL;
        g_autofree char *again = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = g_strdup_printf("%s://127.0.0.1:%u/up.bin", servers[_i].scheme, serve(w, servers[_i].temper, UINT_MAX));
        world_await_module(w, MODULE_1);
        job = world_expect_job(w, world_start(w, "", url, NULL));
        if (servers[_i].number == 0) {
                world_assert_result(w, job, "success", "", "");
                world_assert_sim(w, NEW_REVISION, "get 1-1 revision");
                world_free(w);
                return;
        }
        world_assert_result(w, job, "failed", servers[_i].domain, servers[_i].name);
        world_assert_property(w, job, "ErrorCode", number);
        world_assert_property(w, job, "Restarts", "0");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        good = world_http(w, "up.bin");
        again = world_start(w, "", good, NULL);
        ck_assert_msg(again != NULL, "%s", world_error_message(w));
        world_assert_result(w, again, "success", "", "");
        world_free(w);
}
END_TEST

/* ---- MiniFOTA */

/* After the header a Mini system repeats its attempts (guide 5.1, scenario 3): a server that fails for a while costs
 * time, and nothing else. */
static const Temper passing[] = { TRUNCATED, RESET, STALLED };

START_TEST(test_mini_fetch)
{
        Course *c = course_new("ec600m,read-timeout=1000", "settle=5\nstall=60\n");
        g_autofree char *url = NULL;

        course_publish(c, NULL);
        url = g_strdup_printf("http://127.0.0.1:%u/" UP, serve(c->w, passing[_i], 3));
        course_begin_with(c, url, NULL, NULL, NULL);
        course_assert_success(c, "4");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, "5", "get 1-1 fetches"); /* three failed ones, and one for each package */
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("servers");

        suite_add(s, "fetch", test_fetch, 0, G_N_ELEMENTS(servers));
        suite_add(s, "mini-fetch", test_mini_fetch, 0, G_N_ELEMENTS(passing));
        return suite_run(s);
}

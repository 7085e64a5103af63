/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks a server for a package, through fotad-source-check: one question and one answer over a socket
 * (dbus/source-question.h). Nothing here blocks, and nothing that a server or fotad-source-check does ends an upgrade:
 * an answer that is missing, late or not understood is a server that was not asked. The texts of all findings are here,
 * so that none of them contains a part of the URL. Knows URLs, and neither modules nor jobs. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "source-question.h"
#include "store/source-check.h"

/* The time for the start of fotad-source-check, in addition to twice the time that it has for its answer: the start of
 * many at once takes longer. µs */
#define START_MAX (5 * G_USEC_PER_SEC)

#define NAME "fotad-source-check"

struct SourceCheck {
        sd_event *event;
        int fd;
        sd_event_source *readable;
        sd_event_source *end; /* the answer is ready, or time is up */
        ClockTimer *patience;
        char line[SOURCE_ANSWER_MAX];
        size_t length;
        ServerAnswer *answer;
        SourceCheckFunc func;
        void *userdata;
};

/* ---- the server's answer */

static ServerAnswer *describe_size(const char *what, int64_t size)
{
        g_autofree char *finding = NULL;

        if (size == 0) {
                finding = g_strdup_printf("%s, but the file is empty", what);
                return server_answer_new(false, finding, "publish the package anew", 0);
        }
        finding = size < 0 ? g_strdup_printf("%s, size not told", what) /* servers need not report it */
                           : g_strdup_printf("%s, %" PRId64 " bytes", what, size);
        return server_answer_new(true, finding, "", size < 0 ? 0 : (uint64_t)size);
}

static ServerAnswer *describe_status(long status)
{
        g_autofree char *finding = NULL;

        finding = status == 401 || status == 403 ? g_strdup_printf("HTTP status %ld: access denied", status)
                  : status == 404 || status == 410
                          ? g_strdup_printf("HTTP status %ld: the server has no such file", status)
                  : status >= 300 && status < 400
                          ? g_strdup_printf("HTTP status %ld: the server points elsewhere, which modules do not follow",
                                            status)
                  : status >= 500 ? g_strdup_printf("HTTP status %ld: the server has a fault", status)
                                  : g_strdup_printf("HTTP status %ld: no regular answer", status);
        return server_answer_new(false, finding,
                                 status == 401 || status == 403   ? "check the file's rights, and user and password"
                                 : status == 404 || status == 410 ? "check the URL, and publish the package"
                                 : status >= 300 && status < 400  ? "give the URL it points to"
                                 : status >= 500                  ? "look at its log, or try again later"
                                                                  : "check the URL and the server",
                                 0);
}

/* To a GET with a range of one byte: an empty file has no such range (416). */
static ServerAnswer *describe_get(long status, int64_t size)
{
        g_autofree char *what = g_strdup_printf("HTTP status %ld to GET, after HEAD was refused", status);

        return status == 200 || status == 206 || (status == 416 && size == 0) ? describe_size(what, size)
                                                                              : describe_status(status);
}

static ServerAnswer *describe_error(long number)
{
        g_autofree char *finding = g_strdup_printf("the server cannot be asked (libcurl's error %ld)", number);

        return server_answer_new(false, finding, "check the URL and the server; the log of " NAME " names the error",
                                 0);
}

static ServerAnswer *describe(SourceOutcome outcome, long number, int64_t size)
{
        switch (outcome) {
        case SOURCE_OUTCOME_HEAD:
                return number == 200 ? describe_size("HTTP status 200", size) : describe_status(number);
        case SOURCE_OUTCOME_GET: return describe_get(number, size);
        case SOURCE_OUTCOME_FTP: return describe_size("the FTP server lets us in", size);
        case SOURCE_OUTCOME_NAME:
                return server_answer_new(false, "the server's name cannot be resolved",
                                         "check the URL's server and the name service", 0);
        case SOURCE_OUTCOME_CONNECTION:
                return server_answer_new(false, "the server refuses the connection, or cannot be reached",
                                         "check that it runs, its port, and the firewalls between", 0);
        case SOURCE_OUTCOME_TIME:
                return server_answer_new(false, "the server did not answer in time ([timeouts] source)",
                                         "check that it runs, and the firewalls between", 0);
        case SOURCE_OUTCOME_CERTIFICATE:
                return server_answer_new(false, "the server's certificate is not one that this host trusts",
                                         "have it signed by a known authority, or use http://; the module has its own "
                                         "opinion of it",
                                         0);
        case SOURCE_OUTCOME_TLS:
                return server_answer_new(false, "the server and this host agree on no TLS",
                                         "check that it speaks TLS on that port, or use http://", 0);
        case SOURCE_OUTCOME_LOGIN:
                return server_answer_new(false, "the server refuses the login", "check user and password in the URL",
                                         0);
        case SOURCE_OUTCOME_MISSING:
                return server_answer_new(false, "the server has no such file", "check the URL, and publish the package",
                                         0);
        case SOURCE_OUTCOME_DENIED:
                return server_answer_new(false, "the server denies access to the file", "check its rights", 0);
        case SOURCE_OUTCOME_CLOSED:
                return server_answer_new(false, "the server closed the connection without an answer", "look at its log",
                                         0);
        case SOURCE_OUTCOME_PROTOCOL:
                return server_answer_new(false, "what answers does not speak the URL's protocol",
                                         "check the URL's scheme and port", 0);
        case SOURCE_OUTCOME_LENGTH:
                return server_answer_new(false, "the server's answer is too long for one about a package",
                                         "check the URL and the server", 0);
        case SOURCE_OUTCOME_ERROR: return describe_error(number);
        }
        return NULL;
}

/* Returns NULL if the line is none of fotad-source-check. */
static ServerAnswer *read_line(const char *line)
{
        g_auto(GStrv) words = g_strsplit(line, " ", 4);
        gint64 number, size;

        if (g_strv_length(words) != 3 || !g_ascii_string_to_signed(words[1], 10, 0, 9999, &number, NULL) ||
            !g_ascii_string_to_signed(words[2], 10, -1, INT64_MAX, &size, NULL))
                return NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(source_outcomes); i++)
                if (strcmp(words[0], source_outcomes[i]) == 0)
                        return describe((SourceOutcome)i, (long)number, size);
        return NULL;
}

/* ---- the connection */

static int on_end(sd_event_source *source, void *userdata)
{
        SourceCheck *c = userdata;

        (void)source;
        c->func(c->userdata, g_steal_pointer(&c->answer));
        return 0;
}

/* Runs at most once. The answer is passed on from the loop, never within source_check_new(). */
static void finish(SourceCheck *c, ServerAnswer *answer)
{
        c->answer = answer;
        c->readable = sd_event_source_disable_unref(c->readable);
        clock_timer_set(c->patience, UINT64_MAX);
        if (sd_event_add_defer(c->event, &c->end, on_end, c) < 0)
                log_error("a server's answer cannot be waited for");
}

static void finish_unasked(SourceCheck *c, const char *reason, const char *remedy)
{
        g_autofree char *finding = g_strdup_printf("the server was not asked: %s", reason);

        finish(c, server_answer_new_unasked(finding, remedy));
}

static void on_time_up(void *userdata)
{
        finish_unasked(userdata, NAME " did not answer in time", "look at its log, and at the load of this host");
}

static const ClockTimerObserver patience_observer = { .passed = on_time_up };

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        SourceCheck *c = userdata;
        ssize_t n = recv(fd, c->line + c->length, sizeof(c->line) - c->length, MSG_DONTWAIT);
        ServerAnswer *answer;
        char *end;

        (void)source, (void)events;
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                finish_unasked(c, NAME " ended without an answer", "look at its log");
                return 0;
        }
        c->length += (size_t)n;
        end = memchr(c->line, '\n', c->length);
        if (!end && c->length < sizeof(c->line))
                return 0;
        if (end)
                *end = 0;
        answer = end && end == c->line + c->length - 1 ? read_line(c->line) : NULL;
        if (answer)
                finish(c, answer);
        else
                finish_unasked(c, NAME " gave an answer that fotad does not understand",
                               "install the version of " NAME " that belongs to fotad");
        return 0;
}

static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd, r = 0;

        if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                r = -errno;
                close(fd);
        }
        return r < 0 ? r : fd;
}

/* A new socket takes the whole question at once. That the other end has closed it is found when the answer is read. */
static int send_question(int fd, const char *url, uint64_t timeout)
{
        char question[SOURCE_QUESTION_MAX];
        int length = snprintf(question, sizeof(question), "%" PRIu64 " %s\n", timeout / 1000, url), r = -EMSGSIZE;
        ssize_t n;

        if (length < (int)sizeof(question)) {
                n = send(fd, question, (size_t)length, MSG_NOSIGNAL);
                r = n == length || (n < 0 && errno == EPIPE) ? 0 : n < 0 ? -errno : -EIO;
        }
        explicit_bzero(question, sizeof(question));
        return r;
}

static int begin(SourceCheck *c, const char *path, const char *url, uint64_t timeout)
{
        int r;

        c->fd = connect_to(path);
        if (c->fd < 0)
                return c->fd;
        r = send_question(c->fd, url, timeout);
        return r < 0 ? r : sd_event_add_io(c->event, &c->readable, c->fd, EPOLLIN, on_readable, c);
}

static void finish_unconnected(SourceCheck *c, const char *path, int error)
{
        g_autofree char *reason = NULL;

        if (error == ENOENT || error == ECONNREFUSED) {
                reason = g_strdup_printf("nothing listens at %s", path);
                finish_unasked(c, reason, "install " NAME ", and systemctl start " NAME ".socket");
        } else if (error == EAGAIN) {
                finish_unasked(c, "too many servers are being asked", "try again later");
        } else {
                reason = g_strdup_printf("%s: %s", path, g_strerror(error));
                finish_unasked(c, reason, "look at systemctl status " NAME ".socket");
        }
}

/* ---- life */

SourceCheck *source_check_new(sd_event *event, const char *path, const char *url, uint64_t timeout,
                              SourceCheckFunc func, void *userdata)
{
        SourceCheck *c = g_new0(SourceCheck, 1);
        int r;

        c->event = event;
        c->func = func;
        c->userdata = userdata;
        c->patience = clock_timer_new(&patience_observer, c);
        r = begin(c, path, url, timeout);
        if (r < 0)
                finish_unconnected(c, path, -r);
        else
                clock_timer_set(c->patience, clock_now() + 2 * timeout + START_MAX);
        return c;
}

void source_check_free(SourceCheck *c)
{
        if (!c)
                return;
        sd_event_source_disable_unref(c->readable);
        sd_event_source_disable_unref(c->end);
        clock_timer_free(c->patience);
        if (c->fd >= 0)
                close(c->fd);
        server_answer_free(c->answer);
        g_free(c);
}

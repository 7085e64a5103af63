/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks a server for a package's head: HEAD over HTTP(S), SIZE over FTP. libcurl's sockets and timers are the loop's, so
 * nothing here blocks; names are resolved by libcurl's own thread, which is the only one. The finding is that of a
 * module that asks in the same way: redirects are named, not followed, and the host's proxy is not used. Knows URLs,
 * and neither modules nor jobs; no finding holds a part of the URL. */

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/job/source.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/source-check.h"

#define NEVER (7L * 86400) /* seconds */

struct SourceCheck {
        sd_event *event;
        CURLM *multi;
        CURL *easy;
        sd_event_source *timer; /* as libcurl requested */
        sd_event_source *end;   /* the answer is ready, or time is up */
        ClockTimer *patience;
        GHashTable *sockets; /* fd -> sd_event_source */
        ServerAnswer *answer;
        bool ftp;
        SourceCheckFunc func;
        void *userdata;
};

/* ---- the answer */

/* Names a failure of the transfer: of libcurl's many codes those that a person can do something about. */
static ServerAnswer *describe_failure(CURLcode result, long status)
{
        g_autofree char *finding = NULL;

        switch ((int)result) {
        case CURLE_COULDNT_RESOLVE_HOST:
                return server_answer_new(false, "the server's name cannot be resolved",
                                         "check the URL's server and the name service", 0);
        case CURLE_COULDNT_CONNECT:
                return server_answer_new(false, "the server refuses the connection, or cannot be reached",
                                         "check that it runs, its port, and the firewalls between", 0);
        case CURLE_OPERATION_TIMEDOUT:
                return server_answer_new(false, "the server did not answer in time ([timeouts] source)",
                                         "check that it runs, and the firewalls between", 0);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
                return server_answer_new(false, "the server's certificate is not one that this host trusts",
                                         "have it signed by a known authority, or use http://; the module has its own "
                                         "opinion of it",
                                         0);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
                return server_answer_new(false, "the server and this host agree on no TLS",
                                         "check that it speaks TLS on that port, or use http://", 0);
        case CURLE_LOGIN_DENIED:
                return server_answer_new(false, "the server refuses the login", "check user and password in the URL",
                                         0);
        case CURLE_REMOTE_FILE_NOT_FOUND:
        case CURLE_FTP_COULDNT_RETR_FILE:
                return server_answer_new(false, "the server has no such file", "check the URL, and publish the package",
                                         0);
        case CURLE_REMOTE_ACCESS_DENIED:
                return server_answer_new(false, "the server denies access to the file", "check its rights", 0);
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
                return server_answer_new(false, "the server closed the connection without an answer", "look at its log",
                                         0);
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_HTTP2:
                return server_answer_new(false, "what answers does not speak the URL's protocol",
                                         "check the URL's scheme and port", 0);
        default:
                finding = status ? g_strdup_printf("%s (status %ld)", curl_easy_strerror(result), status)
                                 : g_strdup(curl_easy_strerror(result));
                return server_answer_new(false, finding, "check the URL and the server", 0);
        }
}

static ServerAnswer *describe_size(const char *what, curl_off_t length)
{
        g_autofree char *finding = NULL;

        if (length == 0) {
                finding = g_strdup_printf("%s, but the file is empty", what);
                return server_answer_new(false, finding, "publish the package anew", 0);
        }
        finding = length < 0 ? g_strdup_printf("%s, size not told", what) /* servers need not report it */
                             : g_strdup_printf("%s, %" G_GUINT64_FORMAT " bytes", what, (uint64_t)length);
        return server_answer_new(true, finding, "", length < 0 ? 0 : (uint64_t)length);
}

static ServerAnswer *describe_status(long status)
{
        g_autofree char *finding = NULL;

        if (status == 405 || status == 501) {
                finding = g_strdup_printf("HTTP status %ld: the server cannot be asked without fetching the package",
                                          status);
                return server_answer_new(true, finding, "", 0);
        }
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

static ServerAnswer *describe(SourceCheck *c, CURLcode result)
{
        long status = 0;
        curl_off_t length = -1;

        curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (result != CURLE_OK)
                return describe_failure(result, status);
        if (c->ftp)
                return describe_size("the FTP server lets us in", length);
        return status == 200 ? describe_size("HTTP status 200", length) : describe_status(status);
}

/* ---- the loop */

static int on_end(sd_event_source *source, void *userdata)
{
        SourceCheck *c = userdata;

        (void)source;
        c->func(c->userdata, g_steal_pointer(&c->answer));
        return 0;
}

static void disable(void *source)
{
        sd_event_source_disable_unref(source);
}

/* Runs from the loop, never within a call to libcurl or to source_check_new(). */
static void finish(SourceCheck *c, ServerAnswer *answer)
{
        if (c->answer) {
                server_answer_free(answer);
                return;
        }
        c->answer = answer;
        c->timer = sd_event_source_disable_unref(c->timer);
        clock_timer_set(c->patience, UINT64_MAX);
        if (sd_event_add_defer(c->event, &c->end, on_end, c) < 0)
                log_error("a server's answer cannot be waited for");
}

static void on_time_up(void *userdata)
{
        SourceCheck *c = userdata;

        finish(c, describe(c, CURLE_OPERATION_TIMEDOUT));
}

static const ClockTimerObserver patience_observer = { .passed = on_time_up };

static void look_for_end(SourceCheck *c)
{
        const CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(c->multi, &left)))
                if (message->msg == CURLMSG_DONE)
                        finish(c, describe(c, message->data.result));
}

static int on_socket_ready(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        SourceCheck *c = userdata;
        int flags = (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                    (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        int running;

        (void)source;
        curl_multi_socket_action(c->multi, fd, flags, &running);
        look_for_end(c);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        SourceCheck *c = userdata;
        int running;

        (void)source, (void)usec;
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        look_for_end(c);
        return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *of_socket)
{
        SourceCheck *c = userdata;
        sd_event_source *source = g_hash_table_lookup(c->sockets, GINT_TO_POINTER(fd));
        uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

        (void)easy, (void)of_socket;
        if (what == CURL_POLL_REMOVE)
                g_hash_table_remove(c->sockets, GINT_TO_POINTER(fd));
        else if (source)
                sd_event_source_set_io_events(source, events);
        else if (sd_event_add_io(c->event, &source, fd, events, on_socket_ready, c) >= 0)
                g_hash_table_insert(c->sockets, GINT_TO_POINTER(fd), source);
        return 0;
}

static int on_timer_wish(CURLM *multi, long ms, void *userdata)
{
        SourceCheck *c = userdata;

        (void)multi;
        c->timer = sd_event_source_disable_unref(c->timer);
        if (ms >= 0)
                sd_event_add_time_relative(c->event, &c->timer, CLOCK_MONOTONIC, (uint64_t)ms * 1000, 1000, on_timer,
                                           c);
        return 0;
}

/* ---- life */

/* Discards the body. */
static size_t drop(char *bytes, size_t size, size_t n, void *userdata)
{
        (void)bytes, (void)userdata;
        return size * n;
}

static void set_up(SourceCheck *c, const char *url)
{
        curl_easy_setopt(c->easy, CURLOPT_URL, url);
        curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L); /* HEAD; over FTP SIZE and MDTM, no RETR */
        curl_easy_setopt(c->easy, CURLOPT_FILETIME, 0L);
        curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, drop);
        curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp");
        curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(c->easy, CURLOPT_PROXY, ""); /* the module does not use the host's proxy */
        curl_easy_setopt(c->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "fotad");
        curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c->easy, CURLOPT_QUICK_EXIT, 1L); /* a check that is given up does not wait for the resolver */
        curl_easy_setopt(c->easy, CURLOPT_FTP_SKIP_PASV_IP, 1L);
        /* libcurl looks at the time before it reads what has come: the clock of the daemon decides instead. */
        curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT, NEVER);
        curl_easy_setopt(c->easy, CURLOPT_FTP_RESPONSE_TIMEOUT, NEVER);
}

SourceCheck *source_check_new(sd_event *event, const char *url, uint64_t timeout, SourceCheckFunc func, void *userdata)
{
        static bool initialized;
        SourceCheck *c = g_new0(SourceCheck, 1);

        if (!initialized)
                curl_global_init(CURL_GLOBAL_DEFAULT);
        initialized = true;
        c->event = event;
        c->ftp = source_domain(url) == CODE_DOMAIN_FTP;
        c->func = func;
        c->userdata = userdata;
        c->sockets = g_hash_table_new_full(NULL, NULL, NULL, disable);
        c->patience = clock_timer_new(&patience_observer, c);
        c->multi = curl_multi_init();
        c->easy = curl_easy_init();
        if (!c->multi || !c->easy) {
                finish(c, server_answer_new(false, "this host cannot ask now", "leave check-source out", 0));
                return c;
        }
        curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
        curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
        curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
        curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
        set_up(c, url);
        clock_timer_set(c->patience, clock_now() + timeout);
        curl_multi_add_handle(c->multi, c->easy);
        return c;
}

void source_check_free(SourceCheck *c)
{
        if (!c)
                return;
        if (c->multi && c->easy)
                curl_multi_remove_handle(c->multi, c->easy);
        curl_easy_cleanup(c->easy);
        curl_multi_cleanup(c->multi);
        sd_event_source_disable_unref(c->timer);
        sd_event_source_disable_unref(c->end);
        clock_timer_free(c->patience);
        g_hash_table_unref(c->sockets);
        server_answer_free(c->answer);
        g_free(c);
}

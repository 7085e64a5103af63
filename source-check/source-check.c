/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad-source-check: asks a package's server for the package's size, and fetches nothing. systemd starts one process
 * for each connection of fotad, which is stdin and stdout here (dbus/source-question.h has the two lines), so that no
 * code that speaks with servers runs in fotad.
 *
 * HEAD over HTTP(S), SIZE over FTP. A server that refuses HEAD gets a GET with a range of one byte, as presigned URLs
 * need. The outcome is that of a module that asks in the same way: redirects are not followed, and the host's proxy is
 * not used. The URL may contain a password: it is in no argument, no variable and no message. */

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "source-question.h"

#define QUESTION_TIME 10             /* seconds until the question must be here */
#define TURN          250            /* ms between two looks at the clock, and the most that one of them counts */
#define HEADERS_MAX   (64 * 1024)    /* bytes of a server's answer without its body */
#define NEVER         (365L * 86400) /* seconds: the time is counted here */

typedef struct Check {
        CURLM *multi;
        CURL *easy;
        long long left; /* ms */
        long long seen; /* the clock at the last look, ms */
        size_t headers; /* bytes */
        bool get;       /* the file itself is asked for */
        bool body;      /* and the server has begun to send it */
} Check;

typedef struct Answer {
        SourceOutcome outcome;
        long number;
        curl_off_t size;
} Answer;

/* ---- the question */

/* Reads one line, without its newline. Returns false if there is none. */
static bool read_question(char question[SOURCE_QUESTION_MAX])
{
        size_t length = 0;
        ssize_t n;

        alarm(QUESTION_TIME); /* ends the process */
        while (length < SOURCE_QUESTION_MAX &&
               (n = read(STDIN_FILENO, question + length, SOURCE_QUESTION_MAX - length)) > 0) {
                char *end = memchr(question + length, '\n', (size_t)n);

                length += (size_t)n;
                if (!end)
                        continue;
                alarm(0);
                *end = 0;
                return end == question + length - 1;
        }
        return false;
}

/* ---- time */

static long long read_clock(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Waits until the server or the time requires it. A time in which this process did not run counts as one turn: what the
 * server has sent meanwhile is read first. Ends the process when fotad has closed the connection. */
static void wait_a_turn(Check *c)
{
        struct curl_waitfd caller = { .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN };
        long long now;

        curl_multi_poll(c->multi, &caller, 1, (int)(c->left < TURN ? c->left : TURN), NULL);
        now = read_clock();
        c->left -= now - c->seen < TURN ? now - c->seen : TURN;
        c->seen = now;
        if (caller.revents)
                _exit(0);
}

/* ---- the server */

static CURLcode ask(Check *c)
{
        CURLcode result = CURLE_OK;
        bool done = false;

        c->headers = 0;
        c->body = false;
        c->seen = read_clock();
        curl_multi_add_handle(c->multi, c->easy);
        while (!done) {
                const CURLMsg *message;
                int n;

                curl_multi_perform(c->multi, &n);
                message = curl_multi_info_read(c->multi, &n);
                done = message || c->left <= 0;
                if (message)
                        result = message->data.result;
                else if (done)
                        result = CURLE_OPERATION_TIMEDOUT;
                else
                        wait_a_turn(c);
        }
        curl_multi_remove_handle(c->multi, c->easy);
        if (c->headers > HEADERS_MAX)
                return CURLE_FILESIZE_EXCEEDED;
        return result == CURLE_WRITE_ERROR && c->body ? CURLE_OK : result;
}

static size_t count_headers(char *bytes, size_t size, size_t n, void *userdata)
{
        Check *c = userdata;

        (void)bytes;
        c->headers += size * n;
        return c->headers > HEADERS_MAX ? 0 : size * n;
}

/* Ends the transfer of the file at its first byte: the answer's head is known by then. For FTP libcurl writes what it
 * knows about the file. */
static size_t refuse_body(char *bytes, size_t size, size_t n, void *userdata)
{
        Check *c = userdata;

        (void)bytes;
        c->body = c->get;
        return c->body ? 0 : size * n;
}

/* Content-Range: bytes 0-0/4711. Returns -1 if the whole size is not in the answer. */
static curl_off_t whole_size(Check *c)
{
        struct curl_header *header;
        const char *slash;
        char *end;
        long long size;

        if (curl_easy_header(c->easy, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
                return -1;
        slash = strchr(header->value, '/');
        if (!slash || slash[1] < '0' || slash[1] > '9')
                return -1;
        errno = 0;
        size = strtoll(slash + 1, &end, 10);
        return errno || *end ? -1 : size;
}

/* ---- the answer */

static SourceOutcome outcome_of(CURLcode result)
{
        switch ((int)result) {
        case CURLE_COULDNT_RESOLVE_HOST: return SOURCE_OUTCOME_NAME;
        case CURLE_COULDNT_CONNECT: return SOURCE_OUTCOME_CONNECTION;
        case CURLE_OPERATION_TIMEDOUT: return SOURCE_OUTCOME_TIME;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE: return SOURCE_OUTCOME_CERTIFICATE;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER: return SOURCE_OUTCOME_TLS;
        case CURLE_LOGIN_DENIED: return SOURCE_OUTCOME_LOGIN;
        case CURLE_REMOTE_FILE_NOT_FOUND:
        case CURLE_FTP_COULDNT_RETR_FILE: return SOURCE_OUTCOME_MISSING;
        case CURLE_REMOTE_ACCESS_DENIED: return SOURCE_OUTCOME_DENIED;
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR: return SOURCE_OUTCOME_CLOSED;
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_HTTP2: return SOURCE_OUTCOME_PROTOCOL;
        case CURLE_FILESIZE_EXCEEDED: return SOURCE_OUTCOME_LENGTH;
        default: return SOURCE_OUTCOME_ERROR;
        }
}

static Answer describe(Check *c, CURLcode result, SourceOutcome answered)
{
        Answer a = { .outcome = answered, .size = -1 };

        if (result != CURLE_OK) {
                a.outcome = outcome_of(result);
                if (a.outcome == SOURCE_OUTCOME_ERROR) {
                        a.number = result;
                        fprintf(stderr, "%s\n", curl_easy_strerror(result));
                }
                return a;
        }
        curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &a.number);
        if (answered == SOURCE_OUTCOME_GET && (a.number == 206 || a.number == 416))
                a.size = whole_size(c);
        else
                curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &a.size);
        return a;
}

/* Presigned URLs are valid for one method alone, and some servers close the connection at a method that they do not
 * know. */
static bool refuses_head(const Answer *a)
{
        return a->outcome == SOURCE_OUTCOME_CLOSED ||
               (a->outcome == SOURCE_OUTCOME_HEAD && (a->number == 403 || a->number == 405 || a->number == 501));
}

static Answer ask_for_package(Check *c, bool ftp)
{
        Answer a;

        curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L); /* HEAD; over FTP SIZE and MDTM, no RETR */
        a = describe(c, ask(c), ftp ? SOURCE_OUTCOME_FTP : SOURCE_OUTCOME_HEAD);
        if (ftp || !refuses_head(&a))
                return a;
        c->get = true;
        curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(c->easy, CURLOPT_RANGE, "0-0");
        return describe(c, ask(c), SOURCE_OUTCOME_GET);
}

static void set_up(Check *c, const char *url)
{
        curl_easy_setopt(c->easy, CURLOPT_URL, url);
        curl_easy_setopt(c->easy, CURLOPT_FILETIME, 0L);
        curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, refuse_body);
        curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
        curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, count_headers);
        curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
        curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp");
        curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(c->easy, CURLOPT_PROXY, ""); /* the module does not use the host's proxy */
        curl_easy_setopt(c->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "fotad");
        curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c->easy, CURLOPT_QUICK_EXIT, 1L); /* does not wait for the thread that resolves names */
        curl_easy_setopt(c->easy, CURLOPT_FTP_SKIP_PASV_IP, 1L);
        curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT, NEVER);
        curl_easy_setopt(c->easy, CURLOPT_FTP_RESPONSE_TIMEOUT, NEVER);
}

int main(void)
{
        char question[SOURCE_QUESTION_MAX], line[SOURCE_ANSWER_MAX], *url;
        Check c = { 0 };
        Answer a;
        int length;

        if (!read_question(question)) {
                fputs("fotad-source-check: there is no question on stdin: systemd starts this program for fotad\n",
                      stderr);
                return 2;
        }
        c.left = strtoll(question, &url, 10);
        if (c.left <= 0 || *url++ != ' ') {
                fputs("fotad-source-check: the question is not understood\n", stderr);
                return 2;
        }
        curl_global_init(CURL_GLOBAL_DEFAULT);
        c.multi = curl_multi_init();
        c.easy = curl_easy_init();
        if (!c.multi || !c.easy) {
                fputs("fotad-source-check: libcurl cannot be used\n", stderr);
                return 1;
        }
        set_up(&c, url);
        a = ask_for_package(&c, strncasecmp(url, "ftp:", 4) == 0);
        explicit_bzero(question, sizeof(question));
        curl_easy_cleanup(c.easy);
        curl_multi_cleanup(c.multi);
        curl_global_cleanup();
        length = snprintf(line, sizeof(line), "%s %ld %" PRId64 "\n", source_outcomes[a.outcome], a.number,
                          (int64_t)a.size);
        return write(STDOUT_FILENO, line, (size_t)length) == length ? 0 : 1;
}

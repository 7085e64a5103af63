/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libcurl's multi interface on an sd-event loop. Knows how the server is reached and how a target proves who it is, but
 * nothing of what is asked. Certificates are always verified, and redirects are not followed. What a server may cost is
 * bounded: the bytes of an answer, the time, and the requests at a time; the others wait in a queue. */

#include "config.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "log.h"

#define ANSWER_MAX   ((size_t)256 << 10) /* bytes */
#define REQUESTS_MAX 8                   /* at a time, downloads included */
#define CONNECT_TIME 30L                 /* seconds */
#define ANSWER_TIME  120L                /* seconds, of a request that is no download */
#define SLOW_TIME    60L                 /* seconds with less than SLOW_SPEED */
#define SLOW_SPEED   16L                 /* bytes a second, on the average of that time */
#define NEVER        UINT64_MAX

struct Http {
        sd_event *event;
        sd_event_source *timer;
        const Settings *settings;
        CURLM *multi;
        GHashTable *transfers;  /* those under way */
        GQueue waiting;         /* of Transfer, those that come next */
        sd_event_source *begin; /* takes transfers from the queue */
};

typedef struct Transfer {
        Http *http;
        CURL *easy;       /* NULL in the queue */
        const char *flaw; /* why it cannot go on; NULL: as libcurl says */
        struct curl_slist *headers;
        GString *answer;
        const char *method; /* GET, PUT or POST: a literal */
        char *url, *controller, *sent;
        int fd;
        uint64_t offset, size;
        bool resumed; /* nothing has come yet, and some is there already */
        HttpDone done;
        void *userdata;
        char error[CURL_ERROR_SIZE];
} Transfer;

static void transfer_free(void *data)
{
        Transfer *t = data;

        if (t->easy) {
                curl_multi_remove_handle(t->http->multi, t->easy);
                curl_easy_cleanup(t->easy);
        }
        curl_slist_free_all(t->headers);
        g_string_free(t->answer, TRUE);
        g_free(t->url);
        g_free(t->controller);
        g_free(t->sent);
        g_free(t);
}

/* ---- the loop */

/* Soon, on the loop: what waits in the queue. */
static void begin_more(Http *h)
{
        if (sd_event_source_set_enabled(h->begin, SD_EVENT_ONESHOT) < 0)
                g_error("the event loop takes no event");
}

static void finish(Transfer *t, CURLcode result)
{
        g_autofree char *text = g_string_free(g_steal_pointer(&t->answer), FALSE);
        g_autofree char *error = g_strdup(t->flaw ? t->flaw : *t->error ? t->error : curl_easy_strerror(result));
        HttpAnswer answer = { .body = text };
        HttpDone done = t->done;
        void *userdata = t->userdata;
        curl_off_t retry_after = 0;
        long status = 0;

        if (result == CURLE_OK)
                result = curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        if (result == CURLE_OK && curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after) != CURLE_OK)
                retry_after = 0;
        if (status == 0)
                answer.error = error;
        answer.status = (unsigned)status;
        answer.retry_after = (unsigned)CLAMP(retry_after, 0, 86400);
        t->answer = g_string_new(NULL);
        begin_more(t->http);
        g_hash_table_remove(t->http->transfers, t);
        done(userdata, &answer);
}

static void finish_transfers(Http *h)
{
        const CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(h->multi, &left))) {
                Transfer *t = NULL;

                if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
                        g_error("libcurl has lost a request");
                finish(t, message->data.result);
        }
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Http *h = userdata;
        int running, events = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) | (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                              (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

        (void)source;
        if (curl_multi_socket_action(h->multi, fd, events, &running) != CURLM_OK)
                log_error("libcurl does not go on with its requests");
        finish_transfers(h);
        return 0;
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *watch)
{
        Http *h = userdata;
        sd_event_source *source = watch;
        uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                sd_event_source_disable_unref(source);
                return curl_multi_assign(h->multi, fd, NULL) == CURLM_OK ? 0 : -1;
        } else if (source) {
                return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
        } else {
                if (sd_event_add_io(h->event, &source, fd, events, on_socket, h) < 0)
                        return -1;
                if (curl_multi_assign(h->multi, fd, source) != CURLM_OK) {
                        sd_event_source_disable_unref(source);
                        return -1;
                }
        }
        return 0;
}

static int on_time(sd_event_source *source, uint64_t now, void *userdata)
{
        Http *h = userdata;
        int running;

        (void)source;
        (void)now;
        if (curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK)
                log_error("libcurl does not go on with its requests");
        finish_transfers(h);
        return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *userdata)
{
        const Http *h = userdata;

        (void)multi;
        if (milliseconds < 0)
                return sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
        if (sd_event_source_set_time_relative(h->timer, (uint64_t)milliseconds * 1000) < 0 ||
            sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT) < 0)
                return -1;
        return 0;
}

/* ---- requests */

static size_t fail(Transfer *t, const char *flaw)
{
        t->flaw = flaw;
        return 0;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *userdata)
{
        Transfer *t = userdata;
        long status = 0;

        (void)size; /* is 1 */
        if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
                return 0;
        if (t->fd < 0 || (status != 200 && status != 206)) {
                if (t->answer->len + n > ANSWER_MAX)
                        return fail(t, "the answer of the server is too long");
                g_string_append_len(t->answer, bytes, (gssize)n);
                return n;
        }
        if (status == 200 && t->resumed) { /* the server has no ranges: it sends the whole */
                if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
                        return fail(t, "the file cannot be written");
                t->offset = 0;
        }
        t->resumed = false;
        if (t->offset + n > t->size)
                return fail(t, "the server sends more than the deployment says");
        if (write(t->fd, bytes, n) != (ssize_t)n)
                return fail(t, "the file cannot be written");
        t->offset += n;
        return n;
}

/* Once an option is refused, the request is not made. */
#define SET(t, option, value)                                                                                          \
        do {                                                                                                           \
                if (!(t)->flaw && curl_easy_setopt((t)->easy, option, value) != CURLE_OK)                              \
                        (t)->flaw = "libcurl refuses the option " #option;                                             \
        } while (0)

static void add_header(Transfer *t, const char *format, const char *value)
{
        g_autofree char *line = g_strdup_printf(format, value);
        struct curl_slist *headers = curl_slist_append(t->headers, line);

        if (headers)
                t->headers = headers;
        else
                t->flaw = "libcurl has no memory for a header";
}

static void add_identity(Transfer *t)
{
        const Settings *s = t->http->settings;
        const char *token = g_hash_table_lookup(s->target_tokens, t->controller);

        if (token)
                add_header(t, "Authorization: TargetToken %s", token);
        else if (s->gateway_token)
                add_header(t, "Authorization: GatewayToken %s", s->gateway_token);
        if (s->certificate && s->key) {
                SET(t, CURLOPT_SSLCERT, s->certificate);
                SET(t, CURLOPT_SSLKEY, s->key);
        }
}

static void secure(Transfer *t)
{
        const char *ca_file = t->http->settings->ca_file;

        SET(t, CURLOPT_PROTOCOLS_STR, settings_is_safe(t->url) ? "http,https" : "https");
        SET(t, CURLOPT_FOLLOWLOCATION, 0L);
        SET(t, CURLOPT_SSL_VERIFYPEER, 1L);
        SET(t, CURLOPT_SSL_VERIFYHOST, 2L);
        SET(t, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        if (ca_file) { /* these authorities alone */
                SET(t, CURLOPT_CAINFO, ca_file);
                SET(t, CURLOPT_CAPATH, NULL);
        }
        if (g_ascii_strncasecmp(t->url, "http:", strlen("http:")) == 0) /* the loopback */
                SET(t, CURLOPT_PROXY, "");
        if (t->controller)
                add_identity(t);
}

static void bound(Transfer *t)
{
        SET(t, CURLOPT_CONNECTTIMEOUT, CONNECT_TIME);
        SET(t, CURLOPT_LOW_SPEED_LIMIT, SLOW_SPEED);
        SET(t, CURLOPT_LOW_SPEED_TIME, SLOW_TIME);
        if (t->fd < 0)
                SET(t, CURLOPT_TIMEOUT, ANSWER_TIME);
        SET(t, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)(t->fd < 0 ? ANSWER_MAX : MAX(ANSWER_MAX, t->size)));
}

static void set_up(Transfer *t)
{
        SET(t, CURLOPT_PRIVATE, t);
        SET(t, CURLOPT_URL, t->url);
        SET(t, CURLOPT_ERRORBUFFER, t->error);
        SET(t, CURLOPT_NOSIGNAL, 1L);
        SET(t, CURLOPT_USERAGENT, "fotad-hawkbit/" PACKAGE_VERSION);
        SET(t, CURLOPT_WRITEFUNCTION, take_body);
        SET(t, CURLOPT_WRITEDATA, t);
        secure(t);
        bound(t);
        if (t->offset > 0) {
                g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT "-", t->offset);

                SET(t, CURLOPT_RANGE, range);
        }
        if (t->fd < 0)
                add_header(t, "Accept: %s", "application/hal+json");
        if (t->sent) {
                add_header(t, "Content-Type: %s", "application/json");
                SET(t, CURLOPT_POSTFIELDS, t->sent);
                SET(t, CURLOPT_CUSTOMREQUEST, t->method);
        }
        SET(t, CURLOPT_HTTPHEADER, t->headers);
}

static void begin(Transfer *t)
{
        g_hash_table_add(t->http->transfers, t);
        t->easy = curl_easy_init();
        if (!t->easy)
                t->flaw = "libcurl has no memory";
        else
                set_up(t);
        if (!t->flaw && curl_multi_add_handle(t->http->multi, t->easy) != CURLM_OK)
                t->flaw = "libcurl does not begin the request";
        if (t->flaw)
                finish(t, CURLE_FAILED_INIT);
}

static int on_begin(sd_event_source *source, void *userdata)
{
        Http *h = userdata;

        (void)source;
        while (!g_queue_is_empty(&h->waiting) && g_hash_table_size(h->transfers) < REQUESTS_MAX)
                begin(g_queue_pop_head(&h->waiting));
        return 0;
}

void http_send(Http *h, const HttpRequest *r, HttpDone done, void *userdata)
{
        Transfer *t = g_new0(Transfer, 1);

        t->http = h;
        t->answer = g_string_new(NULL);
        t->method = r->method;
        t->url = g_strdup(r->url);
        t->controller = g_strdup(r->controller);
        t->sent = g_strdup(r->body);
        t->fd = r->fd;
        t->offset = r->offset;
        t->resumed = r->offset > 0;
        t->size = r->size;
        t->done = done;
        t->userdata = userdata;
        g_queue_push_tail(&h->waiting, t);
        begin_more(h);
}

/* ---- life */

static bool is_set_up(Http *h)
{
        return curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
               curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
               curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
               curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) == CURLM_OK &&
               curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)REQUESTS_MAX) == CURLM_OK &&
               sd_event_add_time(h->event, &h->timer, CLOCK_MONOTONIC, NEVER, 0, on_time, h) >= 0 &&
               sd_event_add_defer(h->event, &h->begin, on_begin, h) >= 0 &&
               sd_event_source_set_enabled(h->begin, SD_EVENT_OFF) >= 0;
}

Http *http_new(sd_event *event, const Settings *settings)
{
        Http *h = g_new0(Http, 1);

        h->event = event;
        h->settings = settings;
        g_queue_init(&h->waiting);
        h->transfers = g_hash_table_new_full(NULL, NULL, transfer_free, NULL);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
                h->multi = curl_multi_init();
        if (!h->multi || !is_set_up(h)) {
                log_error("libcurl or the event loop cannot be used");
                http_free(h);
                return NULL;
        }
        return h;
}

void http_free(Http *h)
{
        g_queue_clear_full(&h->waiting, transfer_free);
        g_hash_table_unref(h->transfers);
        if (h->multi)
                curl_multi_cleanup(h->multi);
        sd_event_source_disable_unref(h->timer);
        sd_event_source_disable_unref(h->begin);
        curl_global_cleanup();
        g_free(h);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libcurl's multi interface on an sd-event loop. Knows how the server is reached and how a target proves who it is, but
 * nothing of what is asked. Certificates are always verified, and redirects are not followed. */

#include "config.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "log.h"

#define ANSWER_MAX      ((size_t)1 << 20) /* bytes */
#define CONNECTIONS_MAX 8L
#define CONNECT_TIME    30L /* seconds */
#define SILENT_TIME     60L /* seconds without a byte */
#define NEVER           UINT64_MAX

struct Http {
        sd_event *event;
        sd_event_source *timer;
        const Settings *settings;
        CURLM *multi;
        GHashTable *transfers; /* those under way */
};

typedef struct Transfer {
        Http *http;
        CURL *easy;
        struct curl_slist *headers;
        GString *answer;
        char *sent;
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

        curl_multi_remove_handle(t->http->multi, t->easy);
        curl_easy_cleanup(t->easy);
        curl_slist_free_all(t->headers);
        g_string_free(t->answer, TRUE);
        g_free(t->sent);
        g_free(t);
}

/* ---- the loop */

static void finish(Transfer *t, CURLcode result)
{
        g_autofree char *text = g_string_free(g_steal_pointer(&t->answer), FALSE);
        g_autofree char *error = g_strdup(*t->error ? t->error : curl_easy_strerror(result));
        HttpAnswer answer = { .body = text };
        HttpDone done = t->done;
        void *userdata = t->userdata;
        curl_off_t retry_after = 0;
        long status = 0;

        if (result == CURLE_OK) {
                curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
                curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
        } else {
                answer.error = error;
        }
        answer.status = (unsigned)status;
        answer.retry_after = (unsigned)CLAMP(retry_after, 0, 86400);
        t->answer = g_string_new(NULL);
        g_hash_table_remove(t->http->transfers, t);
        done(userdata, &answer);
}

static void finish_transfers(Http *h)
{
        const CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(h->multi, &left))) {
                Transfer *t = NULL;

                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
                finish(t, message->data.result);
        }
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Http *h = userdata;
        int running, events = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) | (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                              (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

        (void)source;
        curl_multi_socket_action(h->multi, fd, events, &running);
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
                curl_multi_assign(h->multi, fd, NULL);
        } else if (source) {
                sd_event_source_set_io_events(source, events);
        } else {
                if (sd_event_add_io(h->event, &source, fd, events, on_socket, h) < 0)
                        return -1;
                curl_multi_assign(h->multi, fd, source);
        }
        return 0;
}

static int on_time(sd_event_source *source, uint64_t now, void *userdata)
{
        Http *h = userdata;
        int running;

        (void)source;
        (void)now;
        curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        finish_transfers(h);
        return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *userdata)
{
        const Http *h = userdata;

        (void)multi;
        if (milliseconds < 0)
                return sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
        sd_event_source_set_time_relative(h->timer, (uint64_t)milliseconds * 1000);
        return sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

Http *http_new(sd_event *event, const Settings *settings)
{
        Http *h = g_new0(Http, 1);

        curl_global_init(CURL_GLOBAL_DEFAULT);
        h->event = event;
        h->settings = settings;
        h->transfers = g_hash_table_new_full(NULL, NULL, transfer_free, NULL);
        h->multi = curl_multi_init();
        if (!h->multi || sd_event_add_time(event, &h->timer, CLOCK_MONOTONIC, NEVER, 0, on_time, h) < 0) {
                log_error("libcurl or the event loop cannot be used");
                http_free(h);
                return NULL;
        }
        curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
        curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
        curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
        curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
        curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
        return h;
}

void http_free(Http *h)
{
        g_hash_table_unref(h->transfers);
        curl_multi_cleanup(h->multi);
        sd_event_source_disable_unref(h->timer);
        curl_global_cleanup();
        g_free(h);
}

/* ---- requests */

static size_t take_body(char *bytes, size_t size, size_t n, void *userdata)
{
        Transfer *t = userdata;
        long status = 0;

        (void)size; /* is 1 */
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        if (t->fd < 0 || (status != 200 && status != 206)) {
                if (t->answer->len + n > ANSWER_MAX)
                        return 0;
                g_string_append_len(t->answer, bytes, (gssize)n);
                return n;
        }
        if (status == 200 && t->resumed) { /* the server sends the whole */
                if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
                        return 0;
                t->offset = 0;
        }
        t->resumed = false;
        if (t->offset + n > t->size)
                return 0;
        if (write(t->fd, bytes, n) != (ssize_t)n)
                return 0;
        t->offset += n;
        return n;
}

static void add_header(Transfer *t, const char *format, const char *value)
{
        g_autofree char *line = g_strdup_printf(format, value);

        t->headers = curl_slist_append(t->headers, line);
}

static void add_identity(Transfer *t, const char *controller)
{
        const Settings *s = t->http->settings;
        const char *token = g_hash_table_lookup(s->target_tokens, controller);

        if (token)
                add_header(t, "Authorization: TargetToken %s", token);
        else if (s->gateway_token)
                add_header(t, "Authorization: GatewayToken %s", s->gateway_token);
        if (s->certificate && s->key) {
                curl_easy_setopt(t->easy, CURLOPT_SSLCERT, s->certificate);
                curl_easy_setopt(t->easy, CURLOPT_SSLKEY, s->key);
        }
}

static void set_up(Transfer *t, const HttpRequest *r)
{
        const Settings *s = t->http->settings;

        curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
        curl_easy_setopt(t->easy, CURLOPT_URL, r->url);
        curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
        curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, settings_is_safe(r->url) ? "http,https" : "https");
        curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(t->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "fotad-hawkbit/" PACKAGE_VERSION);
        curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIME);
        curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, SILENT_TIME);
        curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
        if (s->ca_file) { /* these authorities alone */
                curl_easy_setopt(t->easy, CURLOPT_CAINFO, s->ca_file);
                curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
        }
        if (g_str_has_prefix(r->url, "http:")) /* the loopback */
                curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
        if (r->offset > 0)
                curl_easy_setopt(t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)r->offset);
        if (r->fd < 0)
                add_header(t, "Accept: %s", "application/hal+json");
        if (r->body) {
                t->sent = g_strdup(r->body);
                add_header(t, "Content-Type: %s", "application/json");
                curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->sent);
                curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
        }
        if (r->controller)
                add_identity(t, r->controller);
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

void http_send(Http *h, const HttpRequest *r, HttpDone done, void *userdata)
{
        Transfer *t = g_new0(Transfer, 1);

        t->http = h;
        t->easy = curl_easy_init();
        g_assert(t->easy);
        t->answer = g_string_new(NULL);
        t->fd = r->fd;
        t->offset = r->offset;
        t->resumed = r->offset > 0;
        t->size = r->size;
        t->done = done;
        t->userdata = userdata;
        set_up(t, r);
        g_hash_table_add(h->transfers, t);
        curl_multi_add_handle(h->multi, t->easy);
}

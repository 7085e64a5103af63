/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thread per download, with libcurl; results reach the main loop as idle calls. This file handles URLs and the two
 * tables of result codes; it must not depend on a model or on the contents.
 */
#include "fetch.h"

#include <curl/curl.h>
#include <string.h>

struct Fetch {
        gint references;
        struct fetch_request request;
        struct fetch_observer observer;
        void *user;
        gint cancelled; /* atomic: set by the main loop, read by the thread */

        GMutex lock; /* guards the next four, and the body's length */
        GCond go_on;
        guint64 allowed;
        guint64 got;
        guint64 total;
        bool told; /* a progress call is on its way: do not queue another */

        CURL *curl; /* the thread's own from here on, until done() */
        GByteArray *body;
        unsigned code;
        char *why;
};

static Fetch *fetch_ref(Fetch *fetch)
{
        g_atomic_int_inc(&fetch->references);
        return fetch;
}

static void fetch_unref(void *data)
{
        Fetch *fetch = data;

        if (!g_atomic_int_dec_and_test(&fetch->references))
                return;
        g_free((char *)fetch->request.url);
        g_free((char *)fetch->request.tls_ca);
        g_clear_pointer(&fetch->body, g_byte_array_unref);
        g_free(fetch->why);
        g_mutex_clear(&fetch->lock);
        g_cond_clear(&fetch->go_on);
        g_free(fetch);
}

static gboolean tell_progress(void *data)
{
        Fetch *fetch = data;

        g_mutex_lock(&fetch->lock);
        guint64 got = fetch->got, total = fetch->total;
        fetch->told = false;
        g_mutex_unlock(&fetch->lock);
        if (!g_atomic_int_get(&fetch->cancelled))
                fetch->observer.progress(fetch->user, got, total);
        return G_SOURCE_REMOVE;
}

static gboolean tell_done(void *data)
{
        Fetch *fetch = data;

        if (g_atomic_int_get(&fetch->cancelled))
                return G_SOURCE_REMOVE;
        g_autoptr(GBytes) package = fetch->code ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&fetch->body));
        fetch->observer.done(fetch->user, fetch->code, package, fetch->why);
        fetch_unref(fetch); /* the caller's reference: it drops the pointer in done() */
        return G_SOURCE_REMOVE;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *data)
{
        Fetch *fetch = data;
        curl_off_t length = -1;

        if (g_atomic_int_get(&fetch->cancelled))
                return 0;
        curl_easy_getinfo(fetch->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);

        g_mutex_lock(&fetch->lock);
        g_byte_array_append(fetch->body, (const guint8 *)bytes, (guint)(size * n));
        fetch->got = fetch->body->len;
        fetch->total = length > 0 ? (guint64)length : 0;
        if (!fetch->told) {
                fetch->told = true;
                g_idle_add_full(G_PRIORITY_DEFAULT, tell_progress, fetch_ref(fetch), fetch_unref);
        }
        while (fetch->got >= fetch->allowed && !g_atomic_int_get(&fetch->cancelled))
                g_cond_wait(&fetch->go_on, &fetch->lock);
        g_mutex_unlock(&fetch->lock);
        return size * n;
}

/* Called about once a second even when nothing arrives, so that a cancelled download ends soon. */
static int look_for_cancel(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
        Fetch *fetch = data;

        (void)a, (void)b, (void)c, (void)d;
        return g_atomic_int_get(&fetch->cancelled);
}

/* The guide's table 4, by similarity of meaning; the README shows the result. */
static unsigned http_code(CURLcode result, long status, guint64 got)
{
        switch ((int)result) {
        case CURLE_OK: return status == 200 || status == 0 ? 0 : 723; /* a redirect is no package */
        case CURLE_HTTP_RETURNED_ERROR:
                return status == 404 || status == 410 || status == 414 ? 711
                       : status == 408 || status == 504                ? 728
                       : status == 503 || status == 429                ? 703
                                                                       : 723;
        case CURLE_URL_MALFORMAT: return 711;
        case CURLE_UNSUPPORTED_PROTOCOL: return 730;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return 714;
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE: return 716;
        case CURLE_OPERATION_TIMEDOUT: return got ? 722 : 702;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE: return 719;
        case CURLE_RECV_ERROR: return 717;
        case CURLE_SEND_ERROR: return 718;
        case CURLE_WEIRD_SERVER_REPLY: return 723;
        case CURLE_BAD_CONTENT_ENCODING: return 721;
        case CURLE_OUT_OF_MEMORY: return 729;
        default: return 701;
        }
}

/* Table 3. `status` is the server's last reply, 0 before the control connection stood. */
static unsigned ftp_code(CURLcode result, long status)
{
        if (result == CURLE_OK)
                return 0;
        if (status == 421)
                return 614;
        switch ((int)result) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL: return 610;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return 604;
        case CURLE_COULDNT_CONNECT: return status ? 615 : 605;
        case CURLE_FTP_WEIRD_PASV_REPLY:
        case CURLE_FTP_WEIRD_227_FORMAT:
        case CURLE_FTP_CANT_GET_HOST:
        case CURLE_FTP_ACCEPT_FAILED:
        case CURLE_FTP_ACCEPT_TIMEOUT: return 615;
        case CURLE_LOGIN_DENIED: return 625;
        case CURLE_REMOTE_ACCESS_DENIED: return 612;
        case CURLE_REMOTE_FILE_NOT_FOUND: return 611;
        case CURLE_FTP_COULDNT_RETR_FILE: return status == 550 ? 611 : 613;
        case CURLE_OPERATION_TIMEDOUT: return 609;
        case CURLE_PARTIAL_FILE: return 607;
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING: return 606;
        case CURLE_OUT_OF_MEMORY: return 619;
        default: return 601;
        }
}

static void *fetch_thread(void *data)
{
        Fetch *fetch = data;
        CURL *curl = fetch->curl = curl_easy_init();
        char words[CURL_ERROR_SIZE] = "";
        long status = 0;

        curl_easy_setopt(curl, CURLOPT_URL, fetch->request.url);
        curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* the module does not use the host's proxy */
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "QUECTEL_MODULE");
        curl_easy_setopt(curl, CURLOPT_FTP_SKIP_PASV_IP, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->request.connect_timeout_ms);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)MAX(1, fetch->request.read_timeout_ms / 1000));
        if (fetch->request.rate)
                curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)fetch->request.rate);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, fetch->request.tls_verify ? 1L : 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, fetch->request.tls_verify ? 2L : 0L);
        if (*fetch->request.tls_ca)
                curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->request.tls_ca);

        CURLcode result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        fetch->code = fetch->request.ftp ? ftp_code(result, status) : http_code(result, status, fetch->body->len);
        fetch->why = g_strdup_printf("%s, server status %ld", *words ? words : curl_easy_strerror(result), status);
        curl_easy_cleanup(g_steal_pointer(&fetch->curl));

        g_idle_add_full(G_PRIORITY_DEFAULT, tell_done, fetch, fetch_unref); /* the thread's reference */
        return NULL;
}

Fetch *fetch_start(const struct fetch_request *request, const struct fetch_observer *observer, void *user)
{
        static gsize once;
        Fetch *fetch = g_new0(Fetch, 1);

        if (g_once_init_enter(&once)) {
                curl_global_init(CURL_GLOBAL_DEFAULT);
                g_once_init_leave(&once, 1);
        }
        fetch->references = 1;
        fetch->request = *request;
        fetch->request.url = g_strdup(request->url);
        fetch->request.tls_ca = g_strdup(request->tls_ca);
        fetch->observer = *observer;
        fetch->user = user;
        fetch->body = g_byte_array_new();
        fetch->allowed = request->window ?: G_MAXUINT64;
        g_mutex_init(&fetch->lock);
        g_cond_init(&fetch->go_on);
        g_thread_unref(g_thread_new("fetch", fetch_thread, fetch_ref(fetch)));
        return fetch;
}

void fetch_allow(Fetch *fetch, guint64 bytes)
{
        g_mutex_lock(&fetch->lock);
        fetch->allowed = bytes;
        g_cond_signal(&fetch->go_on);
        g_mutex_unlock(&fetch->lock);
}

GBytes *fetch_peek(Fetch *fetch, gsize n)
{
        g_mutex_lock(&fetch->lock);
        GBytes *head = g_bytes_new(fetch->body->data, MIN(n, fetch->body->len));
        g_mutex_unlock(&fetch->lock);
        return head;
}

void fetch_cancel(Fetch *fetch)
{
        if (!fetch)
                return;
        g_mutex_lock(&fetch->lock);
        g_atomic_int_set(&fetch->cancelled, 1);
        g_cond_signal(&fetch->go_on);
        g_mutex_unlock(&fetch->lock);
        fetch_unref(fetch);
}

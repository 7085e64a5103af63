/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source of a package: the rules for a URL, the module's network, and the fetch. This file must not depend on the
 * use of a package, or on the messages about it.
 */
#include "model-private.h"

#include <string.h>

#define MINI_URL_MAX 128

static const struct {
        const char *prefix;
        const char *word;
} schemes[] = {
        { "http://", "HTTP" },
        { "https://", "HTTPS" },
        { "ftp://", "FTP" },
        { "FILE:", "FILE" },
};

bool source_is_file(const Model *m)
{
        return g_str_equal(m->fota.word, "FILE");
}

bool source_is_ftp(const Model *m)
{
        return g_str_equal(m->fota.word, "FTP");
}

/* --- URL --- */

/* The URC's word for its scheme; "" for an unknown one. */
static const char *scheme_of(const char *url)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++)
                if (g_ascii_strncasecmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
                        return schemes[i].word;
        return "";
}

/* ftp://<user>:<password>@<server>:<port>/<file>: at most 50 bytes each. */
static bool ftp_parts_fit(const char *url)
{
        const char *rest = url + strlen("ftp://");
        size_t whole = strcspn(rest, "/");
        g_autofree char *authority = g_strndup(rest, whole);
        char *at = strrchr(authority, '@');
        const char *server = at ? at + 1 : authority;

        if (at) {
                *at = '\0';
                size_t user = strcspn(authority, ":");
                if (user > 50 || strlen(authority + user) > 51)
                        return false;
        }
        return strcspn(server, ":") <= 50 && strlen(rest + whole) <= 51;
}

static bool file_length_fits(const char *url)
{
        const char *digits = url + strlen("FILE:");

        return *digits && strlen(digits) <= 9 && strspn(digits, "0123456789") == strlen(digits) &&
               g_ascii_strtoull(digits, NULL, 10) > 0;
}

/* True for a revision whose flash size is M02. */
static bool has_2_mb(const Model *m)
{
        const char *flash = g_strrstr(persona_text(m->persona, PERSONA_REVISION), "M02");

        return flash && strchr("_.", flash[3]);
}

bool source_takes(const Model *m, const char *url)
{
        const Persona *p = m->persona;
        const char *scheme = scheme_of(url);
        bool ftp = g_str_equal(scheme, "FTP"), https = g_str_equal(scheme, "HTTPS");

        if (!*scheme || (ftp && (!persona_flag(p, PERSONA_FTP) || !ftp_parts_fit(url))))
                return false;
        if (!persona_is(p, PERSONA_METHOD, "minifota"))
                return !g_str_equal(scheme, "FILE") || file_length_fits(url);
        return !g_str_equal(scheme, "FILE") && (!https || (persona_flag(p, PERSONA_HTTPS) && !has_2_mb(m))) &&
               strlen(url) <= MINI_URL_MAX && g_str_has_suffix(url, ".mini_1");
}

void source_set(Model *m, const char *url)
{
        const char *scheme = scheme_of(url);
        bool https = g_str_equal(scheme, "HTTPS");

        g_free(m->fota.word);
        m->fota.word = g_strdup(https ? persona_text(m->persona, PERSONA_HTTPS_WORD) : scheme);
        g_free(m->fota.url);
        m->fota.url = source_is_file(m) ? NULL : g_strdup(url);
        if (source_is_file(m))
                m->fota.length = m->fota.total = g_ascii_strtoull(url + strlen("FILE:"), NULL, 10);
}

/* --- network --- */

unsigned source_network_error(const Model *m)
{
        unsigned registered = persona_number(m->persona, PERSONA_REGISTERED);
        unsigned cid = CLAMP(persona_number(m->persona, PERSONA_FOTA_CID), 1, PDP_CONTEXTS);
        bool needs_pdp = persona_flag(m->persona, PERSONA_NEEDS_PDP) && m->system != MODEL_MINI;

        if (m->cfun != 1 || (registered != 1 && registered != 5))
                return source_is_ftp(m) ? 605 : 707;
        if (needs_pdp && !m->pdp[cid].active)
                return source_is_ftp(m) ? 605 : 708;
        return 0;
}

unsigned source_refusal(const Model *m)
{
        enum persona_key key = source_is_file(m)  ? PERSONA_FILE_CODE
                               : source_is_ftp(m) ? PERSONA_FTP_CODE
                                                  : PERSONA_HTTP_CODE;
        unsigned code = persona_number(m->persona, key);
        const char *path = source_is_ftp(m) ? strchr(m->fota.url + strlen("ftp://"), '/') : NULL;

        if (!code && !source_is_file(m))
                code = source_network_error(m);
        if (!code && path && strchr(path + 1, '/'))
                code = 612; /* only the root directory is supported */
        return code;
}

/* --- fetch --- */

void source_kick(Model *m)
{
        if (!m->fota.stalled && !m->lanes[LANE_JOB].fn)
                model_poll(m, LANE_JOB, 0, NULL, m->fota.pump);
}

static void fetch_progress(void *data, guint64 got, guint64 total)
{
        Model *m = data;

        m->fota.got = got;
        m->fota.total = total;
        source_kick(m);
}

void source_arrived(Model *m, unsigned code, GBytes *package, const char *why)
{
        m->fota.arrived = true;
        m->fota.code = code;
        if (code == 0) {
                gsize n;
                const void *bytes = g_bytes_get_data(package, &n);

                m->fota.package = g_bytes_ref(package);
                m->fota.got = m->fota.total = m->fetched_bytes = n;
                g_free(m->fetched_sha256);
                m->fetched_sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
                /* The Mini system writes it to the place of the normal system. */
                if (m->system != MODEL_MINI && n > persona_number(m->persona, PERSONA_UFS_FREE))
                        m->fota.code = source_is_file(m) ? 500 : source_is_ftp(m) ? 619 : 729;
        }
        model_log(m, "fetched %" G_GUINT64_FORMAT " bytes, code %u (%s)", m->fota.got, m->fota.code, why);
        model_event(m, "fetched");
        source_kick(m);
}

static void fetch_done(void *data, unsigned code, GBytes *package, const char *why)
{
        Model *m = data;

        m->fota.fetch = NULL;
        source_arrived(m, code, package, why);
}

void source_fetch(Model *m, guint64 window, model_step pump)
{
        static const struct fetch_observer observer = { .progress = fetch_progress, .done = fetch_done };
        const Persona *p = m->persona;
        const struct fetch_request request = {
                .url = m->fota.url,
                .ftp = source_is_ftp(m),
                .tls_verify = persona_flag(p, PERSONA_TLS_VERIFY),
                .tls_ca = persona_text(p, PERSONA_TLS_CA),
                .connect_timeout_ms = persona_number(p, PERSONA_CONNECT_TIMEOUT),
                .read_timeout_ms = persona_number(p, PERSONA_READ_TIMEOUT),
                .rate = persona_number(p, PERSONA_RATE),
                .window = window,
        };

        model_log(m, "fetches %s", m->fota.url);
        m->fota.begun = true;
        m->fota.pump = pump;
        m->fota.fetch = m->world->fetch(m->user, &request, &observer, m);
}

void source_allow(Model *m, guint64 bytes)
{
        if (m->fota.fetch)
                m->world->fetch_allow(m->user, m->fota.fetch, bytes);
}

void source_drop(Model *m)
{
        if (m->fota.fetch)
                m->world->fetch_cancel(m->user, g_steal_pointer(&m->fota.fetch));
        g_clear_pointer(&m->fota.package, g_bytes_unref);
        g_clear_pointer(&m->fota.head, g_bytes_unref);
        g_clear_pointer(&m->fota.file, g_byte_array_unref);
        m->fota.got = m->fota.total = 0;
        m->fota.code = m->fota.printed = 0;
        m->fota.begun = m->fota.arrived = m->fota.stalled = m->fota.head_checked = false;
}

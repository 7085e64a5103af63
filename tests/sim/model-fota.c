/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DFOTA upgrade as the module goes through it: accept, download, check, restart, update, restart. Here are
 * the faults of an upgrade too. This room must not know how commands are framed or where bytes come from.
 */
#include "model-private.h"
#include "package.h"

#include <string.h>

static void fota_begin(Model *m);
static void fota_pump(Model *m);
static void fota_finish(Model *m);
static void fota_check(Model *m);
static void update_step(Model *m);
static void update_end(Model *m);

static bool is_file(const Model *m)
{
        return g_str_equal(m->fota.word, "FILE");
}

static bool is_ftp(const Model *m)
{
        return g_str_equal(m->fota.word, "FTP");
}

static unsigned number(const Model *m, enum persona_key key)
{
        return persona_number(m->persona, key);
}

static bool is_lost(const Model *m, const char *what)
{
        return persona_has(m->persona, PERSONA_LOST, what);
}

/* `value` is negative for a line without one. */
static void fota_urc(Model *m, const char *what, const char *name, int value)
{
        const char *blank = persona_flag(m->persona, PERSONA_BLANK) ? " " : "";

        if (is_lost(m, what))
                model_log(m, "urc lost %s,%d", name, value);
        else if (value < 0)
                model_urc(m, "+QIND: \"FOTA\",\"%s%s\"", blank, name);
        else
                model_urc(m, "+QIND: \"FOTA\",\"%s%s\",%d", blank, name, value);
}

/* Whether the persona wants power to fail at that step; it fails once. */
static bool cut_here(Model *m, const char *what, unsigned before, unsigned now)
{
        if (!model_point_between(m, PERSONA_CUT, what, before, now))
                return false;
        persona_put(m->persona, PERSONA_CUT, "");
        model_power_cut(m);
        return true;
}

void fota_forget(Model *m)
{
        if (m->fota.fetch)
                m->world->fetch_cancel(m->user, m->fota.fetch);
        g_clear_pointer(&m->fota.package, g_bytes_unref);
        g_clear_pointer(&m->fota.file, g_byte_array_unref);
        g_free(m->fota.word);
        g_free(m->fota.url);
        memset(&m->fota, 0, sizeof m->fota);
}

static void job_over(Model *m)
{
        fota_forget(m);
        model_idle(m);
}

/* --- AT+QFOTADL --- */

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

static bool take_source(Model *m, const char *url)
{
        static const char *const schemes[] = { "http://", "https://", "ftp://" };
        const char *digits = url + strlen("FILE:");

        if (g_ascii_strncasecmp(url, "FILE:", 5) == 0) {
                m->fota.word = g_strdup("FILE");
                m->fota.length = m->fota.total = g_ascii_strtoull(digits, NULL, 10);
                return *digits && strlen(digits) <= 9 && strspn(digits, "0123456789") == strlen(digits) &&
                       m->fota.length > 0;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(schemes); i++) {
                if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) != 0)
                        continue;
                m->fota.word = g_strdup(i == 2   ? "FTP"
                                        : i == 1 ? persona_text(m->persona, PERSONA_HTTPS_WORD)
                                                 : "HTTP");
                m->fota.url = g_strdup(url);
                return i != 2 || (persona_flag(m->persona, PERSONA_FTP) && ftp_parts_fit(url));
        }
        return false;
}

static void fota_accept(Model *m)
{
        struct at_port *port = m->fota.port;

        if (persona_is(m->persona, PERSONA_QFOTADL, "silent")) {
                job_over(m);
                at_port_resume(port);
                return;
        }
        m->fota.phase = FOTA_DOWNLOADING;
        m->offs = 0;
        if (persona_is(m->persona, PERSONA_QFOTADL, "ok"))
                at_port_result(port, 0);
        model_log(m, "accepts %s", m->fota.url ?: "a package from the host");
        model_event(m, "accepted");
        if (persona_is(m->persona, PERSONA_AFTER_OK, "go"))
                model_next(m, LANE_JOB, number(m, PERSONA_START_DELAY), "accepted", fota_begin);
        at_port_resume(port);
}

bool fota_command(Model *m, struct at_port *port, const char *url, unsigned mode, unsigned download_max,
                  unsigned update_max)
{
        if (m->fota.phase != FOTA_NONE || m->pending.there || m->system != MODEL_NORMAL ||
            persona_is(m->persona, PERSONA_METHOD, "minifota") || persona_is(m->persona, PERSONA_QFOTADL, "error"))
                return false;
        if (!take_source(m, url)) {
                fota_forget(m);
                return false;
        }
        m->fota.phase = FOTA_ACCEPTING;
        m->fota.port = port;
        m->fota.mode = mode;
        m->fota.download_max = download_max;
        m->pending.update_max = update_max;
        model_next(m, LANE_JOB, number(m, PERSONA_ACCEPT), "qfotadl", fota_accept);
        return true;
}

/* --- download --- */

/* 0, or why there is no network to download over. */
static unsigned network_error(const Model *m)
{
        unsigned registered = number(m, PERSONA_REGISTERED), cid = CLAMP(number(m, PERSONA_FOTA_CID), 1, PDP_CONTEXTS);

        if (m->cfun != 1 || (registered != 1 && registered != 5))
                return is_ftp(m) ? 605 : 707;
        if (persona_flag(m->persona, PERSONA_NEEDS_PDP) && !m->pdp[cid].active)
                return is_ftp(m) ? 605 : 708;
        return 0;
}

static void kick_pump(Model *m)
{
        if (!m->fota.stalled && !m->lanes[LANE_JOB].fn)
                model_next(m, LANE_JOB, 0, NULL, fota_pump);
}

static void download_progress(void *data, guint64 got, guint64 total)
{
        Model *m = data;

        m->fota.got = got;
        m->fota.total = total;
        kick_pump(m);
}

/* The package, or the lack of it, is here; what was printed of it may be far behind. */
static void arrived(Model *m, unsigned code, GBytes *package, const char *why)
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
                if (n > number(m, PERSONA_UFS_FREE))
                        m->fota.code = is_file(m) ? 500 : is_ftp(m) ? 619 : 729;
        }
        model_log(m, "fetched %" G_GUINT64_FORMAT " bytes, code %u (%s)", m->fota.got, m->fota.code, why);
        model_event(m, "fetched");
        kick_pump(m);
}

static void download_done(void *data, unsigned code, GBytes *package, const char *why)
{
        Model *m = data;

        m->fota.fetch = NULL;
        arrived(m, code, package, why);
}

static void start_fetch(Model *m)
{
        static const struct fetch_observer observer = { .progress = download_progress, .done = download_done };
        const Persona *p = m->persona;
        const struct fetch_request request = {
                .url = m->fota.url,
                .ftp = is_ftp(m),
                .tls_verify = persona_flag(p, PERSONA_TLS_VERIFY),
                .tls_ca = persona_text(p, PERSONA_TLS_CA),
                .connect_timeout_ms = number(m, PERSONA_CONNECT_TIMEOUT),
                .read_timeout_ms = number(m, PERSONA_READ_TIMEOUT),
                .rate = number(m, PERSONA_RATE),
        };

        model_log(m, "fetches %s", m->fota.url);
        m->fota.fetch = m->world->fetch(m->user, &request, &observer, m);
}

static void file_idle(Model *m)
{
        m->fota.port->data_mode = false;
        arrived(m, 500, NULL, "the host fell silent");
}

size_t fota_file_bytes(Model *m, const guint8 *bytes, size_t n)
{
        size_t used = MIN(n, m->fota.length - m->fota.got);

        g_byte_array_append(m->fota.file, bytes, (guint)used);
        m->fota.got += used;
        if (m->fota.got < m->fota.length) {
                model_next(m, LANE_IDLE, number(m, PERSONA_FILE_IDLE), NULL, file_idle);
                kick_pump(m);
                return used;
        }
        model_stop(m, LANE_IDLE);
        m->fota.port->data_mode = false;
        g_autoptr(GBytes) package = g_byte_array_free_to_bytes(g_steal_pointer(&m->fota.file));
        arrived(m, 0, package, "from the host");
        return used;
}

static void fota_begin(Model *m)
{
        unsigned forced = number(m, is_file(m) ? PERSONA_FILE_CODE : is_ftp(m) ? PERSONA_FTP_CODE : PERSONA_HTTP_CODE);
        g_autofree char *name = g_strconcat(m->fota.word, "START", NULL);
        const char *path = is_ftp(m) ? strchr(m->fota.url + strlen("ftp://"), '/') : NULL;

        if (!forced && !is_file(m))
                forced = network_error(m);
        if (!forced && path && strchr(path + 1, '/'))
                forced = 612; /* only the root directory is supported */
        fota_urc(m, "download-start", name, -1);
        model_event(m, "start-urc");
        if (forced) {
                m->fota.code = forced;
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), NULL, fota_finish);
        } else if (is_file(m)) {
                m->fota.file = g_byte_array_new();
                m->fota.port->data_mode = true;
                model_next(m, LANE_IDLE, number(m, PERSONA_FILE_IDLE), NULL, file_idle);
        } else {
                start_fetch(m);
        }
}

/* Prints one more DOWNLOADING if the true progress is ahead of what was printed. */
static void fota_pump(Model *m)
{
        unsigned max = m->fota.download_max ?: 100, reached = 0;
        bool silent = !m->fota.download_max || persona_is(m->persona, PERSONA_DOWNLOAD_STYLE, "none");

        if (m->fota.arrived && !m->fota.code)
                reached = max;
        else if (m->fota.total)
                reached = (unsigned)MIN(m->fota.got * max / m->fota.total, max);
        if (m->fota.printed >= reached) {
                if (m->fota.arrived)
                        model_next(m, LANE_JOB, number(m, PERSONA_STEP), NULL, fota_finish);
                return;
        }

        unsigned before = m->fota.printed * 100 / max, now = ++m->fota.printed * 100 / max;
        if (!silent)
                fota_urc(m, "downloading", "DOWNLOADING",
                         (int)(persona_is(m->persona, PERSONA_DOWNLOAD_STYLE, "percent") ? now : m->fota.printed));
        model_event(m, "downloading");
        model_event(m, "downloading:%u", now);
        if (model_point_between(m, PERSONA_STALL, "downloading", before, now)) {
                m->fota.stalled = true;
                model_event(m, "stalled");
                return;
        }
        if (cut_here(m, "downloading", before, now))
                return;
        model_next(m, LANE_JOB, number(m, PERSONA_DOWNLOAD_STEP), model_hold_between(m, "downloading", before, now),
                   fota_pump);
}

static void fota_finish(Model *m)
{
        g_autofree char *name = g_strconcat(m->fota.word, "END", NULL);

        fota_urc(m, "download-end", name, (int)m->fota.code);
        model_event(m, "download-end");
        if (m->fota.code) {
                job_over(m);
                return;
        }
        m->fota.phase = FOTA_CHECKING;
        model_next(m, LANE_JOB, number(m, PERSONA_CHECK), "downloaded", fota_check);
}

void fota_network_lost(Model *m)
{
        if (m->fota.phase != FOTA_DOWNLOADING || is_file(m))
                return;
        if (m->fota.fetch)
                m->world->fetch_cancel(m->user, g_steal_pointer(&m->fota.fetch));
        m->fota.stalled = true;
        m->fota.code = is_ftp(m) ? 601 : 701;
        model_next(m, LANE_JOB, number(m, PERSONA_ABORT), NULL, fota_finish);
}

/* --- check --- */

static void fota_check(Model *m)
{
        const Persona *p = m->persona;
        const struct package_target target = {
                .revision = persona_text(p, PERSONA_REVISION),
                .build = persona_text(p, PERSONA_BUILD),
                .baseline = persona_text(p, PERSONA_BASELINE),
        };
        g_autofree char *to = NULL;
        bool flash_fails = false;
        unsigned code = number(m, PERSONA_CHECK_CODE) ?: package_check(m->fota.package, &target, &to, &flash_fails);

        model_log(m, "package checked, code %u", code);
        if (code) {
                fota_urc(m, "end", "END", (int)code);
                model_event(m, "end");
                job_over(m);
                return;
        }
        g_free(m->pending.to);
        m->pending.to = g_steal_pointer(&to);
        m->pending.there = true;
        m->pending.flash_fails = flash_fails;
        m->pending.printed = 0;
        m->pending.ended = false;
        if (m->fota.mode == 1 && !persona_flag(p, PERSONA_MODE1_DROPS)) {
                m->system = MODEL_UPDATER;
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), "updater", fota_updater_boot);
        } else {
                model_next(m, LANE_JOB, number(m, PERSONA_LINGER), NULL, model_restart);
        }
}

/* --- update --- */

/* The `i`th value of the UPDATING series and its percentage; false behind the end. */
static bool update_value(const Model *m, unsigned i, unsigned *ret_value, unsigned *ret_percent)
{
        g_auto(GStrv) words = g_strsplit(persona_text(m->persona, PERSONA_UPDATING), "/", -1);
        const char *dash = words[0] ? strchr(words[0], '-') : NULL;

        if (persona_is(m->persona, PERSONA_UPDATE_MAX, "obeyed")) {
                unsigned max = m->pending.update_max ?: 100;

                *ret_value = i + 1;
                *ret_percent = (i + 1) * 100 / max;
                return i < max;
        }
        if (dash) {
                *ret_value = (unsigned)g_ascii_strtoull(words[0], NULL, 10) + i;
                *ret_percent = *ret_value;
                return *ret_value <= (unsigned)g_ascii_strtoull(dash + 1, NULL, 10);
        }
        if (i >= g_strv_length(words))
                return false;
        *ret_value = *ret_percent = (unsigned)g_ascii_strtoull(words[i], NULL, 10);
        return true;
}

void fota_updater_boot(Model *m)
{
        m->fota.phase = FOTA_UPDATING;
        fota_urc(m, "start", "START", -1);
        model_event(m, "start");
        /* After a power cut the step that was cut is done again. */
        if (m->pending.printed)
                m->pending.printed--;
        model_next(m, LANE_JOB, number(m, PERSONA_STEP), NULL, m->pending.ended ? update_end : update_step);
}

static void update_step(Model *m)
{
        bool fails = m->pending.flash_fails || number(m, PERSONA_UPDATE_CODE);
        bool silent = persona_is(m->persona, PERSONA_UPDATE_MAX, "obeyed") && !m->pending.update_max;
        unsigned value = 0, now = 0, before = 0, unused;

        if (m->pending.printed)
                update_value(m, m->pending.printed - 1, &unused, &before);
        if ((fails && before >= 50) || !update_value(m, m->pending.printed, &value, &now)) {
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), "end", update_end);
                return;
        }
        m->pending.printed++;
        if (!silent)
                fota_urc(m, "updating", "UPDATING", (int)value);
        model_event(m, "updating");
        model_event(m, "updating:%u", now);
        if (model_point_between(m, PERSONA_STALL, "updating", before, now)) {
                model_event(m, "stalled");
                return;
        }
        if (cut_here(m, "updating", before, now))
                return;
        model_next(m, LANE_JOB, number(m, PERSONA_UPDATE_STEP), model_hold_between(m, "updating", before, now),
                   update_step);
}

static void put_unless_empty(Model *m, enum persona_key key, const char *value)
{
        if (*value)
                persona_put(m->persona, key, value);
}

static void install(Model *m)
{
        const char *revision = persona_text(m->persona, PERSONA_REVISION_AFTER);

        if (!g_str_equal(revision, "unchanged"))
                persona_put(m->persona, PERSONA_REVISION, *revision ? revision : m->pending.to);
        put_unless_empty(m, PERSONA_BUILD, persona_text(m->persona, PERSONA_BUILD_AFTER));
        put_unless_empty(m, PERSONA_IMEI, persona_text(m->persona, PERSONA_NEW_IMEI));
        put_unless_empty(m, PERSONA_URCPORT, persona_text(m->persona, PERSONA_URCPORT_AFTER));
        model_log(m, "now has firmware %s", persona_text(m->persona, PERSONA_REVISION));
}

static void update_leave(Model *m)
{
        m->pending.there = false;
        model_restart(m);
}

static void update_end(Model *m)
{
        if (!m->pending.ended) {
                m->pending.ended = true;
                m->pending.code = number(m, PERSONA_UPDATE_CODE) ?: (m->pending.flash_fails ? 504 : 0);
                if (m->pending.code == 0)
                        install(m);
        }
        fota_urc(m, "end", "END", (int)m->pending.code);
        if (persona_flag(m->persona, PERSONA_END_TWICE))
                fota_urc(m, "end", "END", (int)m->pending.code);
        if (persona_flag(m->persona, PERSONA_START_AFTER_END))
                fota_urc(m, "start", "START", -1);
        model_event(m, "end");
        if (persona_is(m->persona, PERSONA_CUT, "ended")) {
                persona_put(m->persona, PERSONA_CUT, "");
                model_power_cut(m);
                return;
        }
        model_next(m, LANE_JOB, number(m, PERSONA_LINGER), "ended", update_leave);
}

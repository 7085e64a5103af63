/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DFOTA upgrade of a module: accept, download, check, restart, update, restart; and the parts that MiniFOTA shares:
 * the beginning, the faults, the URCs. This file must not depend on the framing of commands or on the source of bytes.
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

static unsigned number(const Model *m, enum persona_key key)
{
        return persona_number(m->persona, key);
}

static bool is_lost(const Model *m, const char *what)
{
        return persona_has(m->persona, PERSONA_LOST, what);
}

void fota_urc(Model *m, const char *what, const char *name, int value)
{
        const char *blank = persona_flag(m->persona, PERSONA_BLANK) ? " " : "";

        if (is_lost(m, what))
                model_log(m, "urc lost %s,%d", name, value);
        else if (value < 0)
                model_urc(m, "+QIND: \"FOTA\",\"%s%s\"", blank, name);
        else
                model_urc(m, "+QIND: \"FOTA\",\"%s%s\",%d", blank, name, value);
}

void fota_say_download_end(Model *m, unsigned code)
{
        g_autofree char *name = g_strconcat(m->fota.word, "END", NULL);

        fota_urc(m, "download-end", name, (int)code);
        model_event(m, "download-end");
}

bool fota_say_end(Model *m, unsigned code)
{
        fota_urc(m, "end", "END", (int)code);
        if (persona_flag(m->persona, PERSONA_END_TWICE))
                fota_urc(m, "end", "END", (int)code);
        if (persona_flag(m->persona, PERSONA_START_AFTER_END))
                fota_urc(m, "start", "START", -1);
        model_event(m, "end");
        if (!persona_is(m->persona, PERSONA_CUT, "ended"))
                return false;
        persona_put(m->persona, PERSONA_CUT, "");
        model_power_cut(m);
        return true;
}

bool fota_cut_here(Model *m, const char *what, unsigned before, unsigned now)
{
        if (!model_point_between(m, PERSONA_CUT, what, before, now))
                return false;
        persona_put(m->persona, PERSONA_CUT, ""); /* fails once */
        model_power_cut(m);
        return true;
}

bool fota_stalls_here(Model *m, const char *what, unsigned before, unsigned now)
{
        if (!model_point_between(m, PERSONA_STALL, what, before, now))
                return false;
        m->fota.stalled = true;
        model_event(m, "stalled");
        return true;
}

void fota_forget(Model *m)
{
        file_forget(m);
        source_drop(m);
        g_free(m->fota.word);
        g_free(m->fota.url);
        g_free(m->fota.next_url);
        memset(&m->fota, 0, sizeof m->fota);
}

void fota_over(Model *m)
{
        fota_forget(m);
        model_idle(m);
}

/* --- AT+QFOTADL --- */

bool fota_answer(Model *m)
{
        if (persona_is(m->persona, PERSONA_QFOTADL, "silent"))
                return false;
        if (persona_is(m->persona, PERSONA_QFOTADL, "ok"))
                at_port_result(m->fota.port, 0);
        model_event(m, "accepted");
        return true;
}

static void fota_accept(Model *m)
{
        struct at_port *port = m->fota.port;
        bool mini = persona_is(m->persona, PERSONA_METHOD, "minifota");

        if (!fota_answer(m)) {
                fota_over(m);
                at_port_resume(port);
                return;
        }
        m->fota.phase = mini ? FOTA_MINI : FOTA_DOWNLOADING;
        m->offs = m->fetches = 0;
        model_log(m, "accepts %s", m->fota.url ?: "a package from the host");
        if (persona_is(m->persona, PERSONA_AFTER_OK, "go"))
                model_next(m, LANE_JOB, number(m, PERSONA_START_DELAY), "accepted", mini ? mini_leave : fota_begin);
        at_port_resume(port);
}

void fota_begin_accept(Model *m, struct at_port *port, model_step accept)
{
        m->fota.port = port;
        m->fota.phase = FOTA_ACCEPTING;
        m->counting = true;
        m->steps = 0;
        model_next(m, LANE_JOB, number(m, PERSONA_ACCEPT), "qfotadl", accept);
}

bool fota_command(Model *m, struct at_port *port, const char *url, unsigned mode, unsigned download_max,
                  unsigned update_max)
{
        if (persona_is(m->persona, PERSONA_QFOTADL, "error") || !source_takes(m, url))
                return false;
        if (m->system == MODEL_MINI)
                return mini_command(m, port, url);
        if (m->fota.phase != FOTA_NONE || m->pending.there || m->system != MODEL_NORMAL)
                return false;
        source_set(m, url);
        m->fota.mode = mode;
        m->fota.download_max = download_max;
        m->pending.update_max = update_max;
        fota_begin_accept(m, port, fota_accept);
        return true;
}

/* --- download --- */

static void next_finish(Model *m)
{
        model_next(m, LANE_JOB, number(m, PERSONA_STEP), source_is_file(m) ? "fileend" : NULL, fota_finish);
}

static void fota_start(Model *m)
{
        unsigned refused = source_refusal(m);
        g_autofree char *name = g_strconcat(m->fota.word, "START", NULL);

        fota_urc(m, "download-start", name, -1);
        model_event(m, "start-urc");
        if (source_is_file(m))
                model_event(m, "filestart");
        if (refused) {
                m->fota.code = refused;
                next_finish(m);
        } else if (source_is_file(m)) {
                file_begin(m, fota_pump);
        } else {
                m->fetches++;
                source_fetch(m, 0, fota_pump);
        }
}

static void fota_begin(Model *m)
{
        if (source_is_file(m))
                model_poll(m, LANE_JOB, 0, "filestart", fota_start);
        else
                fota_start(m);
}

/* Prints one more DOWNLOADING if the real progress is ahead of the last one. */
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
                        next_finish(m);
                return;
        }

        if (model_step_cut(m))
                return;
        unsigned before = m->fota.printed * 100 / max, now = ++m->fota.printed * 100 / max;
        if (!silent)
                fota_urc(m, "downloading", "DOWNLOADING",
                         (int)(persona_is(m->persona, PERSONA_DOWNLOAD_STYLE, "percent") ? now : m->fota.printed));
        model_event(m, "downloading");
        model_event(m, "downloading:%u", now);
        if (fota_stalls_here(m, "downloading", before, now) || fota_cut_here(m, "downloading", before, now))
                return;
        model_poll(m, LANE_JOB, number(m, PERSONA_DOWNLOAD_STEP), model_hold_between(m, "downloading", before, now),
                   fota_pump);
}

static void fota_finish(Model *m)
{
        fota_say_download_end(m, m->fota.code);
        if (source_is_file(m))
                file_ended(m);
        if (m->fota.code) {
                fota_over(m);
                return;
        }
        m->fota.phase = FOTA_CHECKING;
        model_next(m, LANE_JOB, number(m, PERSONA_CHECK), "downloaded", fota_check);
}

static void end_download(Model *m, unsigned code)
{
        if (m->fota.phase != FOTA_DOWNLOADING || source_is_file(m))
                return;
        if (m->system == MODEL_MINI) {
                mini_network_lost(m, code);
                return;
        }
        if (m->fota.fetch)
                m->world->fetch_cancel(m->user, g_steal_pointer(&m->fota.fetch));
        m->fota.stalled = true;
        m->fota.code = code;
        model_next(m, LANE_JOB, number(m, PERSONA_ABORT), NULL, fota_finish);
}

void fota_network_lost(Model *m)
{
        if (m->fota.word)
                end_download(m, source_is_ftp(m) ? 601 : 701);
}

void fota_network_changed(Model *m)
{
        unsigned code = m->fota.begun ? source_network_error(m) : 0;

        if (code)
                end_download(m, code);
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
        unsigned code = number(m, PERSONA_CHECK_CODE) ?: package_check(m->fota.package, 0, &target, &to, &flash_fails);

        model_log(m, "package checked, code %u", code);
        if (code) {
                fota_urc(m, "end", "END", (int)code);
                model_event(m, "end");
                fota_over(m);
                return;
        }
        g_free(m->pending.to);
        m->pending.to = g_steal_pointer(&to);
        m->pending.there = true;
        m->pending.flash_fails = flash_fails;
        m->pending.printed = 0;
        m->pending.ended = false;
        if (m->fota.mode == 1 && (persona_is(p, PERSONA_MODE1_DROPS, "0") ||
                                  (persona_is(p, PERSONA_MODE1_DROPS, "url") && source_is_file(m)))) {
                m->system = MODEL_UPDATER;
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), "updater", fota_updater_boot);
        } else {
                model_next(m, LANE_JOB, number(m, PERSONA_LINGER), NULL, model_restart);
        }
}

/* --- update --- */

bool fota_series(const char *series, unsigned i, unsigned *ret)
{
        g_auto(GStrv) words = g_strsplit(series, "/", -1);
        const char *dash = words[0] ? strchr(words[0], '-') : NULL;

        if (dash) {
                *ret = (unsigned)g_ascii_strtoull(words[0], NULL, 10) + i;
                return *ret <= (unsigned)g_ascii_strtoull(dash + 1, NULL, 10);
        }
        if (i >= g_strv_length(words))
                return false;
        *ret = (unsigned)g_ascii_strtoull(words[i], NULL, 10);
        return true;
}

/* The `i`th value of the UPDATING series and its percentage; false after the end. */
static bool update_value(const Model *m, unsigned i, unsigned *ret_value, unsigned *ret_percent)
{
        if (persona_is(m->persona, PERSONA_UPDATE_MAX, "obeyed")) {
                unsigned max = m->pending.update_max ?: 100;

                *ret_value = i + 1;
                *ret_percent = (i + 1) * 100 / max;
                return i < max;
        }
        if (!fota_series(persona_text(m->persona, PERSONA_UPDATING), i, ret_value))
                return false;
        *ret_percent = *ret_value;
        return true;
}

void fota_updater_boot(Model *m)
{
        m->fota.phase = FOTA_UPDATING;
        model_event(m, "updater");
        fota_urc(m, "start", "START", -1);
        model_event(m, "start");
        /* After a power cut the interrupted step is repeated. */
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
        if (fota_stalls_here(m, "updating", before, now) || fota_cut_here(m, "updating", before, now))
                return;
        model_next(m, LANE_JOB, number(m, PERSONA_UPDATE_STEP), model_hold_between(m, "updating", before, now),
                   update_step);
}

static void put_unless_empty(Model *m, enum persona_key key, const char *value)
{
        if (*value)
                persona_put(m->persona, key, value);
}

void fota_install(Model *m, const char *to)
{
        const char *revision = persona_text(m->persona, PERSONA_REVISION_AFTER);

        if (!g_str_equal(revision, "unchanged"))
                persona_put(m->persona, PERSONA_REVISION, *revision ? revision : to);
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
                        fota_install(m, m->pending.to);
        }
        if (fota_say_end(m, m->pending.code))
                return;
        model_next(m, LANE_JOB, number(m, PERSONA_LINGER), "ended", update_leave);
}

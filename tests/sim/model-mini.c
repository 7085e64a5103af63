/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The MiniFOTA upgrade (guide 2.3.1.2 and 5): into the old Mini system, .mini_1, updater, new Mini system, .mini_2, and
 * the behaviour of each of them after a failure. This file must not depend on the framing of commands, on the parts of
 * a URL, or on the transport of packages.
 */
#include "model-private.h"
#include "package.h"

#include <string.h>

#define HEAD_BYTES 2048
/* The fetch of .mini_1 is reported in tenths. */
#define TENTHS 10

static const char *const stage_names[] = {
        [MINI_NONE] = "none",
        [MINI_1] = "mini-1",
        [MINI_UPDATE] = "update-1",
        [MINI_2] = "mini-2",
};

G_STATIC_ASSERT(G_N_ELEMENTS(stage_names) == _MINI_STAGE_MAX);

static void begin_fetch(Model *m);
static void pump(Model *m);

const char *mini_stage_name(enum mini_stage stage)
{
        return stage_names[stage];
}

static unsigned number(const Model *m, enum persona_key key)
{
        return persona_number(m->persona, key);
}

static bool tells(const Model *m)
{
        return m->mini.stage == MINI_1 && persona_flag(m->persona, PERSONA_MINI_TELLS);
}

static void restart_soon(Model *m, const char *point, model_step fn)
{
        m->fota.phase = FOTA_MINI;
        model_next(m, LANE_JOB, number(m, PERSONA_LINGER), point, fn);
}

/* --- from the normal system, and back to it --- */

static void enter(Model *m)
{
        g_free(m->mini.url);
        g_clear_pointer(&m->mini.to, g_free);
        m->mini.url = g_strdup(m->fota.url);
        m->mini.stage = MINI_1;
        m->mini.matched = m->mini.flash_fails = false;
        m->mini.printed = 0;
        model_log(m, "goes into the Mini system");
        model_restart(m);
}

/* The beginning of the package, or the failure to get it, has arrived. */
static void probe_pump(Model *m)
{
        if (!m->fota.got && !m->fota.arrived)
                return;
        if (model_step_cut(m))
                return;
        if (m->fota.arrived && (m->fota.code || !m->fota.got)) {
                fota_say_download_end(m, m->fota.code ?: 717);
                fota_over(m);
                return;
        }
        source_drop(m);
        restart_soon(m, NULL, enter);
}

void mini_leave(Model *m)
{
        unsigned refused;

        if (!persona_flag(m->persona, PERSONA_MINI_PROBES_URL)) {
                enter(m);
                return;
        }
        refused = source_refusal(m);
        if (refused) {
                fota_say_download_end(m, refused);
                fota_over(m);
                return;
        }
        m->fota.phase = FOTA_DOWNLOADING;
        source_fetch(m, 1, probe_pump);
}

static void give_up(Model *m)
{
        m->mini.stage = MINI_NONE;
        source_drop(m);
        model_log(m, "gives up, returns to the normal system");
        model_event(m, "gave-up");
        restart_soon(m, NULL, model_restart);
}

/* --- AT+QFOTADL in the Mini system --- */

static void accept_again(Model *m)
{
        struct at_port *port = m->fota.port;

        m->fota.phase = FOTA_DOWNLOADING;
        if (fota_answer(m)) {
                g_free(m->mini.url);
                m->mini.url = g_steal_pointer(&m->fota.next_url);
                m->fota.tries = 0;
                model_log(m, "accepts %s in the Mini system", m->mini.url);
                if (persona_is(m->persona, PERSONA_AFTER_OK, "go"))
                        model_next(m, LANE_JOB, number(m, PERSONA_START_DELAY), "accepted", begin_fetch);
        } else {
                model_next(m, LANE_JOB, number(m, PERSONA_MINI_RETRY), NULL, begin_fetch);
        }
        at_port_resume(port);
}

bool mini_command(Model *m, struct at_port *port, const char *url)
{
        /* Not once a package is complete. */
        if (m->fota.phase != FOTA_NONE && m->fota.phase != FOTA_DOWNLOADING)
                return false;
        source_drop(m);
        g_free(m->fota.next_url);
        m->fota.next_url = g_strdup(url);
        fota_begin_accept(m, port, accept_again);
        return true;
}

/* --- fetching --- */

void mini_boot(Model *m)
{
        model_event(m, m->mini.stage == MINI_1 ? "mini" : "mini-2");
        begin_fetch(m);
}

static void retry(Model *m)
{
        model_event(m, "retry");
        if (persona_flag(m->persona, PERSONA_MINI_RETRY_RESTARTS) && (m->mini.matched || m->mini.stage == MINI_2))
                model_restart(m);
        else
                begin_fetch(m);
}

static void try_again(Model *m)
{
        source_drop(m);
        m->fota.phase = FOTA_DOWNLOADING;
        model_next(m, LANE_JOB, number(m, PERSONA_MINI_RETRY), "retry", retry);
}

/* Scenarios 1, 3 and 4. */
static void fetch_failed(Model *m)
{
        model_log(m, "fetch failed, code %u", m->fota.code);
        if (tells(m))
                fota_say_download_end(m, m->fota.code);
        if (m->mini.stage == MINI_1 && !m->mini.matched && ++m->fota.tries >= number(m, PERSONA_MINI_TRIES))
                give_up(m);
        else
                try_again(m);
}

/* The package is invalid. */
static void bad_package(Model *m)
{
        model_event(m, "bad-package");
        if (m->mini.stage == MINI_2) {
                try_again(m);
                return;
        }
        source_drop(m);
        restart_soon(m, NULL, model_restart);
}

static void begin_fetch(Model *m)
{
        bool second = m->mini.stage == MINI_2;
        g_autofree char *stem = g_strndup(m->mini.url, strlen(m->mini.url) - strlen(".mini_1"));
        g_autofree char *url = g_strconcat(stem, second ? ".mini_2" : ".mini_1", NULL);

        source_drop(m);
        source_set(m, url);
        m->fota.phase = FOTA_DOWNLOADING;
        m->fetches++;
        m->fota.code = source_refusal(m);
        if (m->fota.code)
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), NULL, fetch_failed);
        else
                source_fetch(m, second ? 1 : HEAD_BYTES, pump);
}

void mini_network_lost(Model *m, unsigned code)
{
        if (!m->fota.begun)
                return;
        source_drop(m);
        m->fota.code = code;
        model_next(m, LANE_JOB, number(m, PERSONA_ABORT), NULL, fetch_failed);
}

/* --- checks --- */

static struct package_target target_of(const Model *m)
{
        return (struct package_target){
                .revision = persona_text(m->persona, PERSONA_REVISION),
                .build = persona_text(m->persona, PERSONA_BUILD),
                .baseline = persona_text(m->persona, PERSONA_BASELINE),
                .to = m->mini.stage == MINI_2 ? m->mini.to : NULL,
        };
}

/* Scenario 2, as long as nothing else was ever matched. */
static void check_head(Model *m)
{
        const struct package_target target = target_of(m);
        unsigned code = package_check_head(m->fota.head, 1, &target);

        model_log(m, "header checked, code %u", code);
        if (!code) {
                m->mini.matched = m->fota.head_checked = true;
                model_event(m, "header-matched");
                source_kick(m);
                return;
        }
        model_event(m, "header-mismatch");
        if (m->mini.matched) {
                bad_package(m);
                return;
        }
        if (tells(m)) {
                fota_urc(m, "end", "END", (int)code);
                model_event(m, "end");
        }
        give_up(m);
}

static void go_to_updater(Model *m)
{
        m->mini.stage = MINI_UPDATE;
        m->mini.printed = 0;
        model_restart(m);
}

static void finish(Model *m)
{
        fota_install(m, m->mini.to);
        m->mini.stage = MINI_NONE;
        if (!fota_say_end(m, 0))
                restart_soon(m, "ended", model_restart);
}

static void check_package(Model *m)
{
        const struct package_target target = target_of(m);
        bool second = m->mini.stage == MINI_2, flash_fails = false;
        g_autofree char *to = NULL;
        unsigned code = number(m, PERSONA_CHECK_CODE)
                                ?: package_check(m->fota.package, second ? 2 : 1, &target, &to, &flash_fails);

        model_log(m, "package checked, code %u", code);
        if (code || (second && flash_fails)) {
                bad_package(m);
        } else if (second) {
                m->fota.phase = FOTA_UPDATING;
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), "end", finish);
        } else {
                g_free(m->mini.to);
                m->mini.to = g_steal_pointer(&to);
                m->mini.flash_fails = flash_fails;
                model_event(m, "mini-1-done");
                restart_soon(m, "mini-1-done", go_to_updater);
        }
}

/* --- progress --- */

/* The `i`th value of the series for .mini_2, and its share of the fetch in thousandths; false after the end. */
static bool second_value(const Model *m, unsigned i, unsigned *ret_value, unsigned *ret_share)
{
        const char *series = persona_text(m->persona, PERSONA_MINI_UPDATING_2);
        unsigned first = 0, last, value;

        if (!fota_series(series, i, ret_value))
                return false;
        fota_series(series, 0, &first);
        last = first;
        for (unsigned k = 1; fota_series(series, k, &value); k++)
                last = value;
        *ret_share = last > first && *ret_value > first ? MIN((*ret_value - first) * 1000 / (last - first), 1000) : 0;
        return true;
}

/* The share of the fetch at which the next message is due; false if there is none. */
static bool next_share(const Model *m, unsigned *ret)
{
        unsigned value;

        if (m->mini.stage == MINI_2)
                return second_value(m, m->fota.printed, &value, ret);
        *ret = (m->fota.printed + 1) * 1000 / TENTHS;
        return m->fota.printed < TENTHS;
}

static void tell_progress(Model *m)
{
        bool second = m->mini.stage == MINI_2;
        const char *what = second ? "updating" : "mini-1";
        unsigned before, now, unused;

        if (!second) {
                before = m->fota.printed * 100 / TENTHS;
                now = ++m->fota.printed * 100 / TENTHS;
        } else {
                second_value(m, m->fota.printed, &now, &unused);
                before = now ? now - 1 : 0;
                if (m->fota.printed)
                        second_value(m, m->fota.printed - 1, &before, &unused);
                m->fota.printed++;
                fota_urc(m, "updating", "UPDATING", (int)now);
                model_event(m, "updating");
        }
        model_event(m, "%s:%u", what, now);
        if (!fota_stalls_here(m, what, before, now) && !fota_cut_here(m, what, before, now))
                model_poll(m, LANE_JOB, number(m, second ? PERSONA_UPDATE_STEP : PERSONA_DOWNLOAD_STEP),
                           model_hold_between(m, what, before, now), pump);
}

/* Checks the real progress of the fetch, which is read no further than to the next message. */
static void pump(Model *m)
{
        guint64 got = m->fota.got, total = m->fota.total;
        bool whole = m->fota.arrived && !m->fota.code && got;
        unsigned share;

        if (m->fota.arrived && !whole && !m->fota.code)
                m->fota.code = source_is_ftp(m) ? 613 : 723; /* an empty file */
        if (m->mini.stage == MINI_1 && !m->fota.head_checked && (whole || (m->fota.fetch && got >= HEAD_BYTES))) {
                m->fota.head = whole ? g_bytes_ref(m->fota.package)
                                     : m->world->fetch_peek(m->user, m->fota.fetch, HEAD_BYTES);
                model_next(m, LANE_JOB, 0, "mini-1:2k", check_head);
                return;
        }
        bool told = m->fota.head_checked || m->mini.stage == MINI_2;
        bool more = told && next_share(m, &share);
        if (more && (whole || (got && total && got * 1000 >= total * share))) {
                if (!model_step_cut(m))
                        tell_progress(m);
        } else if (m->fota.arrived) {
                if (whole)
                        m->fota.phase = FOTA_CHECKING;
                model_next(m, LANE_JOB, number(m, whole ? PERSONA_CHECK : PERSONA_STEP), NULL,
                           whole ? check_package : fetch_failed);
        } else if (told) {
                source_allow(m, more && total ? MAX((total * share + 999) / 1000, 1) : G_MAXUINT64);
        }
}

/* --- updater --- */

static void update_done(Model *m)
{
        m->mini.stage = MINI_2;
        model_restart(m);
}

/* Half of the Mini system is written: back to the old one, for a valid package. */
static void update_failed(Model *m)
{
        unsigned code = number(m, PERSONA_UPDATE_CODE) ?: 504;

        m->mini.stage = MINI_1;
        if (!fota_say_end(m, code))
                restart_soon(m, "ended", model_restart);
}

static void update_step(Model *m)
{
        bool fails = m->mini.flash_fails || number(m, PERSONA_UPDATE_CODE);
        const char *series = persona_text(m->persona, PERSONA_MINI_UPDATING);
        unsigned before = 0, now;

        if (m->mini.printed)
                fota_series(series, m->mini.printed - 1, &before);
        if (fails && before >= 30) {
                model_next(m, LANE_JOB, number(m, PERSONA_STEP), "end", update_failed);
                return;
        }
        if (!fota_series(series, m->mini.printed, &now)) {
                model_event(m, "update-1-done");
                restart_soon(m, "update-1-done", update_done);
                return;
        }
        m->mini.printed++;
        fota_urc(m, "updating", "UPDATING", (int)now);
        model_event(m, "updating");
        model_event(m, "updating:%u", now);
        if (fota_stalls_here(m, "updating", before, now) || fota_cut_here(m, "updating", before, now))
                return;
        model_next(m, LANE_JOB, number(m, PERSONA_UPDATE_STEP), model_hold_between(m, "updating", before, now),
                   update_step);
}

void mini_updater_boot(Model *m)
{
        m->fota.phase = FOTA_UPDATING;
        model_event(m, "updater");
        /* After a power cut the interrupted step is repeated. */
        if (m->mini.printed)
                m->mini.printed--;
        model_next(m, LANE_JOB, number(m, PERSONA_STEP), NULL, update_step);
}

/* --- the reported identity --- */

const char *mini_revision(const Model *m, const char **ret_build)
{
        const Persona *p = m->persona;
        const char *said = persona_text(p, PERSONA_MINI_REVISION), *after = persona_text(p, PERSONA_BUILD_AFTER);
        bool empty = !*said;

        *ret_build = persona_text(p, PERSONA_BUILD);
        if (empty && !persona_is(p, PERSONA_MINI_AT, "full"))
                return NULL;
        if (g_str_equal(said, "new") && m->mini.to && m->mini.stage == MINI_2) {
                if (*after)
                        *ret_build = after;
                return m->mini.to;
        }
        if (empty || g_str_equal(said, "new") || g_str_equal(said, "same"))
                return persona_text(p, PERSONA_REVISION);
        *ret_build = NULL;
        return said;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The work of the module: downloads, packages of the host, and updates (guide 2.3.1, 3.3.1 and 5.1). */

#include <string.h>

#include "model-private.h"

static const char *protocol(const Model *m)
{
        static const char *const names[_SOURCE_MAX] = { "HTTP", "HTTPS", "FTP", "FILE" };

        return names[m->traits->source];
}

static void print_number(Model *m, const char *before, int value)
{
        g_autofree char *line = g_strdup_printf("%s%d", before, value);

        model_print(m, 0, line);
}

static void print_start(Model *m, uint64_t in)
{
        g_autofree char *line = g_strdup_printf(FOTA("\"%sSTART\""), protocol(m));

        model_print(m, in, line);
}

/* FTP has the codes of HTTP less 100 (guide 6.1 and 6.2). */
static void print_end(Model *m, int code)
{
        g_autofree char *line = g_strdup_printf(FOTA("\"%sEND\",%d"), protocol(m),
                                                code > 700 && m->traits->source == SOURCE_FTP ? code - 100 : code);

        model_print(m, 0, line);
}

void model_settle(Model *m, bool is_new)
{
        m->stage = STAGE_IDLE;
        m->is_new = m->is_new || is_new;
        m->settled_at = m->now;
}

static void fail_download(Model *m, int code)
{
        m->downloading = m->receiving = false;
        print_end(m, code);
        model_settle(m, false); /* guide 5.1, scenarios 1 and 2 */
        if (m->system == SYSTEM_MINI)
                model_plan(m, model_some(m, PART_NONE, 1, 30), DEED_RESTART, 0, NULL);
}

static bool is_online(const Model *m)
{
        return m->network && m->traits->sim;
}

/* ---- the beginning */

void model_start_upgrade(Model *m)
{
        const Traits *t = m->traits;

        m->upgrades++;
        if (t->mini) {
                m->stage = STAGE_MINI_1;
                model_plan(m, model_some(m, PART_START, t->uart ? 2 : 1, t->uart ? 26 : 6), DEED_RESTART, 0, NULL);
        } else if (t->source == SOURCE_FILE) {
                m->receiving = true;
                m->corrupted = false;
                m->received = m->holds_until = 0;
                m->file_percent = 0;
                model_plan(m, model_some(m, PART_START, 1, 10), DEED_FILE, 0, NULL);
        } else {
                uint64_t start = model_some(m, PART_START, 1, 5);

                m->downloading = true;
                print_start(m, start);
                model_plan(m, start + model_some(m, PART_FETCH, 5, 15), DEED_FETCH, 0, NULL);
        }
}

void model_work_begin(Model *m)
{
        if (m->system == SYSTEM_UPDATER) {
                model_print(m, SECOND, FOTA("\"START\""));
                model_plan(m, model_some(m, PART_WRITE, 2, 20), DEED_WRITE, 0, NULL);
        } else {
                model_plan(m, model_some(m, PART_FETCH, 10, 60), DEED_FETCH, 0, NULL);
        }
}

/* The package of a DFOTA is complete. */
static void take_package(Model *m)
{
        print_end(m, 0);
        if (m->package == PACKAGE_WRONG || m->corrupted) {
                model_print(m, 2 * SECOND, FOTA("\"END\",505"));
                model_settle(m, false);
                return;
        }
        m->stage = STAGE_UPDATE;
        if (m->traits->at_once) {
                m->system = SYSTEM_UPDATER;
                m->answers = false;
                model_note(m, "the update begins without a restart");
                model_work_begin(m);
        } else {
                model_plan(m, model_some(m, PART_NONE, 1, 10), DEED_RESTART, 0, NULL);
        }
}

/* ---- a download */

static void fetch_dfota(Model *m, int value)
{
        if (!m->downloading)
                return;
        if (m->radio_off) {
                fail_download(m, 710);
                return;
        }
        if (value == 0 && (m->package == PACKAGE_MISSING || !is_online(m))) {
                model_plan(m, model_some(m, PART_NONE, 5, 60), DEED_GIVE_UP, 711, NULL);
                return;
        }
        if (!is_online(m)) { /* the module waits for its own time-out (field facts: 6 minutes) */
                model_plan(m, dice_between(m->dice, 20, 360) * SECOND, DEED_GIVE_UP, 702, NULL);
                return;
        }
        if (value > 0 && m->traits->progress && !m->traits->small)
                print_number(m, FOTA("\"DOWNLOADING\","), value);
        if (value < 100) {
                model_plan(m, model_some(m, PART_FETCH, 1, 15), DEED_FETCH, MIN(value + 10, 100), NULL);
                return;
        }
        m->downloading = m->corrupted = false;
        take_package(m);
}

static void fetch_mini(Model *m, int value)
{
        bool first = m->stage == STAGE_MINI_1, missing = m->package == (first ? PACKAGE_MISSING : PACKAGE_NO_MINI_2);

        if (!is_online(m) || missing) {
                if (first && value == 0)
                        model_plan(m, model_some(m, PART_NONE, 30, 200), DEED_GIVE_UP, 711, NULL);
                else /* guide 5.1, scenarios 3 and 4 */
                        model_plan(m, dice_between(m->dice, 30, 120) * SECOND, DEED_FETCH, value, NULL);
                return;
        }
        if (first && value == 0 && m->package == PACKAGE_WRONG) {
                model_plan(m, model_some(m, PART_NONE, 5, 30), DEED_GIVE_UP, 719, NULL);
                return;
        }
        if (!first)
                print_number(m, FOTA("\"UPDATING\","), 60 + value * 36 / 100);
        if (value < 100) {
                model_plan(m, model_some(m, PART_FETCH, 2, 30), DEED_FETCH, MIN(value + 20, 100), NULL);
                return;
        }
        if (first) {
                m->stage = STAGE_MINI_WRITE;
        } else {
                model_settle(m, true);
                model_print(m, SECOND, FOTA("\"END\",0"));
        }
        model_plan(m, model_some(m, PART_NONE, 2, 10), DEED_RESTART, 0, NULL);
}

void model_fetch(Model *m, int value)
{
        if (m->traits->mini)
                fetch_mini(m, value);
        else
                fetch_dfota(m, value);
}

void model_give_up(Model *m, int code)
{
        if (m->system == SYSTEM_MINI && is_online(m) && m->package == PACKAGE_GOOD)
                model_plan(m, 0, DEED_FETCH, 0, NULL);
        else
                fail_download(m, code);
}

/* ---- a package of the host (guide 3.3.1.3) */

#define FILE_STEP 10 /* percent between two messages */

static void await_bytes(Model *m)
{
        model_plan(m, m->traits->file_idle, DEED_FILE_IDLE, (int)m->received, NULL);
}

void model_file_begin(Model *m)
{
        if (!m->receiving)
                return;
        print_start(m, 0);
        await_bytes(m);
}

void model_file_idle(Model *m, int counter)
{
        if (m->receiving && (int)m->received == counter)
                fail_download(m, 500);
}

bool model_takes_bytes(const Model *m, uint64_t now)
{
        return !m->receiving || now >= m->holds_until;
}

void model_bytes(Model *m, uint64_t bytes, uint64_t now)
{
        const Traits *t = m->traits;
        bool flow = m->ifc || m->usbifc_changed;
        uint64_t parameter;

        m->now = now;
        if (!m->receiving)
                return;
        faults_next(m->faults);
        if (!flow && faults_hit(m->faults, FAULT_BYTES, &parameter))
                bytes -= 1 + parameter % bytes;
        m->received += bytes;
        if (flow && t->long_part == PART_FETCH)
                m->holds_until = now + model_some(m, PART_FETCH, 1, 4);
        while (t->progress && m->file_percent + FILE_STEP <= m->received * 100 / t->file_size && m->file_percent < 100)
                print_number(m, FOTA("\"DOWNLOADING\","), (int)(m->file_percent += FILE_STEP));
        if (m->received < t->file_size) {
                await_bytes(m);
                return;
        }
        m->receiving = false;
        if (m->package == PACKAGE_MISSING) /* the module cannot store it */
                fail_download(m, 500);
        else
                take_package(m);
}

/* ---- the update */

void model_write(Model *m, int value)
{
        bool mini = m->stage == STAGE_MINI_WRITE;

        print_number(m, FOTA("\"UPDATING\","), mini ? value * 60 / 100 : value);
        if (!mini && value >= 50 && m->package == PACKAGE_BROKEN) {
                model_settle(m, false);
                model_print(m, SECOND, FOTA("\"END\",504"));
        } else if (value < 100) {
                model_plan(m, model_some(m, PART_WRITE, 2, 20), DEED_WRITE, MIN(value + 14, 100), NULL);
                return;
        } else if (mini) {
                m->stage = STAGE_MINI_2;
        } else {
                model_settle(m, true);
                model_print(m, SECOND, FOTA("\"END\",0"));
        }
        model_plan(m, model_some(m, PART_NONE, 2, 10), DEED_RESTART, 0, NULL);
}

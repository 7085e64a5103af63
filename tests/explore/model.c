/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's power, its boots, its port, and the world around it. */

#include <string.h>

#include "model-private.h"

/* ---- actions */

static void deed_free(Deed *deed)
{
        g_free(deed->text);
        g_free(deed);
}

static int compare_deeds(const void *a, const void *b, void *userdata)
{
        const Deed *x = a, *y = b;

        (void)userdata;
        return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->serial < y->serial ? -1 : 1;
}

void model_plan(Model *m, uint64_t in, DeedType type, int value, const char *text)
{
        Deed *deed;

        if (in == NEVER)
                return;
        deed = g_new0(Deed, 1);
        deed->at = m->now + in;
        deed->serial = m->serial++;
        deed->type = type;
        deed->boot = m->boot;
        deed->value = value;
        deed->text = g_strdup(text);
        g_queue_insert_sorted(&m->deeds, deed, compare_deeds, NULL);
}

uint64_t model_some(Model *m, Part part, unsigned least, unsigned most)
{
        uint64_t lasts = dice_between(m->dice, least * SECOND, most * SECOND) * m->traits->slow;

        if (part != PART_NONE && part == m->traits->long_part && m->parts++ % 3 == 0)
                return m->traits->long_time;
        return lasts;
}

void model_note(Model *m, const char *text)
{
        m->observer->note(m->userdata, text);
}

/* Returns true if the running system prints the line at the port that the host reads. */
static bool is_heard(const Model *m, const char *line)
{
        if (m->system != SYSTEM_FIRMWARE || !g_str_has_prefix(line, "+QIND:"))
                return true;
        return m->messages && m->urc_port_changed;
}

void model_print(Model *m, uint64_t in, const char *line)
{
        g_autofree char *text = g_strdup(line);
        uint64_t parameter;

        if (!is_heard(m, line))
                return;
        faults_next(m->faults);
        if (faults_hit(m->faults, FAULT_LOST, &parameter))
                return;
        if (faults_hit(m->faults, FAULT_GARBLED, &parameter))
                text[parameter % strlen(text)] = '~';
        if (faults_hit(m->faults, FAULT_LATE, &parameter))
                in += parameter % (20 * SECOND);
        model_plan(m, in, DEED_LINE, 0, text);
        if (faults_hit(m->faults, FAULT_DOUBLED, &parameter))
                model_plan(m, in + parameter % (2 * SECOND), DEED_LINE, 0, text);
}

/* ---- booting */

static void turn_off(Model *m, uint64_t off_for)
{
        bool was_attached = model_is_attached(m);

        if (m->downloading || m->receiving)
                m->settled_at = m->now;
        m->boot++;
        m->system = SYSTEM_OFF;
        m->busy_until = 0;
        m->attached = m->hidden = m->answers = m->sim_up = m->downloading = m->radio_off = false;
        m->context_up = m->ifc = m->stuck = m->dumped = m->receiving = false;
        m->messages = !m->traits->messages_off;
        if (was_attached && !m->traits->uart)
                m->observer->detached(m->userdata);
        model_plan(m, off_for, DEED_ATTACH, 0, NULL);
}

void model_restart(Model *m)
{
        model_note(m, "the module restarts");
        turn_off(m, model_some(m, PART_OFF, 2, 12));
}

static bool has_at_port(const Model *m)
{
        return !m->dumped && (m->system != SYSTEM_UPDATER || m->traits->updater_answers || m->traits->at_once ||
                              m->stage == STAGE_MINI_WRITE);
}

/* The system that the boot loader starts. */
static void start_system(Model *m)
{
        static const char *const names[] = { "off", "firmware", "updater", "Mini system" };
        Stage stage = m->swapped ? STAGE_IDLE : m->stage;

        m->system = stage == STAGE_IDLE                                  ? SYSTEM_FIRMWARE
                    : stage == STAGE_UPDATE || stage == STAGE_MINI_WRITE ? SYSTEM_UPDATER
                                                                         : SYSTEM_MINI;
        m->attached = true;
        model_note(m, m->swapped ? "another module" : names[m->system]);
        if (!m->traits->uart)
                m->observer->attached(m->userdata, model_product(m), has_at_port(m));
        switch (m->system) {
        case SYSTEM_OFF: return;
        case SYSTEM_FIRMWARE:
                model_plan(m, model_some(m, PART_BOOT, 1, 6), DEED_RUN, 0, NULL);
                if (m->traits->sim)
                        model_plan(m, model_some(m, PART_NONE, 8, 25), DEED_SIM, 0, NULL);
                return;
        case SYSTEM_UPDATER:
                if (m->traits->updater_answers)
                        model_plan(m, model_some(m, PART_NONE, 1, 3), DEED_RUN, 0, NULL);
                model_work_begin(m);
                return;
        case SYSTEM_MINI:
                model_plan(m, model_some(m, PART_BOOT, 1, 6), DEED_RUN, 0, NULL);
                model_work_begin(m);
                return;
        }
}

static void run_system(Model *m)
{
        m->answers = m->system != SYSTEM_MINI || !m->traits->mini_mute;
        if (m->traits->boot_urcs && m->system != SYSTEM_UPDATER)
                model_print(m, 0, "RDY");
}

/* ---- time */

static void do_deed(Model *m, const Deed *deed)
{
        if (deed->boot != m->boot)
                return;
        if (deed->type != DEED_LINE)
                m->observer->step(m->userdata);
        switch (deed->type) {
        case DEED_LINE: {
                g_auto(GStrv) lines = g_strsplit(deed->text, "\n", -1);

                if (m->ifc && m->traits->flow == FLOW_NO_WIRES)
                        return;
                for (char **line = lines; *line; line++)
                        m->observer->line(m->userdata, *line);
                return;
        }
        case DEED_ATTACH: start_system(m); return;
        case DEED_RUN: run_system(m); return;
        case DEED_SIM:
                m->sim_up = true;
                if (m->traits->firmware_sms)
                        model_print(m, 0, "+QIND: SMS DONE");
                model_print(m, SECOND, "+QIND: PB DONE");
                return;
        case DEED_FETCH: model_fetch(m, deed->value); return;
        case DEED_WRITE: model_write(m, deed->value); return;
        case DEED_GIVE_UP: model_give_up(m, deed->value); return;
        case DEED_FILE: model_file_begin(m); return;
        case DEED_FILE_IDLE: model_file_idle(m, deed->value); return;
        case DEED_RESTART: model_restart(m); return;
        case DEED_COME_BACK:
                if (!m->hidden)
                        return;
                m->hidden = false;
                m->observer->attached(m->userdata, model_product(m), has_at_port(m));
                return;
        }
}

uint64_t model_next(const Model *m)
{
        const Deed *deed = g_queue_peek_head((GQueue *)&m->deeds);

        return deed ? deed->at : NEVER;
}

void model_advance(Model *m, uint64_t now)
{
        Deed *deed;

        m->now = now;
        if (model_next(m) > now)
                return;
        deed = g_queue_pop_head(&m->deeds);
        do_deed(m, deed);
        deed_free(deed);
}

/* ---- the world around it */

void model_power_cut(Model *m, uint64_t now, uint64_t for_us)
{
        m->now = now;
        model_note(m, "power cut");
        turn_off(m, for_us);
}

void model_reset(Model *m, uint64_t now)
{
        m->now = now;
        model_note(m, "the module crashes");
        turn_off(m, model_some(m, PART_OFF, 2, 12));
}

void model_glitch(Model *m, uint64_t now, uint64_t for_us)
{
        m->now = now;
        if (m->traits->uart || !model_is_attached(m))
                return;
        model_note(m, "USB glitch");
        m->hidden = true;
        m->observer->detached(m->userdata);
        model_plan(m, for_us, DEED_COME_BACK, 0, NULL);
}

void model_hang(Model *m, uint64_t now, uint64_t for_us)
{
        m->now = now;
        if (m->system == SYSTEM_OFF)
                return;
        model_note(m, "the module hangs");
        if (m->downloading || m->receiving)
                m->settled_at = now;
        m->boot++;
        m->answers = m->sim_up = m->downloading = m->receiving = false;
        m->stuck = for_us == NEVER;
        if (m->hidden) {
                m->hidden = false;
                m->observer->attached(m->userdata, model_product(m), has_at_port(m));
        }
        model_plan(m, for_us, DEED_RESTART, 0, NULL);
}

void model_dump(Model *m, uint64_t now, uint64_t for_us)
{
        if (m->traits->uart || m->system == SYSTEM_OFF) {
                model_hang(m, now, for_us);
                return;
        }
        m->now = now;
        model_note(m, "the firmware crashes, and only the DIAG port is left");
        turn_off(m, NEVER);
        m->dumped = m->attached = true;
        m->stuck = for_us == NEVER;
        m->observer->attached(m->userdata, PRODUCT_FIRMWARE, false);
        model_plan(m, for_us, DEED_RESTART, 0, NULL);
}

void model_swap(Model *m, uint64_t now, bool is_new)
{
        m->now = now;
        model_note(m, "another module takes the place");
        m->swapped = true;
        m->other_is_new = is_new;
        m->urc_port_changed = false;
        turn_off(m, 20 * SECOND);
}

void model_begin_elsewhere(Model *m, uint64_t now)
{
        m->now = now;
        m->urc_port_changed = m->messages = true;
        if (m->system != SYSTEM_FIRMWARE)
                return;
        model_note(m, "another program sends AT+QFOTADL");
        model_start_upgrade(m);
}

void model_set_network(Model *m, bool up)
{
        if (m->network != up)
                model_note(m, up ? "network up" : "network down");
        m->network = up;
}

void model_publish(Model *m, Package package)
{
        model_note(m, package == PACKAGE_GOOD      ? "the package is good"
                      : package == PACKAGE_MISSING ? "the package is missing"
                      : package == PACKAGE_WRONG   ? "the package does not fit"
                      : package == PACKAGE_BROKEN  ? "the package fails in the update"
                                                   : "the package .mini_2 is missing");
        m->package = package;
}

/* ---- the facts */

const char *model_old_revision(const Traits *t)
{
        return t->mini ? MODEL_OLD_MINI : t->small ? MODEL_OLD_SMALL : MODEL_OLD_DFOTA;
}

const char *model_new_revision(const Traits *t)
{
        return t->mini ? MODEL_NEW_MINI : t->small ? MODEL_NEW_SMALL : MODEL_NEW_DFOTA;
}

System model_system(const Model *m)
{
        return m->system;
}

Stage model_stage(const Model *m)
{
        return m->stage;
}

bool model_works(const Model *m)
{
        return m->stage != STAGE_IDLE || m->downloading;
}

bool model_is_new(const Model *m)
{
        return m->is_new;
}

bool model_is_attached(const Model *m)
{
        return m->attached && !m->hidden;
}

bool model_is_stuck(const Model *m)
{
        return m->stuck;
}

bool model_is_swapped(const Model *m)
{
        return m->swapped;
}

bool model_is_other_named(const Model *m)
{
        return m->other_is_named;
}

bool model_is_receiving(const Model *m)
{
        return m->receiving;
}

unsigned model_product(const Model *m)
{
        return m->system == SYSTEM_MINI && m->traits->mini_product ? PRODUCT_MINI : PRODUCT_FIRMWARE;
}

unsigned model_upgrades(const Model *m)
{
        return m->upgrades;
}

unsigned model_writes_broken(const Model *m)
{
        return m->writes_broken;
}

uint64_t model_settled_at(const Model *m)
{
        return m->settled_at;
}

const char *model_setting_left(const Model *m)
{
        bool stuck = model_is_stuck(m);

        return m->radio_off && !stuck                   ? "radio"
               : m->urc_port_changed                    ? "urcport"
               : m->traits->messages_off && m->messages ? "AT+QINDCFG"
               : m->context_up && !stuck                ? "AT+QIACT"
               : m->fota_cid_changed                    ? "fota/cid"
               : m->apn_changed                         ? "AT+QICSGP"
               : m->usbifc_changed                      ? "usbifc"
               : m->ifc                                 ? "AT+IFC"
                                                        : NULL;
}

Model *model_new(const Traits *traits, Faults *faults, Dice *dice, const ModelObserver *observer, void *userdata)
{
        Model *m = g_new0(Model, 1);

        m->traits = traits;
        m->faults = faults;
        m->dice = dice;
        m->observer = observer;
        m->userdata = userdata;
        m->network = true;
        g_queue_init(&m->deeds);
        m->boot = 1;
        m->system = SYSTEM_FIRMWARE;
        m->attached = m->answers = true;
        m->sim_up = traits->sim;
        m->messages = !traits->messages_off;
        return m;
}

void model_free(Model *m)
{
        if (!m)
                return;
        g_queue_clear_full(&m->deeds, (GDestroyNotify)deed_free);
        g_free(m);
}

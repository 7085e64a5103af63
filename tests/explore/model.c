/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "model.h"

#define PRODUCT_FIRMWARE 0x6005
#define PRODUCT_MINI     0x6002
#define FOTA(rest)       "+QIND: \"FOTA\"," rest

uint64_t dice_roll(Dice *dice)
{
        uint64_t z = dice->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most)
{
        return least + dice_roll(dice) % (most - least + 1);
}

bool dice_hits(Dice *dice, unsigned per_mille)
{
        return per_mille && dice_roll(dice) % 1000 < per_mille;
}

typedef enum DeedType {
        DEED_LINE,    /* a line is printed: text */
        DEED_ATTACH,  /* the module appears on the USB, or is powered */
        DEED_RUN,     /* its system answers commands */
        DEED_SIM,     /* the SIM and SMS are up */
        DEED_FETCH,   /* the next part of a download: value of the progress */
        DEED_WRITE,   /* the next part of an update: value of the progress */
        DEED_GIVE_UP, /* the download has failed: value */
        DEED_RESTART,
        DEED_COME_BACK /* the end of a glitch */
} DeedType;

typedef struct Deed {
        uint64_t at;
        unsigned serial; /* of actions at the same time the one planned first comes first */
        DeedType type;
        unsigned boot; /* actions of an earlier boot are dropped; 0: of no boot */
        int value;
        char *text;
} Deed;

struct Model {
        const Traits *traits;
        Faults faults;
        Dice *dice;
        const ModelObserver *observer;
        void *userdata;
        uint64_t now;
        GQueue deeds; /* in the order of their times */
        unsigned serial;

        /* flash */
        Stage stage;
        bool is_new;
        bool urc_port_changed;

        /* of this boot */
        unsigned boot;
        System system;
        uint64_t busy_until; /* the previous command is answered then */
        bool attached, hidden /* by a glitch */, answers, sim_up, downloading, radio_off;

        Package package;
        bool network;
        unsigned upgrades, writes_broken;
};

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

static void plan(Model *m, uint64_t in, DeedType type, int value, const char *text)
{
        Deed *deed = g_new0(Deed, 1);

        deed->at = m->now + in;
        deed->serial = m->serial++;
        deed->type = type;
        deed->boot = m->boot;
        deed->value = value;
        deed->text = g_strdup(text);
        g_queue_insert_sorted(&m->deeds, deed, compare_deeds, NULL);
}

/* A random time between so many seconds, multiplied in a slow module. */
static uint64_t some(Model *m, unsigned least, unsigned most)
{
        return dice_between(m->dice, least * SECOND, most * SECOND) * m->traits->slow;
}

static void note(Model *m, const char *text)
{
        m->observer->note(m->userdata, text);
}

/* Prints a line of the module's own, unless a fault hits it. */
static void print(Model *m, uint64_t in, const char *line)
{
        g_autofree char *text = g_strdup(line);

        if (dice_hits(m->dice, m->faults.lost))
                return;
        if (dice_hits(m->dice, m->faults.garbled))
                text[dice_between(m->dice, 0, strlen(text) - 1)] = '~';
        if (dice_hits(m->dice, m->faults.late))
                in += dice_between(m->dice, 0, 20 * SECOND);
        plan(m, in, DEED_LINE, 0, text);
        if (dice_hits(m->dice, m->faults.doubled))
                plan(m, in + dice_between(m->dice, 0, 2 * SECOND), DEED_LINE, 0, text);
}

static void print_number(Model *m, const char *before, int value)
{
        g_autofree char *line = g_strdup_printf("%s%d", before, value);

        print(m, 0, line);
}

/* ---- booting */

static void turn_off(Model *m, uint64_t off_for)
{
        bool was_attached = model_is_attached(m);

        m->boot++;
        m->system = SYSTEM_OFF;
        m->busy_until = 0;
        m->attached = m->hidden = m->answers = m->sim_up = m->downloading = m->radio_off = false;
        if (was_attached && !m->traits->uart)
                m->observer->detached(m->userdata);
        plan(m, off_for, DEED_ATTACH, 0, NULL);
}

static void restart(Model *m)
{
        note(m, "the module restarts");
        turn_off(m, some(m, 2, 12));
}

/* The system that the boot loader starts, and its pending work. */
static void start_system(Model *m)
{
        static const char *const names[] = { "off", "firmware", "updater", "Mini system" };

        m->system = m->stage == STAGE_IDLE                                     ? SYSTEM_FIRMWARE
                    : m->stage == STAGE_UPDATE || m->stage == STAGE_MINI_WRITE ? SYSTEM_UPDATER
                                                                               : SYSTEM_MINI;
        m->attached = true;
        note(m, names[m->system]);
        if (!m->traits->uart)
                m->observer->attached(m->userdata, model_product(m),
                                      m->system != SYSTEM_UPDATER || m->traits->updater_answers ||
                                              m->stage == STAGE_MINI_WRITE);
        switch (m->system) {
        case SYSTEM_OFF: return;
        case SYSTEM_FIRMWARE:
                plan(m, some(m, 1, 6), DEED_RUN, 0, NULL);
                plan(m, some(m, 8, 25), DEED_SIM, 0, NULL);
                return;
        case SYSTEM_UPDATER:
                if (m->traits->updater_answers)
                        plan(m, some(m, 1, 3), DEED_RUN, 0, NULL);
                print(m, SECOND, FOTA("\"START\""));
                plan(m, some(m, 2, 20), DEED_WRITE, 0, NULL);
                return;
        case SYSTEM_MINI:
                plan(m, some(m, 1, 6), DEED_RUN, 0, NULL);
                plan(m, some(m, 10, 60), DEED_FETCH, 0, NULL);
                return;
        }
}

static void run_system(Model *m)
{
        m->answers = m->system != SYSTEM_MINI || !m->traits->mini_mute;
        if (m->traits->boot_urcs && m->system != SYSTEM_UPDATER)
                print(m, 0, "RDY");
}

/* ---- downloading and writing */

static void fail_download(Model *m, int code)
{
        m->downloading = false;
        if (m->system == SYSTEM_MINI) {
                print_number(m, FOTA("\"HTTPEND\","), code);
                m->stage = STAGE_IDLE; /* guide 5.1, scenarios 1 and 2 */
                plan(m, some(m, 1, 30), DEED_RESTART, 0, NULL);
        } else {
                print_number(m, FOTA("\"HTTPEND\","), code);
        }
}

static void fetch_dfota(Model *m, int value)
{
        if (m->radio_off) {
                fail_download(m, 710);
                return;
        }
        if (value == 0 && (m->package == PACKAGE_MISSING || !m->network)) {
                plan(m, some(m, 5, 60), DEED_GIVE_UP, 711, NULL);
                return;
        }
        if (!m->network) { /* the module waits for its own time-out (field facts: 6 minutes) */
                plan(m, dice_between(m->dice, 20, 360) * SECOND, DEED_GIVE_UP, 702, NULL);
                return;
        }
        if (value > 0 && m->traits->progress)
                print_number(m, FOTA("\"DOWNLOADING\","), value);
        if (value < 100) {
                plan(m, some(m, 1, 15), DEED_FETCH, MIN(value + 10, 100), NULL);
                return;
        }
        m->downloading = false;
        print(m, 0, FOTA("\"HTTPEND\",0"));
        if (m->package == PACKAGE_WRONG) {
                print(m, 2 * SECOND, FOTA("\"END\",505"));
                return;
        }
        m->stage = STAGE_UPDATE;
        plan(m, some(m, 1, 10), DEED_RESTART, 0, NULL);
}

static void fetch_mini(Model *m, int value)
{
        bool first = m->stage == STAGE_MINI_1, missing = m->package == (first ? PACKAGE_MISSING : PACKAGE_NO_MINI_2);

        if (!m->network || missing) {
                if (first && value == 0)
                        plan(m, some(m, 30, 200), DEED_GIVE_UP, 711, NULL);
                else /* guide 5.1, scenarios 3 and 4 */
                        plan(m, dice_between(m->dice, 30, 120) * SECOND, DEED_FETCH, value, NULL);
                return;
        }
        if (first && value == 0 && m->package == PACKAGE_WRONG) {
                plan(m, some(m, 5, 30), DEED_GIVE_UP, 719, NULL);
                return;
        }
        if (!first)
                print_number(m, FOTA("\"UPDATING\","), 60 + value * 36 / 100);
        if (value < 100) {
                plan(m, some(m, 2, 30), DEED_FETCH, MIN(value + 20, 100), NULL);
                return;
        }
        if (first) {
                m->stage = STAGE_MINI_WRITE;
        } else {
                m->stage = STAGE_IDLE;
                m->is_new = true;
                print(m, SECOND, FOTA("\"END\",0"));
        }
        plan(m, some(m, 2, 10), DEED_RESTART, 0, NULL);
}

static void write_flash(Model *m, int value)
{
        bool mini = m->stage == STAGE_MINI_WRITE;

        print_number(m, FOTA("\"UPDATING\","), mini ? value * 60 / 100 : value);
        if (value < 100) {
                plan(m, some(m, 2, 20), DEED_WRITE, MIN(value + 14, 100), NULL);
                return;
        }
        if (mini) {
                m->stage = STAGE_MINI_2;
        } else {
                m->stage = STAGE_IDLE;
                m->is_new = true;
                print(m, SECOND, FOTA("\"END\",0"));
        }
        plan(m, some(m, 2, 10), DEED_RESTART, 0, NULL);
}

/* ---- commands */

static const char *revision(const Model *m)
{
        if (m->system == SYSTEM_MINI)
                return m->traits->mini_revision;
        if (m->system == SYSTEM_UPDATER)
                return "UPDATER_V01";
        if (m->traits->mini)
                return m->is_new ? MODEL_NEW_MINI : MODEL_OLD_MINI;
        return m->is_new ? MODEL_NEW_DFOTA : MODEL_OLD_DFOTA;
}

/* Returns true if the running system has the command's subsystem. The Mini system keeps registration and upgrade (guide
 * 2.3.1.2, note 1). */
static bool knows(const Model *m, const char *command)
{
        static const char *const kept[] = {
                "ATQ0V1E0", "AT+CMEE", "AT+CREG",    "AT+CEREG", "AT+CPIN?",   "AT+CSQ",
                "AT+CFUN",  "AT+CGSN", "AT+QFOTADL", "AT+CGMI",  "AT+QURCCFG", "AT+QINDCFG"
        };
        bool sms = g_str_has_prefix(command, "AT+CMGF") || g_str_has_prefix(command, "AT+CSCA") ||
                   g_str_has_prefix(command, "AT+CNMI") || g_str_has_prefix(command, "AT+CPMS") ||
                   g_str_has_prefix(command, "AT+CSMS");

        if (m->system == SYSTEM_FIRMWARE)
                return !sms || m->traits->firmware_sms;
        if (sms)
                return m->system == SYSTEM_MINI && m->traits->mini_sms;
        for (size_t i = 0; i < G_N_ELEMENTS(kept); i++)
                if (g_str_has_prefix(command, kept[i]))
                        return true;
        return false;
}

static void answer(Model *m, const char *information, const char *final)
{
        uint64_t in = MAX(m->now, m->busy_until) - m->now + dice_between(m->dice, SECOND / 100, SECOND / 2);
        g_autofree char *text = g_strdup(information);

        m->busy_until = m->now + in;

        if (dice_hits(m->dice, m->faults.mute))
                return;
        if (text && *text && dice_hits(m->dice, m->faults.truncated))
                text[dice_between(m->dice, 1, strlen(text))] = 0;
        if (text)
                plan(m, in, DEED_LINE, 0, text);
        plan(m, in, DEED_LINE, 0, final);
}

static void start_upgrade(Model *m)
{
        if (m->system == SYSTEM_MINI) { /* guide 5.2: another source */
                m->package = PACKAGE_GOOD;
                answer(m, NULL, "OK");
                return;
        }
        if (m->system != SYSTEM_FIRMWARE || m->downloading) {
                answer(m, NULL, "ERROR");
                return;
        }
        answer(m, NULL, "OK");
        m->upgrades++;
        if (m->traits->mini) {
                m->stage = STAGE_MINI_1;
                plan(m, m->traits->uart ? some(m, 2, 26) : some(m, 1, 6), DEED_RESTART, 0, NULL);
        } else {
                m->downloading = true;
                print(m, some(m, 1, 5), FOTA("\"HTTPSTART\""));
                plan(m, some(m, 6, 15), DEED_FETCH, 0, NULL);
        }
}

static void set_function(Model *m, const char *command)
{
        answer(m, NULL, "OK");
        if (strcmp(command, "AT+CFUN=0") == 0) {
                m->radio_off = true;
        } else if (strcmp(command, "AT+CFUN=1,1") == 0) {
                if (m->system == SYSTEM_UPDATER || m->stage == STAGE_MINI_2)
                        m->writes_broken++;
                else if (m->system ==
                         SYSTEM_FIRMWARE) /* guide 2.3.1.1: before the first upgrade URC the host may end the upgrade */
                        m->stage = STAGE_IDLE;
                plan(m, SECOND, DEED_RESTART, 0, NULL);
        } else {
                m->radio_off = false;
        }
}

/* The line of information of a command that only reads. */
static char *information_of(const Model *m, const char *command)
{
        const char *r = revision(m);

        if (strcmp(command, "ATI") == 0)
                return g_strdup_printf("Quectel\n%s\nRevision: %s", m->traits->mini ? "EC600M" : "EC200A", r);
        if (strcmp(command, "AT+CGMI") == 0)
                return g_strdup("Quectel");
        if (strcmp(command, "AT+CGMM") == 0)
                return g_strdup(m->traits->mini ? "EC600M" : "EC200A");
        if (strcmp(command, "AT+GMR") == 0 || strcmp(command, "AT+CGMR") == 0)
                return g_strdup(r);
        if (strcmp(command, "AT+QGMR") == 0)
                return g_strdup_printf("%s_01.001.01.001", r);
        if (strcmp(command, "AT+CGSN") == 0)
                return g_strdup(MODEL_IMEI);
        if (strcmp(command, "AT+CPIN?") == 0)
                return g_strdup("+CPIN: READY");
        if (strcmp(command, "AT+CEREG?") == 0)
                return g_strdup("+CEREG: 0,1");
        if (strcmp(command, "AT+CSQ") == 0)
                return g_strdup("+CSQ: 20,99");
        if (strcmp(command, "AT+QFOTADL=?") == 0)
                return g_strdup("+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)");
        if (strcmp(command, "AT+QURCCFG=\"urcport\"") == 0)
                return g_strdup_printf("+QURCCFG: \"urcport\",\"%s\"",
                                       m->urc_port_changed ? (m->traits->uart ? "uart1" : "usbat") : "usbmodem");
        if (g_str_has_prefix(command, "AT+") && g_str_has_suffix(command, "?")) {
                g_autofree char *name = g_strndup(command + 2, strlen(command) - 3);

                return g_strdup_printf("%s: 1", name);
        }
        return NULL;
}

void model_command(Model *m, const char *command, uint64_t now)
{
        g_autofree char *information = NULL;

        m->now = now;
        if (!m->answers)
                return;
        if (dice_hits(m->dice, m->faults.refused))
                answer(m, NULL, "ERROR");
        else if (strcmp(command, "AT+QFOTADL=?") != 0 && g_str_has_prefix(command, "AT+QFOTADL=")) {
                start_upgrade(m);
        } else if (g_str_has_prefix(command, "AT+CFUN=")) {
                set_function(m, command);
        } else if (strcmp(command, "ATI") == 0 || strcmp(command, "AT+GMR") == 0 || strcmp(command, "AT+CGMR") == 0 ||
                   strcmp(command, "AT+QGMR") == 0 || strcmp(command, "AT+CGMM") == 0) {
                information = revision(m) ? information_of(m, command) : NULL;
                answer(m, information, information ? "OK" : "ERROR");
        } else if (!knows(m, command)) {
                answer(m, NULL, "ERROR");
        } else if (g_str_has_prefix(command, "AT+QURCCFG=\"urcport\",")) {
                m->urc_port_changed = strstr(command, "usbmodem") == NULL;
                answer(m, NULL, "OK");
        } else if (m->system == SYSTEM_FIRMWARE && !m->sim_up &&
                   (g_str_has_prefix(command, "AT+CMGF") || g_str_has_prefix(command, "AT+CPMS") ||
                    g_str_has_prefix(command, "AT+CPBS"))) {
                answer(m, NULL, "+CME ERROR: 14");
        } else {
                information = information_of(m, command);
                answer(m, information, "OK");
        }
}

/* ---- time */

static void give_up(Model *m, int code)
{
        if (m->system == SYSTEM_MINI && m->network && m->package == PACKAGE_GOOD)
                plan(m, 0, DEED_FETCH, 0, NULL);
        else
                fail_download(m, code);
}

static void do_deed(Model *m, const Deed *deed)
{
        if (deed->boot != m->boot)
                return;
        switch (deed->type) {
        case DEED_LINE: {
                g_auto(GStrv) lines = g_strsplit(deed->text, "\n", -1);

                for (char **line = lines; *line; line++)
                        m->observer->line(m->userdata, *line);
                return;
        }
        case DEED_ATTACH: start_system(m); return;
        case DEED_RUN: run_system(m); return;
        case DEED_SIM:
                m->sim_up = true;
                if (m->traits->firmware_sms)
                        print(m, 0, "+QIND: SMS DONE");
                print(m, SECOND, "+QIND: PB DONE");
                return;
        case DEED_FETCH:
                if (m->traits->mini)
                        fetch_mini(m, deed->value);
                else
                        fetch_dfota(m, deed->value);
                return;
        case DEED_WRITE: write_flash(m, deed->value); return;
        case DEED_GIVE_UP: give_up(m, deed->value); return;
        case DEED_RESTART: restart(m); return;
        case DEED_COME_BACK:
                if (!m->hidden)
                        return;
                m->hidden = false;
                m->observer->attached(m->userdata, model_product(m), m->system != SYSTEM_UPDATER || m->answers);
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
        while (model_next(m) <= now) {
                deed = g_queue_pop_head(&m->deeds);
                do_deed(m, deed);
                deed_free(deed);
        }
}

/* ---- the world around it */

void model_power_cut(Model *m, uint64_t now, uint64_t for_us)
{
        m->now = now;
        note(m, "power cut");
        turn_off(m, for_us);
}

void model_reset(Model *m, uint64_t now)
{
        m->now = now;
        note(m, "the module crashes");
        turn_off(m, some(m, 2, 12));
}

void model_glitch(Model *m, uint64_t now)
{
        m->now = now;
        if (m->traits->uart || !model_is_attached(m))
                return;
        note(m, "USB glitch");
        m->hidden = true;
        m->observer->detached(m->userdata);
        plan(m, dice_between(m->dice, SECOND / 2, 5 * SECOND), DEED_COME_BACK, 0, NULL);
}

void model_set_network(Model *m, bool up)
{
        note(m, up ? "network up" : "network down");
        m->network = up;
}

void model_publish(Model *m, Package package)
{
        note(m, "the package is published");
        m->package = package;
}

void model_end_faults(Model *m)
{
        m->faults = (Faults){ 0 };
}

System model_system(const Model *m)
{
        return m->system;
}

Stage model_stage(const Model *m)
{
        return m->stage;
}

bool model_is_new(const Model *m)
{
        return m->is_new;
}

bool model_is_attached(const Model *m)
{
        return m->attached && !m->hidden;
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

const char *model_setting_left(const Model *m)
{
        return m->radio_off ? "radio" : m->urc_port_changed ? "urcport" : NULL;
}

Model *model_new(const Traits *traits, const Faults *faults, Dice *dice, const ModelObserver *observer, void *userdata)
{
        Model *m = g_new0(Model, 1);

        m->traits = traits;
        m->faults = *faults;
        m->dice = dice;
        m->observer = observer;
        m->userdata = userdata;
        m->network = true;
        g_queue_init(&m->deeds);
        m->boot = 1;
        m->system = SYSTEM_FIRMWARE;
        m->attached = m->answers = m->sim_up = true;
        return m;
}

void model_free(Model *m)
{
        if (!m)
                return;
        g_queue_clear_full(&m->deeds, (GDestroyNotify)deed_free);
        g_free(m);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "population.h"

#define KILOBYTE 1000

const char *population_name(Population population)
{
        static const char *const names[_POPULATION_MAX] = { "messages", "ordinary", "odd", "each" };

        return names[population];
}

static void add(Plan *plan, Trigger trigger, uint64_t at, IncidentType type, uint64_t lasts)
{
        Incident incident = { trigger, at, type, lasts };

        g_array_append_val(plan->incidents, incident);
}

/* ---- at random */

static uint64_t draw_time(Dice *d)
{
        unsigned most = dice_hits(d, 500) ? 150 : dice_hits(d, 700) ? 900 : 6 * 3600;

        return dice_between(d, 0, most * SECOND);
}

static uint64_t draw_duration(Dice *d)
{
        return dice_hits(d, 700) ? dice_between(d, 1, 120) * SECOND
               : dice_hits(d, 700) ? dice_between(d, 120, 7200) * SECOND
                                   : dice_between(d, 2, 12) * 3600 * SECOND;
}

/* The duration of an incident, as its type has it. */
static uint64_t draw_lasts(Dice *d, IncidentType type)
{
        switch (type) {
        case INCIDENT_POWER_CUT: return dice_hits(d, 900) ? dice_between(d, 5, 60) * SECOND : draw_duration(d);
        case INCIDENT_GLITCH: return dice_between(d, SECOND / 2, 5 * SECOND);
        case INCIDENT_HANG:
        case INCIDENT_DUMP: return dice_hits(d, 400) ? NEVER : draw_duration(d);
        case INCIDENT_SWAP: return dice_between(d, 0, 1);
        case INCIDENT_NETWORK:
        case INCIDENT_DAEMON:
        case INCIDENT_GATEWAY:
        case INCIDENT_POWER:
        case INCIDENT_SUSPEND:
        case INCIDENT_DISK_FULL:
        case INCIDENT_DISK_READ_ONLY: return draw_duration(d);
        case INCIDENT_RESET:
        case INCIDENT_PORT_LOST:
        case INCIDENT_CANCEL:
        case INCIDENT_RETRY:
        case INCIDENT_DISMISS:
        case INCIDENT_PUBLISH:
        case _INCIDENT_MAX: return 0;
        }
        return 0;
}

static void draw_incident(Plan *plan, Dice *d, bool odd)
{
        static const IncidentType ordinary[] = { INCIDENT_POWER_CUT, INCIDENT_NETWORK, INCIDENT_DAEMON,
                                                 INCIDENT_CANCEL, INCIDENT_RETRY };
        static const unsigned most[_TRIGGER_MAX] = { 0, 60, 25, 80, 80, 50 };
        IncidentType type = odd ? (IncidentType)dice_between(d, 0, _INCIDENT_MAX - 1)
                                : ordinary[dice_between(d, 0, G_N_ELEMENTS(ordinary) - 1)];
        Trigger trigger = dice_hits(d, 600) ? TRIGGER_TIME : (Trigger)dice_between(d, 1, _TRIGGER_MAX - 1);

        /* A module that is adopted is known by its place until its IMEI was read. */
        if (type == INCIDENT_SWAP && (plan->request.adopted || dice_hits(d, 700)))
                return;
        add(plan, trigger, trigger == TRIGGER_TIME ? draw_time(d) : dice_between(d, 1, most[trigger]), type,
            draw_lasts(d, type));
}

/* A time near a time-out: the part takes a little less, or a little more. */
static void draw_long_part(Traits *t, Dice *d)
{
        const uint64_t timeouts[] = { host_timeouts.command,       host_timeouts.start,       host_timeouts.settle,
                                      host_timeouts.restart,       host_timeouts.update_idle, host_timeouts.stall,
                                      host_timeouts.download_idle };

        t->long_part = (Part)dice_between(d, 1, _PART_MAX - 1);
        t->long_time = t->long_part == PART_REPLY ? host_timeouts.command
                                                  : timeouts[dice_between(d, 0, G_N_ELEMENTS(timeouts) - 1)];
        t->long_time = t->long_time * dice_between(d, 85, 115) / 100;
}

static Source draw_source(Dice *d, bool mini)
{
        return dice_hits(d, 500) ? SOURCE_HTTP : (Source)dice_between(d, 0, mini ? SOURCE_FTP : SOURCE_FILE);
}

static void draw_traits(Traits *t, Dice *d, bool odd)
{
        static const char *const mini_revisions[] = { MODEL_OLD_MINI, "MINI_V01.00", NULL };

        *t = (Traits){ .mini = dice_hits(d, 500),
                       .uart = dice_hits(d, 300),
                       .small = dice_hits(d, 200),
                       .sim = !odd || !dice_hits(d, 50),
                       .firmware_sms = !odd || !dice_hits(d, 300),
                       .mini_sms = odd && dice_hits(d, 200),
                       .mini_mute = dice_hits(d, 200),
                       .boot_urcs = dice_hits(d, 800),
                       .progress = !dice_hits(d, 100),
                       .updater_answers = odd && dice_hits(d, 150),
                       .at_once = dice_hits(d, 300),
                       .mini_revision = mini_revisions[dice_between(d, 0, 2)],
                       .mini_product = dice_hits(d, 300),
                       .slow = dice_hits(d, 100) ? 3 : 1,
                       .messages_off = odd && dice_hits(d, 100),
                       .flow = dice_hits(d, 600) ? FLOW_WORKS : (Flow)dice_between(d, 0, _FLOW_MAX - 1),
                       .file_idle = dice_hits(d, 200) ? NEVER : dice_between(d, 5, 60) * SECOND,
                       .file_size = dice_between(d, 50, 5000) * KILOBYTE };
        t->source = draw_source(d, t->mini);
        t->reset_goes_on = odd && t->mini && dice_hits(d, 500);
        if (odd && dice_hits(d, 200))
                draw_long_part(t, d);
}

static void draw_rates(unsigned *rates, Dice *d, bool odd)
{
        rates[FAULT_LOST] = dice_hits(d, 500) ? (unsigned)dice_between(d, 10, 600) : 0;
        rates[FAULT_DOUBLED] = dice_hits(d, 200) ? 100 : 0;
        rates[FAULT_LATE] = dice_hits(d, 200) ? 100 : 0;
        rates[FAULT_GARBLED] = odd && dice_hits(d, 200) ? 50 : 0;
        rates[FAULT_MUTE] = odd && dice_hits(d, 200) ? 50 : 0;
        rates[FAULT_REFUSED] = odd && dice_hits(d, 200) ? 50 : 0;
        rates[FAULT_TRUNCATED] = odd && dice_hits(d, 200) ? 50 : 0;
        rates[FAULT_BYTES] = odd && dice_hits(d, 100) ? 50 : 0;
}

static Package draw_package(Dice *d, bool mini)
{
        if (!dice_hits(d, 250))
                return PACKAGE_GOOD;
        if (mini)
                return (Package)dice_between(d, PACKAGE_MISSING, PACKAGE_NO_MINI_2);
        return dice_hits(d, 300) ? PACKAGE_BROKEN : (Package)dice_between(d, PACKAGE_MISSING, PACKAGE_WRONG);
}

static void draw_at_random(Plan *plan, Population population)
{
        Dice d = { plan->seed * 0x2545f4914f6cdd1du + 1 + (uint64_t)population };
        bool odd = population == POPULATION_ODD;

        draw_traits(&plan->traits, &d, odd);
        draw_rates(plan->rates, &d, odd);
        plan->package = draw_package(&d, plan->traits.mini);
        plan->request = (Request){ .adopted = odd && plan->traits.source != SOURCE_FILE && dice_hits(&d, 100),
                                   .expected = dice_hits(&d, 300),
                                   .context = odd && dice_hits(&d, 200),
                                   .check_source = odd && dice_hits(&d, 100),
                                   .server_fails = dice_hits(&d, 200),
                                   .unreadable = odd && dice_hits(&d, 30),
                                   .host_flow = dice_hits(&d, 800),
                                   .power_auto = dice_hits(&d, 500) };
        if (plan->package != PACKAGE_GOOD && dice_hits(&d, 500))
                add(plan, TRIGGER_TIME, dice_between(&d, 60, 4 * 3600) * SECOND, INCIDENT_PUBLISH, 0);
        if (population == POPULATION_MESSAGES)
                return;
        for (uint64_t n = dice_between(&d, 0, odd ? 4 : 3); n > 0; n--)
                draw_incident(plan, &d, odd);
}

/* ---- each incident at each event */

#define MODULES_MAX 16
#define EVENTS_MAX  100
/* Durations: shorter than all time-outs, and longer than most. */
static const uint64_t durations[] = { 20 * SECOND, 1000 * SECOND };

static const struct {
        Trigger trigger;
        IncidentType type;
} each[] = {
        { TRIGGER_ACTION, INCIDENT_DAEMON },          { TRIGGER_ACTION, INCIDENT_GATEWAY },
        { TRIGGER_ACTION, INCIDENT_POWER },           { TRIGGER_ACTION, INCIDENT_CANCEL },
        { TRIGGER_PERSIST, INCIDENT_DISK_FULL },      { TRIGGER_PERSIST, INCIDENT_DISK_READ_ONLY },
        { TRIGGER_COMMAND, INCIDENT_DAEMON },         { TRIGGER_BEHIND_COMMAND, INCIDENT_DAEMON },
        { TRIGGER_BEHIND_COMMAND, INCIDENT_CANCEL },  { TRIGGER_BEHIND_COMMAND, INCIDENT_POWER_CUT },
        { TRIGGER_BEHIND_COMMAND, INCIDENT_SUSPEND }, { TRIGGER_BEHIND_COMMAND, INCIDENT_PORT_LOST },
        { TRIGGER_BEHIND_COMMAND, INCIDENT_HANG },    { TRIGGER_STEP, INCIDENT_POWER_CUT },
        { TRIGGER_STEP, INCIDENT_RESET },             { TRIGGER_STEP, INCIDENT_GLITCH },
        { TRIGGER_STEP, INCIDENT_HANG },              { TRIGGER_STEP, INCIDENT_DUMP },
        { TRIGGER_STEP, INCIDENT_SWAP },              { TRIGGER_STEP, INCIDENT_PORT_LOST },
        { TRIGGER_STEP, INCIDENT_NETWORK },           { TRIGGER_STEP, INCIDENT_DAEMON },
        { TRIGGER_STEP, INCIDENT_POWER },             { TRIGGER_STEP, INCIDENT_SUSPEND },
        { TRIGGER_STEP, INCIDENT_CANCEL },            { TRIGGER_STEP, INCIDENT_DISMISS },
};

uint64_t population_size(Population population)
{
        return population == POPULATION_EACH
                       ? (uint64_t)MODULES_MAX * G_N_ELEMENTS(each) * EVENTS_MAX * G_N_ELEMENTS(durations)
                       : 0;
}

/* 16 modules: DFOTA of each source, and MiniFOTA by HTTP and FTP, at USB and a UART, with and without boot URCs. */
static void choose_module(Plan *plan, unsigned n)
{
        Traits *t = &plan->traits;
        static const Source sources[4] = { SOURCE_HTTP, SOURCE_FILE, SOURCE_HTTP, SOURCE_FTP };

        *t = (Traits){ .source = sources[n % 4],
                       .mini = n % 4 >= 2,
                       .uart = n / 4 % 2,
                       .sim = true,
                       .firmware_sms = true,
                       .boot_urcs = n / 8 == 0,
                       .progress = n / 8 == 0,
                       .at_once = n / 8 == 1,
                       .mini_revision = n / 8 == 0 ? "MINI_V01.00" : MODEL_OLD_MINI,
                       .slow = 1,
                       .flow = FLOW_WORKS,
                       .file_idle = 30 * SECOND,
                       .file_size = 500 * KILOBYTE };
        plan->request = (Request){ .host_flow = true, .power_auto = true };
}

static void enumerate(Plan *plan)
{
        uint64_t n = plan->seed - 1;
        unsigned module = (unsigned)(n % MODULES_MAX), what, event, lasts;

        n /= MODULES_MAX;
        what = (unsigned)(n % G_N_ELEMENTS(each));
        n /= G_N_ELEMENTS(each);
        lasts = (unsigned)(n % G_N_ELEMENTS(durations));
        event = (unsigned)(n / G_N_ELEMENTS(durations)) % EVENTS_MAX + 1;
        choose_module(plan, module);
        add(plan, each[what].trigger, event, each[what].type,
            each[what].type == INCIDENT_SWAP ? lasts : durations[lasts]);
}

Plan population_draw(Population population, uint64_t seed)
{
        Plan plan = { .seed = seed, .incidents = g_array_new(FALSE, FALSE, sizeof(Incident)) };

        if (population == POPULATION_EACH)
                enumerate(&plan);
        else
                draw_at_random(&plan, population);
        return plan;
}

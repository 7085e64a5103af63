/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An upgrade in the explorer, by a plan: the verdict is right by the flash of the explorer's module, and all its other
 * rules hold (tests/explore/run.c). Input: the module, the package and the request, then incidents, then faults of the
 * line. The ranges are those of the population "odd". */

#include "fuzz.h"
#include "run.h"

#define INCIDENTS_MAX 4
#define FAULTS_MAX    24

const unsigned fuzz_runs = 600;

static uint64_t draw_seconds(Script *s)
{
        static const unsigned ranges[] = { 150, 900, 7200, 12 * 3600 };

        return script_number(s, 1, ranges[script_byte(s) % G_N_ELEMENTS(ranges)]) * SECOND;
}

static void draw_traits(Script *s, Traits *t)
{
        static const char *const mini_revisions[] = { MODEL_OLD_MINI, "MINI_V01.00", NULL };
        static const Part parts[] = { PART_NONE, PART_OFF, PART_BOOT, PART_START, PART_FETCH, PART_WRITE, PART_REPLY };
        const uint64_t timeouts[] = { host_timeouts.command,      host_timeouts.start,       host_timeouts.settle,
                                      host_timeouts.restart,      host_timeouts.update_idle, host_timeouts.stall,
                                      host_timeouts.download_idle };
        unsigned a = script_byte(s), b = script_byte(s), c = script_byte(s);

        *t = (Traits){ .mini = a & 1,
                       .uart = a & 2,
                       .small = a & 4,
                       .sim = !(a & 8),
                       .firmware_sms = !(a & 16),
                       .mini_sms = a & 32,
                       .mini_mute = a & 64,
                       .boot_urcs = !(a & 128),
                       .progress = !(b & 1),
                       .updater_answers = b & 2,
                       .at_once = b & 4,
                       .mini_product = b & 8,
                       .messages_off = b & 16,
                       .slow = b & 32 ? 3 : 1,
                       .reset_goes_on = a & 1 && b & 64,
                       .file_idle = b & 128 ? NEVER : script_number(s, 5, 60) * SECOND,
                       .file_size = script_number(s, 50, 5000) * 1000 };
        t->source = (Source)(c % (t->mini ? SOURCE_FILE : _SOURCE_MAX));
        t->flow = (Flow)(c / 4 % _FLOW_MAX);
        t->mini_revision = mini_revisions[c / 16 % G_N_ELEMENTS(mini_revisions)];
        t->long_part = parts[script_byte(s) % G_N_ELEMENTS(parts)];
        if (t->long_part == PART_NONE)
                return;
        t->long_time = timeouts[t->long_part == PART_REPLY ? 0 : script_byte(s) % G_N_ELEMENTS(timeouts)];
        t->long_time = t->long_time * script_number(s, 85, 115) / 100;
}

static Package draw_package(unsigned byte, bool mini)
{
        static const Package of_mini[] = { PACKAGE_GOOD, PACKAGE_MISSING, PACKAGE_WRONG, PACKAGE_NO_MINI_2 };
        static const Package of_dfota[] = { PACKAGE_GOOD, PACKAGE_MISSING, PACKAGE_WRONG, PACKAGE_BROKEN };

        return mini ? of_mini[byte % 4] : of_dfota[byte % 4];
}

static void draw_request(Script *s, Plan *plan)
{
        unsigned byte = script_byte(s);

        plan->package = draw_package(script_byte(s), plan->traits.mini);
        plan->request = (Request){ .adopted = byte & 1 && plan->traits.source != SOURCE_FILE,
                                   .expected = byte & 2,
                                   .context = byte & 4,
                                   .check_source = byte & 8,
                                   .server_fails = byte & 16,
                                   .unreadable = byte & 32,
                                   .host_flow = !(byte & 64),
                                   .power_auto = byte & 128 };
}

static uint64_t draw_lasts(Script *s, IncidentType type)
{
        switch (type) {
        case INCIDENT_GLITCH: return script_number(s, 500, 5000) * SECOND / 1000;
        case INCIDENT_HANG:
        case INCIDENT_DUMP: return script_byte(s) & 1 ? NEVER : draw_seconds(s);
        case INCIDENT_SWAP: return script_byte(s) & 1;
        case INCIDENT_POWER_CUT:
        case INCIDENT_NETWORK:
        case INCIDENT_DAEMON:
        case INCIDENT_GATEWAY:
        case INCIDENT_POWER:
        case INCIDENT_SUSPEND:
        case INCIDENT_DISK_FULL:
        case INCIDENT_DISK_READ_ONLY: return draw_seconds(s);
        case INCIDENT_RESET:
        case INCIDENT_PORT_LOST:
        case INCIDENT_CANCEL:
        case INCIDENT_RETRY:
        case INCIDENT_DISMISS:
        case INCIDENT_PUBLISH:
        case _INCIDENT_MAX: break;
        }
        return 0;
}

static void draw_incidents(Script *s, Plan *plan)
{
        static const unsigned most[_TRIGGER_MAX] = { 0, 60, 25, 80, 80, 50 };

        for (unsigned n = script_byte(s) % (INCIDENTS_MAX + 1); n > 0; n--) {
                Trigger trigger = (Trigger)(script_byte(s) % _TRIGGER_MAX);
                IncidentType type = (IncidentType)(script_byte(s) % _INCIDENT_MAX);
                Incident incident = { .trigger = trigger, .type = type };

                incident.at = trigger == TRIGGER_TIME ? draw_seconds(s) : 1 + script_byte(s) % most[trigger];
                incident.lasts = draw_lasts(s, type);
                /* A module that is adopted is known by its place until its IMEI was read. */
                if (type != INCIDENT_SWAP || !plan->request.adopted)
                        g_array_append_val(plan->incidents, incident);
        }
}

/* The faults, in the order of their opportunities. */
static void draw_faults(Script *s, Plan *plan)
{
        unsigned opportunity = 0;

        for (unsigned i = 0; i < FAULTS_MAX && !script_is_over(s); i++) {
                Fault fault = { .type = (FaultType)(script_byte(s) % _FAULT_MAX) };

                fault.opportunity = opportunity += 1 + script_byte(s) % 16;
                fault.parameter = script_number(s, 0, 0xffff) * (uint64_t)0x9e3779b97f4a7c15u;
                g_array_append_val(plan->script, fault);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        Script s = script_new(bytes, size);
        Plan plan = { .seed = script_number(&s, 1, 1000),
                      .incidents = g_array_new(FALSE, FALSE, sizeof(Incident)),
                      .script = g_array_new(FALSE, FALSE, sizeof(Fault)) };
        Outcome outcome;

        draw_traits(&s, &plan.traits);
        draw_request(&s, &plan);
        draw_incidents(&s, &plan);
        draw_faults(&s, &plan);
        outcome = run_carry_out(&plan, false);
        if (outcome.kind >= _KIND_RIGHT_MAX) {
                outcome_clear(&outcome);
                plan_print(&plan);
                outcome = run_carry_out(&plan, true);
                fuzz_fail(kind_name(outcome.kind), outcome.sentence);
        }
        outcome_clear(&outcome);
        plan_clear(&plan);
        return 0;
}

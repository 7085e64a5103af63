/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "shrink.h"

static Kind kind_of(const Plan *plan)
{
        Outcome outcome = run_carry_out(plan, false);
        Kind kind = outcome.kind;

        outcome_clear(&outcome);
        return kind;
}

/* Removes elements from a list of the plan, many at once and then fewer, as long as the kind stays. */
static bool thin(Plan *plan, GArray **list, Kind kind)
{
        bool shrunk = false;

        for (unsigned size = (*list)->len; size > 0; size /= 2) {
                for (unsigned i = 0; i < (*list)->len;) {
                        GArray *before = *list;

                        *list = g_array_copy(before);
                        g_array_remove_range(*list, i, MIN(size, (*list)->len - i));
                        if (kind_of(plan) == kind) {
                                g_array_unref(before);
                                shrunk = true;
                        } else {
                                g_array_unref(*list);
                                *list = before;
                                i += size;
                        }
                }
        }
        return shrunk;
}

/* Takes the candidate over if its kind is the same. */
static bool replace(Plan *plan, const Plan *candidate, Kind kind)
{
        if (kind_of(candidate) != kind)
                return false;
        plan->traits = candidate->traits;
        plan->request = candidate->request;
        plan->package = candidate->package;
        return true;
}

/* Makes one property after the other ordinary. */
static bool simplify(Plan *plan, Kind kind)
{
        bool shrunk = false;

#define TRY(field, value)                                                                                              \
        do {                                                                                                           \
                Plan candidate = *plan;                                                                                \
                                                                                                                       \
                if (candidate.field != (value)) {                                                                      \
                        candidate.field = (value);                                                                     \
                        shrunk = replace(plan, &candidate, kind) || shrunk;                                            \
                }                                                                                                      \
        } while (false)
        TRY(package, PACKAGE_GOOD);
        TRY(request.adopted, false);
        TRY(request.context, false);
        TRY(request.check_source, false);
        TRY(request.unreadable, false);
        TRY(request.expected, false);
        TRY(request.power_auto, false);
        TRY(request.host_flow, true);
        TRY(traits.long_part, PART_NONE);
        TRY(traits.slow, 1);
        TRY(traits.sim, true);
        TRY(traits.boot_urcs, true);
        TRY(traits.progress, true);
        TRY(traits.messages_off, false);
        TRY(traits.small, false);
        TRY(traits.updater_answers, false);
        TRY(traits.at_once, false);
        TRY(traits.mini_mute, false);
        TRY(traits.mini_sms, false);
        TRY(traits.mini_product, false);
        TRY(traits.firmware_sms, true);
        TRY(traits.uart, false);
        TRY(traits.flow, FLOW_WORKS);
        if (plan->traits.source != SOURCE_FILE)
                TRY(traits.source, SOURCE_HTTP);
#undef TRY
        return shrunk;
}

static void script(Plan *plan)
{
        Outcome outcome = run_carry_out(plan, false);

        plan->script = g_array_copy(outcome.faults);
        outcome_clear(&outcome);
}

void shrink(Plan *plan)
{
        Kind kind = kind_of(plan);
        bool shrunk = true;

        script(plan);
        for (unsigned n = 0; shrunk && n < 5; n++) {
                shrunk = thin(plan, &plan->incidents, kind);
                shrunk = thin(plan, &plan->script, kind) || shrunk;
                shrunk = simplify(plan, kind) || shrunk;
        }
}

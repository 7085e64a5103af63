/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ModemManager may have the AT port of a module. The gate reports the purpose that the module needs its port for, and
 * holds the answer of ModemManager's side. Knows neither D-Bus nor lines. */

#include "base/log.h"
#include "module/module-gate.h"

struct Gate {
        const ModuleContext *context;
        const GateObserver *observer;
        void *userdata;

        ModuleNeed need;
        ModuleGate state;
        char *why;
};

Gate *gate_new(const ModuleContext *context, const GateObserver *observer, void *userdata)
{
        Gate *g = g_new0(Gate, 1);

        g->context = context;
        g->observer = observer;
        g->userdata = userdata;
        return g;
}

void gate_free(Gate *g)
{
        if (!g)
                return;
        g_free(g->why);
        g_free(g);
}

static ModuleNeed need_of(const Gate *g, bool wanted)
{
        const Job *job = g->context->job;

        if ((job || g->context->watched) && g->need >= MODULE_NEED_JOB)
                return g->need; /* for the job's whole life */
        if (job || g->context->watched)
                return job && !job->sent ? MODULE_NEED_JOB : MODULE_NEED_UNDER_WAY;
        return wanted ? MODULE_NEED_IDENTITY : MODULE_NEED_NONE;
}

bool gate_pass(Gate *g, bool wanted)
{
        ModuleNeed need = need_of(g, wanted);

        if (g->need != need) {
                g->need = need;
                g->observer->needed(g->userdata, need);
        }
        return g->state == MODULE_GATE_OPEN;
}

bool gate_set(Gate *g, ModuleGate state, const char *why)
{
        bool changed = g->state != state || g_strcmp0(g->why, why) != 0;

        if (!changed && state == MODULE_GATE_PENDING)
                return false;
        g->state = state;
        g_free(g->why);
        g->why = g_strdup(why);
        if (changed && state != MODULE_GATE_OPEN && why) /* ModemManager gives the same answer again and again */
                log_context(LOG_INFO, g->context, "its AT port is left alone, for ModemManager %s", why);
        return true;
}

ModuleGate gate_state(const Gate *g)
{
        return g->state;
}

const char *gate_why(const Gate *g)
{
        return g->why;
}

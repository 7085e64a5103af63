/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ModemManager may have the AT port. What a module needs its port for is told upwards, where somebody asks ModemManager
 * for it and opens or shuts this gate. Knows neither D-Bus nor lines. */

#include "log.h"
#include "module-private.h"

static ModuleNeed need_of(const Module *m)
{
        if (m->job && m->need >= MODULE_NEED_JOB)
                return m->need; /* for the job's whole life */
        if (m->job)
                return m->job->sent ? MODULE_NEED_UNDER_WAY : MODULE_NEED_JOB;
        return module_wants_port(m) ? MODULE_NEED_IDENTITY : MODULE_NEED_NONE;
}

bool module_gate_is_open(Module *m)
{
        ModuleNeed need = need_of(m);

        if (module_is_uart(m) || !m->syspath) /* it is none that ModemManager knows */
                return true;
        if (m->need != need) {
                m->need = need;
                m->observer->needed(m->userdata, m, need);
        }
        return m->gate == MODULE_GATE_OPEN;
}

void module_set_gate(Module *m, ModuleGate gate, const char *why)
{
        bool news = m->gate != gate || g_strcmp0(m->gate_why, why) != 0;

        if (!news && gate == MODULE_GATE_SHUT)
                return;
        m->gate = gate;
        g_free(m->gate_why);
        m->gate_why = g_strdup(why);
        module_try_port(m);
        if (gate != MODULE_GATE_OPEN) {
                g_autofree char *failure = g_strdup_printf("ModemManager %s", why);

                if (news) /* it is asked for again and again */
                        log_module(LOG_INFO, m, "its AT port is left alone, for ModemManager %s", why);
                if (gate != MODULE_GATE_SHUT)
                        module_inspect_end(m, failure);
                if (gate == MODULE_GATE_LOCKED)
                        module_gate_give_up(m);
        }
        m->observer->changed(m->userdata, m);
        module_pump(m);
}

/* An upgrade that has sent nothing yet ends; a wish to know who it is, too. */
bool module_gate_give_up(Module *m)
{
        g_autofree char *text = NULL;

        if (m->gate == MODULE_GATE_OPEN || module_is_uart(m) || !m->syspath)
                return false;
        if (!m->job) {
                module_give_up_probe(m);
                return true;
        }
        if (!m->node || m->job->sent || m->job->result != JOB_RESULT_NONE)
                return false;
        text = g_strdup_printf("and ModemManager %s", m->gate_why);
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_BUSY, .text = text });
        return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking a module, without a job, what an upgrade depends on: opens its port, has who it is read, asks core/inspect's
 * questions one by one, and tells what came of it. It ends when the module stops answering, its port goes, or a job
 * begins. What the answers mean it does not know. */

#include "clock.h"
#include "module-private.h"

bool module_is_inspected(const Module *m)
{
        return m->inspecting;
}

void module_inspect(Module *m, Method method)
{
        m->inspecting = true;
        m->inspect_method = method;
        m->inspect_over = false;
        m->inspect_until = clock_now() + m->context.config->timeouts.command;
        module_try_port(m);
        if (!m->node)
                module_inspect_end(m, "it has no AT port");
        module_pump(m);
}

void module_inspect_answers(Module *m)
{
        m->inspect_until = UINT64_MAX; /* from here on each command has its own end */
}

void module_inspect_begin(Module *m)
{
        if (!m->inspecting || m->inspect_over || m->inspect)
                return;
        m->inspect_until = UINT64_MAX;
        m->inspect = inspect_new(inspect_questions_for_check(m->inspect_method));
        m->inspect_asked = false;
}

void module_inspect_end(Module *m, const char *failure)
{
        if (!m->inspecting || m->inspect_over)
                return;
        m->inspect_over = true;
        m->inspect_until = UINT64_MAX;
        m->inspect_failure = g_strdup(failure);
}

void module_inspect_answer(Module *m, const AtEvent *event)
{
        if (!m->inspect || !m->inspect_asked)
                return;
        m->inspect_asked = false;
        inspect_answer(m->inspect, event->result, event->error, event->text);
}

static void tell(Module *m)
{
        g_autofree char *failure = g_steal_pointer(&m->inspect_failure);
        Inspection *inspection = m->inspect ? inspect_steal(m->inspect) : NULL;

        g_clear_pointer(&m->inspect, inspect_free);
        m->inspecting = m->inspect_over = m->inspect_asked = false;
        m->observer->inspected(m->userdata, m, inspection, failure);
}

bool module_inspect_advance(Module *m)
{
        const char *question;

        if (!m->inspecting)
                return false;
        if (clock_now() >= m->inspect_until)
                module_inspect_end(m, "it does not answer");
        if (m->inspect_over) {
                tell(m);
                return true;
        }
        if (!m->inspect || m->inspect_asked || !m->serial)
                return false;
        question = inspect_next(m->inspect);
        if (!question) {
                module_inspect_end(m, NULL);
                return true;
        }
        m->inspect_asked = true;
        at_engine_command(m->engine, TAG_INSPECT, question, false, m->context.config->timeouts.command, clock_now());
        return true;
}

void module_inspect_free(Module *m)
{
        inspect_free(m->inspect);
        g_free(m->inspect_failure);
}

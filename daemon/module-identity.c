/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks a module who it is, as core/identity has it, and again where it does not tell. Knows neither the port nor what a
 * job makes of the answers. */

#include "clock.h"
#include "log.h"
#include "module-private.h"

#define NAMELESS_MIN 3 /* times without a revision until it is asked for its Mini system */

void module_want_identity(Module *m)
{
        m->wanted = true;
        m->wanted_until = clock_now() + m->context.config->timeouts.settle;
}

void module_start_probe(Module *m)
{
        if (m->probe)
                return;
        m->probe = identity_probe_new();
        m->asked = false;
        m->probe_at = UINT64_MAX;
}

void module_drop_probe(Module *m)
{
        g_clear_pointer(&m->probe, identity_probe_free);
        m->asked = m->asked_upgrade = false;
        m->probe_at = UINT64_MAX;
}

/* The wish to know the identity ends, without a job. One that has told none since it came is asked on. */
void module_give_up_probe(Module *m)
{
        bool wanted = m->wanted;
        g_autofree char *problem = NULL;

        m->wanted = false;
        m->wanted_until = UINT64_MAX;
        if (!wanted)
                return;
        problem = module_explain(m);
        log_module(LOG_WARNING, m, "%s", problem);
        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, problem);
}

/* It answers AT and tells no revision: it is not ready, or it is a Mini system, which may be for days. */
static void answered_nameless(Module *m)
{
        m->probe_at = clock_now() + m->probe_interval;
        inspector_end(m->inspector, "it tells no revision");
        if (++m->nameless >= NAMELESS_MIN)
                m->probe_interval = MIN(2 * m->probe_interval,
                                        MAX(m->context.config->timeouts.settle, MODULE_PROBE_INTERVAL));
        if (m->context.job) {
                module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
        } else if (m->nameless >= NAMELESS_MIN) {
                m->asked_upgrade = true;
                at_engine_command(m->engine, MODULE_TAG_IDENTITY, "AT+QFOTADL=?", false,
                                  m->context.config->timeouts.command, clock_now());
        }
}

/* It is ready. Takes the identity. */
static void know_identity(Module *m, Identity *identity)
{
        g_autoptr(Identity) known = m->identity;

        m->identity = identity;
        if (m->context.job && m->context.job->method == METHOD_MINIFOTA)
                identity_complete(m->identity, known); /* a Mini system tells less */
        m->identified = true;
        m->wanted = false;
        m->wanted_until = UINT64_MAX;
        if (!identity_equal(m->identity, known) || !m->told)
                log_module(LOG_INFO, m, "%s, revision %s, IMEI %s", identity->model, identity->revision,
                           identity->imei);
        m->told = true;
        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, NULL);
}

void module_take_identity(Module *m, Identity *identity)
{
        know_identity(m, identity);
        module_pump(m);
}

static void take_identity(Module *m)
{
        g_autoptr(Identity) identity = identity_probe_steal(m->probe);

        module_drop_probe(m);
        if (!*identity->revision) {
                answered_nameless(m);
                return;
        }
        know_identity(m, identity_copy(identity));
        module_feed(m, (UpgradeEvent){ .type = UPGRADE_EVENT_READY,
                                       .identity = identity,
                                       .other_port = !module_is_uart(m) &&
                                                     !ports_is_usual_at(m->ports, m->product_id, m->node) });
        inspector_identity_known(m->inspector);
}

/* Asks the probe's next question, or takes what it found out. True if something was done. */
bool module_advance_probe(Module *m)
{
        const char *question;

        if (!m->probe && clock_now() >= m->probe_at)
                module_start_probe(m);
        if (!m->probe || m->asked || m->asked_upgrade)
                return false;
        if (identity_probe_done(m->probe)) {
                take_identity(m);
                return true;
        }
        question = identity_probe_next(m->probe, clock_now(), &m->probe_at);
        if (!question)
                return false;
        m->asked = true;
        at_engine_command(m->engine, MODULE_TAG_IDENTITY, question, false, m->context.config->timeouts.command,
                          clock_now());
        return true;
}

void module_take_answer(Module *m, const AtEvent *event)
{
        if (m->asked_upgrade) {
                m->asked_upgrade = false;
                if (!m->context.job && event->result == AT_RESULT_OK)
                        m->observer->adoptable(m->userdata, m, METHOD_MINIFOTA);
        } else if (m->probe && m->asked) {
                m->asked = false;
                identity_probe_answer(m->probe, event->result, event->text, clock_now());
        }
}

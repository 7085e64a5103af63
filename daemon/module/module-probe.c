/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks a module for its identity, by the dialogue of core/identity, and asks again where the module reports no
 * revision. Knows neither the port nor the use that a job makes of the answers. */

#include "base/clock.h"
#include "base/log.h"
#include "core/quectel/fingerprint.h"
#include "module/module-probe.h"

#define NAMELESS_MIN 3 /* answers without a revision before the module is asked for signs of a Mini system */
#define INTERVAL     G_USEC_PER_SEC /* after the first answer without a revision */

struct Probe {
        const ModuleContext *context;
        const ProbeObserver *observer;
        void *userdata;

        Identity *identity;
        bool logged;           /* since the module came */
        bool known;            /* since the module came */
        bool wanted;           /* the identity is to be read */
        uint64_t wanted_until; /* the end of that without a job, UINT64_MAX never */

        IdentityProbe *dialogue;
        bool asked;       /* a question of the dialogue is under way */
        bool asked_signs; /* a question for the signs of a Mini system is under way */
        MiniSigns signs;
        uint64_t again_at; /* the time of the next question, UINT64_MAX never */
        uint64_t interval; /* between dialogues without a revision */
        unsigned nameless; /* answers without a revision since the port was opened */
};

Probe *probe_new(const ModuleContext *context, const ProbeObserver *observer, void *userdata)
{
        Probe *p = g_new0(Probe, 1);

        p->context = context;
        p->observer = observer;
        p->userdata = userdata;
        p->identity = identity_new();
        p->wanted_until = p->again_at = UINT64_MAX;
        return p;
}

void probe_free(Probe *p)
{
        if (!p)
                return;
        identity_probe_free(p->dialogue);
        identity_free(p->identity);
        g_free(p);
}

/* ---- the identity */

const Identity *probe_identity(const Probe *p)
{
        return p->identity;
}

bool probe_is_known(const Probe *p)
{
        return p->known;
}

bool probe_is_wanted(const Probe *p)
{
        return p->wanted;
}

bool probe_is_nameless(const Probe *p)
{
        return p->nameless > 0;
}

void probe_want(Probe *p)
{
        p->wanted = true;
        p->wanted_until = clock_now() + p->context->config->timeouts.settle;
}

void probe_unwant(Probe *p)
{
        p->wanted = false;
        p->wanted_until = UINT64_MAX;
}

void probe_give_up(Probe *p)
{
        bool wanted = p->wanted;

        probe_unwant(p);
        if (wanted)
                p->observer->gave_up(p->userdata);
}

void probe_forget(Probe *p)
{
        p->known = false;
}

void probe_begin_anew(Probe *p)
{
        p->known = p->logged = false;
}

uint64_t probe_wanted_until(const Probe *p)
{
        return p->wanted_until;
}

void probe_take_identity(Probe *p, Identity *identity)
{
        const Job *job = p->context->job;
        g_autoptr(Identity) before = p->identity;

        p->identity = identity;
        if (job && job->method == METHOD_MINIFOTA)
                identity_complete(p->identity, before); /* a Mini system tells less */
        p->known = true;
        probe_unwant(p);
        if (!identity_equal(p->identity, before) || !p->logged)
                log_context(LOG_INFO, p->context, "%s, revision %s, IMEI %s", identity->model, identity->revision,
                            identity->imei);
        p->logged = true;
        p->observer->known(p->userdata);
}

/* ---- the dialogue */

void probe_start(Probe *p)
{
        if (p->dialogue)
                return;
        p->dialogue = identity_probe_new();
        p->asked = false;
        p->again_at = UINT64_MAX;
}

void probe_drop(Probe *p)
{
        g_clear_pointer(&p->dialogue, identity_probe_free);
        p->asked = p->asked_signs = false;
        p->again_at = UINT64_MAX;
}

void probe_port_answers(Probe *p)
{
        p->asked_signs = false;
}

void probe_hurry(Probe *p)
{
        p->interval = INTERVAL;
}

void probe_count_anew(Probe *p)
{
        p->nameless = 0;
        probe_hurry(p);
}

/* Asks for the next sign of a Mini system. Returns false if there is nothing more to ask. */
static bool ask_sign(Probe *p)
{
        const char *command = mini_signs_next(&p->signs);

        p->asked_signs = command;
        if (command)
                p->observer->ask(p->userdata, command);
        return command;
}

static void answered_nameless(Probe *p)
{
        p->again_at = clock_now() + p->interval;
        if (++p->nameless >= NAMELESS_MIN)
                p->interval = MIN(2 * p->interval, MAX(p->context->config->timeouts.settle, INTERVAL));
        p->observer->nameless(p->userdata);
        if (!p->context->job && p->nameless >= NAMELESS_MIN) {
                mini_signs_begin(&p->signs);
                ask_sign(p);
        }
}

static void take_result(Probe *p)
{
        const Job *job = p->context->job;
        bool nameless = identity_probe_is_nameless(p->dialogue);
        g_autoptr(Identity) identity = identity_probe_steal(p->dialogue);

        probe_drop(p);
        identity_take_known_build(identity, job ? job->from_revision : p->identity->revision,
                                  job ? job->from_build : p->identity->build);
        if (nameless) {
                answered_nameless(p);
                return;
        }
        if (!*identity->revision) { /* the revision could not be read, which says nothing about the system */
                p->again_at = clock_now() + p->interval;
                return;
        }
        probe_take_identity(p, identity_copy(identity));
        p->observer->answered(p->userdata, identity);
}

bool probe_advance(Probe *p)
{
        const char *question;

        if (!p->dialogue && clock_now() >= p->again_at)
                probe_start(p);
        if (!p->dialogue || p->asked || p->asked_signs)
                return false;
        if (identity_probe_done(p->dialogue)) {
                take_result(p);
                return true;
        }
        question = identity_probe_next(p->dialogue, clock_now(), &p->again_at);
        if (!question)
                return false;
        p->asked = true;
        p->observer->ask(p->userdata, question);
        return true;
}

void probe_take_answer(Probe *p, AtResult result, int error, const char *information)
{
        if (p->asked_signs) {
                mini_signs_answer(&p->signs, result, error, information);
                if (!ask_sign(p) && !p->context->job && mini_signs_found(&p->signs))
                        p->observer->adoptable(p->userdata);
        } else if (p->dialogue && p->asked) {
                p->asked = false;
                identity_probe_answer(p->dialogue, result, information, clock_now());
        }
}

uint64_t probe_deadline(const Probe *p)
{
        return p->again_at;
}

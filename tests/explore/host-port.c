/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT port of the host, as daemon/module has it: the dialogue for the identity, the lines, and a package. */

#include <string.h>

#include "host-private.h"

#define NAMELESS_TRIES 3
#define RATE_PACED     14500
#define RATE_FLOW      100000
#define CHUNKS         12

/* ---- opening and closing */

void host_identity_drop(Host *h)
{
        g_clear_pointer(&h->dialogue, identity_probe_free);
        h->asked = h->asked_signs = false;
        h->ask_at = NEVER;
}

void host_identity_start(Host *h)
{
        if (h->dialogue)
                return;
        h->dialogue = identity_probe_new();
        h->asked = false;
        h->ask_at = NEVER;
}

void host_port_close(Host *h)
{
        host_identity_drop(h);
        host_transfer_drop(h);
        at_engine_reset(h->engine);
        h->open = false;
}

void host_port_open(Host *h)
{
        h->open = true;
        h->opens_at = NEVER;
        h->nameless = 0;
        h->ask_interval = SECOND;
        uart_life_begin(&h->life, h->upgrade && h->job->sent);
        if (h->listening)
                at_engine_listen(h->engine);
        else
                at_engine_start(h->engine, h->now);
}

void host_port_is_wanted(Host *h)
{
        bool wanted = h->upgrade || (h->request->adopted && !h->known);

        if (h->open && !wanted)
                host_port_close(h);
        if (h->running && h->attached && h->at_port && !h->open && wanted && h->opens_at == NEVER)
                h->opens_at = h->now + SECOND / 2;
}

/* ---- the package */

void host_transfer_start(Host *h, bool paced)
{
        if (!h->open)
                return;
        h->sends = true;
        h->may_end = false;
        h->rate = paced ? RATE_PACED : RATE_FLOW;
        h->sent = 0;
        h->sends_at = h->now;
        if (h->request->unreadable) {
                host_transfer_drop(h);
                host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_NOT_SENT, .text = "Input/output error" });
        }
}

void host_transfer_drop(Host *h)
{
        h->sends = false;
        h->sends_at = NEVER;
}

void host_transfer_last(Host *h)
{
        if (!h->sends)
                return;
        h->may_end = true;
        h->sends_at = h->now;
}

void host_transfer_advance(Host *h)
{
        uint64_t size = h->job->package_size, chunk = MIN(size / CHUNKS, size - h->sent);

        if (!h->observer->takes_bytes(h->userdata)) {
                h->sends_at = h->now + SECOND;
                return;
        }
        if (h->sent + chunk == size && !h->may_end) {
                h->sends_at = NEVER;
                host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_ALL_BUT_LAST });
                return;
        }
        h->sent += chunk;
        h->sends_at = h->sent < size ? h->now + (uint64_t)((double)chunk / h->rate * (double)SECOND) : NEVER;
        h->observer->bytes(h->userdata, chunk);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_SENT, .size = h->sent });
}

/* ---- the lines of the port */

static void uart_restarted(Host *h)
{
        h->observer->note(h->userdata, "a restart is seen at the UART");
        h->device++;
        h->nameless = 0;
        h->ask_interval = SECOND;
        h->known = false;
        host_identity_drop(h);
        at_engine_listen(h->engine);
        h->listening = false;
        at_engine_start(h->engine, h->now);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        host_feed_present(h);
}

/* Returns true if the event shows a restart, which has been reported then. */
static bool shows_restart(Host *h, const AtEvent *event)
{
        bool shown = false;

        if (event->type == AT_EVENT_URC)
                shown = uart_life_line(&h->life, event->text, h->now);
        else if (event->type == AT_EVENT_READY ||
                 (event->type == AT_EVENT_ANSWER && event->result != AT_RESULT_TIMEOUT))
                shown = uart_life_answered(&h->life, h->now) && h->upgrade && h->job->sent;
        if (shown)
                uart_restarted(h);
        return shown;
}

static void ask(Host *h, const char *command)
{
        at_engine_command(h->engine, TAG_IDENTITY, command, false, host_timeouts.command, h->now);
}

/* Asks for the next sign of a Mini system. */
static void ask_sign(Host *h)
{
        const char *command = mini_signs_next(&h->signs);

        h->asked_signs = command;
        if (command)
                ask(h, command);
        else if (!h->upgrade && mini_signs_found(&h->signs))
                host_adopt(h, METHOD_MINIFOTA);
}

static void take_identity_answer(Host *h, const AtEvent *event)
{
        if (h->asked_signs) {
                mini_signs_answer(&h->signs, event->result, event->error, event->text);
                ask_sign(h);
        } else if (h->dialogue && h->asked) {
                h->asked = false;
                identity_probe_answer(h->dialogue, event->result, event->text, h->now);
        }
}

static void take_line_event(Host *h, const AtEvent *event)
{
        Method method;

        switch (event->type) {
        case AT_EVENT_WRITE: {
                g_autofree char *command = g_strstrip(g_strdup(event->text));

                uart_life_asked(&h->life);
                h->observer->command(h->userdata, command);
                return;
        }
        case AT_EVENT_READY:
                h->asked_signs = false;
                host_identity_start(h);
                return;
        case AT_EVENT_ANSWER:
                if (event->tag == TAG_IDENTITY)
                        take_identity_answer(h, event);
                else
                        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                                     .tag = event->tag,
                                                     .result = event->result,
                                                     .error = event->error,
                                                     .text = event->text });
                return;
        case AT_EVENT_URC:
                if (!h->upgrade && upgrade_is_under_way(event->text, &method))
                        host_adopt(h, method);
                host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = event->text });
                return;
        }
}

bool host_port_advance(Host *h)
{
        g_autoptr(AtEvent) event = NULL;

        if (h->open)
                at_engine_tick(h->engine, h->now);
        event = at_engine_pop(h->engine);
        if (!event)
                return false;
        if (h->traits->uart && shows_restart(h, event) && event->type != AT_EVENT_URC)
                return true;
        take_line_event(h, event);
        return true;
}

/* ---- the identity */

static void answered_nameless(Host *h)
{
        h->ask_at = h->now + h->ask_interval;
        if (++h->nameless >= NAMELESS_TRIES)
                h->ask_interval = MIN(2 * h->ask_interval, host_timeouts.settle);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
        if (!h->upgrade && h->nameless >= NAMELESS_TRIES) {
                mini_signs_begin(&h->signs);
                ask_sign(h);
        }
}

static void take_identity(Host *h)
{
        bool nameless = identity_probe_is_nameless(h->dialogue);
        g_autoptr(Identity) identity = identity_probe_steal(h->dialogue);
        g_autofree char *text = NULL;

        host_identity_drop(h);
        if (h->upgrade)
                identity_take_known_build(identity, h->job->from_revision, h->job->from_build);
        if (nameless) {
                answered_nameless(h);
                return;
        }
        if (!*identity->revision) {
                h->ask_at = h->now + h->ask_interval;
                return;
        }
        text = g_strdup_printf("reads %s %s", identity->revision, identity->imei);
        h->observer->note(h->userdata, text);
        h->known = true;
        if (!h->upgrade || !h->identity) {
                g_clear_pointer(&h->identity, identity_free);
                h->identity = identity_copy(identity);
        }
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_READY, .identity = identity });
}

bool host_identity_advance(Host *h)
{
        const char *question;

        if (!h->open)
                return false;
        if (!h->dialogue && h->now >= h->ask_at)
                host_identity_start(h);
        if (!h->dialogue || h->asked || h->asked_signs)
                return false;
        if (identity_probe_done(h->dialogue)) {
                take_identity(h);
                return true;
        }
        question = identity_probe_next(h->dialogue, h->now, &h->ask_at);
        if (!question)
                return false;
        h->asked = true;
        ask(h, question);
        return true;
}

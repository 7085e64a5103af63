/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The phases of an upgrade: their table, and which phase an upgrade is in. The diagram in ARCHITECTURE.md is made from
 * the table. Decides nothing. */

#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-phase.h"

#define TO(phase) PHASE_BIT(PHASE_##phase)

static const PhaseTraits phases[] = {
        [PHASE_WAITING] = { "waiting", "queued, preparing, restarting",
                            "Nothing was sent yet; the module is absent or has not reported its identity.", true, false,
                            TO(CHECKING) | TO(ENDING) | TO(FINISHED) },
        [PHASE_CHECKING] = { "checking", "preparing",
                             "The server, then the module are asked whether the upgrade is possible. Nothing is "
                             "changed.",
                             true, false, TO(WAITING) | TO(PREPARING) | TO(ENDING) | TO(FINISHED) },
        [PHASE_PREPARING] = { "preparing", "preparing",
                              "The settings of the module that the upgrade needs are read and changed.", true, false,
                              TO(WAITING) | TO(COMMAND) | TO(ENDING) | TO(FINISHED) },
        [PHASE_COMMAND] = { "command", "preparing", "AT+QFOTADL was sent; the answer is awaited.", true, false,
                            TO(DOWNLOADING) | TO(SENDING) | TO(ABANDONING) | TO(AWAY) | TO(UPDATING) | TO(MINI) |
                                    TO(ENDING) | TO(FINISHED) },
        [PHASE_DOWNLOADING] = { "downloading", "downloading", "The module downloads the package.", true, false,
                                TO(SENDING) | TO(ABANDONING) | TO(AWAY) | TO(UPDATING) | TO(VERIFYING) | TO(MINI) |
                                        TO(ENDING) | TO(FINISHED) },
        [PHASE_SENDING] = { "sending", "downloading", "The host sends the package over the AT port.", true, false,
                            TO(DOWNLOADING) | TO(ABANDONING) | TO(AWAY) | TO(UPDATING) | TO(ENDING) | TO(FINISHED) },
        [PHASE_ABANDONING] = { "abandoning", "downloading, verifying",
                               "The download is being given up: cancelled, or timed out.", false, false,
                               TO(DOWNLOADING) | TO(AWAY) | TO(UPDATING) | TO(VERIFYING) | TO(MINI) | TO(ENDING) |
                                       TO(FINISHED) },
        [PHASE_AWAY] = { "away", "restarting", "The module is off the bus, or silent at its UART.", false, true,
                         TO(DOWNLOADING) | TO(ABANDONING) | TO(UPDATING) | TO(VERIFYING) | TO(MINI) | TO(STALLED) |
                                 TO(ENDING) | TO(FINISHED) },
        [PHASE_UPDATING] = { "updating", "updating", "The module writes its flash.", false, true,
                             TO(DOWNLOADING) | TO(AWAY) | TO(VERIFYING) | TO(MINI) | TO(ENDING) | TO(FINISHED) },
        [PHASE_VERIFYING] = { "verifying", "verifying",
                              "The update has ended or is thought to; the revision that runs now is awaited.", false,
                              true, TO(DOWNLOADING) | TO(AWAY) | TO(UPDATING) | TO(MINI) | TO(ENDING) | TO(FINISHED) },
        [PHASE_MINI] = { "mini", "downloading, updating",
                         "A MiniFOTA has left the firmware; the messages and restarts of the module are followed. An "
                         "adopted upgrade is one until the revision says otherwise.",
                         false, true,
                         TO(DOWNLOADING) | TO(AWAY) | TO(UPDATING) | TO(VERIFYING) | TO(STALLED) | TO(ENDING) |
                                 TO(FINISHED) },
        [PHASE_STALLED] = { "stalled", "stalled", "A MiniFOTA makes no progress in its Mini system.", false, true,
                            TO(AWAY) | TO(UPDATING) | TO(VERIFYING) | TO(MINI) | TO(ENDING) | TO(FINISHED) },
        [PHASE_ENDING] = { "ending", "any",
                           "The result is settled; the revision is read and the settings of the module are put back.",
                           false, false, TO(AWAY) | TO(FINISHED) },
        [PHASE_FINISHED] = { "finished", "finished",
                             "The job is over. If its record can be neither written nor removed, its end is pending, "
                             "and the phase before goes on.",
                             false, false, TO(AWAY) | TO(VERIFYING) | TO(ENDING) },
};
G_STATIC_ASSERT(G_N_ELEMENTS(phases) == _PHASE_MAX);

static const char *const event_names[] = {
        [UPGRADE_EVENT_BEGIN] = "begin",         [UPGRADE_EVENT_PRESENT] = "present",
        [UPGRADE_EVENT_BOOT_ROM] = "boot-rom",   [UPGRADE_EVENT_GONE] = "gone",
        [UPGRADE_EVENT_READY] = "ready",         [UPGRADE_EVENT_NAMELESS] = "nameless",
        [UPGRADE_EVENT_PORT_LOST] = "port-lost", [UPGRADE_EVENT_PORT_BUSY] = "port-busy",
        [UPGRADE_EVENT_ANSWER] = "answer",       [UPGRADE_EVENT_URC] = "urc",
        [UPGRADE_EVENT_CANCEL] = "cancel",       [UPGRADE_EVENT_DISMISS] = "dismiss",
        [UPGRADE_EVENT_RETRY] = "retry",         [UPGRADE_EVENT_SOURCE] = "source",
        [UPGRADE_EVENT_SENT] = "sent",           [UPGRADE_EVENT_ALL_BUT_LAST] = "all-but-last",
        [UPGRADE_EVENT_NOT_SENT] = "not-sent",   [UPGRADE_EVENT_NO_FLOW] = "no-flow",
        [UPGRADE_EVENT_DISK] = "disk",           [UPGRADE_EVENT_RESUMED] = "resumed",
        [UPGRADE_EVENT_TICK] = "tick",
};
G_STATIC_ASSERT(G_N_ELEMENTS(event_names) == _UPGRADE_EVENT_MAX);

/* The phase of an upgrade whose AT+QFOTADL has not been sent. */
static Phase phase_before_command(const Upgrade *u)
{
        if (!u->present || u->step == STEP_NONE)
                return PHASE_WAITING;
        if (u->step == STEP_INSPECT || check_asks_server(u))
                return PHASE_CHECKING;
        return PHASE_PREPARING;
}

Phase upgrade_phase(const Upgrade *u)
{
        const Job *job = u->job;

        if (job->state == JOB_FINISHED)
                return PHASE_FINISHED;
        if (job->result != JOB_RESULT_NONE && !upgrade_awaits_restart(job))
                return u->present ? PHASE_ENDING : PHASE_AWAY;
        if (!job->sent)
                return phase_before_command(u);
        if (!u->present)
                return PHASE_AWAY;
        if (u->step == STEP_QFOTADL)
                return PHASE_COMMAND;
        if (job->reached >= JOB_REACHED_ENDED || job->result != JOB_RESULT_NONE)
                return PHASE_VERIFYING;
        if (mini_applies(u))
                return job->stalled ? PHASE_STALLED : PHASE_MINI;
        if (job->abandon)
                return PHASE_ABANDONING;
        if (u->sending)
                return PHASE_SENDING;
        switch (job->state) {
        case JOB_UPDATING: return PHASE_UPDATING;
        case JOB_VERIFYING: return PHASE_VERIFYING;
        case JOB_QUEUED:
        case JOB_PREPARING:
        case JOB_DOWNLOADING:
        case JOB_RESTARTING:
        case JOB_STALLED:
        case JOB_FINISHED:
        case _JOB_STATE_MAX: return PHASE_DOWNLOADING;
        }
        return PHASE_DOWNLOADING;
}

const PhaseTraits *phase_traits(Phase phase)
{
        return &phases[phase];
}

bool phase_may_follow(Phase from, Phase to)
{
        return from == to || (phases[from].next & PHASE_BIT(to));
}

bool upgrade_expects(const Upgrade *u, UpgradeEventType event)
{
        Phase phase = upgrade_phase(u);

        switch (event) {
        case UPGRADE_EVENT_BEGIN: return !u->present && (phase == PHASE_WAITING || phase == PHASE_AWAY);
        /* The identity is asked for only while no other command is under way and the port may be written to. */
        case UPGRADE_EVENT_READY:
        case UPGRADE_EVENT_NAMELESS:
                return u->present && phase != PHASE_CHECKING && phase != PHASE_PREPARING && phase != PHASE_COMMAND &&
                       phase != PHASE_SENDING;
        case UPGRADE_EVENT_CANCEL: return upgrade_is_cancellable(u->job);
        case UPGRADE_EVENT_DISMISS: return upgrade_is_dismissable(u->job);
        case UPGRADE_EVENT_RETRY: return upgrade_may_retry(u->job);
        case UPGRADE_EVENT_PRESENT:
        case UPGRADE_EVENT_BOOT_ROM:
        case UPGRADE_EVENT_GONE:
        case UPGRADE_EVENT_PORT_LOST:
        case UPGRADE_EVENT_PORT_BUSY:
        case UPGRADE_EVENT_ANSWER:
        case UPGRADE_EVENT_URC:
        case UPGRADE_EVENT_SOURCE:
        case UPGRADE_EVENT_SENT:
        case UPGRADE_EVENT_ALL_BUT_LAST:
        case UPGRADE_EVENT_NOT_SENT:
        case UPGRADE_EVENT_NO_FLOW:
        case UPGRADE_EVENT_DISK:
        case UPGRADE_EVENT_RESUMED:
        case UPGRADE_EVENT_TICK: return true;
        case _UPGRADE_EVENT_MAX: return false;
        }
        return false;
}

const char *upgrade_event_name(UpgradeEventType event)
{
        return event_names[event];
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* The phases of an upgrade. Where an upgrade stands follows from its job's record and from what is known of the module
 * now; upgrade_phase() says where. */
typedef enum Phase {
        PHASE_WAITING,
        PHASE_CHECKING,
        PHASE_PREPARING,
        PHASE_COMMAND,
        PHASE_DOWNLOADING,
        PHASE_SENDING,
        PHASE_ABANDONING,
        PHASE_AWAY,
        PHASE_UPDATING,
        PHASE_VERIFYING,
        PHASE_MINI,
        PHASE_STALLED,
        PHASE_ENDING,
        PHASE_FINISHED,
        _PHASE_MAX
} Phase;

typedef struct PhaseTraits {
        const char *name;
        const char *states;  /* of JobState: as the D-Bus property State has them */
        const char *purpose; /* one sentence */
        bool cancellable;    /* Cancel() is obeyed; in downloading only until the download has ended */
        bool critical;       /* the module must stay powered; in downloading once the download has ended */
        unsigned next;       /* PHASE_BIT() of each phase that one event may lead to */
} PhaseTraits;

#define PHASE_BIT(phase) (1u << (phase))

Phase upgrade_phase(const Upgrade *u);
const PhaseTraits *phase_traits(Phase phase);

/* Returns true if one event may lead from one phase to the other; a phase may always last. */
bool phase_may_follow(Phase from, Phase to);

/* Returns false if the event cannot come now; upgrade_handle() then refuses it. */
bool upgrade_expects(const Upgrade *u, UpgradeEventType event);

/* As in "port-lost". */
const char *upgrade_event_name(UpgradeEventType event);

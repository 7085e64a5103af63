/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-types.h"

typedef struct Upgrade Upgrade;

/* Whether a cancel would be obeyed now (guide 2.3.1.1: until the first upgrade URC, or what tells the same;
 * MiniFOTA: until the module leaves the bus; a package on the host: until its last bytes go out). */
bool upgrade_is_cancellable(const Job *job);

/* Whether the module may be writing its flash, or about to: from the end of its download, or what tells the same, to
 * the job's end. Power should not fail then. */
bool upgrade_is_critical(const Job *job);

/* Whether the module may be given another source where it is (guide 5.2). upgrade_has_answered(), too. */
bool upgrade_may_retry(const Job *job);

/* Returns true if the AT port has answered in this enumeration, even if a question is under way. */
bool upgrade_has_answered(const Upgrade *u);

/* Whether a line says that an upgrade is under way, whoever began it; not that one is over. *ret_method is
 * METHOD_UNKNOWN if both methods say it. */
bool upgrade_is_under_way(const char *line, Method *ret_method);

/* The rest is for the upgrade*.c files. */
bool upgrade_awaits_restart(const Job *job); /* it has said that it is done, and has not restarted since */
bool upgrade_is_rebooted(const Job *job, const UpgradeEvent *event);
bool transfer_may_be_awaited(const Job *job);
bool transfer_is_incomplete(const Job *job);
bool check_asks_server(const Upgrade *u);
bool mini_applies(const Upgrade *u);
bool mini_waits(const Upgrade *u);
JobState mini_state_after_return(const Job *job);
JobState upgrade_state_after_return(const Job *job);
bool upgrade_is_expected(const Upgrade *u);
bool upgrade_is_changed(const Upgrade *u);
bool upgrade_is_firmware(const Upgrade *u);
bool upgrade_firmware_is_up(const Upgrade *u);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-types.h"

/* Returns true if a cancel would be obeyed now: until the first upgrade URC or another sign of the update (guide
 * 2.3.1.1); of a MiniFOTA until the module disconnects; of a package on the host until its last bytes are sent. */
bool upgrade_is_cancellable(const Job *job);

/* Returns true if the upgrade can only be followed, so that the job may be ended without any effect on the module: it
 * cannot be cancelled any more, and its result is not known yet. */
bool upgrade_is_dismissable(const Job *job);

/* Returns true if the gateway must stay on: from AT+QFOTADL to the end of the job. The module downloads and writes its
 * flash by itself, and a gateway that sleeps does not hear it, and one that shuts down may cut its power. */
bool upgrade_needs_gateway(const Job *job);

/* Returns true if the module may be writing its flash or may be about to, and so must stay powered: from the end of the
 * download, or another sign of it, to the end of the job. */
bool upgrade_is_critical(const Job *job);

/* Returns true if the module may be given another source in its Mini system (guide 5.2), if upgrade_has_answered(),
 * too. */
bool upgrade_may_retry(const Job *job);

/* Returns true if the AT port has answered in this enumeration, even if a question is under way. */
bool upgrade_has_answered(const Upgrade *u);

/* Returns true if the line shows that an upgrade is under way, started by any program; a line about its end does not.
 * *ret_method is METHOD_UNKNOWN if the line fits both methods. */
bool upgrade_is_under_way(const char *line, Method *ret_method);

/* The rest is for core/state and core/upgrade only. */

bool upgrade_awaits_restart(const Job *job); /* the module reported the end, and has not restarted since */
bool upgrade_is_rebooted(const Job *job, const UpgradeEvent *event); /* the gateway booted since the module was seen */

/* Returns true if the module reported a download, or accepted AT+QFOTADL with a URL and has reported no failure: it may
 * be downloading with its messages off. */
bool upgrade_may_download(const Job *job);
bool upgrade_has_restarted(const Upgrade *u); /* since AT+QFOTADL and without doubt; of this enumeration */

bool transfer_may_be_awaited(const Job *job); /* the module may still be waiting for the package */
bool transfer_is_incomplete(const Job *job);  /* the module cannot have the whole package */

bool check_asks_server(const Upgrade *u); /* the server was asked for the package, and has not answered */

bool mini_applies(const Upgrade *u); /* a MiniFOTA between the point of no return and its result */
bool mini_waits(const Upgrade *u);   /* and the module is there: upgrade-wait.c's deadline for it applies */

/* The state of the job after the module has come back. */
JobState mini_state_after_return(const Job *job); /* only if mini_applies() */
JobState upgrade_state_after_return(const Job *job);

/* About the revision that was read last. */
bool upgrade_is_expected(const Upgrade *u); /* it is the one of the option expected-revision */
bool upgrade_is_changed(const Upgrade *u);  /* it is, or must be, another firmware than before */
bool upgrade_is_firmware(const Upgrade *u); /* its pattern is that of a firmware */
bool upgrade_fits(const Upgrade *u);        /* it can be another one of the firmware before, or is the expected one */

/* Returns true if the firmware answers rather than the updater. */
bool upgrade_firmware_is_up(const Upgrade *u);

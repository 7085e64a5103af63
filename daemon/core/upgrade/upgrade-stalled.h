/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* The job is stalled: its message contains what is known. The state lasts over restarts in the Mini system. */
void stalled_enter(Upgrade *u);
/* There is progress. */
void stalled_leave(Upgrade *u);

/* Asks for the identity once the port has been silent for long, which cannot disturb a stalled module. */
void stalled_probe(Upgrade *u);

/* Writes the message of a stalled job anew; does nothing for others. */
void stalled_update_message(Upgrade *u);

/* The module restarted, or the host was suspended: it may need either package now, which the message says. Keeps
 * the message that the source was rejected. */
void stalled_lost_sight(Upgrade *u);

/* The AT port answers, or not any more: the message offers a retry only while it does. */
void stalled_set_port_answers(Upgrade *u, bool answers);

/* A retry was requested, and is in job->retry_source, on disk (guide 5.2): only if upgrade_may_retry(). It is sent once
 * the port is idle. */
void retry_request(Upgrade *u);

/* Sends the retry that waits, if the port is idle, and unless the firmware has answered or reported since the module
 * was enumerated: the firmware would begin another upgrade. The record says that the retry was sent before it is.
 * Returns true if it is sent. */
bool retry_send(Upgrade *u);
void retry_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_RETRY */

/* The record of that command could not be written, so that it was not sent: the retry waits again. */
void retry_not_sent(Upgrade *u);

/* The retry that waits, if any, is not sent, for the reason in why, which is logged; the former source stays. A retry
 * is for the system that answered when it was requested: it does not outlast a restart. */
void retry_drop(Upgrade *u, const char *why);

/* The daemon was started, and the module has not restarted meanwhile: a retry that waits in the record is still valid.
 */
void retry_resume(Upgrade *u);

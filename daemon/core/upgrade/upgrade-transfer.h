/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/state/upgrade-state.h"

/* A package on the host (guide 3.3.1.3). */

/* The port only listens from here on: every byte written would count as part of the package. */
void transfer_listen(Upgrade *u);

/* The command that sets the module's flow control to value, as in 2,2. The caller frees it. */
char *transfer_flow_command(const Job *job, const char *value);
/* Turns RTS/CTS at the host's end off, if it is on. */
void transfer_end_flow(Upgrade *u);
/* The same, and sends the module its former flow control without waiting for an answer, which may not come. */
void transfer_reset_flow_control(Upgrade *u);

void transfer_accepted(Upgrade *u);                         /* AT+QFOTADL was accepted, or may have been */
void transfer_started(Upgrade *u);                          /* FILESTART */
void transfer_event(Upgrade *u, const UpgradeEvent *event); /* SENT, ALL_BUT_LAST, NOT_SENT */

/* No more bytes are sent: the data phase is over. */
void transfer_stop(Upgrade *u);

/* The package is not sent to its end: the module has to notice that and to answer AT again. why goes to job->abandon.
 */
void transfer_abort(Upgrade *u, HostCode why);

/* These return true if nothing else follows from the event. */
bool transfer_port_lost(Upgrade *u);
bool transfer_disk_failed(Upgrade *u, const UpgradeEvent *event);

/* The daemon was started: an unfinished transfer cannot be resumed, since the number of bytes that went out is not
 * known. */
void transfer_resume(Upgrade *u);
/* The module is there, without having restarted since. */
void transfer_present(Upgrade *u);

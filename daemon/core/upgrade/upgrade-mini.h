/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/quectel/qfota.h"
#include "core/state/upgrade-state.h"

/* MiniFOTA (guide 2.3.1.2, 4.2, 5). What each function does on other jobs stands beside it. */

void mini_begin(Upgrade *u);     /* the daemon starts to follow; harmless for other methods */
void mini_gone(Upgrade *u);      /* the module disconnects; harmless for other methods */
void mini_came_back(Upgrade *u); /* the module reconnects: only if mini_applies() */
void mini_ready(Upgrade *u);     /* the module reported a revision: only if mini_applies() */
void mini_urc(Upgrade *u, const QfotaUrc *urc);
void mini_answer(Upgrade *u, const UpgradeEvent *event); /* to STEP_ASK_FINGERPRINT */
void mini_ask_soon(Upgrade *u); /* the module is asked for its identity again, first after a second */

/* The module answers AT and reports no revision. Does nothing unless mini_applies(). */
void mini_no_revision(Upgrade *u);

/* After END a time-out has passed. Returns true if the identity was to be asked for again, and now is. */
bool mini_asks_again(Upgrade *u);

void mini_timed_out(Upgrade *u); /* only if mini_waits() */

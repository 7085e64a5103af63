/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

#include "core/qfota.h"

void mini_begin(Upgrade *u);
void mini_came_back(Upgrade *u);
void mini_ready(Upgrade *u);
void mini_answer(Upgrade *u, const UpgradeEvent *event);
void mini_ask_soon(Upgrade *u);
void mini_nameless(Upgrade *u);
void mini_patience_lost(Upgrade *u);
void mini_retry(Upgrade *u, const UpgradeEvent *event);
void mini_gone(Upgrade *u);
void mini_retry_refused(Upgrade *u);
void mini_urc(Upgrade *u, const QfotaUrc *urc);

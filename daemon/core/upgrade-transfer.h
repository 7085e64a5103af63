/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade-state.h"

void file_end_flow(Upgrade *u);
void file_hush(Upgrade *u);
char *file_flow_command(const Job *job, const char *value);
void file_flow_blindly_back(Upgrade *u);
void file_accepted(Upgrade *u);
void file_started(Upgrade *u);
void file_stop(Upgrade *u);
void file_break(Upgrade *u, HostCode why);
void file_event(Upgrade *u, const UpgradeEvent *event);
bool file_port_lost(Upgrade *u);
void file_begin(Upgrade *u);
void file_present(Upgrade *u);
bool file_disk_failed(Upgrade *u);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* The options of an upgrade: the a{sv} of StartUpgrade, StartUpgradeFile, Check and Retry. */
extern const GOptionEntry upgrade_options[];

/* Before the bus is asked: numbers are numbers, the password file can be read. Exit status, the failure reported. */
int upgrade_options_check(Ctl *ctl);

/* Adds the a{sv}. */
int upgrade_options_append(Ctl *ctl, sd_bus_message *call);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* The options of an upgrade: the a{sv} of StartUpgrade, StartUpgradeFile, Check and Retry. */
extern const GOptionEntry upgrade_options[];

/* Before the bus is asked: numbers are numbers, the password file can be read. Exit status, the failure reported. */
int upgrade_options_check(Ctl *ctl);

/* Adds the a{sv}. */
int upgrade_options_append(Ctl *ctl, sd_bus_message *call);

/* For options that come from a file. NULL if there is such a key and the value is of its type, else what is wrong. */
const char *upgrade_option_judge(const char *key, const char *value);

/* As if it had been given on the command line: a pair that was judged to be right. */
void upgrade_option_set(const char *key, const char *value);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* The options of an upgrade: the a{sv} of StartUpgrade, StartUpgradeFile, Check and Retry. */
extern const GOptionEntry upgrade_options[];

/* Checks the options before the daemon is called: numbers must be numbers, and the password file must be readable.
 * Returns an exit status and has printed the failure. */
int upgrade_options_check(Ctl *ctl);

/* Appends the options that were given as an a{sv}. Returns an exit status and has printed the failure. */
int upgrade_options_append(Ctl *ctl, sd_bus_message *call);

/* Checks an option that comes from a file. NULL if there is such an option and the value has its type, else the reason
 * why not. */
const char *upgrade_option_judge(const char *key, const char *value);

/* Sets an option as the command line would. The pair must have passed upgrade_option_judge(). */
void upgrade_option_set(const char *key, const char *value);

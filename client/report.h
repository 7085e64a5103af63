/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* Names of errors of fotactl itself, which do not come from the bus. */
#define ERROR_USAGE         "fotactl.Usage"
#define ERROR_NO_DAEMON     "fotactl.NoDaemon"
#define ERROR_SCHEDULE      "fotactl.Schedule"
#define ERROR_NOT_CONFIRMED "fotactl.NotConfirmed"

/* Sets the text that "systemctl status" shows (after text_clean()), if ctl->notify is true. */
void tell_status(const Ctl *ctl, const char *text);

/* These functions print the failure, as JSON on stdout or as text on stderr, and return the exit status. */
int fail(const Ctl *ctl, int status, const char *name, const char *format, ...) G_GNUC_PRINTF(4, 5);
int fail_usage(const Ctl *ctl, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Reports a failure of sd-bus: r is its return value, error its error if it set one, else NULL. */
int fail_bus(const Ctl *ctl, const sd_bus_error *error, int r);

/* True if the error means that the daemon is not running, false if the daemon refused. */
bool error_means_absent(const sd_bus_error *error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* Names of errors that arise here and not on the bus. */
#define ERROR_USAGE     "fotactl.Usage"
#define ERROR_NO_DAEMON "fotactl.NoDaemon"
#define ERROR_SCHEDULE  "fotactl.Schedule"

/* What "systemctl status" shows, if this runs as a service (Ctl.notify). Cleans. */
void tell_status(const Ctl *ctl, const char *text);

/* Each says what went wrong, in JSON on stdout or as text on stderr, and returns the exit status. */
int fail(const Ctl *ctl, int status, const char *name, const char *format, ...) G_GNUC_PRINTF(4, 5);
int fail_usage(const Ctl *ctl, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* r is what sd-bus returned, error what it filled in, if anything. */
int fail_bus(const Ctl *ctl, const sd_bus_error *error, int r);

/* Whether the error means that the daemon is not there, rather than that it refuses. */
bool error_means_absent(const sd_bus_error *error);

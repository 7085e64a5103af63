/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* Writes the file whose descriptor is the reply's only argument to the path; NULL or "-": to standard output. what: the
 * sentence that says so, with %s where the path belongs. Returns an exit status, and has printed the failure. */
int recording_file_save(Ctl *ctl, sd_bus_message *reply, const char *path, const char *what);

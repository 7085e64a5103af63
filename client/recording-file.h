/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"

/* Replaces the file, or writes into what is no regular file. false and *ret_why on failure. */
bool file_save(const char *path, const char *text, char **ret_why);

/* The option --output. */
extern const GOptionEntry recording_file_entries[];

/* Writes the file whose descriptor is the reply's only argument to the path of --output, or to standard output. what:
 * the sentence that says so, with %s where the path belongs. Returns an exit status, and has printed the failure. */
int recording_file_save(Ctl *ctl, sd_bus_message *reply, const char *what);

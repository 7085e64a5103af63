/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-daemon.h>

/* One line of the journal, whatever is in the texts: see clean_text(). systemd reads the priority in front of it. */
void log_line(const char *priority, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define log_error(...)   log_line(SD_ERR, __VA_ARGS__)
#define log_warning(...) log_line(SD_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(SD_INFO, __VA_ARGS__)

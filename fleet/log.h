/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

/* Lines of the journal: systemd reads the priority in front of them. */
#define log_error(format, ...)   fprintf(stderr, SD_ERR format "\n", ##__VA_ARGS__)
#define log_warning(format, ...) fprintf(stderr, SD_WARNING format "\n", ##__VA_ARGS__)
#define log_info(format, ...)    fprintf(stderr, SD_INFO format "\n", ##__VA_ARGS__)

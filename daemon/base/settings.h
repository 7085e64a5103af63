/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "names.h"
#include "core/upgrade/upgrade.h"

#define CONFIG_DEFAULT_FILE FOTAD_CONFIG_FILE

typedef struct Config {
        char **ports; /* UARTs: names below /dev, or paths */
        unsigned baud_rate;
        char *lock_directory;
        GHashTable *at_interfaces; /* product id -> interface number, both by GUINT_TO_POINTER */
        Timeouts timeouts;
        char *source_check;        /* the socket of fotad-source-check */
        uint64_t watch;            /* of a module that may still be writing its flash after its job has failed, µs */
        unsigned history;          /* finished jobs that stay readable, at least 1 */
        unsigned package_size_max; /* of a package on the host, bytes */
        unsigned pace_bytes;       /* of one write, to a module without flow control */
        unsigned pace_interval;    /* ms between two of them at least, 0 none */
} Config;

void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Reads the file and file.d/ beside it, *.conf in the order of their names. A file that is not there is empty, unless
 * must_exist. NULL: *ret_why has a line for each mistake, with the file, the line and the valid values, or the reason
 * why a file cannot be read. *ret_wrong is then true if the configuration must be corrected, and false after an I/O
 * error or the like, which may pass. */
Config *config_load(const char *file, bool must_exist, bool *ret_wrong, char **ret_why);

/* Replaces the contents of config by those of by, so that borrowers of config see the new contents. Takes by. */
void config_replace(Config *config, Config *by);

/* The longest of [timeouts], in µs, except watch, which no job waits for. */
uint64_t config_longest_timeout(const Config *config);

/* The interface that must be the AT port for this product id, LAYOUT_NO_OVERRIDE if the file names none. */
int config_at_interface(GHashTable *at_interfaces, uint16_t product_id);

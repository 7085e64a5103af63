/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad.conf: the values of a file that is accepted are in their ranges, and each complaint names the file. Input: the
 * file. */

#include <string.h>

#include "base/log.h"
#include "base/settings.h"
#include "fuzz.h"

const unsigned fuzz_runs = 8000;

#define DAYS_30 (30 * 24 * 3600 * (uint64_t)G_USEC_PER_SEC)

static void check_accepted(const Config *c)
{
        const uint64_t times[] = { c->timeouts.command,     c->timeouts.start,   c->timeouts.download_idle,
                                   c->timeouts.update_idle, c->timeouts.restart, c->timeouts.settle,
                                   c->timeouts.stall,       c->timeouts.source };
        uint64_t longest = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
                g_assert(times[i] >= G_USEC_PER_SEC && times[i] <= DAYS_30);
                longest = MAX(longest, times[i]);
        }
        g_assert(config_longest_timeout(c) == longest);
        g_assert(c->watch >= G_USEC_PER_SEC && c->watch <= DAYS_30);
        g_assert(c->baud_rate >= 1200 && c->baud_rate <= 4000000 && c->history >= 1);
        g_assert(c->pace_bytes >= 1 && c->pace_bytes <= 32 && c->pace_interval <= 1000);
        g_assert(c->package_size_max >= 1 && c->package_size_max <= 64 << 20);
        g_assert(*c->lock_directory == '/' && *c->source_check == '/');
        for (char **port = c->ports; *port; port++)
                g_assert(**port && !strchr(*port, ';'));
        for (unsigned product = 0; product <= 0xffff; product += product < 0x10 ? 1 : 0x0fff)
                g_assert(config_at_interface(c->at_interfaces, (uint16_t)product) <= 31);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        const char *path = fuzz_file(bytes, size);
        g_autofree char *why = NULL;
        bool wrong;
        Config *config;

        log_set_level(LOG_ERR); /* no warnings about unknown keys */
        config = config_load(path, true, &wrong, &why);
        g_assert(!config == (why && *why));
        g_assert(wrong == !config);
        if (config)
                check_accepted(config);
        else
                g_assert(g_str_has_prefix(why, path));
        config_free(config);
        return 0;
}

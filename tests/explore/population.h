/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run.h"

/* The plans of many runs: drawn at random by a seed, or enumerated.
 *
 *   messages  the module's messages are lost, doubled or late
 *   ordinary  and power cuts, no network, a daemon that dies, cancel, retry
 *   odd       and all other faults, incidents and requests
 *   each      one module without other faults, and each incident at each event of the upgrade in turn */
typedef enum Population {
        POPULATION_MESSAGES,
        POPULATION_ORDINARY,
        POPULATION_ODD,
        POPULATION_EACH,
        _POPULATION_MAX
} Population;

const char *population_name(Population population);

/* The plan of a seed, from 1. The caller clears it. */
Plan population_draw(Population population, uint64_t seed);
/* The number of seeds that have plans of their own; 0 without an end. */
uint64_t population_size(Population population);

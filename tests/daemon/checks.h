/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* Check as a gateway program calls it, and servers that misbehave. */

typedef struct Row {
        char *rule, *finding, *remedy;
        bool holds;
} Row;

/* With options as world_start() has them. NULL if it was refused, *ret_error then being the error's name. The caller
 * unrefs it. */
GPtrArray *check_call(World *world, const char *module, const char *source, char **ret_error,
                      ...) G_GNUC_NULL_TERMINATED;

/* Call and answer apart: sent now, and the answer taken later. */
sd_bus_message *check_message(World *world, const char *module, const char *source);
GPtrArray *check_read(sd_bus_message *reply);

const Row *check_find(GPtrArray *rows, const char *rule);
/* The rule's row is so, and has that in its finding. */
void check_assert(GPtrArray *rows, const char *rule, bool holds, const char *finding);
/* All hold but those named, separated by blanks. */
void check_assert_all_but(GPtrArray *rows, const char *broken);

/* A server on loopback that takes every connection, and answers each with that text; NULL never. Ends with the test.
 * Its port. */
unsigned check_server(const char *answer);

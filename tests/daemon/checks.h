/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* Check as a gateway program calls it, and servers that misbehave. */

typedef struct Row {
        char *rule, *finding, *remedy;
        bool holds;
} Row;

/* Calls Check, with options as for world_start(). NULL if the call was refused; *ret_error is then the error's name.
 * The caller unrefs the reply. */
GPtrArray *check_call(World *world, const char *module, const char *source, char **ret_error,
                      ...) G_GNUC_NULL_TERMINATED;

/* The call and its answer apart: sent now, and received later. */
sd_bus_message *check_message(World *world, const char *module, const char *source);
GPtrArray *check_read(sd_bus_message *reply);

const Row *check_find(GPtrArray *rows, const char *rule);
/* Asserts that the rule's row has this outcome, and this part in its finding. */
void check_assert(GPtrArray *rows, const char *rule, bool holds, const char *finding);
/* Asserts that all rules hold except the named ones, separated by blanks. */
void check_assert_all_but(GPtrArray *rows, const char *broken);

/* A server on loopback that accepts every connection and sends that text; NULL: never answers. It ends with the test.
 * Returns its port. */
unsigned check_server(const char *answer);
/* The same with another text for a GET with a range of one byte. */
unsigned check_server_by_method(const char *to_head, const char *to_range);

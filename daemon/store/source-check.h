/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "core/rules/rules.h"

/* Asks a server for a package without fetching it; fotad-source-check speaks with the server. The module uses another network than the host: the finding is likely
 * to hold there, not certain. */
typedef struct SourceCheck SourceCheck;

/* Called once, from the loop, unless the check is freed before; takes the answer. May free the check. */
typedef void (*SourceCheckFunc)(void *userdata, ServerAnswer *answer);

/* path: the socket of fotad-source-check. timeout: of the server, in µs; a fotad-source-check that does not answer ends
 * the question a while after that. Never NULL. */
SourceCheck *source_check_new(sd_event *event, const char *path, const char *url, uint64_t timeout,
                              SourceCheckFunc func, void *userdata);

/* Takes NULL; gives up what is under way. */
void source_check_free(SourceCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceCheck, source_check_free)

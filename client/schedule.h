/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* One instance of fotad-upgrade@.timer: DIRECTORY/NAME.conf, as it was read. */
typedef struct Schedule {
        char *name, *path;
        char *module; /* "": the only one */
        char *source; /* a URL or an absolute path; may have placeholders, as expected_revision may */
        char *expected_revision;
        unsigned source_line, expected_revision_line; /* in path, from 1 */
        GPtrArray *options;                           /* key, value, key, value, ... */
} Schedule;

void schedule_free(Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)

/* Where they are: as configured, or as --directory says. */
#define SCHEDULE_SUFFIX ".conf"

/* Whether it can be the name of an instance as it is, without systemd's escapes. */
bool schedule_name_is_good(const char *name);

/* The names of those there are, by name; a directory that does not exist has none. NULL, and *ret_why. */
GPtrArray *schedule_names(const char *directory, char **ret_why);

/* NULL if it cannot be read or is not right: *ret_why then begins with the file, and the line if there is one. */
Schedule *schedule_load(const char *directory, const char *name, char **ret_why);

/* The same beginning for what turns out later. The caller frees it. */
char *schedule_complain(const Schedule *schedule, unsigned line, const char *key, const char *why);

/* Source and expected revision for a module. false, and *ret_why, if they cannot be filled. */
bool schedule_fill(const Schedule *schedule, const char *model, const char *revision, char **ret_source,
                   char **ret_expected_revision, char **ret_why);

/* NULL if the option is not given. */
const char *schedule_option(const Schedule *schedule, const char *key);

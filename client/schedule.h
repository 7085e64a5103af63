/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <glib.h>

/* An instance of fotad-upgrade@.timer: the contents of DIRECTORY/NAME.conf. */
typedef struct Schedule {
        char *name, *path;
        char *module; /* "": the only module */
        char *source; /* a URL or an absolute path; may have placeholders, as expected_revision may */
        char *expected_revision;
        unsigned source_line, expected_revision_line; /* line numbers in the file, from 1 */
        GPtrArray *options;                           /* key, value, key, value, ... */
} Schedule;

void schedule_free(Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)

/* The files are NAME.conf in the configured directory or in that of --directory. */
#define SCHEDULE_SUFFIX ".conf"

/* True if the name can be that of an instance without systemd's escapes. */
bool schedule_name_is_good(const char *name);

/* The names of all schedules in the directory, sorted, which the caller unrefs; none if the directory does not exist.
 * NULL, and *ret_why, if it cannot be read. */
GPtrArray *schedule_names(const char *directory, char **ret_why);

/* Reads and checks one schedule, which the caller frees. NULL if it cannot be read or has mistakes: each is added to
 * mistakes as a text that begins with the path, and with the line if one is wrong. */
Schedule *schedule_read(const char *directory, const char *name, GPtrArray *mistakes);

/* The same with all mistakes in *ret_why, which the caller frees. */
Schedule *schedule_load(const char *directory, const char *name, char **ret_why);

/* A complaint in the same form ("PATH:LINE: KEY WHY") for errors found later. The caller frees it. */
char *schedule_complain(const Schedule *schedule, unsigned line, const char *key, const char *why);

/* Fills the placeholders of source and expected revision for a module. The caller frees both. false, and *ret_why, if a
 * value is missing or not allowed. */
bool schedule_fill(const Schedule *schedule, const char *model, const char *revision, char **ret_source,
                   char **ret_expected_revision, char **ret_why);

/* The value of an option as in the file; NULL if it is not there. */
const char *schedule_option(const Schedule *schedule, const char *key);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A world with one MiniFOTA module at 1-1, the packages for it, and a record of what its properties were. */
typedef struct Course {
        World *w;
        char *old, *new; /* revisions */
        char *url;       /* of up.mini_1 over HTTP, whether or not it is published */
        char *job;       /* NULL before it is begun */
        GPtrArray *seen; /* of Seen, in their order */
} Course;

#define UP "up.mini_1" /* the name of the first package of the pair */

/* Percent of a whole MiniFOTA, and where the second or the first half of it is not heard. */
#define COURSE_SERIES "2 7 13 21 30 39 49 " COURSE_SECOND
#define COURSE_FIRST  "2 7 13 21 30 39 49 60 100"
#define COURSE_SECOND "60 64 68 76 84 92 96 100"

/* module as modsim's --module without its path; config as in WorldSettings. Returns when the module is known. */
Course *course_new(const char *module, const char *config);
/* The same; nothing is waited for. */
Course *course_new_world(const WorldSettings *settings);
void course_free(Course *course);

/* A package, or both: break_ is the fault of the first one, NULL none. */
void course_publish_as(Course *course, const char *name, const char *break_);
void course_publish(Course *course, const char *break_);
void course_unpublish(Course *course, const char *name);

/* StartUpgrade, for module 1-1 alone. */
void course_begin(Course *course);
void course_begin_with(Course *course, const char *source, const char *key, const char *type, const char *value);
/* Stops the module at a point, begins, and returns when it is there. */
void course_begin_and_hold(Course *course, const char *point);

/* Cuts the module's power, and lets it come back once the job has been seen to wait for it. */
void course_cut_power(Course *course);
/* Begins, and passes wherever what is to be heard is said. */
void course_follow(Course *course, const char *percents);

/* Begins without a .mini_2, and returns when the module looks for it. */
#define COURSE_STALLS "settle=2\nstall=2\n"
Course *course_stall_in_second(const char *module);
char *course_second_url(const Course *course);

/* Retry. NULL, or the error's name, which the caller frees; *ret_message may be NULL. */
char *course_retry(Course *course, const char *source, const char *key, const char *type, const char *value,
                   char **ret_message);
void course_assert_retry(Course *course, const char *source);

/* The values that a property of the module 1-1 (System, Job) or of the job (State, Percent, Restarts, Cancellable) had
 * so far, each once in a row, with blanks between, an empty one as ""; without unknown. The property "added" is yes once InterfacesAdded
 * has named the object. */
char *course_history(Course *course, const char *path, const char *property);
/* While the job ran, the module's Problem told nobody to cycle its power, or anything else. */
void course_assert_no_problem(Course *course);
void course_assert_history(Course *course, const char *path, const char *property, const char *expected);

void course_assert_message(Course *course, const char *part);
void course_await_message(Course *course, const char *part);
void course_assert_no_message(Course *course, const char *part);

/* Success, with everything that must hold of every success; restarts as seen on the bus,
 * NULL: however many. */
void course_assert_success(Course *course, const char *restarts);
/* Stalled, with everything that must hold of that; package is what it waits for. */
void course_await_stalled(Course *course, const char *package);
/* Failed with a host code; the module keeps its old revision, and nothing was sent twice. */
void course_assert_failed(Course *course, const char *domain, const char *name);

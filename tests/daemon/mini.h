/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* A world with one MiniFOTA module at 1-1, the packages for it, and a record of its properties over time. */
typedef struct Course {
        World *w;
        char *old, *new; /* revisions */
        char *url;       /* URL of up.mini_1 over HTTP, whether or not it is published */
        char *job;       /* NULL before the start */
        GPtrArray *seen; /* of Seen, in order */
} Course;

#define UP "up.mini_1" /* the name of the first package of the pair */

/* Percentages of a whole MiniFOTA, and those if the second or the first half of it is missed. */
#define COURSE_SERIES "2 7 13 21 30 39 49 " COURSE_SECOND
#define COURSE_FIRST  "2 7 13 21 30 39 49 60 100"
#define COURSE_SECOND "60 64 68 76 84 92 96 100"

/* module as modsim's --module without its path; config as in WorldSettings. Returns when the module has reported its
 * revision. */
Course *course_new(const char *module, const char *config);
/* The same, without waiting. */
Course *course_new_world(const WorldSettings *settings);
void course_free(Course *course);

/* Publishes one package, or both: break_ is the fault of the first one, NULL none. */
void course_publish_as(Course *course, const char *name, const char *break_);
void course_publish(Course *course, const char *break_);
/* A good package or pair, by the upgrade method of the module; url is that of up.bin for DFOTA. */
void course_publish_any(Course *course);
void course_unpublish(Course *course, const char *name);

/* StartUpgrade, for module 1-1 alone. */
void course_begin(Course *course);
void course_begin_with(Course *course, const char *source, const char *key, const char *type, const char *value);
/* Holds the module at a point, starts, and returns when the module is held there. */
void course_begin_and_hold(Course *course, const char *point);

/* Cuts the module's power, and restores it once the job has been seen to wait for the module. */
void course_cut_power(Course *course);
/* Starts, and passes each point at which a message is printed, so that none is missed. */
void course_follow(Course *course, const char *percents);

/* Starts without a .mini_2, and returns when the module looks for it. */
#define COURSE_STALLS "settle=2\nstall=2\n"
Course *course_stall_in_second(const char *module);
char *course_second_url(const Course *course);

/* Calls Retry. Returns NULL, or the error's name, which the caller frees; ret_message may be NULL. */
char *course_retry(Course *course, const char *source, const char *key, const char *type, const char *value,
                   char **ret_message);
void course_assert_retry(Course *course, const char *source);

/* The values so far of a property of module 1-1 (System, Job) or of the job (State, Percent, Restarts, Cancellable),
 * without repetitions, separated by blanks, an empty one as ""; without unknown. The property "added" is yes once
 * InterfacesAdded has named the object. */
char *course_history(Course *course, const char *path, const char *property);
/* Asserts that the module's Problem was empty while the job ran: no advice to cycle its power, or any other. */
void course_assert_no_problem(Course *course);
void course_assert_history(Course *course, const char *path, const char *property, const char *expected);

void course_assert_message(Course *course, const char *part);
void course_await_message(Course *course, const char *part);
void course_assert_no_message(Course *course, const char *part);

/* Success, with everything that must hold of every success; restarts as seen on the bus, NULL: any number. */
void course_assert_success(Course *course, const char *restarts);
/* Waits until the job is stalled, with everything that must hold of a stalled job; package is the one that it waits
 * for. */
void course_await_stalled(Course *course, const char *package);
/* Failed with that code; the module keeps its old revision, and AT+QFOTADL was sent once. */
void course_assert_failed(Course *course, const char *domain, const char *name);

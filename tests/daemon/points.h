/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the tests that run the same upgrades again and again, with an incident at each of their points in turn. The
 * points are listed by kill-at.so. */

#include <glib.h>

#include "world.h"

/* A point at which the module is held until it has received a command so many times, or until its port is open (no
 * command): the dialogue there is then the same in each run. */
typedef struct Hold {
        const char *point, *command;
        unsigned times;
} Hold;

typedef struct Run {
        const char *name, *module, *from, *to;
        const char *packages[2];   /* made by the simulator, under these names; the first one is the source */
        const char *download_max;  /* option download-urc-max, NULL none */
        Hold holds[4];             /* ends with an empty one */
        const char *since, *until; /* only points between the first ones with these in their names; NULL all */
} Run;

/* DFOTA, MiniFOTA, and two ranges of a DFOTA with a package on the host: its transfer, and its copy. */
#define POINTS_RUNS 4
extern const Run points_runs[POINTS_RUNS];

typedef struct Point {
        char *name;
        unsigned nth; /* of that name */
} Point;

typedef struct Task {
        const Run *run;
        char *url, *file; /* one of the points */
        GPtrArray *points;
        unsigned *again; /* of all workers together: the number of repetitions */
} Task;

/* A world for the run, in which no daemon runs. */
World *points_world(const Run *run);

/* Makes the packages, on the servers of a world that all others use. */
void points_make_packages(World *world, Task *task);

/* From the daemon's start over the whole upgrade to its stop, as far as it gets; returns its end, as world_await_end().
 * Makes no calls besides the upgrade, so that the daemon acts the same in each run. */
int points_live(World *world, const Task *task, char **ret_job);

/* Calls StartUpgrade or StartUpgradeFile. Returns the job's path, or NULL and world_error(). */
char *points_start(World *world, const Task *task);

/* Starts the next daemon after one that was killed, and asserts that its upgrade ends as the record and the simulator
 * require. answered: the call that began the job was. */
void points_check_second_life(World *world, const Run *run, bool answered);

/* Asserts that the settings that the upgrade changes are restored, and that power/control is as given: a module that may
 * still be writing its flash is kept `on`. */
void points_check_settings(World *world, const char *power);

/* Asserts that no job was begun; waits until the module has reported its identity. */
void points_check_no_job(World *world, const Run *run);

/* The job's record, which is complete if it exists; NULL none. */
GKeyFile *points_read_record(World *world);

/* The points that kill-at.so has listed in the file, in their order. */
GPtrArray *points_read(const char *file);

/* The first one with that part in its name. */
unsigned points_find(const GPtrArray *points, const char *part);

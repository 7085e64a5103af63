/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An upgrade that is run again and again, with one incident of the disk each time. */

#include <check.h>

#include "points.h"
#include "workers.h"

#define DISK_UPGRADES 3 /* the last of the four runs of points.h is a range of the third */

/* How the runs ended, of all workers together. */
typedef struct Outcomes {
        unsigned not_started, refused, failed, watched, pending, succeeded, removed, not_reached;
} Outcomes;

typedef struct DiskUpgrade {
        Task task;            /* its points are those of the reference run */
        GPtrArray *calls;     /* Point: the calls that change the state directory */
        char **trace;         /* the line at each point */
        GArray *items;        /* the incidents, of the test's own type */
        const Point *command; /* AT+QFOTADL, after which a first fotad died; NULL: there is one fotad */
        unsigned some, stride;
        Outcomes *outcomes;
} DiskUpgrade;

/* Returns a world whose server is used by all others. which: 0 to DISK_UPGRADES - 1. */
World *disk_upgrade_new(DiskUpgrade *upgrade, unsigned which);
void disk_upgrade_free(DiskUpgrade *upgrade, World *world);

/* The reference run: lists the points, the calls and the trace. */
void disk_upgrade_list(DiskUpgrade *upgrade, World *world);

/* Lists the calls of a fotad that takes the job up after AT+QFOTADL, and the trace of both. */
void disk_upgrade_list_resumed(DiskUpgrade *upgrade);

/* Runs the upgrade until upgrade->command, where fotad is killed. */
void disk_upgrade_die_after_command(World *world, const DiskUpgrade *upgrade);

/* The trace of all daemons that ran in the world so far. The caller frees it. */
char **disk_upgrade_read_trace(World *world);

/* Runs as many of the items as given, or all with FOTAD_TEST_ALL=1, or that of FOTAD_TEST_POINT. work gets the upgrade
 * and a number for disk_upgrade_taken(). */
void disk_upgrade_run(DiskUpgrade *upgrade, const char *name, unsigned some, Work work);
unsigned disk_upgrade_taken(const DiskUpgrade *upgrade, unsigned number);

void disk_upgrade_count(unsigned *outcome);

/* Asserts that half of the incidents came up at least: the reference run may have had a few more records than the
 * others. */
void disk_upgrade_check_reached(const DiskUpgrade *upgrade);

/* A test case that runs once for each upgrade. */
void disk_upgrade_add(Suite *suite, const char *name, const TTest *test);

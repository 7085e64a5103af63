/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* The first steps that many tests share. Each fails the test where a step does not succeed. Strings that are returned
 * are the caller's to free. */

/* world_new(), and waits until module 1-1 has reported its revision and its AT port is closed again. */
World *world_new_idle(const WorldSettings *settings);

/* Publishes up.bin, which leads from OLD_REVISION to NEW_REVISION, on all servers. Returns its HTTP URL. */
char *world_publish(World *world);

/* Returns the job that world_start() or a similar function has returned; fails the test if the call was refused. */
char *world_expect_job(World *world, char *job);

/* world_publish(), and starts a job with that package on the only module, without options. Returns the job. */
char *world_upgrade(World *world);

/* The same, and holds module 1-1 at that point of the simulator. Returns the job once the module is held there. */
char *world_upgrade_to(World *world, const char *point);

/* Asserts that a property contains a part; waits until the Problem of module 1-1 begins with a text ("": is empty). */
void world_assert_part(World *world, const char *path, const char *property, const char *part);
void world_await_problem(World *world, const char *start);

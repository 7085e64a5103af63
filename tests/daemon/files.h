/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the tests of packages on the host. */

#include "world.h"

#define FILE_NAME "update.bin"

/* A package of that size in the world's directory, under FILE_NAME. */
void file_make(World *world, unsigned size);

/* A world with this module at MODULE_1, quick time-outs and such a package; the module has told who it is. */
World *file_world(const char *module, unsigned size);

/* StartUpgradeFile with it; flow_control NULL: not given. */
char *file_start(World *world, const char *module, const char *flow_control);

/* The module has taken the package byte for byte, once, and nothing else with it. */
void file_assert_whole(World *world, const char *module);

/* The settings are those of file_world()'s modules: urcport=uart1, fota-cid=3, this flow control. */
void file_assert_put_back(World *world, const char *module, const char *flow);
/* The same, and power/control is auto. */
void file_assert_as_before(World *world, const char *module, const char *flow);

/* Waits until the record says that all bytes are on their way. */
void file_await_all_out(World *world);

/* Nothing is left in the spool. */
void file_assert_no_package(World *world);

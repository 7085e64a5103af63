/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the tests of packages on the host. */

#include "world.h"

#define FILE_NAME "update.bin"

/* Creates a package of that size in the world's directory, under FILE_NAME. */
void file_make(World *world, unsigned size);

/* A world with this module at MODULE_1, short time-outs and such a package; the module has reported its identity. */
World *file_world(const char *module, unsigned size);

/* Calls StartUpgradeFile with the package; flow_control NULL: not given. */
char *file_start(World *world, const char *module, const char *flow_control);

/* Asserts that the module received the package byte for byte, once, and nothing else with it. */
void file_assert_whole(World *world, const char *module);

/* Asserts the settings of file_world()'s modules: urcport=uart1, fota-cid=3, this flow control. */
void file_assert_put_back(World *world, const char *module, const char *flow);
/* The same, and power/control is auto. */
void file_assert_as_before(World *world, const char *module, const char *flow);

/* Waits until the record shows that all bytes are being sent. */
void file_await_all_out(World *world);

/* Asserts that the spool is empty. */
void file_assert_no_package(World *world);

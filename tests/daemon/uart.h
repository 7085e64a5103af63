/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "world.h"

/* Shared by the tests of modules at UARTs. */

#define UART       "tty:ttyS1"
#define UART_PORTS "[serial]\nports=ttyS1\n"
#define UART_QUICK UART_PORTS "[timeouts]\nsettle=2\nstart=3\ncommand=2\n"

/* A world with one module at ttyS1 that has booted and reported its revision; module as modsim's --module without its
 * path. */
World *uart_world(const char *module, const char *config);

/* Starts an upgrade of that module with a package that world_package() has made. Returns the job's path. */
char *uart_start(World *world, const char *package);

/* Kills the daemon and starts it again; returns when the port is open. */
void uart_restart_daemon(World *world);

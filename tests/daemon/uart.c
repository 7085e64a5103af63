/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A world whose module is at a UART, for all tests of such modules. */

#include <check.h>
#include <stdlib.h>

#include "presets.h"
#include "uart.h"

World *uart_world(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat(UART "=", module, NULL);
        WorldSettings settings = { .modules = { first }, .config = config };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_UART);
        return w;
}

char *uart_start(World *w, const char *name)
{
        g_autofree char *url = world_http(w, name);
        char *job = world_expect_job(w, world_start(w, "tty-ttyS1", url, NULL));

        return job;
}

void uart_restart_daemon(World *w)
{
        g_autofree char *opened = NULL;

        world_kill_daemon(w);
        opened = world_sim(w, "count " UART " opened");
        world_start_daemon(w);
        g_free(world_sim(w, "wait " UART " opened %d", atoi(opened) + 1));
}

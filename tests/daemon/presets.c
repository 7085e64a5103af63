/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first steps that many tests share, built on world.h alone. */

#include <check.h>
#include <string.h>

#include "presets.h"

World *world_new_idle(const WorldSettings *settings)
{
        World *w = world_new(settings);

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        return w;
}

char *world_publish(World *w)
{
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        return world_http(w, "up.bin");
}

char *world_expect_job(World *w, char *job)
{
        ck_assert_msg(job != NULL, "%s: %s", world_error(w), world_error_message(w));
        return job;
}

char *world_upgrade(World *w)
{
        g_autofree char *url = world_publish(w);

        return world_expect_job(w, world_start(w, "", url, NULL));
}

char *world_upgrade_to(World *w, const char *point)
{
        char *job;

        g_free(world_sim(w, "hold 1-1 %s", point));
        job = world_upgrade(w);
        g_free(world_sim(w, "held 1-1 %s", point));
        return job;
}

void world_assert_part(World *w, const char *path, const char *property, const char *part)
{
        g_autofree char *value = world_property(w, path, property);

        ck_assert_msg(strstr(value, part) != NULL, "no '%s' in: %s", part, value);
}

void world_await_problem(World *w, const char *start)
{
        gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

        for (;;) {
                g_autofree char *problem = world_property(w, MODULE_1, "Problem");

                if (*start ? g_str_has_prefix(problem, start) : !*problem)
                        break;
                ck_assert_msg(g_get_monotonic_time() < end, "'%s', not '%s'", problem, start);
                sd_bus_process(world_bus(w), NULL);
                sd_bus_wait(world_bus(w), G_USEC_PER_SEC / 10);
        }
}

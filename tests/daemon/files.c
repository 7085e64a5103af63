/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared by the tests of packages on the host: the package, its world, and the conditions afterwards. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "world-private.h"

void file_make(World *w, unsigned size)
{
        world_make_package(w, FILE_NAME, OLD_REVISION, NEW_REVISION, size);
}

World *file_world(const char *module, unsigned size)
{
        WorldSettings settings = { .modules = { module },
                                   .config = "[timeouts]\nsettle=3\nstart=3\ncommand=2\ndownload-idle=3\n" };
        World *w = world_new(&settings);

        file_make(w, size);
        world_await_module(w, MODULE_1);
        return w;
}

char *file_start(World *w, const char *module, const char *flow_control)
{
        g_autofree char *path = world_path(w, FILE_NAME);

        return flow_control ? world_start_file(w, module, path, FILE_NAME, "flow-control", "s", flow_control, NULL)
                            : world_start_file(w, module, path, FILE_NAME, NULL);
}

void file_assert_whole(World *w, const char *module)
{
        g_autofree char *path = world_path(w, FILE_NAME), *bytes = NULL, *sum = NULL, *size = NULL;
        size_t length;

        ck_assert(g_file_get_contents(path, &bytes, &length, NULL));
        sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
        size = g_strdup_printf("%zu", length);
        world_assert_sim(w, sum, "get %s fetched-sha256", module);
        world_assert_sim(w, size, "get %s file-bytes", module);
        world_assert_sim(w, "0", "get %s file-lost", module);
        world_assert_sim(w, "0", "get %s file-extra", module);
        world_assert_sim(w, "0", "get %s file-behind-max", module);
        world_assert_sim(w, "1", "get %s file-count", module);
        world_assert_sim(w, "1", "get %s qfotadl-count", module);
}

void file_assert_put_back(World *w, const char *module, const char *flow)
{
        world_assert_sim(w, flow, "get %s usbifc", module);
        world_assert_sim(w, "uart1", "get %s urcport", module);
        world_assert_sim(w, "3", "get %s fota-cid", module);
}

void file_assert_as_before(World *w, const char *module, const char *flow)
{
        file_assert_put_back(w, module, flow);
        world_assert_sim(w, "auto", "get %s power-control", module);
}

void file_await_all_out(World *w)
{
        g_autofree char *record = world_path(w, "state/jobs/1.job");

        world_await_file(w, record, "Transferred=true");
}

static bool is_empty(World *w, const void *path)
{
        GDir *directory = g_dir_open(path, 0, NULL);
        bool empty;

        (void)w;
        ck_assert(directory != NULL);
        empty = !g_dir_read_name(directory);
        g_dir_close(directory);
        return empty;
}

void file_assert_no_package(World *w)
{
        g_autofree char *path = world_path(w, "state/packages");

        /* The daemon removes a package after it has announced the result: a thread does so. */
        if (world_daemon_pid(w))
                world_await(w, is_empty, path, "no package");
        ck_assert(is_empty(w, path));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared by the tests of packages on the host. */

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "packages.h"
#include "world-private.h"

Bench *bench_new(const WorldSettings *settings)
{
        Bench *b = g_new0(Bench, 1);
        g_autofree char *bytes = NULL;
        size_t size;

        b->w = world_new(settings);
        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        b->path = world_path(b->w, "www/up.bin");
        ck_assert(g_file_get_contents(b->path, &bytes, &size, NULL));
        b->sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
        b->size = g_strdup_printf("%zu", size);
        if (!settings->no_daemon) {
                world_await_module(b->w, MODULE_1);
                g_free(world_sim(b->w, "wait 1-1 closed 1"));
        }
        return b;
}

void bench_free(Bench *b)
{
        world_free(b->w);
        g_free(b->path);
        g_free(b->sha256);
        g_free(b->size);
        g_free(b);
}

char *bench_state(Bench *b, const char *name)
{
        g_autofree char *state = world_path(b->w, "state");

        return g_build_filename(state, name, NULL);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the folder of the packages, each with a blank behind it. */
static char *list_packages(const char *directory)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                g_ptr_array_add(names, g_strconcat(name, " ", NULL));
        g_clear_pointer(&dir, g_dir_close);
        g_ptr_array_sort(names, compare_names);
        g_ptr_array_add(names, NULL);
        return g_strjoinv("", (char **)names->pdata);
}

static bool has_packages(World *w, const void *data)
{
        const char *const *wanted = data;
        g_autofree char *found = list_packages(wanted[0]);

        (void)w;
        return strcmp(found, wanted[1]) == 0;
}

/* The daemon removes a package after it has announced the result: a thread does so. */
void bench_assert_files(Bench *b, const char *expected)
{
        g_autofree char *path = bench_state(b, "packages"), *found = NULL;

        if (world_daemon_pid(b->w)) {
                /* The service owns its name before it has enumerated its devices, but answers afterwards. */
                g_free(world_property(b->w, "/org/fotad1", "Version"));
                world_await(b->w, has_packages, (const char *[]){ path, expected }, expected);
        }
        found = list_packages(path);
        ck_assert_str_eq(found, expected);
}

void bench_assert_kept(Bench *b, const char *id)
{
        g_autofree char *name = g_strdup_printf("packages/%s.package", id), *file = bench_state(b, name);
        g_autofree char *directory = bench_state(b, "packages"), *bytes = NULL, *sha256 = NULL;
        struct stat st;
        size_t size;

        ck_assert_msg(g_file_get_contents(file, &bytes, &size, NULL), "%s is not there", file);
        sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
        ck_assert_str_eq(sha256, b->sha256);
        ck_assert_int_eq(lstat(file, &st), 0);
        ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
        ck_assert_int_eq(lstat(directory, &st), 0);
        ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
}

void bench_slow_down(Bench *b)
{
        g_free(world_sim(b->w, "set 1-1 delay 4000"));
}

void bench_speed_up(Bench *b)
{
        g_free(world_sim(b->w, "set 1-1 delay 0"));
}

void bench_cancel(Bench *b, const char *job)
{
        ck_assert_msg(world_call(b->w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(b->w));
        world_assert_result(b->w, job, "cancelled", "host", "cancelled");
        world_await_property(b->w, MODULE_1, "Job", "/");
}

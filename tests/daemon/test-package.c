/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package on the host, from the call to the job that has it: what is kept of it, for how long, and what survives a
 * crash. What is refused, test-package-refusals asks. */

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "suite.h"
#include "world.h"

/* The package as it was made, and the daemon's copy. */
typedef struct Bench {
        World *w;
        char *path, *kept, *sha256;
        char *size;
} Bench;

static void make_package(Bench *b)
{
        g_autofree char *bytes = NULL;
        size_t size;

        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        b->path = world_path(b->w, "www/up.bin");
        b->kept = world_path(b->w, "state/packages/1.package");
        ck_assert(g_file_get_contents(b->path, &bytes, &size, NULL));
        b->sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
        b->size = g_strdup_printf("%zu", size);
}

static Bench *bench_new(const WorldSettings *settings)
{
        Bench *b = g_new0(Bench, 1);

        b->w = world_new(settings);
        make_package(b);
        if (!settings->no_daemon) {
                world_await_module(b->w, MODULE_1);
                g_free(world_sim(b->w, "wait 1-1 closed 1"));
        }
        return b;
}

static void bench_free(Bench *b)
{
        world_free(b->w);
        g_free(b->path);
        g_free(b->kept);
        g_free(b->sha256);
        g_free(b->size);
        g_free(b);
}

static void assert_packages(World *w, const char *expected)
{
        g_autofree char *path = world_path(w, "state/packages");
        g_autoptr(GString) names = g_string_new(NULL);
        GDir *dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                g_string_append_printf(names, "%s ", name);
        g_clear_pointer(&dir, g_dir_close);
        ck_assert_str_eq(names->str, expected);
}

/* Byte by byte, and for the daemon alone. */
static void assert_kept(Bench *b)
{
        g_autofree char *given = NULL, *kept = NULL, *directory = world_path(b->w, "state/packages");
        size_t n, m;
        struct stat st;

        ck_assert(g_file_get_contents(b->path, &given, &n, NULL));
        ck_assert(g_file_get_contents(b->kept, &kept, &m, NULL));
        ck_assert_mem_eq(given, kept, n);
        ck_assert_uint_eq(n, m);
        ck_assert_int_eq(stat(b->kept, &st), 0);
        ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
        ck_assert_int_eq(stat(directory, &st), 0);
        ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
        assert_packages(b->w, "1.package ");
}

/* Answers take so long that a job is still asking when the test looks at it. */
static void slow_down(Bench *b)
{
        g_free(world_sim(b->w, "set 1-1 delay 2000"));
}

START_TEST(test_kept)
{
        Bench *b = bench_new(&WORLD_EC200A);
        g_autofree char *job = NULL;

        slow_down(b);
        job = world_start_file(b->w, "", b->path, "my package.bin", "sha256", "s", b->sha256, NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(b->w));
        assert_kept(b);
        world_assert_property(b->w, job, "Source", "my package.bin");
        world_assert_property(b->w, job, "Method", "dfota");
        ck_assert(world_call(b->w, job, "org.fotad1.Job", "Cancel"));
        world_assert_result(b->w, job, "cancelled", "host", "cancelled");
        world_await_property(b->w, MODULE_1, "Job", "/");
        assert_packages(b->w, "");
        bench_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("package");

        suite_add(s, "kept", test_kept, 0, 1);
        return suite_run(s);
}

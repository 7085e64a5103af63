/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package is opened only if it is the regular file that was kept, with that size and name; and two packages that are
 * copied at the same time stay separate. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/package-store.h"
#include "testing.h"

static char *state;
static PackageStore *store;

static void set_up(void)
{
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* the store's warnings */
        g_unsetenv("JOURNAL_STREAM");
        umask(0);
        state = g_dir_make_tmp("fotad-store-XXXXXX", NULL);
        store = package_store_new(state);
}

static void tear_down(void)
{
        g_autofree char *remove = g_strdup_printf("rm -rf '%s'", state);

        package_store_free(store);
        ck_assert_int_eq(system(remove), 0);
        g_free(state);
}

static char *path_of(const char *name)
{
        return g_build_filename(state, "packages", name, NULL);
}

/* "1234", as a job's file. */
static void keep(const char *id)
{
        g_autofree char *name = NULL, *why = NULL;
        int fd = package_store_create(store, &name, &why);

        ck_assert_msg(fd >= 0, "%s", why);
        ck_assert_int_eq(write(fd, "1234", 4), 4);
        close(fd);
        ck_assert_int_eq(package_store_keep(store, name, id, &why), 0);
}

START_TEST(no_package)
{
        g_autofree char *directory = g_build_filename(state, "packages", NULL);

        ck_assert_int_eq(package_store_open(store, "1", 4), -ENOENT);
        package_store_remove(store, "1");
        ck_assert(!g_file_test(directory, G_FILE_TEST_EXISTS)); /* created by the cases that need it */
        keep("1");
        ck_assert_int_eq(package_store_open(store, "2", 4), -ENOENT);
}
END_TEST

START_TEST(opened_as_it_was_kept)
{
        char bytes[8];
        int fd;

        keep("1");
        fd = package_store_open(store, "1", 4);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), 4);
        ck_assert_mem_eq(bytes, "1234", 4);
        close(fd);
        ck_assert_int_eq(package_store_open(store, "1", 3), -ESTALE);
        ck_assert_int_eq(package_store_open(store, "1", 5), -ESTALE);
        package_store_remove(store, "1");
        ck_assert_int_eq(package_store_open(store, "1", 4), -ENOENT);
}
END_TEST

/* A file of the right size that is no package. */
START_TEST(other_files_are_refused)
{
        g_autofree char *link = path_of("2.package"), *directory = path_of("3.package"), *fifo = path_of("4.package");
        struct stat st;

        keep("1");
        ck_assert_int_eq(symlink("1.package", link), 0);
        ck_assert_int_eq(package_store_open(store, "2", 4), -ELOOP);
        ck_assert_int_eq(g_mkdir(directory, 0700), 0);
        ck_assert_int_eq(stat(directory, &st), 0);
        ck_assert_int_eq(package_store_open(store, "3", (uint64_t)st.st_size), -ESTALE);
        ck_assert_int_eq(mkfifo(fifo, 0600), 0);
        ck_assert_int_eq(package_store_open(store, "4", 0), -ESTALE);
}
END_TEST

START_TEST(two_at_once)
{
        g_autofree char *first = NULL, *second = NULL, *why = NULL, *taken = path_of("2.part"), *kept = NULL;
        int one = package_store_create(store, &first, &why), two;

        ck_assert_int_ge(one, 0);
        ck_assert(g_file_set_contents(taken, "x", 1, NULL)); /* an existing file is not written to */
        two = package_store_create(store, &second, &why);
        ck_assert_int_ge(two, 0);
        ck_assert_str_ne(first, second);
        ck_assert_str_ne(second, "2.part");
        ck_assert_int_eq(package_store_keep(store, second, "7", &why), 0);
        ck_assert_int_eq(package_store_keep(store, second, "8", &why), -ENOENT);
        package_store_discard(store, first);
        kept = path_of(first);
        ck_assert(!g_file_test(kept, G_FILE_TEST_EXISTS));
        close(one);
        close(two);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("package-store");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, no_package);
        tcase_add_test(t, opened_as_it_was_kept);
        tcase_add_test(t, other_files_are_refused);
        tcase_add_test(t, two_at_once);
        return testing_run(t, "package-store");
}

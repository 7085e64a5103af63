/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state directory returns the text that was written, complete and readable for its owner only; it ignores foreign
 * files, sets aside files that cannot be read, and never issues an id twice. */

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/job-store.h"
#include "testing.h"

static char *state;
static JobStore *store;

static void set_up(void)
{
        g_autofree char *why = NULL;

        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* the store's warnings */
        g_unsetenv("JOURNAL_STREAM");
        umask(0);
        state = g_dir_make_tmp("fotad-store-XXXXXX", NULL);
        store = job_store_new(state, &why);
        ck_assert_msg(store, "%s", why);
}

static char *path_of(const char *name)
{
        return g_build_filename(state, "jobs", name, NULL);
}

static void tear_down(void)
{
        g_autofree char *jobs = g_build_filename(state, "jobs", NULL);
        GDir *dir = g_dir_open(jobs, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *path = path_of(name);

                g_remove(path);
        }
        g_clear_pointer(&dir, g_dir_close);
        g_remove(jobs);
        g_remove(state);
        g_clear_pointer(&store, job_store_free);
        g_clear_pointer(&state, g_free);
}

static void put(const char *name, const char *bytes, ssize_t n)
{
        g_autofree char *path = path_of(name);

        ck_assert(g_file_set_contents(path, bytes, n, NULL));
}

static void write_job(const char *id, const char *text)
{
        g_autofree char *why = NULL;

        ck_assert_msg(job_store_write(store, id, text, &why) == 0, "%s", why);
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void assert_list(const char *expected)
{
        g_autoptr(GPtrArray) ids = job_store_list(store);
        g_autoptr(GString) all = g_string_new(NULL);

        g_ptr_array_sort(ids, compare);
        for (unsigned i = 0; i < ids->len; i++)
                g_string_append_printf(all, "%s ", (char *)g_ptr_array_index(ids, i));
        ck_assert_str_eq(all->str, expected);
}

START_TEST(written_and_read)
{
        g_autofree char *why = NULL, *text = NULL, *again = NULL;

        assert_list("");
        ck_assert_uint_eq(job_store_highest(store), 0);
        write_job("1", "one\n");
        write_job("22", "");
        assert_list("1 22 ");
        text = job_store_read(store, "1", &why);
        ck_assert_str_eq(text, "one\n");
        write_job("1", "another");
        again = job_store_read(store, "1", &why);
        ck_assert_str_eq(again, "another");
        ck_assert_ptr_null(job_store_read(store, "3", &why));
        ck_assert_ptr_nonnull(why);
        ck_assert_int_eq(job_store_remove(store, "1", &why), 1);
        ck_assert_int_eq(job_store_remove(store, "1", &why), 0);
        assert_list("22 ");
        job_store_free(NULL);
}
END_TEST

/* A file that a crash left between writing and renaming may hold a password; a file that was set aside is kept for a
 * person. */
START_TEST(leftover_files)
{
        static const char *const names[] = { "3.job.A1b2C3", "3.job.broken", "3.job", "note.job.A1b2C3",
                                             "3.job.A1b2C" };
        g_autofree char *why = NULL;
        JobStore *again;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = path_of(names[i]);

                ck_assert(g_file_set_contents(path, "x", -1, NULL));
        }
        again = job_store_new(state, &why);
        ck_assert_msg(again, "%s", why);
        job_store_sweep(again);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = path_of(names[i]);

                ck_assert_msg(g_file_test(path, G_FILE_TEST_EXISTS) == (i > 0), "%s", names[i]);
        }
        job_store_free(again);
}
END_TEST

/* Without any umask, and over a file that every user could read: the record may hold a password. */
START_TEST(for_its_owner_only)
{
        g_autofree char *path = path_of("5.job"), *jobs = path_of("");
        struct stat st;

        write_job("5", "secret");
        ck_assert_int_eq(g_stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_eq(g_chmod(path, 0644), 0);
        write_job("5", "secret");
        ck_assert_int_eq(g_stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_eq(g_stat(jobs, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0077, 0);
}
END_TEST

/* A reader that has the old file open still reads the old text: the new text is in another file. */
START_TEST(replaced_whole)
{
        g_autofree char *path = path_of("5.job");
        struct stat before, after;

        write_job("5", "old");
        ck_assert_int_eq(g_stat(path, &before), 0);
        write_job("5", "new");
        ck_assert_int_eq(g_stat(path, &after), 0);
        ck_assert_uint_ne(before.st_ino, after.st_ino);
        assert_list("5 ");
}
END_TEST

START_TEST(foreign_names_are_ignored)
{
        static const char *const names[] = { ".job",         "x.job",   "1x.job",    "-1.job", "1.job~",
                                             "1.job.broken", "1.jobs",  "1",         " 1.job", "1.job.XB3F2A",
                                             "+1.job",       "0x1.job", "notes.txt", "1.2.job" };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                put(names[i], "x", -1);
        assert_list("");
        write_job("7", "x");
        assert_list("7 ");
}
END_TEST

START_TEST(highest_number)
{
        g_autofree char *why = NULL;

        write_job("9", "x");
        write_job("10", "x");
        ck_assert_uint_eq(job_store_highest(store), 10);
        put("17.job.broken", "x", -1);
        ck_assert_uint_eq(job_store_highest(store), 17);
        ck_assert_int_eq(job_store_remove(store, "10", &why), 1);
        ck_assert_uint_eq(job_store_highest(store), 17);
}
END_TEST

/* A foreign file has no id, and in particular not the highest possible one. */
START_TEST(highest_number_among_foreign_names)
{
        write_job("9", "x");
        put("2026-01-01.bak", "x", -1);
        put("99999999999999999999999.txt", "x", -1);
        put("-5.job", "x", -1);
        ck_assert_uint_eq(job_store_highest(store), 9);
}
END_TEST

static GString *mask_nothing(const char *bytes, size_t length)
{
        return g_string_new_len(bytes, (gssize)length);
}

static GString *mask_all(const char *bytes, size_t length)
{
        (void)bytes;
        return g_string_new(length == 8 ? "***" : "?");
}

static void quarantine_job(const char *id, JobStoreMask mask)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        g_autofree char *why = NULL;

        g_ptr_array_add(ids, (char *)id);
        ck_assert_msg(job_store_quarantine(store, ids, mask, &why) == 0, "%s", why);
}

START_TEST(quarantine)
{
        g_autofree char *aside = path_of("3.job.broken"), *text = NULL;
        GStatBuf st;

        write_job("3", "half a");
        quarantine_job("3", mask_nothing);
        assert_list("");
        ck_assert(g_file_get_contents(aside, &text, NULL, NULL));
        ck_assert_str_eq(text, "half a");
        ck_assert_uint_eq(job_store_highest(store), 3);

        /* A removed record is gone, and the remaining ones are readable by the owner only. */
        put("3.job", "a\0secret", 8);
        quarantine_job("3", mask_all);
        g_clear_pointer(&text, g_free);
        assert_list("");
        ck_assert(g_file_get_contents(aside, &text, NULL, NULL));
        ck_assert_str_eq(text, "***");
        ck_assert_int_eq(g_stat(aside, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* Those that cannot be set aside do not keep the others from it. */
START_TEST(quarantine_of_many)
{
        g_autofree char *why = NULL, *in_the_way = path_of("2.job.broken"), *aside = path_of("3.job.broken");
        g_autoptr(GPtrArray) ids = g_ptr_array_new();

        for (unsigned id = 1; id <= 3; id++) {
                static const char *const names[] = { "1", "2", "3" };

                write_job(names[id - 1], "half a");
                g_ptr_array_add(ids, (char *)names[id - 1]);
        }
        ck_assert_int_eq(g_mkdir(in_the_way, 0700), 0);
        ck_assert_int_lt(job_store_quarantine(store, ids, mask_all, &why), 0);
        ck_assert_ptr_nonnull(why);
        assert_list("2 ");
        ck_assert(g_file_test(aside, G_FILE_TEST_EXISTS));
        ck_assert_uint_eq(job_store_highest(store), 3);
}
END_TEST

START_TEST(many_at_once)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new(), texts = g_ptr_array_new();
        g_autofree char *why = NULL, *text = NULL, *in_the_way = path_of("9.job"), *again = NULL;

        write_job("1", "old");
        g_ptr_array_add(ids, "1");
        g_ptr_array_add(ids, "2");
        g_ptr_array_add(texts, "one");
        g_ptr_array_add(texts, "two");
        ck_assert_msg(job_store_write_all(store, ids, texts, &why) == 0, "%s", why);
        assert_list("1 2 ");
        text = job_store_read(store, "1", &why);
        ck_assert_str_eq(text, "one");

        /* None is left half done. */
        ck_assert_int_eq(g_mkdir(in_the_way, 0700), 0);
        g_ptr_array_add(ids, "9");
        g_ptr_array_add(texts, "nine");
        ck_assert_int_lt(job_store_write_all(store, ids, texts, &again), 0);
        g_rmdir(in_the_way);
        assert_list("1 2 ");
        g_ptr_array_add(ids, "77");
        for (unsigned i = 0; i < ids->len; i++)
                ck_assert_int_eq(job_store_discard(store, g_ptr_array_index(ids, i), &why), 0);
        assert_list("");
}
END_TEST

START_TEST(binary_files)
{
        static const struct {
                const char *bytes;
                ssize_t n;
        } files[] = { { "a\0b", 3 }, { "\0", 1 }, { "\xff\xfe", 2 }, { "abc\xc3", 4 } };

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *why = NULL;

                put("4.job", files[i].bytes, files[i].n);
                ck_assert_ptr_null(job_store_read(store, "4", &why));
                ck_assert_str_eq(why, "it is not text");
        }
}
END_TEST

/* A pipe that nothing writes to, a file that would fill the memory. */
START_TEST(oversized_and_irregular)
{
        g_autofree char *pipe = path_of("4.job"), *huge = path_of("5.job"), *last = g_build_filename(state, "last-job", NULL);
        g_autofree char *why = NULL, *why_huge = NULL, *why_not = NULL, *long_text = g_strnfill(65537, 'x');

        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        ck_assert_ptr_null(job_store_read(store, "4", &why));
        assert_has(why, "it is not a regular file");
        put("5.job", "x", 1);
        ck_assert_int_eq(truncate(huge, 65537), 0);
        ck_assert_ptr_null(job_store_read(store, "5", &why_huge));
        assert_has(why_huge, "it has more than 65536 bytes");
        quarantine_job("4", mask_all);
        quarantine_job("5", mask_all);
        assert_list("");

        /* None is written that could not be read. */
        ck_assert_int_lt(job_store_write(store, "6", long_text, &why_not), 0);
        assert_has(why_not, "more than 65536 bytes");
        assert_list("");

        ck_assert_int_eq(mkfifo(last, 0600), 0);
        ck_assert_uint_eq(job_store_highest(store), 5);
        g_remove(last);
}
END_TEST

START_TEST(nowhere_to_write)
{
        g_autofree char *jobs = path_of(""), *why = NULL, *blocked = NULL, *below = NULL, *why2 = NULL;
        int r;

        g_rmdir(jobs);
        r = job_store_write(store, "1", "x", &why);
        ck_assert_int_lt(r, 0);
        ck_assert(why && *why);
        assert_list("");

        blocked = g_build_filename(state, "blocked", NULL);
        ck_assert(g_file_set_contents(blocked, "a file", -1, NULL));
        below = g_build_filename(blocked, "state", NULL);
        ck_assert_ptr_null(job_store_new(below, &why2));
        assert_has(why2, below);
        g_remove(blocked);
}
END_TEST

START_TEST(existing_directory)
{
        g_autofree char *why = NULL;
        g_autoptr(JobStore) again = NULL;

        write_job("8", "x");
        again = job_store_new(state, &why);
        ck_assert_ptr_nonnull(again);
        ck_assert_uint_eq(job_store_highest(again), 8);
}
END_TEST

/* An id that was issued is not issued again, whatever happens to its file. */
START_TEST(reserved_number)
{
        g_autofree char *why = NULL, *last = g_build_filename(state, "last-job", NULL);
        g_autofree char *half = g_build_filename(state, "last-job.XB3F2A", NULL);
        g_autoptr(JobStore) again = NULL;

        write_job("8", "x");
        ck_assert_int_eq(job_store_reserve(store, 9, &why), 0);
        ck_assert_uint_eq(job_store_highest(store), 9);
        ck_assert_int_eq(job_store_remove(store, "8", &why), 1);
        ck_assert(g_file_set_contents(half, "1", 1, NULL)); /* the power failed */
        again = job_store_new(state, &why);
        ck_assert_uint_eq(job_store_highest(again), 9);
        job_store_sweep(again);
        ck_assert(!g_file_test(half, G_FILE_TEST_EXISTS));
        ck_assert(g_file_set_contents(last, "nine", -1, NULL));
        ck_assert_uint_eq(job_store_highest(again), 0);
        write_job("7", "x");
        ck_assert_uint_eq(job_store_highest(again), 7);
        g_remove(last);
}
END_TEST

/* The highest id that can be read again is the last one that is given out. */
START_TEST(last_number)
{
        g_autofree char *why = NULL, *why_not = NULL, *last = g_build_filename(state, "last-job", NULL);

        ck_assert_int_eq(job_store_reserve(store, 9999999999999999999u, &why), 0);
        ck_assert_uint_eq(job_store_highest(store), 9999999999999999999u);
        ck_assert_int_lt(job_store_reserve(store, 10000000000000000000u, &why_not), 0);
        assert_has(why_not, "no id is left");
        ck_assert_uint_eq(job_store_highest(store), 9999999999999999999u);
        g_remove(last);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("job-store");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, leftover_files);
        tcase_add_test(t, written_and_read);
        tcase_add_test(t, for_its_owner_only);
        tcase_add_test(t, replaced_whole);
        tcase_add_test(t, foreign_names_are_ignored);
        tcase_add_test(t, highest_number);
        tcase_add_test(t, highest_number_among_foreign_names);
        tcase_add_test(t, reserved_number);
        tcase_add_test(t, last_number);
        tcase_add_test(t, quarantine);
        tcase_add_test(t, quarantine_of_many);
        tcase_add_test(t, many_at_once);
        tcase_add_test(t, binary_files);
        tcase_add_test(t, oversized_and_irregular);
        tcase_add_test(t, nowhere_to_write);
        tcase_add_test(t, existing_directory);
        return testing_run(t, "job-store");
}

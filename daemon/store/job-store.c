/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory of the job records, as names and bytes without meaning. A write is on the disk, with its directory
 * entry, before the function returns, and a reader finds the old text or the new one, never a part. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "store/job-store.h"
#include "base/log.h"
#include "base/read-file.h"

#define NUMBER_DIGITS 20 /* fewer than that fit into 64 bits */
#define NUMBER_MAX    9999999999999999999u
#define RECORD_MAX    (64 * 1024) /* bytes */
#define SUFFIX        ".job"
#define SUFFIX_BROKEN ".broken"
#define LAST          "last-job" /* beside the directory: the highest number that was given out */

struct JobStore {
        char *directory;
        char *last; /* file */
};

static GPtrArray *list_directory(const char *directory)
{
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir)))
                g_ptr_array_add(names, g_strdup(name));
        g_clear_pointer(&dir, g_dir_close);
        return names;
}

static GPtrArray *list_files(JobStore *store)
{
        return list_directory(store->directory);
}

/* Removes temporary files, <id>.job.XXXXXX and last-job.XXXXXX, that write_durably() had not renamed when
 * the power failed. Such a file may hold a password. */
static void remove_left_over(JobStore *store, const char *state_directory)
{
        g_autoptr(GPtrArray) names = list_files(store), above = list_directory(state_directory);

        for (unsigned i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i), *rest = name + strspn(name, "0123456789");
                g_autofree char *path = g_build_filename(store->directory, name, NULL);

                if (rest > name && g_str_has_prefix(rest, SUFFIX ".") && strlen(rest) == strlen(SUFFIX ".XXXXXX") &&
                    strcmp(rest, SUFFIX SUFFIX_BROKEN) != 0)
                        g_unlink(path);
        }
        for (unsigned i = 0; i < above->len; i++) {
                const char *name = g_ptr_array_index(above, i);
                g_autofree char *path = g_build_filename(state_directory, name, NULL);

                if (g_str_has_prefix(name, LAST ".") && strlen(name) == strlen(LAST ".XXXXXX"))
                        g_unlink(path);
        }
}

JobStore *job_store_new(const char *state_directory, char **ret_why)
{
        g_autofree char *directory = g_build_filename(state_directory, "jobs", NULL);
        JobStore *store;

        if (g_mkdir_with_parents(directory, 0700) < 0) {
                *ret_why = g_strdup_printf("%s cannot be made: %s (the state directory is /var/lib/fotad, or what "
                                           "STATE_DIRECTORY says)",
                                           directory, g_strerror(errno));
                return NULL;
        }
        store = g_new0(JobStore, 1);
        store->directory = g_steal_pointer(&directory);
        store->last = g_build_filename(state_directory, LAST, NULL);
        remove_left_over(store, state_directory);
        return store;
}

void job_store_free(JobStore *store)
{
        if (!store)
                return;
        g_free(store->directory);
        g_free(store->last);
        g_free(store);
}

static char *file_of(JobStore *store, const char *id)
{
        return g_strdup_printf("%s/%s" SUFFIX, store->directory, id);
}

GPtrArray *job_store_list(JobStore *store)
{
        GPtrArray *names = list_files(store);

        for (unsigned i = names->len; i-- > 0;) {
                char *name = g_ptr_array_index(names, i);

                if (g_str_has_suffix(name, SUFFIX) && strspn(name, "0123456789") == strlen(name) - strlen(SUFFIX) &&
                    strlen(name) > strlen(SUFFIX))
                        name[strlen(name) - strlen(SUFFIX)] = 0;
                else
                        g_ptr_array_remove_index(names, i);
        }
        return names;
}

guint64 job_store_highest(JobStore *store)
{
        g_autoptr(GPtrArray) names = list_files(store);
        g_autofree char *last = NULL, *why = NULL;
        guint64 highest = 0;
        size_t length;
        int r = read_file(store->last, RECORD_MAX, &last, &length, &why);

        if (r < 0 && r != -ENOENT)
                log_warning("%s: ids of jobs that were removed may be given again", why);
        else if (r == 0)
                g_ascii_string_to_unsigned(g_strstrip(last), 10, 0, NUMBER_MAX, &highest, NULL);
        for (unsigned i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);
                size_t n = strspn(name, "0123456789");

                if (n > 0 && n < NUMBER_DIGITS && g_str_has_prefix(name + n, SUFFIX))
                        highest = MAX(highest, g_ascii_strtoull(name, NULL, 10));
        }
        return highest;
}

static int synchronize(const char *directory)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = fsync(fd) < 0 ? -errno : 0;
        close(fd);
        return r;
}

static int write_all(int fd, const char *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes += n;
                size -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* Replaces the file whole and durably: its bytes and, after the rename, its directory are synchronized with the disk.
 * (GLib's functions ignore an error of the latter.) */
static int write_durably(const char *file, const char *bytes, size_t size, char **ret_why)
{
        g_autofree char *temporary = g_strconcat(file, ".XXXXXX", NULL), *directory = g_path_get_dirname(file);
        int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600), r;

        r = fd < 0 ? -errno : write_all(fd, bytes, size);
        if (fd >= 0 && close(fd) < 0 && r == 0)
                r = -errno;
        if (r == 0 && rename(temporary, file) < 0)
                r = -errno;
        if (r < 0 && fd >= 0)
                unlink(temporary);
        if (r == 0)
                r = synchronize(directory);
        if (r == 0)
                return 0;
        *ret_why = g_strdup_printf("%s: %s", file, g_strerror(-r));
        return r == -ENOSPC || r == -EROFS ? r : -EIO;
}

int job_store_reserve(JobStore *store, guint64 number, char **ret_why)
{
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", number);

        return write_durably(store->last, text, strlen(text), ret_why);
}

char *job_store_read(JobStore *store, const char *id, char **ret_why)
{
        g_autofree char *file = file_of(store, id);
        char *text = NULL;
        size_t length;

        if (read_file(file, RECORD_MAX, &text, &length, ret_why) < 0)
                return NULL;
        if (strlen(text) != length || !g_utf8_validate(text, -1, NULL)) {
                *ret_why = g_strdup("it is not text");
                g_free(text);
                return NULL;
        }
        return text;
}

int job_store_write(JobStore *store, const char *id, const char *text, char **ret_why)
{
        g_autofree char *file = file_of(store, id);

        if (strlen(text) > RECORD_MAX) {
                *ret_why = g_strdup_printf("%s: the record has more than %u bytes", file, RECORD_MAX);
                return -EIO;
        }
        return write_durably(file, text, strlen(text), ret_why);
}

/* Writes a masked copy, and removes the file once the copy is on the disk. */
static bool set_masked_aside(const char *file, const char *aside, JobStoreMask mask)
{
        g_autofree char *bytes = NULL;
        g_autofree char *why = NULL;
        g_autoptr(GString) masked = NULL;
        size_t length;

        if (read_file(file, RECORD_MAX, &bytes, &length, &why) < 0)
                return false;
        g_clear_pointer(&why, g_free);
        masked = mask(bytes, length);
        explicit_bzero(bytes, length);
        if (write_durably(aside, masked->str, masked->len, &why) < 0) {
                log_warning("a possible password in %s cannot be masked: %s", file, why);
                return false;
        }
        return g_unlink(file) == 0;
}

void job_store_quarantine(JobStore *store, const char *id, JobStoreMask mask)
{
        g_autofree char *file = file_of(store, id);
        g_autofree char *aside = g_strconcat(file, SUFFIX_BROKEN, NULL);

        if (!set_masked_aside(file, aside, mask) && rename(file, aside) < 0)
                log_warning("%s cannot be set aside: %s", file, g_strerror(errno));
        else
                log_warning("it is kept as %s", aside);
}

int job_store_remove(JobStore *store, const char *id, char **ret_why)
{
        g_autofree char *file = file_of(store, id);
        struct stat st;
        bool missing = lstat(file, &st) < 0 && errno == ENOENT; /* unlink() might say EROFS */
        int r;

        r = !missing && unlink(file) < 0 ? -errno : synchronize(store->directory);
        if (r < 0)
                *ret_why = g_strdup_printf("%s cannot be removed: %s", file, g_strerror(-r));
        return r < 0 ? r : !missing;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory of the job records, as names and bytes without meaning. A write is on the disk, with its directory
 * entry, before the function returns, and a reader finds the old text or the new one, never a part. Threads may write
 * and remove different records at the same time. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/job-store.h"
#include "base/log.h"
#include "base/read-file.h"
#include "base/write-all.h"

#define NUMBER_DIGITS 20 /* fewer than that fit into 64 bits */
#define NUMBER_MAX    9999999999999999999u
#define RECORD_MAX    (64 * 1024U) /* bytes */
#define SUFFIX        ".job"
#define SUFFIX_BROKEN ".broken"
#define LAST          "last-job" /* beside the directory: the highest number that was given out */

struct JobStore {
        char *state, *directory;
        char *last;       /* file */
        int directory_fd; /* the directory, locked; -1 not locked */

        GMutex lock; /* of all that follows */
        GCond news;
        guint64 wanted, reserved; /* the highest numbers that threads want to be noted, and that the file has */
        bool reserving;           /* a thread writes the file */
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
        store->directory_fd = -1;
        store->state = g_strdup(state_directory);
        store->directory = g_steal_pointer(&directory);
        store->last = g_build_filename(state_directory, LAST, NULL);
        g_mutex_init(&store->lock);
        g_cond_init(&store->news);
        return store;
}

void job_store_free(JobStore *store)
{
        if (!store)
                return;
        g_mutex_clear(&store->lock);
        g_cond_clear(&store->news);
        if (store->directory_fd >= 0)
                close(store->directory_fd);
        g_free(store->state);
        g_free(store->directory);
        g_free(store->last);
        g_free(store);
}

int job_store_lock(JobStore *store, char **ret_why)
{
        store->directory_fd = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->directory_fd >= 0 && flock(store->directory_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
                *ret_why = g_strdup_printf("%s is in use by another fotad", store->state);
                return -EBUSY;
        }
        return 0; /* some file systems know no locks */
}

void job_store_sweep(JobStore *store)
{
        g_autoptr(GPtrArray) names = list_files(store), above = list_directory(store->state);

        for (unsigned i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i), *rest = name + strspn(name, "0123456789");
                g_autofree char *path = g_build_filename(store->directory, name, NULL);

                if (rest > name && g_str_has_prefix(rest, SUFFIX ".") && strlen(rest) == strlen(SUFFIX ".XXXXXX") &&
                    strcmp(rest, SUFFIX SUFFIX_BROKEN) != 0)
                        g_unlink(path);
        }
        for (unsigned i = 0; i < above->len; i++) {
                const char *name = g_ptr_array_index(above, i);
                g_autofree char *path = g_build_filename(store->state, name, NULL);

                if (g_str_has_prefix(name, LAST ".") && strlen(name) == strlen(LAST ".XXXXXX"))
                        g_unlink(path);
        }
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

bool job_store_has(JobStore *store, const char *id)
{
        g_autofree char *file = file_of(store, id);
        struct stat st;

        return lstat(file, &st) == 0;
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

static int synchronize_by(const char *directory, int (*function)(int fd))
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = function(fd) < 0 ? -errno : 0;
        close(fd);
        return r;
}

static int synchronize(const char *directory)
{
        return synchronize_by(directory, fsync);
}

/* Synchronizes all files of the directory at once, and with them the others of its file system. */
static int synchronize_files(const char *directory)
{
        return synchronize_by(directory, syncfs);
}

/* Writes a new file, whose name is taken from the template. If synced, its bytes are synchronized with the disk. */
static int write_new(char *template, const char *bytes, size_t size, bool synced)
{
        int fd = g_mkstemp_full(template, O_WRONLY | O_CLOEXEC, 0600), r;

        if (fd < 0)
                return -errno;
        r = write_all(fd, bytes, size);
        if (r == 0 && synced && fsync(fd) < 0)
                r = -errno;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r < 0)
                unlink(template);
        return r;
}

static int put_in_place(const char *temporary, const char *file)
{
        int r = rename(temporary, file) < 0 ? -errno : 0;

        if (r < 0)
                unlink(temporary);
        return r;
}

static int fail(const char *file, int r, char **ret_why)
{
        *ret_why = g_strdup_printf("%s: %s", file, g_strerror(-r));
        return r == -ENOSPC || r == -EROFS ? r : -EIO;
}

/* Replaces the file whole and durably: its bytes and, after the rename, its directory are synchronized with the disk.
 * (GLib's functions ignore an error of the latter.) */
static int write_durably(const char *file, const char *text, char **ret_why)
{
        g_autofree char *temporary = g_strconcat(file, ".XXXXXX", NULL), *directory = g_path_get_dirname(file);
        int r = write_new(temporary, text, strlen(text), true);

        if (r == 0)
                r = put_in_place(temporary, file);
        if (r == 0)
                r = synchronize(directory);
        return r < 0 ? fail(file, r, ret_why) : 0;
}

static int write_last(JobStore *store, guint64 number, char **ret_why)
{
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", number);

        return write_durably(store->last, text, ret_why);
}

/* The numbers that come while one is written are noted together after it. */
int job_store_reserve(JobStore *store, guint64 number, char **ret_why)
{
        guint64 highest;
        int r = 0;

        if (number > NUMBER_MAX) { /* the next start could not read it, and would give old ids out again */
                *ret_why = g_strdup_printf("no id is left: %s has the highest one", store->last);
                return -EIO;
        }
        g_mutex_lock(&store->lock);
        store->wanted = MAX(store->wanted, number);
        while (store->reserving)
                g_cond_wait(&store->news, &store->lock);
        if (store->reserved < number) {
                store->reserving = true;
                highest = store->wanted;
                g_mutex_unlock(&store->lock);
                r = write_last(store, highest, ret_why);
                g_mutex_lock(&store->lock);
                store->reserving = false;
                if (r == 0)
                        store->reserved = highest;
                g_cond_broadcast(&store->news);
        }
        g_mutex_unlock(&store->lock);
        return r;
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
        return write_durably(file, text, ret_why);
}

int job_store_write_all(JobStore *store, const GPtrArray *ids, const GPtrArray *texts, char **ret_why)
{
        g_autoptr(GPtrArray) temporary = g_ptr_array_new_with_free_func(g_free);
        int r = 0;

        for (unsigned i = 0; i < ids->len && r == 0; i++) {
                const char *text = g_ptr_array_index(texts, i);
                g_autofree char *file = file_of(store, g_ptr_array_index(ids, i));

                g_ptr_array_add(temporary, g_strconcat(file, ".XXXXXX", NULL));
                r = write_new(g_ptr_array_index(temporary, i), text, strlen(text), false);
        }
        if (r == 0)
                r = synchronize_files(store->directory);
        for (unsigned i = 0; i < temporary->len; i++) {
                g_autofree char *file = file_of(store, g_ptr_array_index(ids, i));

                if (r == 0)
                        r = put_in_place(g_ptr_array_index(temporary, i), file);
                else
                        unlink(g_ptr_array_index(temporary, i));
        }
        if (r == 0)
                r = synchronize(store->directory);
        return r < 0 ? fail(store->directory, r, ret_why) : 0;
}

/* ---- records that cannot be read */

static char *aside_of(JobStore *store, const char *id)
{
        return g_strdup_printf("%s/%s" SUFFIX SUFFIX_BROKEN, store->directory, id);
}

/* Returns 0, or -errno; *ret_copied is true if the file is still there, too. */
static int set_aside(const char *file, const char *aside, JobStoreMask mask, bool *ret_copied)
{
        g_autofree char *bytes = NULL, *why = NULL, *temporary = g_strconcat(file, ".XXXXXX", NULL);
        g_autoptr(GString) masked = NULL;
        size_t length;
        int r;

        *ret_copied = false;
        if (read_file(file, RECORD_MAX, &bytes, &length, &why) < 0)
                return rename(file, aside) < 0 ? -errno : 0;
        masked = mask(bytes, length);
        if (masked->len == length && memcmp(masked->str, bytes, length) == 0) /* there is nothing to mask */
                return rename(file, aside) < 0 ? -errno : 0;
        explicit_bzero(bytes, length);
        r = write_new(temporary, masked->str, masked->len, false);
        if (r == 0)
                r = put_in_place(temporary, aside);
        *ret_copied = r == 0;
        return r;
}

int job_store_quarantine(JobStore *store, const GPtrArray *ids, JobStoreMask mask, char **ret_why)
{
        g_autoptr(GPtrArray) copied = g_ptr_array_new_with_free_func(g_free);
        int r = 0, first = 0;

        for (unsigned i = 0; i < ids->len; i++) {
                const char *id = g_ptr_array_index(ids, i);
                g_autofree char *file = file_of(store, id), *aside = aside_of(store, id);
                bool is_copied;

                r = set_aside(file, aside, mask, &is_copied);
                first = first < 0 ? first : r;
                if (is_copied)
                        g_ptr_array_add(copied, g_steal_pointer(&file));
        }
        r = copied->len > 0 ? synchronize_files(store->directory) : 0;
        for (unsigned i = 0; i < copied->len && r == 0; i++)
                r = unlink(g_ptr_array_index(copied, i)) < 0 ? -errno : 0;
        if (r == 0)
                r = synchronize(store->directory);
        r = first < 0 ? first : r;
        return r < 0 ? fail(store->directory, r, ret_why) : 0;
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

int job_store_write_end(JobStore *store, const char *id, const char *text, char **ret_why)
{
        g_autofree char *why = NULL, *why_stays = NULL, *again = NULL;
        int r;

        if (job_store_write(store, id, text, &why) >= 0)
                return 0;
        r = job_store_remove(store, id, &why_stays);
        if (r == 0)
                return 0;
        /* The removal may have made room, or may have been carried out without being durable. */
        if (job_store_write(store, id, text, &again) >= 0)
                return 0;
        *ret_why = r < 0 ? g_strdup_printf("%s; %s", why, why_stays) : g_steal_pointer(&again);
        return r;
}

int job_store_discard(JobStore *store, const char *id, char **ret_why)
{
        g_autofree char *file = file_of(store, id);
        int r = unlink(file) < 0 && errno != ENOENT ? -errno : 0;

        if (r < 0)
                *ret_why = g_strdup_printf("%s cannot be removed: %s", file, g_strerror(-r));
        return r;
}

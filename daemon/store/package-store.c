/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The directory of the packages: <id>.package belongs to a job, <n>.part is still being copied. Touches no other
 * name, follows no link, and leaves no file elsewhere. Knows nothing of jobs or of the contents of packages. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/package-store.h"

#define DIRECTORY "packages"
#define SUFFIX    ".package"
#define PART      ".part"

struct PackageStore {
        char *state, *directory;
        unsigned last; /* .part */
};

PackageStore *package_store_new(const char *state_directory)
{
        PackageStore *store = g_new0(PackageStore, 1);

        store->state = g_strdup(state_directory);
        store->directory = g_build_filename(state_directory, DIRECTORY, NULL);
        return store;
}

void package_store_free(PackageStore *store)
{
        if (!store)
                return;
        g_free(store->state);
        g_free(store->directory);
        g_free(store);
}

static int open_directory(PackageStore *store)
{
        int fd = open(store->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int make_directory(PackageStore *store)
{
        return mkdir(store->directory, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* The directory may be new: it must survive a power cut, as its packages do. */
static int synchronize(PackageStore *store, int directory)
{
        int state = open(store->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = state < 0 || fsync(state) < 0 || fsync(directory) < 0 ? -errno : 0;

        if (state >= 0)
                close(state);
        return r;
}

static int fail(PackageStore *store, int r, char **ret_why)
{
        *ret_why = g_strdup_printf("%s: %s", store->directory, g_strerror(-r));
        return r;
}

int package_store_create(PackageStore *store, char **ret_name, char **ret_why)
{
        g_autofree char *name = NULL;
        int directory, fd, r;

        if ((r = make_directory(store)) < 0 || (directory = r = open_directory(store)) < 0)
                return fail(store, r, ret_why);
        do {
                g_free(name);
                name = g_strdup_printf("%u" PART, ++store->last);
                fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        } while (fd < 0 && errno == EEXIST);
        r = fd < 0 ? -errno : fd;
        close(directory);
        if (r < 0)
                return fail(store, r, ret_why);
        *ret_name = g_steal_pointer(&name);
        return fd;
}

int package_store_keep(PackageStore *store, const char *name, const char *id, char **ret_why)
{
        g_autofree char *kept = g_strconcat(id, SUFFIX, NULL);
        int directory = open_directory(store), r = 0;

        if (directory < 0)
                return fail(store, directory, ret_why);
        if (renameat(directory, name, directory, kept) < 0) {
                r = -errno;
        } else if ((r = synchronize(store, directory)) < 0) {
                renameat(directory, kept, directory, name);
        }
        close(directory);
        return r < 0 ? fail(store, r, ret_why) : 0;
}

/* Returns 0, also if there was none, or -errno. */
static int remove_at(int directory, const char *name)
{
        return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int package_store_discard(PackageStore *store, const char *name)
{
        int directory = open_directory(store), r;

        if (directory < 0)
                return directory == -ENOENT ? 0 : directory;
        r = remove_at(directory, name);
        close(directory);
        return r;
}

int package_store_remove(PackageStore *store, const char *id)
{
        g_autofree char *name = g_strconcat(id, SUFFIX, NULL);

        return package_store_discard(store, name);
}

int package_store_open(PackageStore *store, const char *id, uint64_t size)
{
        g_autofree char *name = g_strconcat(id, SUFFIX, NULL);
        int directory = open_directory(store), fd, r;
        struct stat st;

        if (directory < 0)
                return directory;
        /* opening a pipe that was put there must not block */
        fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        r = fd < 0 ? -errno : fd;
        close(directory);
        if (fd < 0)
                return r;
        if (fstat(fd, &st) < 0)
                r = -errno;
        else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
                r = -ESTALE;
        if (r < 0)
                close(fd);
        return r;
}

/* The part of the name before the suffix if it is a number, else NULL. The caller frees it. */
static char *number_before(const char *name, const char *suffix)
{
        size_t n = strspn(name, "0123456789");

        return n > 0 && strcmp(name + n, suffix) == 0 ? g_strndup(name, n) : NULL;
}

void package_store_sweep(PackageStore *store, bool (*is_needed)(void *userdata, const char *id), void *userdata)
{
        int directory = open_directory(store), r;
        DIR *dir = directory < 0 ? NULL : fdopendir(directory);
        const struct dirent *entry;

        if (directory == -ENOENT)
                return;
        if (!dir) {
                log_warning("%s cannot be looked through: %s", store->directory,
                            g_strerror(directory < 0 ? -directory : errno));
                return;
        }
        while ((entry = readdir(dir))) {
                g_autofree char *id = number_before(entry->d_name, SUFFIX);
                g_autofree char *part = number_before(entry->d_name, PART);

                if (!part && (!id || is_needed(userdata, id)))
                        continue;
                r = remove_at(directory, entry->d_name);
                if (r < 0)
                        log_warning("the package %s cannot be removed: %s", entry->d_name, g_strerror(-r));
        }
        closedir(dir);
}

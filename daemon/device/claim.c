/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that show udev and the service manager which modules fotad is upgrading, or that there is none. Knows no module
 * and no job.
 *
 * The first claim is made by renaming the file idle, and idle by renaming the last claim, so that never both exist. Two
 * path units watch them (systemd/fotad-upgrading.path), and each ends the unit that the other starts; if both files
 * existed, they would do so again and again until systemd's rate limit. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/claim.h"
#include "base/log.h"

struct Claims {
        char *directory, *idle;
        GHashTable *taken; /* names of files */
};

Claims *claims_new(const char *runtime)
{
        Claims *c = g_new0(Claims, 1);

        c->directory = g_build_filename(runtime, "claims", NULL);
        c->idle = g_build_filename(runtime, "idle", NULL);
        c->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        return c;
}

void claims_free(Claims *c)
{
        if (!c)
                return;
        g_hash_table_unref(c->taken);
        g_free(c->directory);
        g_free(c->idle);
        g_free(c);
}

static char *name_of(const char *id)
{
        return g_strdelimit(g_strdup(id), "/", '!');
}

/* Makes an empty file that all users can read, whatever the umask is. Returns 0 or -errno. */
static int make(const char *file)
{
        int fd = open(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), r;

        if (fd < 0)
                return -errno;
        r = fchmod(fd, 0644) < 0 ? -errno : 0;
        close(fd);
        return r;
}

static int make_directory(const Claims *c)
{
        return g_mkdir_with_parents(c->directory, 0755) < 0 || chmod(c->directory, 0755) < 0 ? -errno : 0;
}

void claims_take(Claims *c, const char *id)
{
        g_autofree char *name = name_of(id), *file = g_build_filename(c->directory, name, NULL);
        int r = make_directory(c);

        g_hash_table_add(c->taken, g_steal_pointer(&name));
        if (r == 0 && g_rename(c->idle, file) < 0) /* there are other claims, or idle was never made */
                r = make(file);
        if (r < 0)
                log_event(LOG_WARNING, &(LogEvent){ .module = id },
                          "%s cannot be made, so ModemManager may take %s between its restarts, and "
                          "fotad-upgrading.target does not know of it: %s",
                          file, id, g_strerror(-r));
}

void claims_drop(Claims *c, const char *id)
{
        g_autofree char *name = name_of(id), *file = g_build_filename(c->directory, name, NULL);
        const char *which = file;
        int r = 0;

        if (!g_hash_table_remove(c->taken, name))
                return;
        if (g_hash_table_size(c->taken) > 0) {
                if (g_unlink(file) < 0 && errno != ENOENT)
                        r = -errno;
        } else if (g_rename(file, c->idle) < 0) {
                which = c->idle;
                r = g_unlink(file) < 0 && errno != ENOENT ? -errno : make(c->idle);
        }
        if (r < 0)
                log_event(LOG_WARNING, &(LogEvent){ .module = id },
                          "%s cannot be changed, so fotad-upgrading.target stays active: %s", which, g_strerror(-r));
}

void claims_sweep(Claims *c, void (*dropped)(void *userdata, const char *name), void *userdata)
{
        g_autoptr(GDir) directory = g_dir_open(c->directory, 0, NULL);
        g_autoptr(GPtrArray) old = g_ptr_array_new_with_free_func(g_free);
        const char *name;
        int r = 0;

        while (directory && (name = g_dir_read_name(directory)))
                if (!g_hash_table_contains(c->taken, name))
                        g_ptr_array_add(old, g_build_filename(c->directory, name, NULL));
        for (unsigned i = 0; i < old->len; i++) {
                const char *file = g_ptr_array_index(old, i);

                if (g_unlink(file) < 0)
                        r = -errno;
                else
                        dropped(userdata, strrchr(file, '/') + 1);
        }
        if (g_hash_table_size(c->taken) > 0)
                return;
        if (r == 0)
                r = make_directory(c);
        if (r == 0)
                r = make(c->idle);
        if (r < 0)
                log_warning("%s and %s cannot be put in order, so fotad-upgrading.target stays as it is: %s",
                            c->directory, c->idle, g_strerror(-r));
}
